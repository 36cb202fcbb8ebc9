#include "routing/embedding/context_network.hpp"

#include "routing/widest_vectors.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

namespace {

constexpr std::uint8_t zero = 64;
constexpr float largest = 127;     // of what vector_code::multiply reads

/// To the nearest step; `middle` stands for zero.
SWITCHYARD_WIDEST_VECTORS void round_to(const float* values, std::size_t count, float inverse_step, float middle,
                                        std::uint8_t* to) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const float steps = values[i] * inverse_step + (middle + 0.5f), above = steps > 0 ? steps : 0.0f;
    to[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(above < largest ? above : largest));
  }
}

/// to += numbers * scales.
SWITCHYARD_WIDEST_VECTORS void add_scaled(const std::int32_t* numbers, const float* scales, std::size_t count, float* to) noexcept {
  for (std::size_t i = 0; i < count; ++i) to[i] += static_cast<float>(numbers[i]) * scales[i];
}

SWITCHYARD_WIDEST_VECTORS void add_bytes(const std::uint8_t* from, std::size_t count, std::int32_t* to) noexcept {
  for (std::size_t i = 0; i < count; ++i) to[i] += from[i];
}

}  // namespace

void context_network::weigh(std::span<const std::uint32_t> ids, std::span<float> weights, scratch& room) const {
  const auto seen = std::min(ids.size(), most_pieces);
  const auto count = static_cast<float>(seen);
  // The rows one after the other, a zero one at either end: a window is three rows in place.
  room.context.assign((seen + rows_at_once + 1) * w_.width, zero);   // of the last pieces as many are read as are read at once
  for (std::size_t i = 0; i < seen; ++i)
    std::copy_n(w_.rows.data() + ids[i] * w_.width, w_.width, room.context.data() + (i + 1) * w_.width);

  room.shifts.assign(w_.window_shifts.begin(), w_.window_shifts.end());
  room.products.assign(w_.width, 0);
  for (std::size_t i = 1; i <= seen; ++i)
    add_bytes(room.context.data() + i * w_.width, w_.width, room.products.data());
  room.floats.resize(w_.width);
  for (std::size_t k = 0; k < w_.width; ++k) room.floats[k] = static_cast<float>(room.products[k]) / count - zero;
  code_->add_rows(room.floats, w_.mean.data(), room.shifts);

  room.sums.assign(w_.units, 0.0f);
  room.maxima.assign(w_.units, 0.0f);
  room.products.resize(rows_at_once * w_.units);
  float together = 0;
  for (std::size_t i = 0; i < seen; i += rows_at_once) {
    const auto rows = std::min(rows_at_once, seen - i);
    const auto here = weights.subspan(i, rows);
    code_->multiply_rows(room.context.data() + i * w_.width, w_.width, 3 * w_.width, rows, w_.window.data(), w_.units, room.products.data());
    code_->take(std::span(room.products).first(rows * w_.units), rows, w_.window_scales.data(), room.shifts.data(), w_.gates.data(),
                room.sums.data(), room.maxima.data(), here.data());
    for (float& weight : here) {
      weight = 2 / (1 + std::exp(-(weight + w_.gate_shift)));
      together += weight;
    }
  }
  std::fill(weights.begin() + static_cast<std::ptrdiff_t>(seen), weights.end(), together / count);
  for (auto& sum : room.sums) sum /= count;
}

void context_network::pool(std::span<const std::uint32_t> ids, std::span<const float> weights, std::span<const std::int8_t> rows,
                           std::span<float> out, scratch& room) const {
  room.floats.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) room.floats[i] = weights[i] * w_.row_scales[ids[i]];
  code_->pool(ids, room.floats.data(), rows.data(), out);
  ids = ids.first(std::min(ids.size(), most_pieces));
  for (std::size_t i = 0; i < ids.size(); ++i) room.floats[i] = weights[i] * w_.correction_scales[ids[i]];
  code_->pool_halves(ids, room.floats.data(), w_.corrections.data(), w_.corrected, out.data());
}

void context_network::add_to(std::span<float> out, scratch& room) const {
  room.inputs.resize(dimensions_ + 2 * w_.units);
  round_to(out.data(), dimensions_, 1 / w_.direction_step, zero, room.inputs.data());
  round_to(room.sums.data(), w_.units, 1 / w_.mean_step, 0, room.inputs.data() + dimensions_);
  round_to(room.maxima.data(), w_.units, 1 / w_.maximum_step, 0, room.inputs.data() + dimensions_ + w_.units);
  room.products.resize(w_.hidden);
  code_->multiply(room.inputs, w_.first.data(), room.products);

  room.floats.assign(w_.first_shifts.begin(), w_.first_shifts.end());
  add_scaled(room.products.data(), w_.first_scales.data(), w_.hidden, room.floats.data());
  room.inputs.resize(w_.hidden);
  round_to(room.floats.data(), w_.hidden, 1 / w_.hidden_step, 0, room.inputs.data());
  room.products.resize(dimensions_);
  code_->multiply(room.inputs, w_.second.data(), room.products);
  add_scaled(room.products.data(), w_.second_scales.data(), dimensions_, out.data());
}

}  // namespace switchyard::routing
