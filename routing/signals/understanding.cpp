#include "routing/signals/understanding.hpp"

#include "providers/token_estimate.hpp"
#include "routing/signals/clarity.hpp"
#include "routing/signals/complexity.hpp"
#include "routing/signals/domain.hpp"
#include "routing/signals/format.hpp"
#include "routing/signals/harmful.hpp"
#include "routing/signals/jailbreak.hpp"
#include "routing/signals/language.hpp"
#include "routing/signals/output_tokens.hpp"
#include "routing/signals/passages.hpp"
#include "routing/signals/pii/find.hpp"
#include "routing/signals/text_facts.hpp"

#include <algorithm>
#include <utility>

namespace switchyard::routing {

namespace {

constexpr std::size_t most_judged_turns = 16;      // older ones were judged when they were the last

}  // namespace

understanding::understanding(const signal_models& models, const prompt& asked, clock now) : models_(models), asked_(asked), now_(now) {}
understanding::~understanding() = default;

template <class Work>
void understanding::once(signal which, const Work& work) {
  const auto at = static_cast<std::size_t>(which);
  if (known_[at]) return;
  known_[at] = true;
  if (now_ == nullptr) return work();
  const auto outer = std::exchange(inner_, nanoseconds{0});
  const auto begin = now_();
  work();
  const auto all = std::chrono::duration_cast<nanoseconds>(now_() - begin);
  took_[at] = all - inner_;
  inner_ = outer + all;
}

std::string_view understanding::query() {
  if (!has_query_) query_ = query_text(asked_.turns, query_storage_);
  has_query_ = true;
  return query_;
}

const text_facts& understanding::facts() {
  if (!facts_) facts_ = std::make_unique<text_facts>(facts_of(query()));
  return *facts_;
}

std::span<const float> understanding::vector() {
  once(signal::vector, [&] {
    vector_.resize(models_.embedding().dimensions());
    models_.embedding().embed(query(), vector_);
  });
  return vector_;
}

// Those of the user and of tools, the last first: what an application says of itself is not judged.
template <class Judge>
void understanding::judge_turns(const Judge& judge) {
  if (!cut_) {
    cut_ = true;
    for (std::size_t at = asked_.turns.size(); at-- > 0 && judged_.size() < most_judged_turns;) {
      const auto& turn = asked_.turns[at];
      if ((turn.who != speaker::user && turn.who != speaker::tool) || turn.text.empty()) continue;
      judged_.emplace_back(at, std::make_unique<passages>());
      judged_.back().second->cut(models_.embedding(), turn.text);
    }
  }
  for (const auto& [at, cut] : judged_) judge(*cut, at);
}

const domain_finding& understanding::domain() {
  once(signal::domain, [&] {
    const auto& told = language();
    const float english = told.code == "en" ? 0.5f + 0.5f * told.confidence : 1 - told.confidence;
    domain_ = find_domain(models_.heads(), vector(), facts(), english);
  });
  return domain_;
}

const complexity_finding& understanding::complexity() {
  once(signal::complexity, [&] { complexity_ = find_complexity(models_.heads(), vector(), facts()); });
  return complexity_;
}

const format_finding& understanding::format() {
  once(signal::format, [&] { format_ = find_format(query(), facts(), asked_.json_wanted); });
  return format_;
}

const pii_finding& understanding::pii() {
  once(signal::pii, [&] { pii_ = find_pii_in(asked_.turns); });
  return pii_;
}

const jailbreak_finding& understanding::jailbreak() {
  once(signal::jailbreak, [&] {
    judge_turns([&](const passages& cut, std::size_t at) { judge_attack(models_.heads(), cut, at, asked_.turns[at].text.size(), jailbreak_); });
  });
  return jailbreak_;
}

const harmful_finding& understanding::harmful() {
  once(signal::harmful, [&] {
    judge_turns([&](const passages& cut, std::size_t) { judge_harm(models_.heads(), cut, harmful_); });
  });
  return harmful_;
}

std::int64_t understanding::input_tokens() {
  once(signal::input_tokens, [&] {
    tokens_.input = asked_.input_tokens;
    if (tokens_.input == 0)
      for (const auto& turn : asked_.turns) tokens_.input += providers::estimate_tokens(turn.text) + 4;   // the turn's own frame
  });
  return tokens_.input;
}

const token_finding& understanding::tokens() {
  static_cast<void>(input_tokens());
  once(signal::output_tokens, [&] {
    expect_output(facts(), format().value, complexity().value, tokens_.input, asked_.most_output_tokens, tokens_);
  });
  return tokens_;
}

const language_finding& understanding::language() {
  once(signal::language, [&] { language_ = find_language(query(), facts()); });
  return language_;
}

const clarity_finding& understanding::clarity() {
  once(signal::clarity, [&] { clarity_ = find_clarity(facts(), asked_.turns.size(), asked_.images); });
  return clarity_;
}

float understanding::code_share() {
  once(signal::code_share, [&] {
    const auto& counted = facts();
    const auto blank_free = std::max<std::size_t>(1, counted.bytes);
    code_share_ = std::min(1.0f, static_cast<float>(counted.code_bytes) / static_cast<float>(blank_free));
  });
  return code_share_;
}

signal_findings understanding::findings() const {
  return {.known = known_, .took = took_, .domain = domain_, .complexity = complexity_, .format = format_, .pii = pii_,
          .jailbreak = jailbreak_, .harmful = harmful_, .tokens = tokens_, .language = language_, .clarity = clarity_,
          .code_share = code_share_, .dimensions = vector_.size(), .turns = turns(), .tools = tools(), .images = images()};
}

signal_value understanding::value(signal which) {
  switch (which) {
    case signal::domain: return to_string(domain().value);
    case signal::complexity: return static_cast<double>(complexity().value);
    case signal::format: return to_string(format().value);
    case signal::pii: return static_cast<double>(pii().score);
    case signal::jailbreak: return static_cast<double>(jailbreak().score);
    case signal::harmful: return static_cast<double>(harmful().score);
    case signal::input_tokens: return static_cast<double>(input_tokens());
    case signal::output_tokens: return static_cast<double>(tokens().output);
    case signal::language: return language().code;
    case signal::turns: return static_cast<double>(turns());
    case signal::tools: return static_cast<double>(tools());
    case signal::images: return static_cast<double>(images());
    case signal::clarity: return clarity().clear ? std::string_view("clear") : std::string_view("ambiguous");
    case signal::code_share: return static_cast<double>(code_share());
    case signal::vector: break;
  }
  return 0.0;
}

float understanding::confidence(signal which) {
  switch (which) {
    case signal::domain: return domain().confidence;
    case signal::complexity: return complexity().confidence;
    case signal::format: return format().confidence;
    case signal::language: return language().confidence;
    case signal::clarity: return clarity().confidence;
    default: return 1;
  }
}

}  // namespace switchyard::routing
