// Numbers as key bytes: big-endian, so that bytes sort as numbers do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace switchyard::storage {

template <class Number>
void append_big_endian(std::string& out, Number value) {
  char bytes[sizeof(Number)];
  for (std::size_t i = 0; i < sizeof(Number); ++i) bytes[i] = static_cast<char>((value >> (8 * (sizeof(Number) - 1 - i))) & 0xff);
  out.append(bytes, sizeof bytes);
}

/// Precondition: `bytes` holds a Number.
template <class Number>
[[nodiscard]] Number read_big_endian(std::string_view bytes) noexcept {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) value = static_cast<Number>((value << 8) | static_cast<unsigned char>(bytes[i]));
  return value;
}

}  // namespace switchyard::storage
