#include "routing/signals/domain.hpp"

#include <algorithm>

namespace switchyard::routing {

domain_finding find_domain(const signal_heads& heads, std::span<const float> vector, const text_facts& facts, float english) {
  domain_finding found;
  constexpr float chance = 1.0f / domain_count;
  if (facts.words.empty()) {
    found.scores.fill(chance);
    found.confidence = chance;
    return found;
  }
  heads.domain.score(vector, {}, facts.words, found.scores);
  softmax(found.scores);
  const auto best = std::max_element(found.scores.begin(), found.scores.end());
  found.value = static_cast<routing::domain>(best - found.scores.begin());
  const auto calibrated = std::clamp(heads.domain_confidence(*best), 0.0f, 1.0f);
  // A word or two say little of a field.
  const float length = std::min(1.0f, 0.55f + 0.15f * static_cast<float>(facts.words.size()));
  found.confidence = std::max(chance, calibrated * length * (0.4f + 0.6f * english));
  return found;
}

}  // namespace switchyard::routing
