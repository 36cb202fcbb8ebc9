// What the kinds of vector_code have in common.
#pragma once

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

}  // namespace switchyard::routing::vector_loops
