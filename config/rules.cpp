#include "config/rules.hpp"

#include "config/addresses.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace switchyard::config {

namespace {

bool has_control_character(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_one_word(std::string_view text) noexcept {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

/// Reports what is no string; a number or boolean gets the hint to quote it. Never shows the value.
bool is_text(const node& from, std::string_view expected, reading& run) {
  switch (from.kind) {
    case value_kind::text: return true;
    case value_kind::boolean:
    case value_kind::integer:
    case value_kind::number:
      run.report(from.at, "expected " + std::string(expected) + ", got " + std::string(kind_name(from.kind)) + "; put it in quotes");
      return false;
    default: run.wrong_type(from, expected); return false;
  }
}

class text_rule final : public rule<std::string> {
 public:
  explicit text_rule(const text_form& form) : form_(form) {}

  void read(const node& from, std::string& into, reading& run) const override {
    if (!is_text(from, form_.expected, run)) return;
    const bool fits = from.text.empty() ? form_.may_be_empty
                                        : !has_control_character(from.text) && (!form_.fits || form_.fits(from.text));
    if (!fits)
      run.report(from.at, "expected " + std::string(form_.expected));
    else
      into = from.text;
  }
  void show(const std::string& from, json_writer& out) const override { out.text(from); }
  void describe(json_writer& out) const override {
    out.member("type", "string");
    if (form_.pattern.empty()) {
      if (!form_.may_be_empty) out.member("minLength", 1);
    } else {
      const auto pattern = std::string(form_.pattern);
      out.member("pattern", form_.may_be_empty ? "^$|" + pattern : pattern);
    }
  }
  bool is_telling_default(const std::string& value) const override { return !value.empty(); }

 private:
  text_form form_;
};

class base_url_rule final : public rule<std::string> {
 public:
  explicit base_url_rule(bool may_be_empty) : may_be_empty_(may_be_empty) {}

  void read(const node& from, std::string& into, reading& run) const override {
    constexpr std::string_view expected = "http://host[:port][/prefix] or https://..., without user, query or fragment";
    if (!is_text(from, expected, run)) return;
    if (from.text.empty() && may_be_empty_) {
      into.clear();
    } else if (auto url = normalise_base_url(from.text)) {
      into = std::move(*url);
    } else {
      run.report(from.at, "expected " + std::string(expected));   // not shown: it may hold a password
    }
  }
  void show(const std::string& from, json_writer& out) const override { out.text(from); }
  void describe(json_writer& out) const override {
    out.member("type", "string");
    out.member("pattern", may_be_empty_ ? R"(^$|^https?://[^@?#\s\\]+$)" : R"(^https?://[^@?#\s\\]+$)");
  }

 private:
  bool may_be_empty_;
};

class boolean_rule final : public rule<bool> {
 public:
  void read(const node& from, bool& into, reading& run) const override {
    if (from.kind != value_kind::boolean) return run.wrong_type(from, "true or false");
    into = from.text.front() == 't' || from.text.front() == 'T';
  }
  void show(const bool& from, json_writer& out) const override { out.boolean(from); }
  void describe(json_writer& out) const override { out.member("type", "boolean"); }
  bool is_telling_default(const bool&) const override { return true; }
};

/// null: left to what is known of the provider.
class optional_boolean_rule final : public rule<std::optional<bool>> {
 public:
  void read(const node& from, std::optional<bool>& into, reading& run) const override {
    if (from.kind == value_kind::null) return into.reset();
    bool value = into.value_or(false);
    boolean_rule().read(from, value, run);
    if (from.kind == value_kind::boolean) into = value;
  }
  void show(const std::optional<bool>& from, json_writer& out) const override {
    if (from)
      out.boolean(*from);
    else
      out.null();
  }
  void describe(json_writer& out) const override {
    out.key("type");
    out.begin_list();
    out.text("boolean");
    out.text("null");
    out.end_list();
  }
};

template <class Integer>
std::optional<Integer> to_integer(std::string_view text) noexcept {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
  } else if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  Integer value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Integer>
class integer_rule final : public rule<Integer> {
 public:
  integer_rule(Integer least, Integer most) : least_(least), most_(most) {}

  void read(const node& from, Integer& into, reading& run) const override {
    const auto expected = "a whole number from " + std::to_string(least_) + " to " + std::to_string(most_);
    if (from.kind != value_kind::integer && from.kind != value_kind::number) return run.wrong_type(from, expected);
    const auto value = to_integer<Integer>(from.text);
    if (!value || *value < least_ || *value > most_)
      run.report(from.at, "expected " + expected + ", got " + in_quotes(from.text));
    else
      into = *value;
  }
  void show(const Integer& from, json_writer& out) const override { out.number(from); }
  void describe(json_writer& out) const override {
    out.member("type", "integer");
    out.member("minimum", least_);
    out.member("maximum", most_);
  }
  bool is_telling_default(const Integer&) const override { return true; }

 private:
  Integer least_;
  Integer most_;
};

class number_rule final : public rule<double> {
 public:
  number_rule(double least, double most, lower_bound least_is) : least_(least), most_(most), least_is_(least_is) {}

  void read(const node& from, double& into, reading& run) const override {
    const auto expected = expectation();
    double value = 0;
    switch (from.kind) {
      case value_kind::integer:
      case value_kind::number: break;
      default: return run.wrong_type(from, expected);
    }
    if (!to_number(from.text, value) || !within(value))
      run.report(from.at, "expected " + expected + ", got " + in_quotes(from.text));
    else
      into = value;
  }
  void show(const double& from, json_writer& out) const override { out.number(from); }
  void describe(json_writer& out) const override {
    out.member("type", "number");
    out.member(least_is_ == lower_bound::excluded ? "exclusiveMinimum" : "minimum", least_);
    out.member("maximum", most_);
  }
  bool is_telling_default(const double&) const override { return true; }

 private:
  static bool to_number(std::string_view text, double& value) noexcept {
    if (text.starts_with("0x") || text.starts_with("0o")) {
      const auto whole = to_integer<std::int64_t>(text);
      value = whole ? static_cast<double>(*whole) : 0;
      return whole.has_value();
    }
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
  }
  bool within(double value) const noexcept {
    return (least_is_ == lower_bound::excluded ? value > least_ : value >= least_) && value <= most_;
  }
  std::string expectation() const {
    const auto plain = [](double bound) { return std::to_string(static_cast<std::int64_t>(bound)); };
    return least_is_ == lower_bound::excluded ? "a number above " + plain(least_) + " and up to " + plain(most_)
                                              : "a number from " + plain(least_) + " to " + plain(most_);
  }

  double least_;
  double most_;
  lower_bound least_is_;
};

class optional_number_rule final : public rule<std::optional<double>> {
 public:
  optional_number_rule(double least, double most) : inner_(least, most, lower_bound::included) {}

  void read(const node& from, std::optional<double>& into, reading& run) const override {
    if (from.kind == value_kind::null) return into.reset();
    double value = std::numeric_limits<double>::quiet_NaN();
    inner_.read(from, value, run);
    if (!std::isnan(value)) into = value;
  }
  void show(const std::optional<double>& from, json_writer& out) const override {
    if (from)
      inner_.show(*from, out);
    else
      out.null();
  }
  void describe(json_writer& out) const override {
    describe_any_of(out, [&] { inner_.describe(out); }, [&] { out.member("type", "null"); });
  }

 private:
  number_rule inner_;
};

class duration_rule final : public rule<milliseconds> {
 public:
  void read(const node& from, milliseconds& into, reading& run) const override {
    constexpr std::string_view expected = "a duration above 0 such as 250ms, 10s, 5m, 1h or 30d";
    const bool scalar = from.kind == value_kind::text || from.kind == value_kind::integer || from.kind == value_kind::number;
    if (!scalar) return run.wrong_type(from, expected);
    const auto parsed = from.kind == value_kind::text ? parse_duration(from.text) : std::nullopt;
    if (!parsed || parsed->count() == 0)
      run.report(from.at, "expected " + std::string(expected) + ", got " + in_quotes(from.text));
    else
      into = *parsed;
  }
  void show(const milliseconds& from, json_writer& out) const override { out.text(format_duration(from)); }
  void describe(json_writer& out) const override {
    out.member("type", "string");
    out.member("pattern", "^[0-9]+(ms|s|m|h|d)$");
  }
  bool is_telling_default(const milliseconds&) const override { return true; }
};

class size_rule final : public rule<std::uint64_t> {
 public:
  size_rule(std::uint64_t least, std::uint64_t most) : least_(least), most_(most) {}

  void read(const node& from, std::uint64_t& into, reading& run) const override {
    const auto expected = "a size from " + format_size(least_) + " to " + format_size(most_) + " such as 64KiB, 20MiB or 1GiB, or bytes";
    const bool scalar = from.kind == value_kind::text || from.kind == value_kind::integer || from.kind == value_kind::number;
    if (!scalar) return run.wrong_type(from, expected);
    const auto parsed = from.kind == value_kind::integer ? to_integer<std::uint64_t>(from.text) : parse_size(from.text);
    if (!parsed || *parsed < least_ || *parsed > most_)
      run.report(from.at, "expected " + expected + ", got " + in_quotes(from.text));
    else
      into = *parsed;
  }
  void show(const std::uint64_t& from, json_writer& out) const override { out.text(format_size(from)); }
  void describe(json_writer& out) const override {
    out.key("type");
    out.begin_list();
    out.text("string");
    out.text("integer");
    out.end_list();
    out.member("pattern", "^[0-9]+(KiB|MiB|GiB)?$");
    out.member("minimum", least_);
    out.member("maximum", most_);
  }
  bool is_telling_default(const std::uint64_t&) const override { return true; }

 private:
  std::uint64_t least_;
  std::uint64_t most_;
};

class optional_time_rule final : public rule<std::optional<wall_time>> {
 public:
  void read(const node& from, std::optional<wall_time>& into, reading& run) const override {
    constexpr std::string_view expected = "a time such as 2027-01-31 or 2027-01-31T12:00:00Z";
    if (from.kind == value_kind::null) return into.reset();
    if (!is_text(from, expected, run)) return;
    if (const auto parsed = parse_time(from.text))
      into = parsed;
    else
      run.report(from.at, "expected " + std::string(expected) + ", got " + in_quotes(from.text));
  }
  void show(const std::optional<wall_time>& from, json_writer& out) const override {
    if (from)
      out.text(format_time(*from));
    else
      out.null();
  }
  void describe(json_writer& out) const override {
    out.key("type");
    out.begin_list();
    out.text("string");
    out.text("null");
    out.end_list();
    out.member("pattern", R"(^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d))?$)");
  }
};

struct address_form {
  std::string_view expected;
  std::string_view pattern;
  std::optional<listen_address> (*parse)(std::string_view);
  bool is_telling_default;
};
constexpr address_form listen_form{"an IP address or localhost and a port, such as 127.0.0.1:8080 or [::1]:8080", R"(^([0-9.]+|localhost|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$)",
                                   parse_listen_address, true};
constexpr address_form peer_form{"a host and a port, such as 10.0.0.2:8082 or switchyard.default.svc:8082", R"(^([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$)",
                                 parse_peer_address, false};

class address_rule final : public rule<listen_address> {
 public:
  explicit address_rule(const address_form& form) : form_(form) {}
  void read(const node& from, listen_address& into, reading& run) const override {
    const bool scalar = from.kind == value_kind::text || from.kind == value_kind::integer || from.kind == value_kind::number;
    if (!scalar) return run.wrong_type(from, form_.expected);
    if (auto parsed = form_.parse(from.text))
      into = std::move(*parsed);
    else
      run.report(from.at, "expected " + std::string(form_.expected) + ", got " + in_quotes(from.text));
  }
  void show(const listen_address& from, json_writer& out) const override { out.text(to_string(from)); }
  void describe(json_writer& out) const override {
    out.member("type", "string");
    out.member("pattern", form_.pattern);
  }
  bool is_telling_default(const listen_address&) const override { return form_.is_telling_default; }

 private:
  const address_form& form_;
};

}  // namespace

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

rule_ptr<std::string> text(const text_form& form) { return std::make_shared<text_rule>(form); }

namespace {
constexpr text_form name_form{"a name of letters, digits, '.', '_' and '-', at most 128", "^[A-Za-z0-9._-]{1,128}$", is_name};
}

rule_ptr<std::string> name() { return text(name_form); }

rule_ptr<std::string> optional_name() {
  auto form = name_form;
  form.may_be_empty = true;
  return text(form);
}

rule_ptr<std::string> label() { return text({"a string without control characters", "", nullptr, true}); }
rule_ptr<std::string> path() { return text({"a path", "", nullptr, false}); }

rule_ptr<std::string> model_pattern() {
  return text({"a model's name without blanks; only the last character may be '*'", R"(^[^\s*]+\*?$|^\*$)",
               [](std::string_view pattern) { return is_one_word(pattern) && pattern.find('*') >= pattern.size() - 1; }, false});
}

rule_ptr<std::string> target_name() {
  return text({"provider/model, such as openai/gpt-4o", R"(^[A-Za-z0-9._-]+/[^\s*]+$)",
               [](std::string_view target) {
                 const auto slash = target.find('/');
                 return slash != std::string_view::npos && is_name(target.substr(0, slash)) &&
                        is_one_word(target.substr(slash + 1)) && target.find('*') == std::string_view::npos;
               },
               false});
}

rule_ptr<std::string> base_url() { return std::make_shared<base_url_rule>(false); }
rule_ptr<std::string> optional_base_url() { return std::make_shared<base_url_rule>(true); }
rule_ptr<bool> boolean() { return std::make_shared<boolean_rule>(); }
rule_ptr<std::optional<bool>> optional_boolean() { return std::make_shared<optional_boolean_rule>(); }
rule_ptr<milliseconds> duration() { return std::make_shared<duration_rule>(); }
rule_ptr<std::optional<wall_time>> optional_time() { return std::make_shared<optional_time_rule>(); }
rule_ptr<std::uint64_t> size(std::uint64_t least, std::uint64_t most) { return std::make_shared<size_rule>(least, most); }
rule_ptr<listen_address> address() { return std::make_shared<address_rule>(listen_form); }
rule_ptr<listen_address> peer_address() { return std::make_shared<address_rule>(peer_form); }

template <std::integral Integer>
rule_ptr<Integer> integer(Integer least, Integer most) {
  return std::make_shared<integer_rule<Integer>>(least, most);
}
template rule_ptr<int> integer(int, int);
template rule_ptr<std::int64_t> integer(std::int64_t, std::int64_t);
template rule_ptr<std::uint64_t> integer(std::uint64_t, std::uint64_t);

rule_ptr<double> number(double least, double most, lower_bound least_is) {
  return std::make_shared<number_rule>(least, most, least_is);
}
rule_ptr<std::optional<double>> optional_number(double least, double most) {
  return std::make_shared<optional_number_rule>(least, most);
}

std::size_t word_rule::read(const node& from, reading& run) const {
  const auto expected = "one of: " + joined(words_);
  if (!is_text(from, expected, run)) return words_.size();
  const auto found = std::find(words_.begin(), words_.end(), from.text);
  if (found != words_.end()) return static_cast<std::size_t>(found - words_.begin());
  if (std::find(absent_.begin(), absent_.end(), from.text) != absent_.end()) {
    run.report(from.at, in_quotes(from.text) + " is not available in this version; available: " + joined(words_));
  } else {
    auto hint = suggestion(from.text, words_);
    run.report(from.at, "expected " + expected + "; got " + in_quotes(from.text) + hint);
  }
  return words_.size();
}

void word_rule::describe(json_writer& out) const {
  out.key("enum");
  out.begin_list();
  for (const auto word : words_) out.text(word);
  out.end_list();
}

}  // namespace switchyard::config
