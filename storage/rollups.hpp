// Sums of ledger rows by hour and by day, per dimension. Kept as absolute values, so writing one twice does no harm.
//
//   rollups  key   = period ('d' | 'h'), number since 1970 (u32 big-endian), dimension (u8), name
//            value = record 1: requests, attempts, errors, unknown, unpriced, input, output, cached, cost, saved,
//           saved by the cache, saved by cascade; what an earlier version wrote ends with saved
#pragma once

#include "storage/ledger_row.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace switchyard::storage {

/// What rows add up to.
struct ledger_sums {
  std::int64_t requests = 0;                     ///< rows that were their request's last attempt
  std::int64_t attempts = 0;                     ///< rows
  std::int64_t errors = 0;                       ///< of `requests`, those that ended in an error
  std::int64_t unknown = 0;                      ///< rows whose ending nobody knows
  std::int64_t unpriced = 0;                     ///< rows whose cost is unknown and not in `cost`
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;
  nano_usd cost = 0;
  nano_usd saved = 0;
  nano_usd saved_by_cache = 0;                   ///< of `saved`, as the next; the rest is routing's
  nano_usd saved_by_cascade = 0;

  void add(const settled_facts& what) noexcept;
  void add(const ledger_row& row) noexcept { add(row.what); }
  void add(const ledger_sums& other) noexcept;
  friend bool operator==(const ledger_sums&, const ledger_sums&) = default;
};

/// By what sums are kept. The numbers are on disk.
enum class dimension : std::uint8_t { total = 0, model = 1, provider = 2, key = 3, virtual_key = 4, route = 5, tag = 6 };
/// "model" -> dimension::model; nullopt: there is no such.
[[nodiscard]] std::optional<dimension> dimension_of(std::string_view name) noexcept;
/// The names of a row's parties in that dimension: one, or one per tag ("team=red").
void each_name(const attempt_parties& who, dimension by, const std::function<void(std::string&&)>& visit);

/// Above this many names of one dimension in one period new ones are summed as "other".
inline constexpr std::size_t most_names = 1000;

constexpr std::int64_t us_per_hour = 3'600'000'000;
constexpr std::int64_t us_per_day = 24 * us_per_hour;

/// The cells that the newest rows go to. Not thread-safe.
class rollups {
 public:
  using cells = std::unordered_map<std::string, ledger_sums>;

  /// Reads the cells of the period at `at_us`, so that later rows add to them.
  [[nodiscard]] outcome load(const reader& from, std::int64_t at_us);
  /// Where the rows of some parties are summed. Whoever adds many keeps it, so that they need not be looked for again.
  struct place {
    std::uint64_t fold = 0;
    std::size_t group = 0;
  };
  /// Times never go back. Rows of the same parties are summed first and reach their cells together.
  void add(const settled_facts& what, const attempt_parties& who, std::int64_t at_us, place& at);
  void add(const ledger_row& row) {
    place unknown;
    add(row.what, row.what.parties, row.at_us, unknown);
  }
  /// Brings what was added to its cells. Cells of periods that are over are let go.
  void fold();
  /// fold(), then puts every cell touched since into the batch.
  void write(write_batch& batch);
  /// Every cell held, as of the last fold().
  [[nodiscard]] const cells& held() const noexcept { return cells_; }
  /// For verifying: keeps the cells of all periods.
  void keep_all() noexcept { keep_all_ = true; }

 private:
  void enter(char period, std::uint32_t number);
  [[nodiscard]] std::size_t group_of(const attempt_parties& who);
  void add_to(char period, std::uint32_t number, dimension by, std::string_view name, const ledger_sums& sums);

  struct group {
    attempt_parties parties;
    ledger_sums sums;
  };
  std::vector<group> groups_;                    ///< added and not folded; in the order of their first rows
  std::unordered_map<std::string, std::size_t> known_groups_;   ///< by all names of the parties
  std::uint64_t fold_ = 1;                       ///< counts fold(); places of earlier ones are void
  std::string group_key_;
  std::int64_t groups_hour_ = 0;
  cells cells_;
  std::unordered_set<std::string> touched_;
  std::unordered_map<std::string, std::size_t> names_;   ///< by key without name: how many cells
  std::uint32_t hour_ = 0;
  std::uint32_t day_ = 0;
  bool keep_all_ = false;
};

[[nodiscard]] std::string rollup_prefix(char period, std::uint32_t number);
[[nodiscard]] std::string rollup_prefix(char period, std::uint32_t number, dimension by);
[[nodiscard]] result<ledger_sums> decode_sums(std::string_view key, std::string_view value);

}  // namespace switchyard::storage
