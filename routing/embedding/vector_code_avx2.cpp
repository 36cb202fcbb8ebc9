#include "routing/embedding/vector_code.hpp"

#include "routing/embedding/vector_loops.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

namespace switchyard::routing {

namespace {

#define SY_AVX2 [[gnu::target("avx2,fma")]]

using vector_loops::bytes, vector_loops::four, vector_loops::id_list, vector_loops::integers;

SY_AVX2 void pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) {
  vector_loops::pool(ids, weights, rows, out);
}

SY_AVX2 void pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
  vector_loops::pool_halves(ids, weights, rows, count, out);
}

SY_AVX2 void take(std::span<const std::int32_t> products, std::size_t rows, const float* scales, const float* shifts, const float* gates,
                  float* sums, float* maxima, float* gated) {
  vector_loops::take(products, rows, scales, shifts, gates, sums, maxima, gated);
}

SY_AVX2 void add_rows(std::span<const float> inputs, const float* rows, std::span<float> to) { vector_loops::add_rows(inputs, rows, to); }

// `Block` registers of eight outputs each, from one place in a strip of `width` on. A pair of products is at most 2 * 127 * 128, so the
// sixteen-bit sums never saturate.
template <std::size_t Block>
SY_AVX2 void block(bytes x, const std::int8_t* weights, std::size_t width, std::int32_t* out) {
  __m256i sums[Block];
  for (auto& sum : sums) sum = _mm256_setzero_si256();
  const __m256i ones = _mm256_set1_epi16(1);
  for (std::size_t i = 0; i < x.size(); i += 4) {
    const __m256i inputs = _mm256_set1_epi32(four(x.data() + i));
    const std::int8_t* w = weights + i * width;
    for (std::size_t b = 0; b < Block; ++b) {
      const __m256i pairs = _mm256_maddubs_epi16(inputs, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32 * b)));
      sums[b] = _mm256_add_epi32(sums[b], _mm256_madd_epi16(pairs, ones));
    }
  }
  for (std::size_t b = 0; b < Block; ++b) _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 8 * b), sums[b]);
}

SY_AVX2 void multiply(bytes x, const std::int8_t* weights, integers out) {
  for (std::size_t from = 0; from < out.size(); from += strip_width, weights += strip_width * x.size()) {
    const auto width = std::min(strip_width, out.size() - from);
    std::size_t at = 0;
    for (; at + 64 <= width; at += 64) block<8>(x, weights + 4 * at, width, out.data() + from + at);
    for (; at < width; at += 16) block<2>(x, weights + 4 * at, width, out.data() + from + at);
  }
}

// Sixteen outputs of four rows: eight sums, and what they are made of, fit the sixteen registers.
SY_AVX2 void four_rows(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, integers out) {
  const std::size_t outputs = out.size() / 4;
  const __m256i ones = _mm256_set1_epi16(1);
  for (std::size_t at = 0; at < outputs; at += 16) {
    const auto from = at / strip_width * strip_width, width = std::min(strip_width, outputs - from);
    const std::int8_t* here = weights + from * inputs + (at - from) * 4;
    __m256i sums[4][2];
    for (auto& row : sums) row[0] = row[1] = _mm256_setzero_si256();
    for (std::size_t i = 0; i < inputs; i += 4) {
      const std::int8_t* w = here + i * width;
      const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)), high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32));
      for (std::size_t r = 0; r < 4; ++r) {
        const __m256i row = _mm256_set1_epi32(four(x + r * step + i));
        sums[r][0] = _mm256_add_epi32(sums[r][0], _mm256_madd_epi16(_mm256_maddubs_epi16(row, low), ones));
        sums[r][1] = _mm256_add_epi32(sums[r][1], _mm256_madd_epi16(_mm256_maddubs_epi16(row, high), ones));
      }
    }
    for (std::size_t r = 0; r < 4; ++r)
      for (std::size_t b = 0; b < 2; ++b)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out.data() + r * outputs + at + 8 * b), sums[r][b]);
  }
}

constexpr auto multiply_rows = vector_loops::multiply_rows<four_rows, multiply>;
constexpr vector_code code{pool, pool_halves, multiply, multiply_rows, take, add_rows};

}  // namespace

const vector_code* avx2_vector_code() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &code : nullptr; }

}  // namespace switchyard::routing

#else

namespace switchyard::routing {
const vector_code* avx2_vector_code() { return nullptr; }
}  // namespace switchyard::routing

#endif
