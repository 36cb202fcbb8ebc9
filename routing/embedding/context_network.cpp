#include "routing/embedding/context_network.hpp"

#include "routing/widest_vectors.hpp"

#include <algorithm>
#include <atomic>
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

/// What has come together of two windows, moved on by a piece: `here` wants only this right neighbour and is done, `next` wants its own share. `piece`: what it adds to
/// the window of its right neighbour, its own, that of its left one; `nothing`: what every window begins with.
template <class Number>
[[gnu::always_inline]] inline void move_windows_on(const Number* __restrict piece, const std::int32_t* __restrict nothing, std::size_t units, std::int32_t* __restrict here,
                                                   std::int32_t* __restrict next, std::int32_t* __restrict done) noexcept {
  for (std::size_t u = 0; u < units; ++u) {
    done[u] = here[u] + piece[2 * units + u];
    here[u] = next[u] + piece[units + u];
    next[u] = nothing[u] + piece[u];
  }
}
SWITCHYARD_WIDEST_VECTORS void move_on(const std::int16_t* piece, const std::int32_t* nothing, std::size_t units, std::int32_t* carried, std::int32_t* done) noexcept {
  move_windows_on(piece, nothing, units, carried, carried + units, done);
}
SWITCHYARD_WIDEST_VECTORS void move_far_on(const std::int32_t* piece, const std::int32_t* nothing, std::size_t units, std::int32_t* carried, std::int32_t* done) noexcept {
  move_windows_on(piece, nothing, units, carried, carried + units, done);
}

std::uint64_t next_number() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

context_network::context_network(const context_weights& weights, std::size_t dimensions, const vector_code& code) noexcept
    : number_(next_number()), w_(weights), dimensions_(dimensions), code_(&code) {}

// The row where it stands in each of three windows, nothing beside it: vector_code::multiply passes over nothing.
void context_network::multiply_windows(std::span<const std::uint8_t> row, scratch& room, std::span<std::int32_t> to) const {
  for (std::size_t third = 0; third < 3; ++third) {
    room.inputs.assign(3 * w_.width, 0);
    std::copy(row.begin(), row.end(), room.inputs.begin() + static_cast<std::ptrdiff_t>(third * w_.width));
    code_->multiply(room.inputs, w_.window.data(), to.subspan(third * w_.units, w_.units));
  }
}

// Window i = right neighbour's of piece i - 1 + own of i + left neighbour's of i + 1. `carried` holds what there is of the window before the next piece's and of its own.
void context_network::begin_windows(scratch& room) const {
  const auto units = w_.units;
  if (room.windows.serve(number_, 3 * units)) {
    room.nothing.resize(4 * units);
    multiply_windows(std::vector<std::uint8_t>(w_.width, zero), room, std::span(room.nothing).subspan(units));
    for (std::size_t u = 0; u < units; ++u) room.nothing[u] = room.nothing[units + u] + room.nothing[2 * units + u] + room.nothing[3 * units + u];
    room.window.resize(3 * units);
  }
  room.carried.assign(units, 0);
  room.carried.insert(room.carried.end(), room.nothing.begin(), room.nothing.begin() + static_cast<std::ptrdiff_t>(units));
}

void context_network::next_window(std::uint32_t piece, scratch& room, std::int32_t* done) const {
  const auto* known = room.windows.find(piece);
  if (known == nullptr) {
    multiply_windows(w_.rows.subspan(piece * w_.width, w_.width), room, room.window);
    for (std::size_t i = 0; i < room.window.size(); ++i) room.window[i] -= room.nothing[w_.units + i];
    known = room.windows.keep(piece, room.window);
  }
  if (known != nullptr) move_on(known, room.nothing.data(), w_.units, room.carried.data(), done);
  else move_far_on(room.window.data(), room.nothing.data(), w_.units, room.carried.data(), done);
}

void context_network::end_window(scratch& room, std::int32_t* done) const {   // beyond either end of the text every row is zero
  std::copy_n(room.carried.begin(), w_.units, done);
}

void context_network::weigh(std::span<const std::uint32_t> ids, std::span<float> weights, scratch& room) const {
  const auto seen = std::min(ids.size(), most_pieces);
  const auto count = static_cast<float>(seen);
  room.shifts.assign(w_.window_shifts.begin(), w_.window_shifts.end());
  room.products.assign(w_.width, 0);
  for (std::size_t i = 0; i < seen; ++i)
    add_bytes(w_.rows.data() + ids[i] * w_.width, w_.width, room.products.data());
  room.floats.resize(w_.width);
  for (std::size_t k = 0; k < w_.width; ++k) room.floats[k] = static_cast<float>(room.products[k]) / count - zero;
  code_->add_rows(room.floats, w_.mean.data(), room.shifts);

  room.sums.assign(w_.units, 0.0f);
  room.maxima.assign(w_.units, 0.0f);
  room.products.resize(rows_at_once * w_.units);
  if (code_->recalls_windows) {
    begin_windows(room);
    next_window(ids[0], room, room.products.data());
  } else {
    // The rows one after the other, a zero one at either end: a window is three rows in place.
    room.context.assign((seen + rows_at_once + 1) * w_.width, zero);   // of the last pieces as many are read as are read at once
    for (std::size_t i = 0; i < seen; ++i)
      std::copy_n(w_.rows.data() + ids[i] * w_.width, w_.width, room.context.data() + (i + 1) * w_.width);
  }
  float together = 0;
  for (std::size_t i = 0; i < seen; i += rows_at_once) {
    const auto rows = std::min(rows_at_once, seen - i);
    const auto here = weights.subspan(i, rows);
    if (code_->recalls_windows)
      for (std::size_t r = 0; r < rows; ++r) {
        auto* done = room.products.data() + r * w_.units;
        if (i + r + 1 < seen) next_window(ids[i + r + 1], room, done);
        else end_window(room, done);
      }
    else
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
