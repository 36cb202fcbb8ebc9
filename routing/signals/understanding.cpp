#include "routing/signals/understanding.hpp"

#include "providers/token_estimate.hpp"
#include "routing/signals/text_facts.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

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

const domain_finding& understanding::domain() {
  once(signal::domain, [&] {
    domain_.scores.fill(1.0f / domain_count);
    domain_.confidence = 1.0f / domain_count;
  });
  return domain_;
}

const complexity_finding& understanding::complexity() {
  once(signal::complexity, [&] {
    const auto words = static_cast<float>(facts().words.size());
    complexity_.value = std::clamp(std::log1p(words) / 6.0f, 0.0f, 1.0f);
    complexity_.confidence = 0.3f;
    complexity_.reasons.push_back("length");
  });
  return complexity_;
}

const format_finding& understanding::format() {
  once(signal::format, [&] {
    if (asked_.json_wanted) {
      format_ = {answer_format::json, 1};
    } else if (facts().fence || code_share() > 0.3f) {
      format_ = {answer_format::code, 0.7f};
    } else {
      format_ = {answer_format::chat, 0.5f};
    }
  });
  return format_;
}

const pii_finding& understanding::pii() {
  once(signal::pii, [] {});
  return pii_;
}

const jailbreak_finding& understanding::jailbreak() {
  once(signal::jailbreak, [] {});
  return jailbreak_;
}

const harmful_finding& understanding::harmful() {
  once(signal::harmful, [] {});
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
    tokens_.output = 220;
    tokens_.output_low = 150;
    tokens_.output_high = 300;
    if (asked_.most_output_tokens > 0)
      for (auto* count : {&tokens_.output, &tokens_.output_low, &tokens_.output_high}) *count = std::min(*count, asked_.most_output_tokens);
  });
  return tokens_;
}

const language_finding& understanding::language() {
  once(signal::language, [&] {
    const auto& scripts = facts().scripts;
    if (scripts[static_cast<std::size_t>(script::latin)] > 0) language_ = {"en", 0.3f};
  });
  return language_;
}

const clarity_finding& understanding::clarity() {
  once(signal::clarity, [&] {
    clarity_.clear = facts().words.size() >= 3;
    clarity_.confidence = 0.5f;
    if (!clarity_.clear) clarity_.why = "too short to tell what is wanted";
  });
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
