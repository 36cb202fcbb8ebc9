#include "config/signal_words.hpp"

#include "config/sections.hpp"

namespace switchyard::config {

namespace {

class known_word final : public rule<std::string> {
 public:
  explicit known_word(const std::vector<std::string_view>& words) : words_(words, {}) {}

  void read(const node& from, std::string& into, reading& run) const override {
    if (const auto index = words_.read(from, run); index < words_.count()) into = words_.word(index);
  }
  void show(const std::string& from, json_writer& out) const override { out.text(from); }
  void describe(json_writer& out) const override { words_.describe(out); }

 private:
  word_rule words_;
};

class left_out_or final : public rule<std::string> {
 public:
  explicit left_out_or(rule_ptr<std::string> what) : what_(std::move(what)) {}

  void read(const node& from, std::string& into, reading& run) const override {
    if (from.kind == value_kind::null || (from.kind == value_kind::text && from.text.empty())) return into.clear();
    what_->read(from, into, run);
  }
  void show(const std::string& from, json_writer& out) const override { out.text(from); }
  void describe(json_writer& out) const override {
    describe_any_of(out, [&] { what_->describe(out); }, [&] { out.member("maxLength", 0); }, [&] { out.member("type", "null"); });
  }

 private:
  rule_ptr<std::string> what_;
};

class bounded_text final : public rule<std::string> {
 public:
  explicit bounded_text(std::size_t most) : most_(most) {}

  void read(const node& from, std::string& into, reading& run) const override {
    if (from.kind != value_kind::text) return run.wrong_type(from, "a string");
    if (from.text.find_first_not_of(" \t\r\n") == std::string::npos)
      run.report(from.at, "expected a string with something in it");
    else if (from.text.size() > most_)
      run.report(from.at, "expected a string of at most " + std::to_string(most_) + " bytes");
    else
      into = from.text;
  }
  void show(const std::string& from, json_writer& out) const override { out.text(from); }
  void describe(json_writer& out) const override {
    out.member("type", "string");
    out.member("minLength", 1);
    out.member("maxLength", most_);
  }

 private:
  std::size_t most_;
};

}  // namespace

const std::vector<signal_word>& signal_words() {
  using enum signal_kind;
  static const std::vector<signal_word> words{
      {"domain", domain, "What the query is about."},
      {"complexity", number, "0 (easy) to 1: the share of requests that are easier."},
      {"format", format, "The kind of answer asked for."},
      {"safety.pii", number, "0..1: personal data was found."},
      {"safety.jailbreak", number, "0..1: tries to get around instructions."},
      {"safety.harmful", number, "0..1: harmful content."},
      {"tokens.input", number, "Estimated tokens of the prompt."},
      {"tokens.output", number, "Expected tokens of the answer."},
      {"language", text, "ISO 639-1 code of the query's language; und: cannot be told."},
      {"turns", number, "Messages of the conversation."},
      {"tools", number, "Tools the client offers."},
      {"images", number, "Images in the conversation."},
      {"user", text, "The request's user field, else the virtual key's name."},
      {"region", text, "Where the request comes from: x-switchyard-region, else the node's."},
  };
  return words;
}

const std::vector<std::string_view>& domain_words() {
  static const std::vector<std::string_view> words{"biology", "business", "chemistry", "computer science", "economics", "engineering", "health",
                                                   "history", "law",      "math",      "other",            "philosophy", "physics",    "psychology"};
  return words;
}

const std::vector<std::string_view>& format_words() {
  static const std::vector<std::string_view> words{"code", "json", "summary", "creative", "translation", "list", "chat"};
  return words;
}

const std::vector<std::string_view>& pii_words() {
  static const std::vector<std::string_view> words{"email", "phone",       "card",    "iban",          "ssn",      "ip",             "mac",
                                                   "jwt",   "private_key", "api_key", "date_of_birth", "passport", "driver_licence", "address"};
  return words;
}

rule_ptr<std::string> word_of(const std::vector<std::string_view>& words) { return std::make_shared<known_word>(words); }
rule_ptr<std::string> or_nothing(rule_ptr<std::string> what) { return std::make_shared<left_out_or>(std::move(what)); }
rule_ptr<std::string> any_text(std::size_t most) { return std::make_shared<bounded_text>(most); }

}  // namespace switchyard::config
