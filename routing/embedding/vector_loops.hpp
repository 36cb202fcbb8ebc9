// What the kinds of vector_code have in common. First of all loops that a compiler vectorises well enough: inlined into functions that may
// use wider instructions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace switchyard::routing::vector_loops {

using id_list = std::span<const std::uint32_t>;
using bytes = std::span<const std::uint8_t>;
using integers = std::span<std::int32_t>;

/// Four inputs as one number, in their order.
[[gnu::always_inline]] inline int four(const std::uint8_t* x) noexcept {
  int value;
  std::memcpy(&value, x, sizeof value);
  return value;
}

/// vector_code::multiply_rows, four rows at a time and then one by one.
template <auto FourRows, auto OneRow>
void multiply_rows(const std::uint8_t* x, std::size_t step, std::size_t inputs, std::size_t rows, const std::int8_t* weights, std::size_t outputs,
                   std::int32_t* out) {
  std::size_t r = 0;
  for (; r + 4 <= rows; r += 4) FourRows(x + r * step, step, inputs, weights, {out + r * outputs, 4 * outputs});
  for (; r < rows; ++r) OneRow({x + r * step, inputs}, weights, {out + r * outputs, outputs});
}

/// The same, for who recalls windows and hardly ever multiplies several rows.
template <auto OneRow>
void multiply_each_row(const std::uint8_t* x, std::size_t step, std::size_t inputs, std::size_t rows, const std::int8_t* weights, std::size_t outputs,
                       std::int32_t* out) {
  for (std::size_t r = 0; r < rows; ++r) OneRow({x + r * step, inputs}, weights, {out + r * outputs, outputs});
}

// The accumulators of one stretch stay in registers (32 floats: four of AVX2, eight of SSE or NEON).
[[gnu::always_inline]] inline void pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) {
  constexpr std::size_t at_once = 32;
  for (std::size_t start = 0; start < out.size(); start += at_once) {
    float sums[at_once] = {};
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const float weight = weights[i];
      const std::int8_t* row = rows + ids[i] * out.size() + start;
      for (std::size_t d = 0; d < at_once; ++d) sums[d] += weight * static_cast<float>(row[d]);
    }
    std::copy_n(sums, at_once, out.data() + start);
  }
}

[[gnu::always_inline]] inline void pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
  constexpr std::size_t at_once = 16;
  float together = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) together += weights[i];
  for (std::size_t start = 0; start < count; start += 2 * at_once) {
    float low[at_once] = {}, high[at_once] = {};
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const float weight = weights[i];
      const std::uint8_t* row = rows + (ids[i] * count + start) / 2;
      for (std::size_t d = 0; d < at_once; ++d) low[d] += weight * static_cast<float>(row[d] & 15);
      for (std::size_t d = 0; d < at_once; ++d) high[d] += weight * static_cast<float>(row[d] >> 4);
    }
    for (std::size_t d = 0; d < at_once; ++d) out[start + d] += low[d] - 7.5f * together;
    for (std::size_t d = 0; d < at_once; ++d) out[start + at_once + d] += high[d] - 7.5f * together;
  }
}

[[gnu::always_inline]] inline void take(std::span<const std::int32_t> products, std::size_t rows, const float* scales, const float* shifts,
                                        const float* gates, float* sums, float* maxima, float* gated) {
  constexpr std::size_t at_once = 16;
  const auto units = products.size() / rows;
  for (std::size_t r = 0; r < rows; ++r) {
    float parts[at_once] = {};
    for (std::size_t start = 0; start < units; start += at_once)
      for (std::size_t i = 0; i < at_once; ++i) {
        const auto at = start + i;
        const float value = static_cast<float>(products[r * units + at]) * scales[at] + shifts[at];
        const float unit = value > 0 ? value : 0.0f;
        sums[at] += unit;
        maxima[at] = unit > maxima[at] ? unit : maxima[at];
        parts[i] += unit * gates[at];
      }
    gated[r] = 0;
    for (const float part : parts) gated[r] += part;
  }
}

[[gnu::always_inline]] inline void add_rows(std::span<const float> inputs, const float* rows, std::span<float> to) {
  for (const float input : inputs)
    for (float& each : to) each += input * *rows++;
}

}  // namespace switchyard::routing::vector_loops
