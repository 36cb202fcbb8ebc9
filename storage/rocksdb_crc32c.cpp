#include "storage/rocksdb_crc32c.hpp"

#include "storage/crc32c.hpp"

#if defined(__x86_64__)

namespace rocksdb::crc32c {

namespace ours = switchyard::storage;

std::uint32_t Extend(std::uint32_t crc, const char* data, std::size_t size) { return ours::crc32c({data, size}, crc); }

// zlib's crc32_combine: the sum is linear over GF(2), so `size_of_b` zero bytes behind A are a matrix, made by squaring that of one zero bit.
std::uint32_t Crc32cCombine(std::uint32_t of_a, std::uint32_t of_b, std::size_t size_of_b) {
  using matrix = std::array<std::uint32_t, 32>;
  const auto times = [](const matrix& m, std::uint32_t vector) {
    std::uint32_t sum = 0;
    for (std::size_t bit = 0; vector != 0; ++bit, vector >>= 1)
      if ((vector & 1) != 0) sum ^= m[bit];
    return sum;
  };
  const auto squared = [&](const matrix& m) {
    matrix out;
    for (std::size_t bit = 0; bit < out.size(); ++bit) out[bit] = times(m, m[bit]);
    return out;
  };
  matrix zeros;                                  // one zero bit
  zeros[0] = 0x82F63B78u;
  for (std::size_t bit = 1; bit < zeros.size(); ++bit) zeros[bit] = 1u << (bit - 1);
  zeros = squared(squared(squared(zeros)));      // one zero byte
  for (; size_of_b != 0; size_of_b >>= 1, zeros = squared(zeros))
    if ((size_of_b & 1) != 0) of_a = times(zeros, of_a);
  return of_a ^ of_b;
}

std::string IsFastCrc32Supported() {
  return ours::detail::has_crc32c_instruction ? "Supported on x86" : "Not supported on this processor";
}

}  // namespace rocksdb::crc32c

#endif
