// What a sum of table rows cannot say: which piece counts how much beside its neighbours, and what their company means.
//
//   c_i   = context row of piece i, zero before the first and after the last     c = mean of the c_i
//   u_i   = max(0, window [c_{i-1} c_i c_{i+1}] + mean c + shift)                 units, one set a piece
//   w_i   = 2 / (1 + exp(-(gate u_i + gate shift)))                               how much the piece's row counts
//   s     = sum of w_i (scale_i row_i + correction_i), L2-normalised             both for texts read in context alone
//   vector = s + second max(0, first [s, mean of u_i, largest u_i] + shift), L2-normalised
//
// Rows of layers are int8, what goes in is rounded to 128 steps, so that all ways to compute agree to the integer.
#pragma once

#include "routing/embedding/table_file.hpp"
#include "routing/embedding/vector_code.hpp"
#include "routing/embedding/window_cache.hpp"

#include <span>
#include <vector>

namespace switchyard::routing {

class context_network {
 public:
  /// Pieces past this many are not seen in context: their rows are not corrected and count as much as those of the others do on average.
  /// So a long text costs little more than a sum of its rows.
  static constexpr std::size_t most_pieces = 256;

  /// `weights` must have a width; what they view stays where it is.
  context_network(const context_weights& weights, std::size_t dimensions, const vector_code& code) noexcept;

  /// A thread's room, kept from text to text.
  struct scratch {
    std::vector<std::uint8_t> context, inputs;
    std::vector<std::int32_t> products;
    window_cache windows;
    std::vector<std::int32_t> nothing, window, carried;   // what a zero row and what a piece adds to three windows; two windows under way
    std::vector<float> shifts, sums, maxima, floats;
  };

  /// First: weights[i] = w_i, of piece ids[i]; leaves mean and largest units in `room`.
  void weigh(std::span<const std::uint32_t> ids, std::span<float> weights, scratch& room) const;
  /// Second: `out` = the sum that s is the direction of; `weights` are weigh()'s. `rows`: the table's.
  void pool(std::span<const std::uint32_t> ids, std::span<const float> weights, std::span<const std::int8_t> rows, std::span<float> out,
            scratch& room) const;
  /// Third: adds to the unit vector `out` what the layers make of it and of weigh()'s units. The sum is not normalised.
  void add_to(std::span<float> out, scratch& room) const;

 private:
  void multiply_windows(std::span<const std::uint8_t> row, scratch& room, std::span<std::int32_t> to) const;
  void begin_windows(scratch& room) const;
  void next_window(std::uint32_t piece, scratch& room, std::int32_t* done) const;
  void end_window(scratch& room, std::int32_t* done) const;

  std::uint64_t number_;                         // of the weights: another network's may come to stand in the same place
  context_weights w_;
  std::size_t dimensions_;
  const vector_code* code_;
};

}  // namespace switchyard::routing
