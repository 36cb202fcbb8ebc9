#include "providers/bedrock/crc32.hpp"

#include <array>
#include <cstddef>

#if defined(__x86_64__)
#include <wmmintrin.h>
#endif

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

/// Takes `bytes` into the register, whose bits are those of the checksum before it is inverted.
[[nodiscard]] std::uint32_t by_table(std::uint32_t crc, std::string_view bytes) noexcept {
  while (bytes.size() >= 8) {
    const std::uint32_t low = crc ^ little_endian(bytes.data());
    const std::uint32_t high = little_endian(bytes.data() + 4);
    crc = slices[7][low & 0xFF] ^ slices[6][low >> 8 & 0xFF] ^ slices[5][low >> 16 & 0xFF] ^ slices[4][low >> 24] ^
          slices[3][high & 0xFF] ^ slices[2][high >> 8 & 0xFF] ^ slices[1][high >> 16 & 0xFF] ^ slices[0][high >> 24];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes) crc = (crc >> 8) ^ slices[0][(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
/// x^n modulo the polynomial, in the bit order of the register, as a factor for the processor's multiplication: its products of mirrored
/// numbers come out one bit too low.
[[nodiscard]] constexpr std::int64_t power(int n) noexcept {
  std::uint32_t out = 0x80000000u;
  for (; n > 0; --n) out = (out >> 1) ^ ((out & 1) != 0 ? 0xEDB88320u : 0u);
  return static_cast<std::int64_t>(std::uint64_t{out} << 1);
}

/// Any 16 bytes may be replaced by what they amount to 16 bytes later: their halves times x^(128+32) and x^(128-32). (V. Gopal et al., "Fast CRC
/// Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009.) A quarter of the instructions of by_table(), which takes
/// what is left. Precondition: 16 bytes at least.
[[nodiscard]] __attribute__((target("pclmul"))) std::uint32_t by_folding(std::uint32_t crc, std::string_view bytes) noexcept {
  const auto next = [&bytes] {
    const __m128i out = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data()));
    bytes.remove_prefix(16);
    return out;
  };
  const __m128i factors = _mm_set_epi64x(power(128 - 32), power(128 + 32));
  __m128i sum = _mm_xor_si128(next(), _mm_cvtsi32_si128(static_cast<int>(crc)));
  while (bytes.size() >= 16)
    sum = _mm_xor_si128(next(), _mm_xor_si128(_mm_clmulepi64_si128(sum, factors, 0x00), _mm_clmulepi64_si128(sum, factors, 0x11)));
  char last[16];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(last), sum);
  return by_table(by_table(0, {last, sizeof last}), bytes);
}
#endif

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) noexcept {
#if defined(__x86_64__)
  static const bool can_fold = __builtin_cpu_supports("pclmul") != 0;
  if (can_fold && bytes.size() >= 32) return ~by_folding(~before, bytes);
#endif
  return ~by_table(~before, bytes);
}

}  // namespace switchyard::providers
