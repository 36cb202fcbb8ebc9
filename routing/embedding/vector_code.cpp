#include "routing/embedding/vector_code.hpp"

#include "routing/embedding/vector_loops.hpp"

#include <algorithm>
#include <vector>

namespace switchyard::routing {

namespace {

using vector_loops::id_list;

// The accumulators of one stretch stay in registers (32 floats: eight of SSE or NEON).
void pool(id_list ids, const float* weights, const std::int8_t* rows, std::span<float> out) {
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

void pool_halves(id_list ids, const float* weights, const std::uint8_t* rows, std::size_t count, float* out) {
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

void take(std::span<const std::int32_t> products, std::size_t rows, const float* scales, const float* shifts,
                                        const float* gates, float* sums, float* maxima, float* gated) {
  constexpr std::size_t at_once = 16;
  const auto units = products.size() / rows;
  for (std::size_t r = 0; r < rows; ++r) {
    float parts[at_once] = {};
    for (std::size_t start = 0; start < units; start += at_once)
      for (std::size_t i = 0; i < at_once; ++i) {
        const auto at = start + i;
        const float value = static_cast<float>(products[r * units + at]) * scales[at] + shifts[at];
        const float unit = value > 0 ? value : 0.0f;
        sums[at] += unit;
        maxima[at] = unit > maxima[at] ? unit : maxima[at];
        parts[i] += unit * gates[at];
      }
    gated[r] = 0;
    for (const float part : parts) gated[r] += part;
  }
}

void add_rows(std::span<const float> inputs, const float* rows, std::span<float> to) {
  for (const float input : inputs)
    for (float& each : to) each += input * *rows++;
}

void multiply(std::span<const std::uint8_t> x, const std::int8_t* weights, std::span<std::int32_t> out) {
  std::fill(out.begin(), out.end(), 0);
  for (std::size_t from = 0; from < out.size(); from += strip_width) {
    const auto width = std::min(strip_width, out.size() - from);
    const std::int8_t* w = weights + from * x.size();
    for (std::size_t i = 0; i < x.size(); i += 4, w += 4 * width) {
      if (vector_loops::four(x.data() + i) == 0) continue;
      for (std::size_t o = 0; o < width; ++o) out[from + o] += x[i] * w[4 * o] + x[i + 1] * w[4 * o + 1] + x[i + 2] * w[4 * o + 2] + x[i + 3] * w[4 * o + 3];
    }
  }
}

constexpr vector_code portable{pool, pool_halves, multiply, vector_loops::multiply_each_row<multiply>, take, add_rows, true};

}  // namespace

std::span<const vector_code* const> usable_vector_codes() {
  static const auto found = [] {
    std::vector<const vector_code*> out{amx_vector_code(), avx512_vector_code(), avx2_vector_code()};
    std::erase(out, nullptr);
    out.push_back(&portable);
    return out;
  }();
  return found;
}

}  // namespace switchyard::routing
