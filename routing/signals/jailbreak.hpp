// Attempts to turn a model against its instructions: jailbreaks by users, injections in what tools return.
#pragma once

#include "routing/signals/passages.hpp"
#include "routing/signals/signal_models.hpp"

#include <vector>

namespace switchyard::routing {

/// What patterns alone say of a text: their weights, together at most 6 (in logits), and where.
struct pattern_evidence {
  float weight = 0;
  struct place {
    std::size_t start = 0, end = 0;
    std::string_view why;
    float weight = 0;
  };
  std::vector<place> places;
};
[[nodiscard]] pattern_evidence attack_patterns(const passages& turn);

/// The strongest passage's head score plus the patterns, before calibration.
[[nodiscard]] float attack_strength(const signal_heads& heads, const passages& turn, const pattern_evidence& patterns);

/// Judges one turn and keeps the stronger finding; evidence is added.
void judge_attack(const signal_heads& heads, const passages& turn, std::size_t turn_index, std::size_t turn_size, jailbreak_finding& found);

}  // namespace switchyard::routing
