// A ledger made anew of rows that other nodes kept of one whose disk was lost (kept_rows.hpp): rows, sums, what virtual keys have spent, the marks of time, and the
// ends of the chain.
//
// The chain must be whole, so of rows with a gap between them those behind the last gap are kept. What virtual keys have spent is charged to a row's own key;
// who was above it then is in no row.
#pragma once

#include "storage/ledger.hpp"

namespace switchyard::storage {

class ledger_rebuild {
 public:
  /// `on` holds no ledger. `node`: whose rows they are.
  ledger_rebuild(store& on, std::string node) : store_(on), node_(std::move(node)) {}

  /// In order: by incarnation, then seq. A row that cannot be read is an error, and nothing was changed by it.
  [[nodiscard]] outcome add(std::uint64_t incarnation, std::uint64_t seq, std::string_view row);
  /// Afterwards the store can be opened as a ledger. Without a row nothing is written.
  [[nodiscard]] outcome finish();

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  /// Rows before a gap.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  [[nodiscard]] outcome begin_anew(const ledger_row& first);
  [[nodiscard]] outcome write_out();

  store& store_;
  const std::string node_;
  rollups rollups_;
  spending spending_;
  write_batch batch_;
  ledger::head head_;
  row_hash before_first_{};
  std::int64_t minute_ = -1;
  std::uint64_t rows_ = 0, left_out_ = 0;
};

}  // namespace switchyard::storage
