#include "providers/bedrock/crc32.hpp"

#include <array>
#include <cstddef>

namespace switchyard::providers {

namespace {

using table = std::array<std::uint32_t, 256>;

/// slices[n][b]: what byte b does to the checksum when n more bytes follow it. Eight bytes then cost eight look-ups that do not wait
/// for each other, which is about five times as fast as one table.
constexpr std::array<table, 8> make_slices() noexcept {
  std::array<table, 8> out{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
    out[0][byte] = crc;
  }
  for (std::size_t n = 1; n < 8; ++n)
    for (std::size_t byte = 0; byte < 256; ++byte) out[n][byte] = (out[n - 1][byte] >> 8) ^ out[0][out[n - 1][byte] & 0xFF];
  return out;
}

constexpr std::array<table, 8> slices = make_slices();

[[nodiscard]] std::uint32_t little_endian(const char* at) noexcept {
  const auto byte = [at](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) noexcept {
  std::uint32_t crc = ~before;
  while (bytes.size() >= 8) {
    const std::uint32_t low = crc ^ little_endian(bytes.data());
    const std::uint32_t high = little_endian(bytes.data() + 4);
    crc = slices[7][low & 0xFF] ^ slices[6][low >> 8 & 0xFF] ^ slices[5][low >> 16 & 0xFF] ^ slices[4][low >> 24] ^
          slices[3][high & 0xFF] ^ slices[2][high >> 8 & 0xFF] ^ slices[1][high >> 16 & 0xFF] ^ slices[0][high >> 24];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes) crc = (crc >> 8) ^ slices[0][(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

}  // namespace switchyard::providers
