// The inner loops of the embedding, by the widest vector instructions the machine has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace switchyard::routing {

/// One way to compute; all ways give the same integers, and the same floats but for rounding.
struct vector_code {
  /// out[d] = sum over i of weights[i] * rows[ids[i] * out.size() + d]. out.size() is a multiple of 32.
  void (*pool)(std::span<const std::uint32_t> ids, const float* weights, const std::int8_t* rows, std::span<float> out);

  /// out[o] = sum over i of x[i] * w[i, o]. x: 0..127, their number a multiple of 4; out.size() a multiple of 16. Weight w[i, o] stands
  /// at (i / 4 * out.size() + o) * 4 + i % 4: four inputs of one output are neighbours.
  void (*multiply)(std::span<const std::uint8_t> x, const std::int8_t* weights, std::span<std::int32_t> out);

  /// The same of four inputs that begin `step` bytes apart, out.size() / 4 outputs each, one after the other: weights are read once.
  void (*multiply_four)(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, std::span<std::int32_t> out);

  /// What units make of one piece: u[i] = max(0, products[i] * scales[i] + shifts[i]), added to `sums`, kept in `maxima` when larger.
  /// Returns the sum of u[i] * gates[i]. Their number is a multiple of 16.
  float (*take)(std::span<const std::int32_t> products, const float* scales, const float* shifts, const float* gates, float* sums,
                float* maxima);
};

/// Chosen once, by what the processor says of itself.
[[nodiscard]] const vector_code& best_vector_code() noexcept;
/// Needs no particular processor.
[[nodiscard]] const vector_code& portable_vector_code() noexcept;
/// What else this machine could run: for tests. nullptr when it cannot.
[[nodiscard]] const vector_code* avx2_vector_code() noexcept;

}  // namespace switchyard::routing
