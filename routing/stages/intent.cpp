// A rule's conditions are asked in the order of what they cost, whatever order they are written in: tags and counts first, the classifiers
// last. So a signal is computed only where no cheaper condition has already said no.
#include "routing/stages/intent.hpp"

#include "routing/signals/understanding.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace switchyard::routing::stages {

namespace {

constexpr std::string_view tag_prefix = "tags.";

/// Where a condition's value comes from.
enum class subject { user, region, tag, signal };

struct condition {
  std::string name;                              ///< as the configuration has it
  subject what = subject::signal;
  signal which = signal::domain;
  std::variant<config::number_range, std::vector<std::string>> wanted;
  int cost = 0;
};

struct rule {
  std::string name;
  target where;
  std::vector<condition> when;
};

int cost_of(signal which) noexcept {
  switch (which) {
    case signal::turns:
    case signal::tools:
    case signal::images:
    case signal::input_tokens: return 1;
    case signal::format:
    case signal::language: return 2;
    case signal::complexity:
    case signal::output_tokens: return 3;
    case signal::domain: return 4;
    default: return 5;
  }
}

condition compile(const config::signal_condition& from) {
  condition out{from.signal, subject::signal, signal::domain, from.wanted, 0};
  if (from.signal == "user") {
    out.what = subject::user;
  } else if (from.signal == "region") {
    out.what = subject::region;
  } else if (from.signal.starts_with(tag_prefix)) {
    out.what = subject::tag;
  } else if (const auto which = signal_named(from.signal)) {
    out.which = *which;
    out.cost = cost_of(*which);
  }
  return out;
}

std::string number_text(double value) {
  char text[32];
  const bool whole = value == std::floor(value);
  std::snprintf(text, sizeof text, whole ? "%.0f" : "%.2f", value);
  return text;
}

class intent_stage final : public stage {
 public:
  intent_stage(std::vector<rule> rules, std::shared_ptr<const signal_models> models)
      : stage("intent", "intent"), rules_(std::move(rules)), models_(std::move(models)) {}

  std::shared_ptr<const signal_models> models() const override { return models_; }

  verdict decide(decision_context& context) const override {
    if (models_ && context.request.known == nullptr) return say("skipped", context.explain ? "there is no prompt" : "");
    if (context.request.asked != nullptr)
      return say("skipped", context.explain ? "the client named " + context.request.asked->name() : std::string());
    for (const auto& one : rules_) {
      const bool holds = std::all_of(one.when.begin(), one.when.end(), [&](const condition& c) { return meets(c, context.request); });
      if (!holds) continue;
      context.made.targets = {&one.where, 1};
      context.made.named_by = kind();
      auto text = text_of(one, context.request);
      context.made.note("intent: " + text);
      return say("matched", context.explain ? std::move(text) : std::string());
    }
    return say("none", context.explain ? why_none(context.request) : std::string());
  }

 private:
  [[nodiscard]] static signal_value value_of(const condition& of, const stage_request& request) {
    switch (of.what) {
      case subject::user: return request.user;
      case subject::region: return request.region;
      case subject::tag: {
        const auto name = std::string_view(of.name).substr(tag_prefix.size());
        for (const auto& tag : request.tags)
          if (tag.name == name) return tag.value;
        return std::string_view();
      }
      case subject::signal: break;
    }
    return request.known->value(of.which);
  }

  [[nodiscard]] static bool meets(const condition& wanted, const stage_request& request) {
    const auto value = value_of(wanted, request);
    if (const auto* range = std::get_if<config::number_range>(&wanted.wanted)) {
      const auto* number = std::get_if<double>(&value);
      return number != nullptr && range->holds(*number);
    }
    const auto* word = std::get_if<std::string_view>(&value);
    const auto& words = std::get<std::vector<std::string>>(wanted.wanted);
    return word != nullptr && !word->empty() && std::find(words.begin(), words.end(), *word) != words.end();
  }

  static void add_value(std::string& text, const condition& of, const stage_request& request) {
    const auto value = value_of(of, request);
    text.append(of.name).append(" ");
    if (const auto* number = std::get_if<double>(&value))
      text += number_text(*number);
    else
      text += std::get<std::string_view>(value).empty() ? std::string_view("unknown") : std::get<std::string_view>(value).substr(0, 60);
  }

  /// "rule hard-law (domain law, complexity 0.82)"
  [[nodiscard]] static std::string text_of(const rule& of, const stage_request& request) {
    std::string text = "rule " + of.name;
    for (std::size_t i = 0; i < of.when.size(); ++i) add_value(text += i == 0 ? " (" : ", ", of.when[i], request);
    if (!of.when.empty()) text += ")";
    return text;
  }

  /// The first condition of each rule that did not hold.
  [[nodiscard]] std::string why_none(const stage_request& request) const {
    constexpr std::size_t shown = 8;
    std::string text = "no rule holds:";
    for (std::size_t i = 0; i < rules_.size() && i < shown; ++i) {
      const auto& one = rules_[i];
      const auto failed = std::find_if(one.when.begin(), one.when.end(), [&](const condition& c) { return !meets(c, request); });
      text.append(i == 0 ? " " : ", ").append(one.name).append(" (");
      if (failed != one.when.end()) add_value(text, *failed, request);
      text += ")";
    }
    if (rules_.size() > shown) text += ", ...";
    return text;
  }

  std::vector<rule> rules_;
  std::shared_ptr<const signal_models> models_;
};

}  // namespace

bool looks_at_prompt(const config::intent_stage_config& config) noexcept {
  return std::any_of(config.rules.begin(), config.rules.end(), [](const auto& rule) {
    return std::any_of(rule.when.begin(), rule.when.end(),
                       [](const auto& c) { return c.signal != "region" && !std::string_view(c.signal).starts_with(tag_prefix); });
  });
}

result<std::shared_ptr<const stage>> make_intent(const config::intent_stage_config& config, provider_list providers,
                                                 std::shared_ptr<const signal_models> models) {
  std::vector<rule> rules;
  for (const auto& wanted : config.rules) {
    auto found = find_target(providers, wanted.target);
    if (!found) return found.failure();
    rule made{wanted.name, std::move(*found), {}};
    for (const auto& one : wanted.when) made.when.push_back(compile(one));
    std::stable_sort(made.when.begin(), made.when.end(), [](const condition& a, const condition& b) { return a.cost < b.cost; });
    rules.push_back(std::move(made));
  }
  return std::shared_ptr<const stage>(std::make_shared<intent_stage>(std::move(rules), std::move(models)));
}

}  // namespace switchyard::routing::stages
