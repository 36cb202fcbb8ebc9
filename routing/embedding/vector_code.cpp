#include "routing/embedding/vector_code.hpp"

#include "routing/embedding/vector_loops.hpp"

#include <vector>

namespace switchyard::routing {

namespace {

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

constexpr vector_code portable{vector_loops::pool, vector_loops::pool_halves, multiply, vector_loops::multiply_each_row<multiply>, vector_loops::take, vector_loops::add_rows, true};

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
