// What the hit verifier looks at in a pair of prompts: figures about their words, computed alike for training and for serving.
#pragma once

#include "routing/cache/near_miss.hpp"
#include "routing/cache/words.hpp"
#include "routing/embedding/embedder.hpp"

#include <array>
#include <span>

namespace switchyard::routing {

inline constexpr std::size_t pair_feature_count = 41;
using pair_features = std::array<float, pair_feature_count>;

/// Symmetric: the order of the two does not matter. `va` and `vb` are embed() of the whole texts. A table row's length tells how much a
/// word matters, its direction what it means; both come from the embedding.
[[nodiscard]] pair_features features_of(const embedder& model, const word_list& a, const word_list& b, std::span<const float> va, std::span<const float> vb,
                                        const near_misses& found);

}  // namespace switchyard::routing
