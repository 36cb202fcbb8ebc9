// What each virtual key has spent, with all keys below it, in the running hour, day, week, month and ever: kept in the same batch as the
// rows it adds up, so that budgets know after a crash what they knew before it. Absolute values, and none of it is dropped by retention.
//
//   spending  key   = the virtual key's name
//             value = record 1: parent, then for hour, day, week, month, total: the period's number, nano-dollars spent in it
//
// A row is charged to its key and to whoever was above it when the row was written; another parent later moves nothing.
#pragma once

#include "base/money.hpp"
#include "config/budget_periods.hpp"
#include "storage/store.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace switchyard::storage {

/// Child -> parent, of every virtual key that has one.
using key_parents = std::map<std::string, std::string, std::less<>>;

/// Not thread-safe: the ledger's.
class spending {
 public:
  [[nodiscard]] outcome load(const reader& from);
  /// From now on rows are charged along these.
  void set_parents(const key_parents& parents);
  void add(std::string_view virtual_key, nano_usd cost, std::int64_t at_us);
  /// Puts what changed since into the batch.
  void write(write_batch& batch);

 private:
  struct account {
    std::string parent;
    std::array<std::int64_t, 5> period{};        ///< number, by config::budget_period
    std::array<nano_usd, 5> spent{};
  };
  friend struct spending_record;
  std::unordered_map<std::string, account> accounts_;
  std::unordered_set<std::string> touched_;
};

/// As of the newest batch on disk; 0 for a key that never spent.
[[nodiscard]] result<nano_usd> spent_in(const reader& from, std::string_view virtual_key, config::budget_period period, wall_time now);

}  // namespace switchyard::storage
