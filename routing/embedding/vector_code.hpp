// The inner loops of the embedding, by the widest vector instructions the machine has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace switchyard::routing {

/// Outputs whose weights stand together.
inline constexpr std::size_t strip_width = 128;

/// One way to compute; all ways give the same integers, and the same floats but for rounding.
struct vector_code {
  /// out[d] = sum over i of weights[i] * rows[ids[i] * out.size() + d]. out.size() is a multiple of 32.
  void (*pool)(std::span<const std::uint32_t> ids, const float* weights, const std::int8_t* rows, std::span<float> out);

  /// out[d] += sum over i of weights[i] * (row[d] - 7.5) for the first `count` d, a multiple of 32. A row, of numbers 0..15: count / 2
  /// bytes from ids[i] * count / 2 on; of every 32 numbers sixteen bytes, the first sixteen in the lower halves, the others in the upper ones.
  void (*pool_halves)(std::span<const std::uint32_t> ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out);

  /// out[o] = sum over i of x[i] * w[i, o]. x: 0..127, their number a multiple of 4; out.size() a multiple of 16. Outputs come in strips
  /// of `strip_width`, the last one may be narrower; a strip's weights stand together, so that they are read from one end to the other.
  /// Within a strip from output s on w[i, o] stands at (i / 4 * width of the strip + o - s) * 4 + i % 4: four inputs of one output are
  /// neighbours.
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
