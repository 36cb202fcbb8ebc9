// The key-value contract: tables of ordered bytes, atomic batches, snapshots, checkpoints. One contract, two backends
// (rocks_store, memory_store), one test for both.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::storage {

/// A set of keys of its own; RocksDB: a column family. New ones go to the end; FORMAT.md says what stands in each.
enum class table : std::uint8_t { meta, open_attempts, ledger_rows, rollups, virtual_keys, spending, cluster, kept_rows };
inline constexpr table every_table[] = {table::meta,         table::open_attempts, table::ledger_rows, table::rollups,
                                        table::virtual_keys, table::spending,      table::cluster,     table::kept_rows};
[[nodiscard]] std::string_view to_string(table which) noexcept;

/// What a write survives. `process`: this process's death (kill -9). `power`: the machine's, too; costs an fsync.
enum class survives { process, power };

/// Changes that take effect together or not at all. Their bytes stand in one string, which a batch that is used again keeps.
class write_batch {
 public:
  enum class kind : std::uint8_t { put, erase, erase_range };
  struct change {
    kind what;
    table where;
    std::string_view key;
    std::string_view value;                      ///< erase_range: the end, not erased itself
  };

  void put(table where, std::string_view key, std::string_view value) { append(kind::put, where, key, value); }
  /// The value is `head` and `rest`, one behind the other.
  void put(table where, std::string_view key, std::string_view head, std::string_view rest) {
    bytes_.reserve(bytes_.size() + key.size() + head.size() + rest.size());
    append(kind::put, where, key, head);
    places_.back().value += static_cast<std::uint32_t>(rest.size());
    bytes_.append(rest);
  }
  void erase(table where, std::string_view key) { append(kind::erase, where, key, {}); }
  /// Every key in [from, to); `to` is not empty.
  void erase_range(table where, std::string_view from, std::string_view to) { append(kind::erase_range, where, from, to); }
  void clear() noexcept {
    places_.clear();
    bytes_.clear();
  }

  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  /// Of all keys and values.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }
  /// The `index`-th change; a later change of a key wins. The views die with the next change of the batch.
  [[nodiscard]] change operator[](std::size_t index) const noexcept {
    const auto& at = places_[index];
    const std::string_view all = bytes_;
    return {at.what, at.where, all.substr(at.from, at.key), all.substr(at.from + at.key, at.value)};
  }

 private:
  struct place {
    std::size_t from;
    std::uint32_t key, value;                    ///< bytes
    kind what;
    table where;
  };
  void append(kind what, table where, std::string_view key, std::string_view value) {
    places_.push_back({bytes_.size(), static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size()), what, where});
    bytes_.append(key).append(value);
  }

  std::vector<place> places_;
  std::string bytes_;
};

/// Reads one state of the whole store. Any thread.
class reader {
 public:
  /// False ends the scan. The views die with the call.
  using visitor = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~reader() = default;
  /// nullopt: no such key.
  [[nodiscard]] virtual result<std::optional<std::string>> get(table where, std::string_view key) const = 0;
  /// Keys in [from, to), ascending bytes; `to` empty: to the end.
  [[nodiscard]] virtual outcome scan(table where, std::string_view from, std::string_view to, const visitor& visit) const = 0;
  /// The same, descending from the greatest key below `to`.
  [[nodiscard]] virtual outcome scan_back(table where, std::string_view from, std::string_view to, const visitor& visit) const = 0;
};

/// Reads what is newest. Any thread may read; writes and reopen() come from one thread.
class store : public reader {
 public:
  /// Failures leave the store as it was; what of the batch is on disk is not visible, and after a failure for want of space every write
  /// fails until reopen().
  [[nodiscard]] virtual outcome write(const write_batch& batch, survives what) = 0;
  /// The state as of now, unchanged by later writes. Must be gone before the store is, and before reopen().
  [[nodiscard]] virtual std::unique_ptr<reader> snapshot() const = 0;
  /// A copy as of now that can be opened as a store. `folder` must not exist; its parent must.
  [[nodiscard]] virtual outcome checkpoint(const std::string& folder) = 0;
  /// Closes and opens: the way out of a full disk. Everything acknowledged is there again; a failure leaves the store closed (every
  /// call fails) until a later reopen() succeeds.
  [[nodiscard]] virtual outcome reopen() = 0;
};

/// A failure of the storage; `retryable` when space or a reopen can mend it.
[[nodiscard]] error storage_error(std::string message, bool retryable = false);
/// The least key above all that begin with `prefix`; "" when there is none.
[[nodiscard]] std::string after_prefix(std::string_view prefix);

}  // namespace switchyard::storage
