#include "routing/embedding/vector_code.hpp"

#include "routing/embedding/vector_loops.hpp"

#include <algorithm>

#if defined(__x86_64__)

#include <immintrin.h>

namespace switchyard::routing {

namespace {

#define SY_AVX2 [[gnu::target("avx2,fma")]]

using vector_loops::bytes, vector_loops::four, vector_loops::id_list, vector_loops::integers;

SY_AVX2 inline __m256 floats_of(__m128i bytes) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)); }

/// Eight numbers each of `Block` registers, from one place on.
template <std::size_t Block>
SY_AVX2 inline void pool_block(id_list ids, const float* weights, const std::int8_t* rows, std::size_t width, float* out) {
  __m256 sums[Block];
  for (auto& sum : sums) sum = _mm256_setzero_ps();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const __m256 weight = _mm256_broadcast_ss(weights + i);
    const std::int8_t* row = rows + ids[i] * width;
    for (std::size_t b = 0; b < Block; ++b) sums[b] = _mm256_fmadd_ps(weight, floats_of(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + 8 * b))), sums[b]);
  }
  for (std::size_t b = 0; b < Block; ++b) _mm256_storeu_ps(out + 8 * b, sums[b]);
}

SY_AVX2 void pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) {
  std::size_t at = 0;
  for (; at + 64 <= out.size(); at += 64) pool_block<8>(ids, weights, rows + at, out.size(), out.data() + at);
  for (; at < out.size(); at += 32) pool_block<4>(ids, weights, rows + at, out.size(), out.data() + at);
}

/// Thirty-two numbers each of `Block` times four registers.
template <std::size_t Block>
SY_AVX2 inline void pool_halves_block(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t row_bytes, float together, float* out) {
  const __m128i lower = _mm_set1_epi8(15);
  __m256 sums[Block][4];
  for (auto& four : sums)
    for (auto& sum : four) sum = _mm256_set1_ps(-7.5f * together);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const __m256 weight = _mm256_broadcast_ss(weights + i);
    const std::uint8_t* row = rows + ids[i] * row_bytes;
    for (std::size_t b = 0; b < Block; ++b) {
      const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 16 * b));
      const __m128i low = _mm_and_si128(both, lower), high = _mm_and_si128(_mm_srli_epi16(both, 4), lower);
      sums[b][0] = _mm256_fmadd_ps(weight, floats_of(low), sums[b][0]);
      sums[b][1] = _mm256_fmadd_ps(weight, floats_of(_mm_unpackhi_epi64(low, low)), sums[b][1]);
      sums[b][2] = _mm256_fmadd_ps(weight, floats_of(high), sums[b][2]);
      sums[b][3] = _mm256_fmadd_ps(weight, floats_of(_mm_unpackhi_epi64(high, high)), sums[b][3]);
    }
  }
  for (std::size_t b = 0; b < Block; ++b)
    for (std::size_t q = 0; q < 4; ++q) _mm256_storeu_ps(out + 32 * b + 8 * q, _mm256_add_ps(_mm256_loadu_ps(out + 32 * b + 8 * q), sums[b][q]));
}

SY_AVX2 void pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
  float together = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) together += weights[i];
  std::size_t at = 0;
  for (; at + 64 <= count; at += 64) pool_halves_block<2>(ids, weights, rows + at / 2, count / 2, together, out + at);
  for (; at < count; at += 32) pool_halves_block<1>(ids, weights, rows + at / 2, count / 2, together, out + at);
}

SY_AVX2 inline float sum_of(__m256 eight) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

template <std::size_t Rows>
SY_AVX2 inline void take_rows(const std::int32_t* products, std::size_t units, const float* scales, const float* shifts, const float* gates, float* sums, float* maxima,
                              float* gated) {
  __m256 parts[Rows];
  for (auto& part : parts) part = _mm256_setzero_ps();
  for (std::size_t at = 0; at < units; at += 8) {
    const __m256 scale = _mm256_loadu_ps(scales + at), shift = _mm256_loadu_ps(shifts + at), gate = _mm256_loadu_ps(gates + at);
    __m256 sum = _mm256_loadu_ps(sums + at), largest = _mm256_loadu_ps(maxima + at);
    for (std::size_t r = 0; r < Rows; ++r) {
      const __m256 product = _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(products + r * units + at)));
      const __m256 unit = _mm256_max_ps(_mm256_fmadd_ps(product, scale, shift), _mm256_setzero_ps());
      sum = _mm256_add_ps(sum, unit);
      largest = _mm256_max_ps(largest, unit);
      parts[r] = _mm256_fmadd_ps(unit, gate, parts[r]);
    }
    _mm256_storeu_ps(sums + at, sum);
    _mm256_storeu_ps(maxima + at, largest);
  }
  for (std::size_t r = 0; r < Rows; ++r) gated[r] = sum_of(parts[r]);
}

SY_AVX2 void take(std::span<const std::int32_t> products, std::size_t rows, const float* scales, const float* shifts, const float* gates,
                  float* sums, float* maxima, float* gated) {
  const auto units = products.size() / rows;
  const std::int32_t* from = products.data();
  std::size_t r = 0;
  for (; r + 4 <= rows; r += 4) take_rows<4>(from + r * units, units, scales, shifts, gates, sums, maxima, gated + r);
  for (; r < rows; ++r) take_rows<1>(from + r * units, units, scales, shifts, gates, sums, maxima, gated + r);
}

template <std::size_t Block>
SY_AVX2 inline void add_rows_block(std::span<const float> inputs, const float* rows, std::size_t width, float* to) {
  __m256 sums[Block];
  for (std::size_t b = 0; b < Block; ++b) sums[b] = _mm256_loadu_ps(to + 8 * b);
  for (const float& input : inputs) {
    const __m256 here = _mm256_broadcast_ss(&input);
    for (std::size_t b = 0; b < Block; ++b) sums[b] = _mm256_fmadd_ps(here, _mm256_loadu_ps(rows + 8 * b), sums[b]);
    rows += width;
  }
  for (std::size_t b = 0; b < Block; ++b) _mm256_storeu_ps(to + 8 * b, sums[b]);
}

SY_AVX2 void add_rows(std::span<const float> inputs, const float* rows, std::span<float> to) {
  std::size_t at = 0;
  for (; at + 64 <= to.size(); at += 64) add_rows_block<8>(inputs, rows + at, to.size(), to.data() + at);
  for (; at < to.size(); at += 16) add_rows_block<2>(inputs, rows + at, to.size(), to.data() + at);
}

// A pair of products is at most 2 * 127 * 128, so a sum of two in sixteen bits never saturates; nor does one of more as long as their inputs together are at
// most 255. So many are added up before they are widened, which is the dearer half of the work: inputs of a layer are mostly small, or zero.
template <std::size_t Many>
struct fours {
  int inputs[Many];
  std::uint16_t at[Many];
};
struct chosen_inputs {
  fours<4> quads[most_inputs / 16];
  fours<2> pairs[most_inputs / 8];
  fours<1> singles[most_inputs / 4];
  std::size_t quad_count = 0, pair_count = 0, single_count = 0;
};

SY_AVX2 void choose(bytes x, chosen_inputs& to) {
  std::uint16_t at[most_inputs / 4];
  std::size_t count = 0;
  for (std::size_t i = 0; i < x.size(); i += 4) {
    at[count] = static_cast<std::uint16_t>(i);
    count += four(x.data() + i) != 0;
  }
  const auto fit = [&](const std::uint16_t* these, std::size_t many) {
    int even = 0, odd = 0;
    for (std::size_t k = 0; k < many; ++k) {
      const std::uint8_t* in = x.data() + these[k];
      even += in[0] + in[1];
      odd += in[2] + in[3];
    }
    return std::max(even, odd) <= 255;
  };
  to.quad_count = to.pair_count = to.single_count = 0;
  for (std::size_t k = 0; k < count;) {
    const auto put = [&](auto& into) {
      for (std::size_t n = 0; n < std::size(into.at); ++n, ++k) {
        into.at[n] = at[k];
        into.inputs[n] = four(x.data() + at[k]);
      }
    };
    if (k + 4 <= count && fit(at + k, 4)) put(to.quads[to.quad_count++]);
    else if (k + 2 <= count && fit(at + k, 2)) put(to.pairs[to.pair_count++]);
    else put(to.singles[to.single_count++]);
  }
}

// `Block` registers of eight outputs each, from one place in a strip of `width` on: of so many fours each.
template <std::size_t Block, std::size_t Many>
SY_AVX2 inline void add_fours(const fours<Many>* chosen, std::size_t count, const std::int8_t* weights, std::size_t width, __m256i* sums) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (const auto* each = chosen; each != chosen + count; ++each) {
    __m256i inputs[Many];
    const std::int8_t* w[Many];
    for (std::size_t n = 0; n < Many; ++n) {
      inputs[n] = _mm256_set1_epi32(each->inputs[n]);
      w[n] = weights + each->at[n] * width;
    }
    for (std::size_t b = 0; b < Block; ++b) {
      __m256i pairs = _mm256_maddubs_epi16(inputs[0], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w[0] + 32 * b)));
      for (std::size_t n = 1; n < Many; ++n)
        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(inputs[n], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w[n] + 32 * b))));
      sums[b] = _mm256_add_epi32(sums[b], _mm256_madd_epi16(pairs, ones));
    }
  }
}

template <std::size_t Block>
SY_AVX2 void block(const chosen_inputs& x, const std::int8_t* weights, std::size_t width, std::int32_t* out) {
  __m256i sums[Block];
  for (auto& sum : sums) sum = _mm256_setzero_si256();
  add_fours<Block>(x.quads, x.quad_count, weights, width, sums);
  add_fours<Block>(x.pairs, x.pair_count, weights, width, sums);
  add_fours<Block>(x.singles, x.single_count, weights, width, sums);
  for (std::size_t b = 0; b < Block; ++b) _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 8 * b), sums[b]);
}

SY_AVX2 void multiply(bytes x, const std::int8_t* weights, integers out) {
  chosen_inputs chosen;
  choose(x, chosen);
  for (std::size_t from = 0; from < out.size(); from += strip_width, weights += strip_width * x.size()) {
    const auto width = std::min(strip_width, out.size() - from);
    std::size_t at = 0;
    for (; at + 64 <= width; at += 64) block<8>(chosen, weights + 4 * at, width, out.data() + from + at);
    for (; at < width; at += 16) block<2>(chosen, weights + 4 * at, width, out.data() + from + at);
  }
}

constexpr vector_code code{pool, pool_halves, multiply, vector_loops::multiply_each_row<multiply>, take, add_rows, true};

}  // namespace

const vector_code* avx2_vector_code() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &code : nullptr; }

}  // namespace switchyard::routing

#else

namespace switchyard::routing {
const vector_code* avx2_vector_code() { return nullptr; }
}  // namespace switchyard::routing

#endif
