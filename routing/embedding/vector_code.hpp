// The inner loops of the embedding, by the widest vector instructions the machine has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace switchyard::routing {

/// Outputs whose weights stand together.
inline constexpr std::size_t strip_width = 128;
/// Pieces that are read in context together.
inline constexpr std::size_t rows_at_once = 16;
/// Of any layer; table_file.cpp holds dimensions and units to it.
inline constexpr std::size_t most_inputs = 3 * 1024;

/// One way to compute; all ways give the same integers, and the same floats but for rounding.
struct vector_code {
  /// out[d] = sum over i of weights[i] * rows[ids[i] * out.size() + d]. out.size() is a multiple of 32.
  void (*pool)(std::span<const std::uint32_t> ids, const float* weights, const std::int8_t* rows, std::span<float> out);

  /// out[d] += sum over i of weights[i] * (row[d] - 7.5) for the first `count` d, a multiple of 32. A row, of numbers 0..15: count / 2
  /// bytes from ids[i] * count / 2 on; of every 32 numbers sixteen bytes, the first sixteen in the lower halves, the others in the upper ones.
  void (*pool_halves)(std::span<const std::uint32_t> ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out);

  /// out[o] = sum over i of x[i] * w[i, o]. x: 0..127, their number a multiple of 4, at most `most_inputs`; out.size() a multiple of 16. Outputs come in strips
  /// of `strip_width`, the last one may be narrower; a strip's weights stand together, so that they are read from one end to the other.
  /// Within a strip from output s on w[i, o] stands at (i / 4 * width of the strip + o - s) * 4 + i % 4: four inputs of one output are
  /// neighbours. Four inputs that are zero cost next to nothing.
  void (*multiply)(std::span<const std::uint8_t> x, const std::int8_t* weights, std::span<std::int32_t> out);
  /// The same of 1 to `rows_at_once` inputs that begin `step` bytes apart, `outputs` each, one after the other in `out`. There is something
  /// to read at x, and room in `out`, for `rows_at_once` of them; what is written past `rows` means nothing.
  void (*multiply_rows)(const std::uint8_t* x, std::size_t step, std::size_t inputs, std::size_t rows, const std::int8_t* weights,
                        std::size_t outputs, std::int32_t* out);

  /// What units make of 1 to `rows_at_once` pieces, one after the other: u[i] = max(0, products[i] * scales[i] + shifts[i]), added to
  /// `sums`, kept in `maxima` when larger. gated[r] = the sum of u[i] * gates[i]. The units of a piece are a multiple of 16.
  void (*take)(std::span<const std::int32_t> products, std::size_t rows, const float* scales, const float* shifts, const float* gates,
               float* sums, float* maxima, float* gated);

  /// to[i] += sum over r of inputs[r] * rows[r * to.size() + i]. to.size() is a multiple of 16.
  void (*add_rows)(std::span<const float> inputs, const float* rows, std::span<float> to);

  /// Multiplying is so dear that what a piece adds to its window is looked up (window_cache.hpp). The integers are the same.
  bool recalls_windows;
};

/// What this machine can run, the fastest first; the last one needs no particular processor. Found once, by what processor and kernel say.
[[nodiscard]] std::span<const vector_code* const> usable_vector_codes();
[[nodiscard]] inline const vector_code& best_vector_code() { return *usable_vector_codes().front(); }
[[nodiscard]] inline const vector_code& portable_vector_code() { return *usable_vector_codes().back(); }

// nullptr where the machine does not have them.
[[nodiscard]] const vector_code* avx2_vector_code();     ///< vector_code_avx2.cpp
[[nodiscard]] const vector_code* avx512_vector_code();   ///< with VNNI; vector_code_avx512.cpp
[[nodiscard]] const vector_code* amx_vector_code();      ///< the same with int8 tiles (Sapphire Rapids and later); vector_code_avx512.cpp

}  // namespace switchyard::routing
