// A trained linear head: scores from a text's vector, its dense numbers and its hashed words.
#pragma once

#include "routing/signals/heads_file.hpp"
#include "routing/signals/words.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace switchyard::routing {

/// scores[c] = bias[c] + vector·V[c] + dense·D[c] + (sum over hashed features of W[c][bucket]) / sqrt(number of words).
/// Arrays "NAME.bias" (1 × classes), "NAME.vector" (classes × dimensions), "NAME.dense" (classes × n; may be missing), "NAME.words"
/// (buckets × classes, int8; may be missing, buckets a power of two) with "NAME.scale" (1 × classes) and "NAME.hashing" (1 × 3: weights 0 or 1
/// of words, stems, pairs of words). One class: a yes-or-no head.
class linear_head {
 public:
  [[nodiscard]] static result<linear_head> in(const heads_file& file, const std::string& name, std::size_t classes, std::size_t dimensions,
                                              std::size_t dense);

  /// Precondition: the spans have the sizes given to in(), `dense` may be empty where the head has no dense part.
  void score(std::span<const float> vector, std::span<const float> dense, std::span<const word> words, std::span<float> out) const;
  [[nodiscard]] std::size_t classes() const noexcept { return bias_.size(); }

 private:
  std::span<const float> bias_, vector_, dense_, scale_;
  std::span<const std::int8_t> words_;
  std::size_t mask_ = 0;
  bool whole_ = false, stems_ = false, pairs_ = false;
};

/// 1 / (1 + exp(-x)).
[[nodiscard]] float logistic(float x) noexcept;
/// Turns scores into probabilities that sum to 1.
void softmax(std::span<float> scores) noexcept;

/// A monotone map by points, straight between them, flat outside: "NAME" (2 × n: from, to), from rising.
class calibration {
 public:
  [[nodiscard]] static result<calibration> in(const heads_file& file, const std::string& name);
  [[nodiscard]] float operator()(float x) const noexcept;

 private:
  std::span<const float> from_, to_;
};

}  // namespace switchyard::routing
