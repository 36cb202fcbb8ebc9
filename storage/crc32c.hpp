// CRC-32C (Castagnoli, reflected 0x82F63B78), as iSCSI and RocksDB use it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

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
}  // namespace detail

[[nodiscard]] constexpr std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) crc = detail::crc32c_table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}
static_assert(crc32c("123456789") == 0xE3069283u);

}  // namespace switchyard::storage
