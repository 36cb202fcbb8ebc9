// A static embedding table and the network that reads it in context, on disk, mapped into memory. The grammar stands on top of
// table_file.cpp.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::routing {

/// The weights of context_network.hpp, in place. `width` == 0: the table has none.
struct context_weights {
  std::size_t width = 0;       ///< of a piece's context row
  std::size_t units = 0;       ///< what a piece and its two neighbours are seen as
  std::size_t hidden = 0;      ///< of the layer after pooling

  std::size_t corrected = 0;   ///< of a table row's numbers so many are others in context

  std::span<const std::uint8_t> rows;          ///< entries x width, 0..127; 64 stands for zero
  std::span<const float> row_scales;           ///< of the table's rows in context
  std::span<const float> correction_scales;    ///< entries
  std::span<const std::uint8_t> corrections;   ///< entries x corrected / 2, as vector_code::pool_halves reads them
  std::span<const std::int8_t> window;         ///< 3 * width -> units, as vector_code::multiply reads them
  std::span<const float> window_scales, window_shifts;
  std::span<const float> mean;                 ///< width -> units, input after input: what the whole text adds
  std::span<const float> gates;                ///< units
  float gate_shift = 0;
  std::span<const std::int8_t> first;          ///< dimensions + 2 * units -> hidden
  std::span<const float> first_scales, first_shifts;
  std::span<const std::int8_t> second;         ///< hidden -> dimensions
  std::span<const float> second_scales;
  float direction_step = 0, mean_step = 0, maximum_step = 0, hidden_step = 0;   ///< what one stands for of each kind of input
};

/// One row of int8 and one scale per vocabulary entry. Read-only; the pages are shared between all that map the file.
class table_file {
 public:
  /// Maps the file and checks all of it, its checksum too.
  [[nodiscard]] static result<table_file> open(const std::string& path);
  /// The same, on bytes that the caller keeps alive; they must stand at a multiple of four.
  [[nodiscard]] static result<table_file> of_bytes(std::string_view bytes);

  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] std::size_t entries() const noexcept { return scales_.size(); }
  /// The file's checksum: another one wherever any byte differs.
  [[nodiscard]] std::uint64_t fingerprint() const noexcept { return fingerprint_; }
  /// One line a piece, entries() of them.
  [[nodiscard]] std::string_view vocabulary_text() const noexcept { return vocabulary_; }
  [[nodiscard]] std::span<const float> scales() const noexcept { return scales_; }
  /// Row after row.
  [[nodiscard]] std::span<const std::int8_t> rows() const noexcept { return rows_; }
  [[nodiscard]] const context_weights& context() const noexcept { return context_; }
  /// As if the file had none.
  void drop_context() noexcept { context_ = {}; }

 private:
  std::shared_ptr<const void> mapping_;
  std::size_t dimensions_ = 0;
  std::uint64_t fingerprint_ = 0;
  std::string_view vocabulary_;
  std::span<const float> scales_;
  std::span<const std::int8_t> rows_;
  context_weights context_;
};

}  // namespace switchyard::routing
