#include "routing/embedding/pooling.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

using id_list = std::span<const std::uint32_t>;

// One source for all: inlined into functions that may use wider instructions, where the compiler vectorises it with those. The
// accumulator of a strip stays in registers (32 floats: two AVX-512 ones, four of AVX2, eight of SSE or NEON).
[[gnu::always_inline]] inline void pool(id_list ids, const float* scales, const std::int8_t* rows, std::span<float> out) {
  constexpr std::size_t strip = 32;
  for (std::size_t start = 0; start < out.size(); start += strip) {
    float sums[strip] = {};
    for (const auto id : ids) {
      const float scale = scales[id];
      const std::int8_t* row = rows + id * out.size() + start;
      for (std::size_t d = 0; d < strip; ++d) sums[d] += scale * static_cast<float>(row[d]);
    }
    std::copy_n(sums, strip, out.data() + start);
  }
}

void portable(id_list ids, const float* scales, const std::int8_t* rows, std::span<float> out) { pool(ids, scales, rows, out); }

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void avx2(id_list ids, const float* scales, const std::int8_t* rows, std::span<float> out) {
  pool(ids, scales, rows, out);
}
[[gnu::target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")]]
void avx512(id_list ids, const float* scales, const std::int8_t* rows, std::span<float> out) {
  pool(ids, scales, rows, out);
}
#endif

}  // namespace

pooling portable_pooling() noexcept { return portable; }

pooling best_pooling() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) return avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2;
#endif
  return portable;
}

}  // namespace switchyard::routing
