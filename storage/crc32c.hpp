// CRC-32C (Castagnoli, reflected 0x82F63B78), as iSCSI and RocksDB use it. By the processor's own instruction where it has one.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace switchyard::storage {

namespace detail {
constexpr std::array<std::uint32_t, 256> make_crc32c_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = crc;
  }
  return table;
}
inline constexpr auto crc32c_table = make_crc32c_table();

[[nodiscard]] constexpr std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0) noexcept {
  std::uint32_t crc = ~before;
  for (const char c : bytes) crc = crc32c_table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

#if defined(__x86_64__)
inline const bool has_crc32c_instruction = __builtin_cpu_supports("sse4.2") != 0;

[[nodiscard]] __attribute__((target("sse4.2"))) inline std::uint32_t crc32c_by_instruction(std::string_view bytes, std::uint32_t before = 0) noexcept {
  std::uint64_t crc = static_cast<std::uint32_t>(~before);
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (; at < bytes.size(); ++at) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(bytes[at]));
  return ~rest;
}
#endif
}  // namespace detail

/// `before`: the sum of what came before these bytes.
[[nodiscard]] constexpr std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept {
#if defined(__x86_64__)
  if (!std::is_constant_evaluated() && detail::has_crc32c_instruction) return detail::crc32c_by_instruction(bytes, before);
#endif
  return detail::crc32c_by_table(bytes, before);
}
static_assert(crc32c("123456789") == 0xE3069283u);

}  // namespace switchyard::storage
