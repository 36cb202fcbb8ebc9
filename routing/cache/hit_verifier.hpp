// A small net that says how likely one prompt may be answered by the answer to another.
#pragma once

#include "base/result.hpp"
#include "routing/cache/pair_features.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace switchyard::routing {

/// Immutable once loaded: any number of threads may use it. The file's grammar stands on top of hit_verifier.cpp.
class hit_verifier {
 public:
  /// `embedding`: embedder::fingerprint() of the embedding in use. A verifier that was trained with another one is an error that says so.
  [[nodiscard]] static result<hit_verifier> load(const std::string& path, std::uint64_t embedding);
  /// `name` is for messages.
  [[nodiscard]] static result<hit_verifier> of_bytes(std::string_view bytes, std::uint64_t embedding, const std::string& name = "hit verifier");

  /// 0..1. `a` and `b` are the texts' unit vectors.
  [[nodiscard]] float operator()(const pair_features& features, std::span<const float> a, std::span<const float> b) const;

 private:
  std::vector<float> numbers_;                   // the file's, in its order
  std::size_t dimensions_ = 0, first_ = 0, second_ = 0;
};

}  // namespace switchyard::routing
