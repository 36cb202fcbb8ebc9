// Embeddings: unit vectors that are near for texts that share words.
#pragma once

#include <string_view>
#include <vector>

namespace switchyard::sim {

/// `dimensions` numbers of length 1; equal inputs give equal vectors.
[[nodiscard]] std::vector<float> embed_text(std::string_view model, std::string_view text, std::size_t dimensions);

}  // namespace switchyard::sim
