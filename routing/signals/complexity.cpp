#include "routing/signals/complexity.hpp"

#include "routing/signals/reasoning.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

complexity_finding find_complexity(const signal_heads& heads, std::span<const float> vector, const text_facts& facts) {
  complexity_finding found;
  if (facts.words.empty()) return found;
  const auto dense = dense_features(facts);
  float score = 0;
  heads.complexity.score(vector, dense, facts.words, {&score, 1});
  found.value = std::clamp(heads.complexity_value(score), 0.0f, 1.0f);
  // Far from the middle it is surer.
  found.confidence = std::min(0.95f, 0.5f + std::abs(found.value - 0.5f) * 0.9f);
  const auto kinds = reasoning_in(facts.words);
  const auto count = [&](reasoning_kind kind) { return kinds[static_cast<std::size_t>(kind)]; };
  const auto say = [&](bool holds, std::string_view why) {
    if (holds && found.reasons.size() < 6) found.reasons.push_back(why);
  };
  say(facts.words.size() >= 120, "long");
  say(facts.words.size() < 12, "short");
  say(count(reasoning_kind::steps) >= 2 || facts.list_lines >= 3, "several steps or options");
  say(count(reasoning_kind::proof) > 0, "asks for a proof or derivation");
  say(count(reasoning_kind::analysis) >= 2, "asks for analysis");
  say(count(reasoning_kind::design) > 0, "code or design");
  say(count(reasoning_kind::mathematics) + count(reasoning_kind::units) >= 2 || facts.math_marks >= 3, "mathematics");
  say(count(reasoning_kind::condition) >= 3, "many conditions");
  say(facts.code_lines > 0, "holds code");
  say(count(reasoning_kind::lookup) > 0 && facts.words.size() < 20, "asks for a fact");
  say(count(reasoning_kind::smalltalk) > 0 && facts.words.size() < 8, "small talk");
  return found;
}

}  // namespace switchyard::routing
