// intent: {rules: [{name: hard-law, when: {domain: [law], complexity: ">= 0.7"}, target: openai/gpt-4o}]}
//
//   when   = { signal: wanted, ... }                 every condition must hold; {} holds always
//   wanted = number | "> N" | ">= N" | "< N" | "<= N" | "N..M" | "N.." | "..M"        of signals that are numbers, bounds included
//          | word | [word, ...]                                                       of the others: one of them
#include "config/sections.hpp"
#include "config/signal_words.hpp"
#include "config/stage_kinds.hpp"
#include "config/targets.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

namespace switchyard::config {

namespace {

constexpr std::string_view tag_prefix = "tags.";
constexpr std::string_view range_expected = "a number, \"> 0.7\", \">= 1000\", \"< 3\", \"<= 0.5\" or \"0.2..0.8\"";
constexpr std::string_view range_pattern =
    R"(^\s*([<>]=?\s*-?[0-9.]+(e[+-]?[0-9]+)?|-?[0-9.]+(e[+-]?[0-9]+)?|(-?[0-9]+(\.[0-9]+)?)?\.\.(-?[0-9]+(\.[0-9]+)?)?)\s*$)";
constexpr std::size_t most_words = 100;

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<double> to_number(std::string_view text) noexcept {
  text = trimmed(text);
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<number_range> to_range(std::string_view text) {
  text = trimmed(text);
  number_range range;
  if (const auto dots = text.find(".."); dots != std::string_view::npos) {
    const auto least = trimmed(text.substr(0, dots)), most = trimmed(text.substr(dots + 2));
    if (!least.empty() && !(range.least = to_number(least))) return std::nullopt;
    if (!most.empty() && !(range.most = to_number(most))) return std::nullopt;
    if ((least.empty() && most.empty()) || (range.least && range.most && *range.least > *range.most)) return std::nullopt;
    return range;
  }
  if (text.starts_with('>') || text.starts_with('<')) {
    const bool lower = text.front() == '>', included = text.size() > 1 && text[1] == '=';
    const auto bound = to_number(text.substr(included ? 2 : 1));
    if (!bound) return std::nullopt;
    (lower ? range.least : range.most) = bound;
    (lower ? range.least_excluded : range.most_excluded) = !included;
    return range;
  }
  const auto exact = to_number(text);
  if (!exact) return std::nullopt;
  range.least = range.most = exact;
  return range;
}

std::string number_text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string range_text(const number_range& range) {
  if (range.least && range.most) {
    if (*range.least == *range.most) return number_text(*range.least);
    return number_text(*range.least) + ".." + number_text(*range.most);
  }
  if (range.least) return (range.least_excluded ? "> " : ">= ") + number_text(*range.least);
  return (range.most_excluded ? "< " : "<= ") + number_text(range.most.value_or(0));
}

class when_rule final : public rule<std::vector<signal_condition>> {
 public:
  when_rule() {
    for (const auto& word : signal_words()) names_.push_back(word.name);
    names_.push_back("tags.NAME");
  }

  void read(const node& from, std::vector<signal_condition>& into, reading& run) const override {
    if (from.kind != value_kind::map && from.kind != value_kind::null) return run.wrong_type(from, "a map of signals");
    into.clear();
    for (const auto* entry : run.entries(from)) {
      const auto inside = run.enter(*entry);
      const auto kind = kind_of(entry->key);
      if (!kind) {
        static constexpr foreign_name foreign[] = {
            {"pii", "safety.pii"},     {"jailbreak", "safety.jailbreak"}, {"harmful", "safety.harmful"}, {"topic", "domain"},
            {"category", "domain"},    {"input_tokens", "tokens.input"},  {"tokens", "tokens.input"},    {"output_tokens", "tokens.output"},
            {"lang", "language"},      {"virtual_key", "user"},           {"safety", "safety.pii"},      {"difficulty", "complexity"}};
        run.unknown_key(*entry, names_, {}, foreign);
        continue;
      }
      signal_condition condition;
      condition.signal = entry->key;
      condition.at = entry->at;
      if (*kind == signal_kind::number ? read_range(*entry->value, condition, run) : read_words(*entry->value, *kind, condition, run))
        into.push_back(std::move(condition));
    }
  }

  void show(const std::vector<signal_condition>& from, json_writer& out) const override {
    out.begin_object();
    for (const auto& condition : from) {
      out.key(condition.signal);
      if (const auto* range = std::get_if<number_range>(&condition.wanted)) {
        out.text(range_text(*range));
      } else {
        out.begin_list();
        for (const auto& word : std::get<std::vector<std::string>>(condition.wanted)) out.text(word);
        out.end_list();
      }
    }
    out.end_object();
  }

  void describe(json_writer& out) const override {
    describe_nullable("object", out);
    out.member("additionalProperties", false);
    out.key("patternProperties");
    out.begin_object();
    out.key("^tags\\..+$");
    out.begin_object();
    describe_words(word_text_, out);
    out.end_object();
    out.end_object();
    out.key("properties");
    out.begin_object();
    for (const auto& word : signal_words()) {
      out.key(word.name);
      out.begin_object();
      out.member("description", word.doc);
      if (word.kind == signal_kind::number)
        describe_range(out);
      else
        describe_words(rule_of(word.kind), out);
      out.end_object();
    }
    out.end_object();
  }

 private:
  static std::optional<signal_kind> kind_of(std::string_view name) {
    if (name.starts_with(tag_prefix) && name.size() > tag_prefix.size()) return signal_kind::text;
    for (const auto& word : signal_words())
      if (word.name == name) return word.kind;
    return std::nullopt;
  }

  const rule_ptr<std::string>& rule_of(signal_kind kind) const {
    return kind == signal_kind::domain ? word_domain_ : kind == signal_kind::format ? word_format_ : word_text_;
  }

  static bool read_range(const node& from, signal_condition& into, reading& run) {
    const bool scalar = from.kind == value_kind::text || from.kind == value_kind::integer || from.kind == value_kind::number;
    if (!scalar) return run.wrong_type(from, range_expected), false;
    const auto range = to_range(from.text);
    if (!range) return run.report(from.at, "expected " + std::string(range_expected) + ", got " + in_quotes(from.text)), false;
    into.wanted = *range;
    return true;
  }

  bool read_words(const node& from, signal_kind kind, signal_condition& into, reading& run) const {
    auto& words = into.wanted.emplace<std::vector<std::string>>();
    const auto& word = rule_of(kind);
    if (from.kind != value_kind::list) {
      word->read(from, words.emplace_back(), run);
      return true;
    }
    if (from.items.empty() || from.items.size() > most_words)
      return run.report(from.at, "expected a word, or a list of 1 to " + std::to_string(most_words)), false;
    for (std::size_t i = 0; i < from.items.size(); ++i) {
      const auto inside = run.enter(i, *from.items[i]);
      word->read(*from.items[i], words.emplace_back(), run);
    }
    return true;
  }

  static void describe_range(json_writer& out) {
    const auto number = [&] { out.member("type", "number"); };
    const auto range = [&] {
      out.member("type", "string");
      out.member("pattern", range_pattern);
    };
    describe_any_of(out, number, range);
  }

  static void describe_words(const rule_ptr<std::string>& word, json_writer& out) {
    describe_any_of(out, [&] { word->describe(out); }, [&] { list_of<std::string>(word, 1).describe(out); });
  }

  std::vector<std::string_view> names_;
  rule_ptr<std::string> word_domain_ = any_text(64);         // which words there are depends on the stage's domain_model: check_domains()
  rule_ptr<std::string> word_format_ = word_of(format_words());
  rule_ptr<std::string> word_text_ = any_text(256);
};

rule_ptr<intent_stage_config> intent_table() {
  const auto rule = std::make_shared<section<intent_rule>>(
      std::vector<field<intent_rule>>{
          {"name", &intent_rule::name, name(), "Unique within the stage; the reason names it.", presence::required},
          {"when", &intent_rule::when, std::make_shared<when_rule>(), "Signals and what they must be; every one must hold.", presence::required},
          {"target", &intent_rule::target, target_name(), "provider/model that answers.", presence::required},
      },
      section_extras<intent_rule>{.at = &intent_rule::at, .foreign = {{"if", "when"}, {"match", "when"}, {"model", "target"}, {"then", "target"}}});
  return std::make_shared<section<intent_stage_config>>(std::vector<field<intent_stage_config>>{
      {"domain_model", &intent_stage_config::domain_model, or_nothing(path()),
       "A file of `switchyardctl train domain`: the rules' `domain` is then one of its labels; left out: the built-in domains."},
      {"rules", &intent_stage_config::rules, std::make_shared<list_of<intent_rule>>(rule, 1), "The first that matches decides.",
       presence::required},
  });
}

/// A domain model's labels are checked when the file is read.
void check_domains(const std::vector<signal_condition>& when, const std::string& path, reading& run) {
  for (const auto& condition : when) {
    if (condition.signal != "domain") continue;
    const auto& words = std::get<std::vector<std::string>>(condition.wanted);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto& known = domain_words();
      if (words[i].empty() || std::find(known.begin(), known.end(), words[i]) != known.end()) continue;
      const auto item = item_path(path + ".domain", i);
      const auto at = run.given(item) ? item : path + ".domain";
      run.report(at, run.place_of(at), "expected one of: " + joined(known) + "; got " + in_quotes(words[i]) + suggestion(words[i], known));
    }
  }
}

void check_intent(const config& all, const intent_stage_config& stage, const stage_place& place, reading& run) {
  const auto list = place.path + ".rules";
  std::unordered_map<std::string_view, std::string> names;
  for (std::size_t i = 0; i < stage.rules.size(); ++i) {
    const auto& rule = stage.rules[i];
    const auto path = item_path(list, i);
    check_target(all, rule.target, path + ".target", run.place_of(path + ".target"), run);
    if (stage.domain_model.empty()) check_domains(rule.when, path + ".when", run);
    if (rule.when.empty() && i + 1 < stage.rules.size() && run.clean())
      run.report(path + ".when", rule.at, "holds always, so that the rules behind it never decide");
    if (rule.name.empty()) continue;
    if (const auto [first, is_new] = names.emplace(rule.name, path); !is_new)
      run.report(path + ".name", run.place_of(path + ".name"),
                 "rule names are unique, and " + in_quotes(rule.name) + " is already " + first->second);
  }
}

}  // namespace

stage_kind_ptr intent_kind() {
  return make_stage_kind("intent", "Chooses the target by rules over signals.", intent_table(), check_intent);
}

}  // namespace switchyard::config
