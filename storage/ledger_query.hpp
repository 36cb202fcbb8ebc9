// Questions to a ledger: what was spent, which rows there are, and whether everything adds up. Each reads one state, given as a snapshot.
#pragma once

#include "storage/ledger.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <string>

namespace switchyard::storage {

/// [from, to) in microseconds since 1970.
struct time_span {
  std::int64_t from_us = 0;
  std::int64_t to_us = INT64_MAX;
};

/// Sums per name, exactly those of the rows in the span: whole days and hours from the roll-ups, the edges from the rows themselves.
[[nodiscard]] result<std::map<std::string, ledger_sums>> sum_by(const reader& from, dimension by, time_span span);

/// Sums of all rows per UTC day or hour that has any, by its beginning in microseconds since 1970; its part outside of the span is left out.
/// More than 10,000 of them are refused.
enum class sums_per : std::uint8_t { hour, day };
[[nodiscard]] result<std::map<std::int64_t, ledger_sums>> sum_over_time(const reader& from, sums_per unit, time_span span);

/// Rows in the span in the order they were settled, after the row of key `after` ("": from the first), until `visit` says no.
[[nodiscard]] outcome each_row(const reader& from, time_span span, std::string_view after,
                               const std::function<bool(std::string_view key, const ledger_row&)>& visit);

struct verification {
  std::uint64_t rows = 0;
  std::uint64_t cells = 0;                       ///< roll-ups compared
  std::uint64_t open_attempts = 0;               ///< reserved, not settled yet
  ledger_sums total;
  std::vector<std::string> problems;             ///< at most 20; none: every row is whole, in its place, and all sums are equal
};
/// Checks checksums, the chain, gaps and doubled attempts, and adds every row up again. `rows_done` tells how far it is.
[[nodiscard]] result<verification> verify(const reader& from, std::atomic<std::uint64_t>* rows_done = nullptr);

}  // namespace switchyard::storage
