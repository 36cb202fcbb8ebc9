// Ledger rows on their way to a second disk, both ends: what this node reads of its own ledger to ship, and what it keeps of others'.
//
//   kept_rows  key   = 'p', length of the origin's name (u8), origin, incarnation (u64), first seq (u64)
//              value = rows of it that are before the first seq (u32), a packed run (row_run.hpp), as it came in one message
//              key   = 'k', length of the origin's name (u8), origin, incarnation (u64), first seq (u64)
//              value = a run (row_run.hpp): what nodes send that pack none
//              key   = 's', length of the origin's name (u8), origin, incarnation (u64), first seq (u64)
//              value = last seq (u64): rows first .. last are here, written in the same batch
//              key   = 'r', length of the origin's name (u8), origin, incarnation (u64), seq (u64)
//              value = the row: how 0.1 kept each, still read
// A run is one value because a row costs less so, by ten, than by itself: nobody looks for one of them unless a disk is lost.
//   meta       "shipped" = record 1: incarnation, seq: this node's rows up to here are on another disk, with all of earlier incarnations
#pragma once

#include "storage/ledger_row.hpp"
#include "storage/row_run.hpp"
#include "storage/store.hpp"

#include <functional>
#include <string>
#include <vector>

namespace switchyard::storage {

// -- this node's own rows ---------------------------------------------------------------------------------------------

/// Rows first .. last of one incarnation are there.
struct ledger_life {
  std::uint64_t incarnation = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
/// By incarnation; reads two rows of each.
[[nodiscard]] result<std::vector<ledger_life>> ledger_lives(const reader& from);

struct row_run {
  std::uint64_t first = 0;                       ///< may be above what was asked for: retention dropped what was before
  std::vector<std::string> rows;                 ///< without a gap
};
/// At most `count` rows and `most_bytes` (but one row always) of that incarnation, from `first` on.
[[nodiscard]] result<row_run> read_row_run(const reader& from, std::uint64_t incarnation, std::uint64_t first, std::size_t count, std::size_t most_bytes);

struct shipped_mark {
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;
};
void note_shipped(write_batch& batch, shipped_mark mark);
/// {}: nothing was shipped yet.
[[nodiscard]] result<shipped_mark> read_shipped(const reader& from);

// -- other nodes' rows ------------------------------------------------------------------------------------------------

struct kept_range {
  std::string origin;
  std::uint64_t incarnation = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
/// `rows` are first, first + 1, ... of that origin's incarnation.
void keep_rows(write_batch& batch, std::string_view origin, std::uint64_t incarnation, std::uint64_t first, const std::vector<std::string>& rows);
/// The same of a packed run: `count` of its rows behind the first `skipped` are first, first + 1, ...
void keep_packed_rows(write_batch& batch, std::string_view origin, std::uint64_t incarnation, std::uint64_t first, std::uint64_t count, std::uint32_t skipped,
                      std::string_view packed);
/// As they were written, by origin, incarnation and first; neighbours are not joined.
[[nodiscard]] result<std::vector<kept_range>> kept_ranges(const reader& from);
/// Rows of [first, last] that are here, in order, until `visit` says no.
[[nodiscard]] outcome each_kept_row(const reader& from, std::string_view origin, std::uint64_t incarnation, std::uint64_t first, std::uint64_t last,
                                    const std::function<bool(std::uint64_t seq, std::string_view row)>& visit);
/// Drops ranges whose last row was settled before that.
[[nodiscard]] outcome drop_kept_rows(store& on, std::int64_t before_us);

}  // namespace switchyard::storage
