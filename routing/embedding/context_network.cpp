#include "routing/embedding/context_network.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

namespace {

constexpr std::uint8_t zero = 64, largest = 127;     // of what vector_code::multiply reads

/// To the nearest step; `middle` stands for zero.
std::uint8_t rounded(float value, float inverse_step, std::uint8_t middle) noexcept {
  const float steps = value * inverse_step + (static_cast<float>(middle) + 0.5f);
  return static_cast<std::uint8_t>(steps >= largest ? static_cast<float>(largest) : steps > 0 ? steps : 0.0f);
}

}  // namespace

void context_network::weigh(std::span<const std::uint32_t> ids, std::span<float> weights, scratch& room) const {
  const auto seen = std::min(ids.size(), most_pieces);
  const auto count = static_cast<float>(seen);
  // The rows one after the other, a zero one at either end: a window is three rows in place.
  room.context.assign((seen + 2) * w_.width, zero);
  for (std::size_t i = 0; i < seen; ++i)
    std::copy_n(w_.rows.data() + ids[i] * w_.width, w_.width, room.context.data() + (i + 1) * w_.width);

  room.shifts.assign(w_.window_shifts.begin(), w_.window_shifts.end());
  room.products.assign(w_.width, 0);
  for (std::size_t i = 1; i <= seen; ++i)
    for (std::size_t k = 0; k < w_.width; ++k) room.products[k] += room.context[i * w_.width + k];
  for (std::size_t k = 0; k < w_.width; ++k) {
    const float mean = static_cast<float>(room.products[k]) / count - zero;
    const float* row = w_.mean.data() + k * w_.units;
    for (std::size_t u = 0; u < w_.units; ++u) room.shifts[u] += mean * row[u];
  }

  room.sums.assign(w_.units, 0.0f);
  room.maxima.assign(w_.units, 0.0f);
  room.products.resize(4 * w_.units);
  const std::span<std::int32_t> products(room.products);
  float together = 0;
  for (std::size_t i = 0; i < seen;) {
    const auto* window = room.context.data() + i * w_.width;
    const std::size_t rows = i + 4 <= seen ? 4 : 1;
    if (rows == 4) code_->multiply_four(window, w_.width, 3 * w_.width, w_.window.data(), products);
    else code_->multiply({window, 3 * w_.width}, w_.window.data(), products.first(w_.units));
    for (std::size_t r = 0; r < rows; ++r, ++i) {
      const float gated = code_->take(products.subspan(r * w_.units, w_.units), w_.window_scales.data(), room.shifts.data(), w_.gates.data(),
                                      room.sums.data(), room.maxima.data());
      const float weight = 2 / (1 + std::exp(-(gated + w_.gate_shift)));
      together += weight;
      weights[i] *= weight;
    }
  }
  for (auto& weight : weights.subspan(seen)) weight *= together / count;
  for (auto& sum : room.sums) sum /= count;
}

void context_network::add_to(std::span<float> out, scratch& room) const {
  const auto rounded_to = [&](std::span<const float> values, float step, std::uint8_t middle, std::size_t at) {
    for (std::size_t i = 0; i < values.size(); ++i) room.inputs[at + i] = rounded(values[i], 1 / step, middle);
  };
  room.inputs.resize(dimensions_ + 2 * w_.units);
  rounded_to(out, w_.direction_step, zero, 0);
  rounded_to(room.sums, w_.mean_step, 0, dimensions_);
  rounded_to(room.maxima, w_.maximum_step, 0, dimensions_ + w_.units);
  room.products.resize(w_.hidden);
  code_->multiply(room.inputs, w_.first.data(), room.products);

  room.inputs.resize(w_.hidden);
  for (std::size_t h = 0; h < w_.hidden; ++h)
    room.inputs[h] = rounded(static_cast<float>(room.products[h]) * w_.first_scales[h] + w_.first_shifts[h], 1 / w_.hidden_step, 0);
  room.products.resize(dimensions_);
  code_->multiply(room.inputs, w_.second.data(), room.products);
  for (std::size_t d = 0; d < dimensions_; ++d) out[d] += static_cast<float>(room.products[d]) * w_.second_scales[d];
}

}  // namespace switchyard::routing
