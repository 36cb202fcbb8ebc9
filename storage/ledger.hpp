// The cost ledger: RESERVE before a provider is called, SETTLE exactly once per attempt, in rows chained by hash, with roll-ups that equal
// the rows' sums because both are written in one batch.
//
//   meta  "format"            = "1"
//         "head"              = record 1: incarnation, rows of it, last row's hash (16 bytes), its at_us
//         "tail"              = record 1: hash (16 bytes) of the row before the first one kept
//         "m" minute (u32)    = key of the first row settled in that minute or later: where a search by time begins
#pragma once

#include "storage/ledger_row.hpp"
#include "storage/rollups.hpp"
#include "storage/row_run.hpp"
#include "storage/spending.hpp"
#include "storage/store.hpp"

#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace switchyard::storage {

/// Parties that many rows have in common, and what is made of them once for all of these.
struct known_parties {
  attempt_parties names;
  std::string record;                            ///< their fields in a row
  rollups::place sums;
  nano_usd spent = 0;                            ///< by rows of the batch being prepared, if there is a virtual key
};

/// RESERVE without the parties.
struct opening_facts {
  attempt_key id;
  std::int64_t at_us = 0;
  std::int64_t input_tokens = 0;
  std::optional<nano_usd> reserved;
};

/// One thread writes; commit() makes what was staged durable, in order. `now` comes in; no clock here.
class ledger {
 public:
  struct opened {
    std::unique_ptr<ledger> value;
    std::size_t orphans = 0;                     ///< attempts whose process died; settled as unknown, charged as reserved
  };
  /// Begins a new incarnation: one above the last, in a ledger that is new `first_incarnation`. Fails on damage and on a format of a later version;
  /// changes nothing then.
  [[nodiscard]] static result<opened> open(store& on, std::string node, wall_time now, std::uint64_t first_incarnation = 1);
  /// The next open() begins an incarnation above `used`: rows of a restored ledger are not named as rows were that the backup knows nothing of.
  [[nodiscard]] static outcome skip_incarnations(store& on, std::uint64_t used);

  /// For the three below, until the next commit(): whoever names the same parties again and again asks once.
  [[nodiscard]] known_parties& know(attempt_parties who);

  /// RESERVE. False: that attempt was reserved already.
  bool reserve(const opening_facts& what, known_parties& who);
  bool reserve(open_attempt what);
  /// SETTLE. False, and nothing is changed: no such attempt is open (it was settled already, or never reserved).
  bool settle(const settled_facts& what, known_parties& who);
  bool settle(settlement what) { return settle(what, know(std::move(what.parties))); }
  /// RESERVE and SETTLE at once, of an attempt that was over before anybody asked for its reservation to be kept. False: it is open.
  bool book(const settled_facts& what, known_parties& who);
  bool book(settlement what) { return book(what, know(std::move(what.parties))); }
  /// Writes everything staged as one batch. After a failure it stays staged, and commit() tries again; after a failure for want of space
  /// only recover() helps.
  [[nodiscard]] outcome commit(wall_time now, survives what);
  /// Reopens the store and finds out whether a batch whose write failed is on disk after all.
  [[nodiscard]] outcome recover();
  /// Drops whole days that are older than `keep`, rows and roll-ups.
  [[nodiscard]] outcome retain(milliseconds keep, wall_time now);

  /// Which virtual keys stand above which: rows count towards the spending of all of them.
  void set_parents(const key_parents& parents) { spending_.set_parents(parents); }

  /// This incarnation's newest rows, where keep() was called; the last ones may not be on disk yet.
  [[nodiscard]] recent_rows& recent() noexcept { return recent_; }

  [[nodiscard]] std::size_t staged() const noexcept { return reserved_.size() + rows_.size() + prepared_rows_; }
  [[nodiscard]] std::size_t open_attempts() const noexcept { return reserved_.size() + open_.size(); }
  [[nodiscard]] const std::string& node() const noexcept { return node_; }
  [[nodiscard]] std::uint64_t incarnation() const noexcept { return head_.incarnation; }
  /// Of this incarnation, on disk.
  [[nodiscard]] std::uint64_t rows() const noexcept { return written_.rows; }

  struct head {
    std::uint64_t incarnation = 0;
    std::uint64_t rows = 0;
    row_hash last{};
    std::int64_t at_us = 0;
    friend bool operator==(const head&, const head&) = default;
  };
  /// nullopt: the ledger was never written.
  [[nodiscard]] static result<std::optional<head>> read_head(const reader& from);
  /// The hash of the row before the first one kept; zeros: none was dropped.
  [[nodiscard]] static result<row_hash> read_tail(const reader& from);

  /// Of a ledger that is made of rows (ledger_rebuild): its newest row, the hash of the row before its first, and the mark of a minute's first row.
  static void put_ends(write_batch& batch, const head& newest, const row_hash& before_first);
  [[nodiscard]] static std::int64_t minute_of(std::int64_t at_us) noexcept;
  static void put_minute(write_batch& batch, std::int64_t minute, std::string_view row_key);

 private:
  ledger(store& on, std::string node) : store_(on), node_(std::move(node)) {}
  [[nodiscard]] outcome begin(wall_time now, std::uint64_t first_incarnation, std::size_t& orphans);
  void prepare(wall_time now);
  void prepare_row(const settled_facts& what, known_parties& who, bool as_reserved, std::int64_t at_us);
  void charge_spenders(std::int64_t at_us);
  void put_head();

  store& store_;
  const std::string node_;
  head head_;                                    ///< as of the prepared batch
  head written_;                                 ///< as of the last batch that is known to be on disk
  rollups rollups_;
  recent_rows recent_;
  spending spending_;
  std::int64_t indexed_minute_ = -1;
  struct staged_row {
    settled_facts what;
    known_parties* who;
  };
  struct staged_opening {
    opening_facts what;
    known_parties* who;
  };
  std::unordered_map<std::string, known_parties> known_;                       ///< by `record`
  std::vector<known_parties*> spenders_;                                       ///< whose `spent` is not 0
  std::unordered_map<attempt_key, staged_opening, attempt_key_hash> reserved_; ///< staged, not on disk
  std::unordered_set<attempt_key, attempt_key_hash> open_;                     ///< on disk or in the prepared batch
  std::vector<staged_row> rows_;                                               ///< staged
  std::vector<attempt_key> closed_;                                            ///< of rows_, those whose reservation is on disk
  write_batch prepared_;                         ///< not empty: its write failed or is under way
  std::size_t prepared_rows_ = 0;
  std::string row_;                              ///< key and value of what is being prepared; kept for its memory
};

}  // namespace switchyard::storage
