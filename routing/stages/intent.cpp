// A rule's conditions are asked in the order of what they cost, whatever order they are written in: tags and counts first, the classifiers
// last. So a signal is computed only where no cheaper condition has already said no.
//
// With a domain model (a file of `switchyardctl train domain`) a rule's `domain` is the model's likeliest label if its probability reaches the
// label's threshold, else "other"; the `domain` signal that other stages and `explain` show stays the built-in one.
#include "routing/stages/intent.hpp"

#include "routing/category_model.hpp"
#include "routing/signals/understanding.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace switchyard::routing::stages {

namespace {

constexpr std::string_view tag_prefix = "tags.";
constexpr std::string_view no_domain = "other";

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
  intent_stage(std::vector<rule> rules, std::optional<category_model> domains, std::shared_ptr<const signal_models> models)
      : stage("intent", "intent"), rules_(std::move(rules)), domains_(std::move(domains)), models_(std::move(models)) {}

  std::shared_ptr<const signal_models> models() const override { return models_; }

  verdict decide(decision_context& context) const override {
    if (models_ && context.request.known == nullptr) return say("skipped", context.explain ? "there is no prompt" : "");
    if (context.request.asked != nullptr)
      return say("skipped", context.explain ? "the client named " + context.request.asked->name() : std::string());
    asked_request about{context.request, {}};
    for (const auto& one : rules_) {
      const bool holds = std::all_of(one.when.begin(), one.when.end(), [&](const condition& c) { return meets(c, about); });
      if (!holds) continue;
      context.made.targets = {&one.where, 1};
      context.made.named_by = kind();
      auto text = text_of(one, about);
      context.made.note("intent: " + text);
      return say("matched", context.explain ? std::move(text) : std::string());
    }
    return say("none", context.explain ? why_none(about) : std::string());
  }

 private:
  /// A request, and its domain by the stage's own model once a rule has asked for it.
  struct asked_request {
    const stage_request& request;
    std::string_view domain;                     ///< empty: not asked for yet
  };

  [[nodiscard]] std::string_view domain_of(asked_request& about) const {
    if (!about.domain.empty()) return about.domain;
    const auto& labels = domains_->categories();
    boost::container::small_vector<float, 64> all(labels.size());
    domains_->probabilities(about.request.known->vector(), {all.data(), all.size()});
    const auto best = static_cast<std::size_t>(std::max_element(all.begin(), all.end()) - all.begin());
    about.domain = all[best] >= labels[best].threshold ? std::string_view(labels[best].name) : no_domain;
    return about.domain;
  }

  [[nodiscard]] signal_value value_of(const condition& of, asked_request& about) const {
    const auto& request = about.request;
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
    if (domains_ && of.which == signal::domain) return domain_of(about);
    return request.known->value(of.which);
  }

  [[nodiscard]] bool meets(const condition& wanted, asked_request& about) const {
    const auto value = value_of(wanted, about);
    if (const auto* range = std::get_if<config::number_range>(&wanted.wanted)) {
      const auto* number = std::get_if<double>(&value);
      return number != nullptr && range->holds(*number);
    }
    const auto* word = std::get_if<std::string_view>(&value);
    const auto& words = std::get<std::vector<std::string>>(wanted.wanted);
    return word != nullptr && !word->empty() && std::find(words.begin(), words.end(), *word) != words.end();
  }

  void add_value(std::string& text, const condition& of, asked_request& about) const {
    const auto value = value_of(of, about);
    text.append(of.name).append(" ");
    if (const auto* number = std::get_if<double>(&value))
      text += number_text(*number);
    else
      text += std::get<std::string_view>(value).empty() ? std::string_view("unknown") : std::get<std::string_view>(value).substr(0, 60);
  }

  /// "rule hard-law (domain law, complexity 0.82)"
  [[nodiscard]] std::string text_of(const rule& of, asked_request& about) const {
    std::string text = "rule " + of.name;
    for (std::size_t i = 0; i < of.when.size(); ++i) add_value(text += i == 0 ? " (" : ", ", of.when[i], about);
    if (!of.when.empty()) text += ")";
    return text;
  }

  /// The first condition of each rule that did not hold.
  [[nodiscard]] std::string why_none(asked_request& about) const {
    constexpr std::size_t shown = 8;
    std::string text = "no rule holds:";
    for (std::size_t i = 0; i < rules_.size() && i < shown; ++i) {
      const auto& one = rules_[i];
      const auto failed = std::find_if(one.when.begin(), one.when.end(), [&](const condition& c) { return !meets(c, about); });
      text.append(i == 0 ? " " : ", ").append(one.name).append(" (");
      if (failed != one.when.end()) add_value(text, *failed, about);
      text += ")";
    }
    if (rules_.size() > shown) text += ", ...";
    return text;
  }

  std::vector<rule> rules_;
  std::optional<category_model> domains_;        ///< nullopt: the built-in ones
  std::shared_ptr<const signal_models> models_;
};

}  // namespace

bool looks_at_prompt(const config::intent_stage_config& config) noexcept {
  return std::any_of(config.rules.begin(), config.rules.end(), [](const auto& rule) {
    return std::any_of(rule.when.begin(), rule.when.end(),
                       [](const auto& c) { return c.signal != "region" && !std::string_view(c.signal).starts_with(tag_prefix); });
  });
}

namespace {

/// nullopt: no model is configured.
result<std::optional<category_model>> domains_of(const config::intent_stage_config& config, const signal_models* models) {
  if (config.domain_model.empty() || models == nullptr) return std::optional<category_model>();
  auto loaded = category_model::load(config.domain_model, models->embedding().dimensions());
  if (!loaded) return std::move(loaded.failure());
  for (const auto& rule : config.rules)
    for (const auto& condition : rule.when) {
      if (condition.signal != "domain") continue;
      for (const auto& label : std::get<std::vector<std::string>>(condition.wanted))
        if (label != no_domain && !loaded->find(label))
          return internal_error("the domain model " + config.domain_model + " does not know the label '" + label + "' of the rule '" + rule.name + "'");
    }
  return std::optional<category_model>(std::move(*loaded));
}

}  // namespace

result<std::shared_ptr<const stage>> make_intent(const config::intent_stage_config& config, provider_list providers,
                                                 std::shared_ptr<const signal_models> models) {
  auto domains = domains_of(config, models.get());
  if (!domains) return std::move(domains.failure());
  std::vector<rule> rules;
  for (const auto& wanted : config.rules) {
    auto found = find_target(providers, wanted.target);
    if (!found) return found.failure();
    rule made{wanted.name, std::move(*found), {}};
    for (const auto& one : wanted.when) made.when.push_back(compile(one));
    std::stable_sort(made.when.begin(), made.when.end(), [](const condition& a, const condition& b) { return a.cost < b.cost; });
    rules.push_back(std::move(made));
  }
  return std::shared_ptr<const stage>(std::make_shared<intent_stage>(std::move(rules), std::move(*domains), std::move(models)));
}

}  // namespace switchyard::routing::stages
