#include "routing/embedding/vector_code.hpp"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace switchyard::routing {

namespace {

using id_list = std::span<const std::uint32_t>;
using bytes = std::span<const std::uint8_t>;
using integers = std::span<std::int32_t>;

// One source for all, where the compiler vectorises well enough: inlined into functions that may use wider instructions. The
// accumulators of one stretch stay in registers (32 floats: two AVX-512 ones, four of AVX2, eight of SSE or NEON).
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

[[gnu::always_inline]] inline float take(std::span<const std::int32_t> products, const float* scales, const float* shifts,
                                         const float* gates, float* sums, float* maxima) {
  constexpr std::size_t at_once = 16;
  float gated[at_once] = {};
  for (std::size_t start = 0; start < products.size(); start += at_once)
    for (std::size_t i = 0; i < at_once; ++i) {
      const auto at = start + i;
      const float value = static_cast<float>(products[at]) * scales[at] + shifts[at];
      const float unit = value > 0 ? value : 0.0f;
      sums[at] += unit;
      maxima[at] = unit > maxima[at] ? unit : maxima[at];
      gated[i] += unit * gates[at];
    }
  float sum = 0;
  for (const float part : gated) sum += part;
  return sum;
}

void portable_pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) { pool(ids, weights, rows, out); }

void portable_pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
  pool_halves(ids, weights, rows, count, out);
}

void portable_multiply(bytes x, const std::int8_t* weights, integers out) {
  std::fill(out.begin(), out.end(), 0);
  for (std::size_t from = 0; from < out.size(); from += strip_width) {
    const auto width = std::min(strip_width, out.size() - from);
    const std::int8_t* w = weights + from * x.size();
    for (std::size_t i = 0; i < x.size(); i += 4)
      for (std::size_t o = from; o < from + width; ++o, w += 4) out[o] += x[i] * w[0] + x[i + 1] * w[1] + x[i + 2] * w[2] + x[i + 3] * w[3];
  }
}

void portable_multiply_four(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, integers out) {
  for (std::size_t r = 0; r < 4; ++r) portable_multiply({x + r * step, inputs}, weights, out.subspan(r * out.size() / 4, out.size() / 4));
}

float portable_take(std::span<const std::int32_t> products, const float* scales, const float* shifts, const float* gates, float* sums,
                    float* maxima) {
  return take(products, scales, shifts, gates, sums, maxima);
}

constexpr vector_code portable{portable_pool, portable_pool_halves, portable_multiply, portable_multiply_four, portable_take};

#if defined(__x86_64__)

#define SY_AVX2 [[gnu::target("avx2,fma")]]
#define SY_AVX512 [[gnu::target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,prefer-vector-width=512")]]

int four(const std::uint8_t* x) noexcept {
  int value;
  std::memcpy(&value, x, sizeof value);
  return value;
}

SY_AVX2 void avx2_pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) {
  pool(ids, weights, rows, out);
}

SY_AVX2 void avx2_pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
  pool_halves(ids, weights, rows, count, out);
}

SY_AVX2 float avx2_take(std::span<const std::int32_t> products, const float* scales, const float* shifts, const float* gates, float* sums,
                        float* maxima) {
  return take(products, scales, shifts, gates, sums, maxima);
}

// `Block` registers of eight outputs each, from one place in a strip of `width` on. A pair of products is at most 2 * 127 * 128, so the
// sixteen-bit sums never saturate.
template <std::size_t Block>
SY_AVX2 void avx2_block(bytes x, const std::int8_t* weights, std::size_t width, std::int32_t* out) {
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

SY_AVX2 void avx2_multiply(bytes x, const std::int8_t* weights, integers out) {
  for (std::size_t from = 0; from < out.size(); from += strip_width, weights += strip_width * x.size()) {
    const auto width = std::min(strip_width, out.size() - from);
    std::size_t at = 0;
    for (; at + 64 <= width; at += 64) avx2_block<8>(x, weights + 4 * at, width, out.data() + from + at);
    for (; at < width; at += 16) avx2_block<2>(x, weights + 4 * at, width, out.data() + from + at);
  }
}

// Sixteen outputs of four rows: eight sums, and what they are made of, fit the sixteen registers.
SY_AVX2 void avx2_multiply_four(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, integers out) {
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

constexpr vector_code avx2{avx2_pool, avx2_pool_halves, avx2_multiply, avx2_multiply_four, avx2_take};

SY_AVX512 void avx512_pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) {
  pool(ids, weights, rows, out);
}

SY_AVX512 void avx512_pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
  pool_halves(ids, weights, rows, count, out);
}

SY_AVX512 float avx512_take(std::span<const std::int32_t> products, const float* scales, const float* shifts, const float* gates,
                            float* sums, float* maxima) {
  return take(products, scales, shifts, gates, sums, maxima);
}

template <std::size_t Block>
SY_AVX512 void avx512_block(bytes x, const std::int8_t* weights, std::size_t width, std::int32_t* out) {
  __m512i sums[Block];
  for (auto& sum : sums) sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < x.size(); i += 4) {
    const __m512i inputs = _mm512_set1_epi32(four(x.data() + i));
    const std::int8_t* w = weights + i * width;
    for (std::size_t b = 0; b < Block; ++b) sums[b] = _mm512_dpbusd_epi32(sums[b], inputs, _mm512_loadu_si512(w + 64 * b));
  }
  for (std::size_t b = 0; b < Block; ++b) _mm512_storeu_si512(out + 16 * b, sums[b]);
}

SY_AVX512 void avx512_multiply(bytes x, const std::int8_t* weights, integers out) {
  for (std::size_t from = 0; from < out.size(); from += strip_width, weights += strip_width * x.size()) {
    const auto width = std::min(strip_width, out.size() - from);
    if (width == strip_width) avx512_block<8>(x, weights, width, out.data() + from);
    else
      for (std::size_t at = 0; at < width; at += 16) avx512_block<1>(x, weights + 4 * at, width, out.data() + from + at);
  }
}

// `Block` registers of sixteen outputs, of four rows.
template <std::size_t Block>
SY_AVX512 void avx512_block_of_four(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, integers out,
                                    std::size_t at) {
  const std::size_t outputs = out.size() / 4, from = at / strip_width * strip_width, width = std::min(strip_width, outputs - from);
  const std::int8_t* within = weights + from * inputs + (at - from) * 4;
  __m512i sums[4][Block];
  for (auto& row : sums)
    for (auto& sum : row) sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < inputs; i += 4) {
    const std::int8_t* w = within + i * width;
    __m512i here[Block];
    for (std::size_t b = 0; b < Block; ++b) here[b] = _mm512_loadu_si512(w + 64 * b);
    for (std::size_t r = 0; r < 4; ++r) {
      const __m512i row = _mm512_set1_epi32(four(x + r * step + i));
      for (std::size_t b = 0; b < Block; ++b) sums[r][b] = _mm512_dpbusd_epi32(sums[r][b], row, here[b]);
    }
  }
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t b = 0; b < Block; ++b) _mm512_storeu_si512(out.data() + r * outputs + at + 16 * b, sums[r][b]);
}

SY_AVX512 void avx512_multiply_four(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, integers out) {
  const std::size_t outputs = out.size() / 4;
  std::size_t at = 0;
  for (; at + 64 <= outputs; at += 64) avx512_block_of_four<4>(x, step, inputs, weights, out, at);
  for (; at < outputs; at += 16) avx512_block_of_four<1>(x, step, inputs, weights, out, at);
}

constexpr vector_code avx512{avx512_pool, avx512_pool_halves, avx512_multiply, avx512_multiply_four, avx512_take};

#endif

}  // namespace

const vector_code& portable_vector_code() noexcept { return portable; }

const vector_code* avx2_vector_code() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#endif
  return nullptr;
}

const vector_code& best_vector_code() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni"))
    return avx512;
#endif
  if (const auto* narrow = avx2_vector_code()) return *narrow;
  return portable;
}

}  // namespace switchyard::routing
