#include "routing/embedding/vector_code.hpp"

#include "routing/embedding/vector_loops.hpp"

#include <algorithm>

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace switchyard::routing {

namespace {

#define SY_AVX512 [[gnu::target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,prefer-vector-width=512")]]
#define SY_AMX [[gnu::target("amx-tile,amx-int8")]]

using vector_loops::bytes, vector_loops::four, vector_loops::id_list, vector_loops::integers;

// ---- rows of the table --------------------------------------------------------------------------------------------

/// Sixteen numbers each of `Block` registers, from one place on.
template <std::size_t Block>
SY_AVX512 void pool_block(id_list ids, const float* weights, const std::int8_t* rows, std::size_t width, float* out) {
  __m512 sums[Block];
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const __m512 weight = _mm512_set1_ps(weights[i]);
    const std::int8_t* row = rows + ids[i] * width;
    for (std::size_t b = 0; b < Block; ++b) {
      const __m512i numbers = _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 16 * b)));
      sums[b] = _mm512_fmadd_ps(weight, _mm512_cvtepi32_ps(numbers), sums[b]);
    }
  }
  for (std::size_t b = 0; b < Block; ++b) _mm512_storeu_ps(out + 16 * b, sums[b]);
}

SY_AVX512 void pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) {
  std::size_t at = 0;
  for (; at + 128 <= out.size(); at += 128) pool_block<8>(ids, weights, rows + at, out.size(), out.data() + at);
  for (; at < out.size(); at += 32) pool_block<2>(ids, weights, rows + at, out.size(), out.data() + at);
}

/// Thirty-two numbers each of `Block` pairs of registers.
template <std::size_t Block>
SY_AVX512 void pool_halves_block(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t row_bytes, float* out) {
  const __m512 values = _mm512_setr_ps(-7.5f, -6.5f, -5.5f, -4.5f, -3.5f, -2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f);
  __m512 low[Block], high[Block];
  for (std::size_t b = 0; b < Block; ++b) low[b] = high[b] = _mm512_setzero_ps();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const __m512 weight = _mm512_set1_ps(weights[i]);
    const std::uint8_t* row = rows + ids[i] * row_bytes;
    for (std::size_t b = 0; b < Block; ++b) {
      const __m512i both = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + 16 * b)));
      low[b] = _mm512_fmadd_ps(weight, _mm512_permutexvar_ps(both, values), low[b]);    // which reads four bits of an index
      high[b] = _mm512_fmadd_ps(weight, _mm512_permutexvar_ps(_mm512_srli_epi32(both, 4), values), high[b]);
    }
  }
  for (std::size_t b = 0; b < Block; ++b) {
    _mm512_storeu_ps(out + 32 * b, _mm512_add_ps(_mm512_loadu_ps(out + 32 * b), low[b]));
    _mm512_storeu_ps(out + 32 * b + 16, _mm512_add_ps(_mm512_loadu_ps(out + 32 * b + 16), high[b]));
  }
}

SY_AVX512 void pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
  std::size_t at = 0;
  for (; at + 96 <= count; at += 96) pool_halves_block<3>(ids, weights, rows + at / 2, count / 2, out + at);
  for (; at < count; at += 32) pool_halves_block<1>(ids, weights, rows + at / 2, count / 2, out + at);
}

// ---- units --------------------------------------------------------------------------------------------------------

template <std::size_t Rows>
SY_AVX512 void take_rows(const std::int32_t* products, std::size_t units, const float* scales, const float* shifts, const float* gates,
                         float* sums, float* maxima, float* gated) {
  __m512 parts[Rows];
  for (auto& part : parts) part = _mm512_setzero_ps();
  for (std::size_t at = 0; at < units; at += 16) {
    const __m512 scale = _mm512_loadu_ps(scales + at), shift = _mm512_loadu_ps(shifts + at), gate = _mm512_loadu_ps(gates + at);
    __m512 sum = _mm512_loadu_ps(sums + at), largest = _mm512_loadu_ps(maxima + at);
    for (std::size_t r = 0; r < Rows; ++r) {
      const __m512 product = _mm512_cvtepi32_ps(_mm512_loadu_si512(products + r * units + at));
      const __m512 unit = _mm512_max_ps(_mm512_fmadd_ps(product, scale, shift), _mm512_setzero_ps());
      sum = _mm512_add_ps(sum, unit);
      largest = _mm512_max_ps(largest, unit);
      parts[r] = _mm512_fmadd_ps(unit, gate, parts[r]);
    }
    _mm512_storeu_ps(sums + at, sum);
    _mm512_storeu_ps(maxima + at, largest);
  }
  for (std::size_t r = 0; r < Rows; ++r) gated[r] = _mm512_reduce_add_ps(parts[r]);
}

SY_AVX512 void take(std::span<const std::int32_t> products, std::size_t rows, const float* scales, const float* shifts, const float* gates,
                    float* sums, float* maxima, float* gated) {
  const auto units = products.size() / rows;
  const std::int32_t* from = products.data();
  std::size_t r = 0;
  for (; r + 16 <= rows; r += 16) take_rows<16>(from + r * units, units, scales, shifts, gates, sums, maxima, gated + r);
  for (; r + 4 <= rows; r += 4) take_rows<4>(from + r * units, units, scales, shifts, gates, sums, maxima, gated + r);
  for (; r < rows; ++r) take_rows<1>(from + r * units, units, scales, shifts, gates, sums, maxima, gated + r);
}

template <std::size_t Block>
SY_AVX512 void add_rows_block(std::span<const float> inputs, const float* rows, std::size_t width, float* to) {
  __m512 sums[Block];
  for (std::size_t b = 0; b < Block; ++b) sums[b] = _mm512_loadu_ps(to + 16 * b);
  for (const float input : inputs) {
    for (std::size_t b = 0; b < Block; ++b) sums[b] = _mm512_fmadd_ps(_mm512_set1_ps(input), _mm512_loadu_ps(rows + 16 * b), sums[b]);
    rows += width;
  }
  for (std::size_t b = 0; b < Block; ++b) _mm512_storeu_ps(to + 16 * b, sums[b]);
}

SY_AVX512 void add_rows(std::span<const float> inputs, const float* rows, std::span<float> to) {
  std::size_t at = 0;
  for (; at + 256 <= to.size(); at += 256) add_rows_block<16>(inputs, rows + at, to.size(), to.data() + at);
  for (; at < to.size(); at += 16) add_rows_block<1>(inputs, rows + at, to.size(), to.data() + at);
}

// ---- layers -------------------------------------------------------------------------------------------------------

template <std::size_t Block>
SY_AVX512 void block(bytes x, const std::int8_t* weights, std::size_t width, std::int32_t* out) {
  __m512i sums[Block];
  for (auto& sum : sums) sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < x.size(); i += 4) {
    const __m512i inputs = _mm512_set1_epi32(four(x.data() + i));
    const std::int8_t* w = weights + i * width;
    for (std::size_t b = 0; b < Block; ++b) sums[b] = _mm512_dpbusd_epi32(sums[b], inputs, _mm512_loadu_si512(w + 64 * b));
  }
  for (std::size_t b = 0; b < Block; ++b) _mm512_storeu_si512(out + 16 * b, sums[b]);
}

SY_AVX512 void multiply(bytes x, const std::int8_t* weights, integers out) {
  for (std::size_t from = 0; from < out.size(); from += strip_width, weights += strip_width * x.size()) {
    const auto width = std::min(strip_width, out.size() - from);
    if (width == strip_width) block<8>(x, weights, width, out.data() + from);
    else
      for (std::size_t at = 0; at < width; at += 16) block<1>(x, weights + 4 * at, width, out.data() + from + at);
  }
}

// `Block` registers of sixteen outputs, of four rows.
template <std::size_t Block>
SY_AVX512 void four_rows_block(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, integers out,
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

SY_AVX512 void four_rows(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, integers out) {
  const std::size_t outputs = out.size() / 4;
  std::size_t at = 0;
  for (; at + 64 <= outputs; at += 64) four_rows_block<4>(x, step, inputs, weights, out, at);
  for (; at < outputs; at += 16) four_rows_block<1>(x, step, inputs, weights, out, at);
}

constexpr auto multiply_rows = vector_loops::multiply_rows<four_rows, multiply>;

// A tile holds 16 rows of 64 bytes. Tiles 0 to 3: sums of 16 rows and 16 outputs each; 4: 64 inputs of 16 rows; 5: 64 inputs' weights of
// 16 outputs, four inputs a row, which is how they stand in a strip.
struct alignas(64) tile_shapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(tile_shapes) == 64);
constexpr tile_shapes shapes;

/// Sixty-four outputs of a strip of `width`, from their first weights on.
SY_AMX void tiles(const std::uint8_t* x, std::size_t step, std::size_t inputs, const std::int8_t* weights, std::size_t width, std::int32_t* out,
                  std::size_t outputs) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::size_t i = 0; i < inputs; i += 64) {
    const std::int8_t* w = weights + i * width;
    _tile_loadd(4, x + i, step);
    _tile_loadd(5, w, 4 * width);
    _tile_dpbusd(0, 4, 5);
    _tile_loadd(5, w + 64, 4 * width);
    _tile_dpbusd(1, 4, 5);
    _tile_loadd(5, w + 128, 4 * width);
    _tile_dpbusd(2, 4, 5);
    _tile_loadd(5, w + 192, 4 * width);
    _tile_dpbusd(3, 4, 5);
  }
  _tile_stored(0, out, 4 * outputs);
  _tile_stored(1, out + 16, 4 * outputs);
  _tile_stored(2, out + 32, 4 * outputs);
  _tile_stored(3, out + 48, 4 * outputs);
}

/// Always of `rows_at_once`: there is room.
SY_AMX void tile_multiply_rows(const std::uint8_t* x, std::size_t step, std::size_t inputs, std::size_t rows, const std::int8_t* weights,
                               std::size_t outputs, std::int32_t* out) {
  if (inputs % 64 != 0 || outputs % 64 != 0) return multiply_rows(x, step, inputs, rows, weights, outputs, out);
  _tile_loadconfig(&shapes);
  for (std::size_t at = 0; at < outputs; at += 64) {
    const auto from = at / strip_width * strip_width, width = std::min(strip_width, outputs - from);
    tiles(x, step, inputs, weights + from * inputs + (at - from) * 4, width, out + at, outputs);
  }
  _tile_release();     // or each change of threads would have to keep them
}

constexpr vector_code with_vnni{pool, pool_halves, multiply, multiply_rows, take, add_rows, false};
constexpr vector_code with_tiles{pool, pool_halves, multiply, tile_multiply_rows, take, add_rows, false};

}  // namespace

const vector_code* avx512_vector_code() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vnni")
             ? &with_vnni
             : nullptr;
}

const vector_code* amx_vector_code() {
  constexpr unsigned amx_tile = 1u << 24, amx_int8 = 1u << 25;     // of leaf 7, EDX
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (avx512_vector_code() == nullptr || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & amx_tile) == 0 || (d & amx_int8) == 0) return nullptr;
  // Tiles are large, so the kernel lets a process have them that asks: Documentation/arch/x86/xstate.rst.
  constexpr long request_permission = 0x1023, tile_data = 18;      // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0 ? &with_tiles : nullptr;
}

}  // namespace switchyard::routing

#else

namespace switchyard::routing {
const vector_code* avx512_vector_code() { return nullptr; }
const vector_code* amx_vector_code() { return nullptr; }
}  // namespace switchyard::routing

#endif
