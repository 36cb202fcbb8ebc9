// RocksDB behind the contract. What is not default, and why:
//   - info_log is ours: RocksDB's own log file writer aborts the process when the disk is full.
//   - wal_recovery_mode kTolerateCorruptedTailRecords: a torn tail is what a crash leaves; damage before it is refused, where the default
//     would drop all that follows without a word.
//   - manual_wal_flush stays off: every acknowledged write has left the process.
#include "storage/rocks_store.hpp"

#include "base/log.hpp"
#include "storage/rocksdb_crc32c.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <shared_mutex>

namespace switchyard::storage {

namespace {

namespace files = std::filesystem;

// Memory, so that a node stays small: a table has at most two buffers, of which one is on its way to the disk. 2 MiB hold about 5,000 rows.
constexpr std::size_t rows_buffer_bytes = 2u << 20;
constexpr std::size_t other_buffer_bytes = 512u << 10;
constexpr std::uint64_t least_blob_bytes = 4u << 10;
constexpr std::uint64_t blob_file_bytes = 32u << 20;
constexpr std::size_t buffer_piece_bytes = 512u << 10;     // what a buffer grows by; as tools/switchyard's limit, so that it is given back whole
constexpr std::size_t block_cache_bytes = 4u << 20;        // only questions read
constexpr std::size_t most_kept_batch_bytes = 1u << 20;
constexpr std::uint64_t most_wal_bytes = 64u << 20;

// RocksDB asserts that even an empty slice points somewhere.
rocksdb::Slice slice(std::string_view text) noexcept { return text.empty() ? rocksdb::Slice() : rocksdb::Slice(text.data(), text.size()); }
std::string_view view(const rocksdb::Slice& text) noexcept { return {text.data(), text.size()}; }

/// Hands RocksDB's warnings to our log and keeps nothing on disk.
class our_log final : public rocksdb::Logger {
 public:
  our_log() : Logger(rocksdb::WARN_LEVEL) {}
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < rocksdb::WARN_LEVEL || level == rocksdb::HEADER_LEVEL) return;
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    if (level >= rocksdb::ERROR_LEVEL)
      log::warn("rocksdb", text);
    else
      log::debug("rocksdb", text);
  }
};

rocksdb::ColumnFamilyOptions options_of(table which) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = which == table::ledger_rows || which == table::kept_rows ? rows_buffer_bytes : other_buffer_bytes;
  options.arena_block_size = buffer_piece_bytes;
  // Where a key goes is sought from where the last one like it went: sums and the head are written over and over, open attempts come by
  // time (their first 4 bytes change every 65 s). Rows only ever go to the end, which is found without.
  if (which == table::open_attempts)
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(4));
  else if (which != table::ledger_rows)
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewNoopTransform());
  static const auto compressions = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::find(compressions.begin(), compressions.end(), rocksdb::kLZ4Compression) != compressions.end();
  options.compression = lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  if (which == table::kept_rows) {
    // Runs of rows that hardly anyone reads: written once beside the keys, so that no compaction copies them again.
    options.enable_blob_files = true;
    options.min_blob_size = least_blob_bytes;
    options.blob_file_size = blob_file_bytes;
    options.blob_compression_type = rocksdb::kNoCompression;   // they are packed
    options.enable_blob_garbage_collection = true;
  }
  static const auto cache = rocksdb::NewLRUCache(block_cache_bytes);
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.block_size = 16u << 10;
  if (which == table::open_attempts) blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return options;
}

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.info_log = std::make_shared<our_log>();
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_total_wal_size = most_wal_bytes;
  options.allow_fallocate = false;               // reserved space would fill a small disk before anything is written
  options.max_background_jobs = 2;
  options.max_open_files = 32;                   // each costs memory; rows are hardly ever read
  options.bytes_per_sync = 1u << 20;
  options.allow_concurrent_memtable_write = false;   // one thread writes: no locks and no atomics for more
  options.enable_write_thread_adaptive_yield = false;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

error said(const char* doing, const rocksdb::Status& status) {
  const bool mendable = status.IsNoSpace() || status.IsIOError() || status.IsTimedOut() || status.IsBusy() || status.IsTryAgain();
  return storage_error(std::string(doing) + ": " + status.ToString(), mendable);
}

outcome walk(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, const rocksdb::Snapshot* as_of, std::string_view from, std::string_view to,
             bool back, const reader::visitor& visit) {
  rocksdb::ReadOptions options;
  options.snapshot = as_of;
  options.fill_cache = false;
  rocksdb::Slice lower = slice(from);
  rocksdb::Slice upper = slice(to);
  options.iterate_lower_bound = &lower;
  if (!to.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(options, family));
  for (back ? at->SeekToLast() : at->Seek(lower); at->Valid(); back ? at->Prev() : at->Next())
    if (!visit(view(at->key()), view(at->value()))) return done{};
  if (!at->status().ok()) return said("reading", at->status());
  return done{};
}

result<std::optional<std::string>> look_up(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, const rocksdb::Snapshot* as_of, std::string_view key) {
  rocksdb::ReadOptions options;
  options.snapshot = as_of;
  std::string value;
  const auto status = db.Get(options, family, slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return said("reading", status);
  return std::optional<std::string>(std::move(value));
}

class rocks_store final : public store {
 public:
  explicit rocks_store(std::string folder) : folder_(std::move(folder)) {}
  ~rocks_store() override { close(); }

  rocksdb::Status open() {
    std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
    for (const auto which : every_table) wanted.emplace_back(std::string(to_string(which)), options_of(which));
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(database_options(), folder_, wanted, &handles, &db);
    if (!status.ok()) return status;
    db_.reset(db);
    std::copy(handles.begin(), handles.end(), families_.begin());
    return status;
  }

  result<std::optional<std::string>> get(table where, std::string_view key) const override {
    const std::shared_lock guard(mutex_);
    if (!db_) return closed();
    return look_up(*db_, family(where), nullptr, key);
  }
  outcome scan(table where, std::string_view from, std::string_view to, const visitor& visit) const override {
    const std::shared_lock guard(mutex_);
    if (!db_) return closed();
    return walk(*db_, family(where), nullptr, from, to, false, visit);
  }
  outcome scan_back(table where, std::string_view from, std::string_view to, const visitor& visit) const override {
    const std::shared_lock guard(mutex_);
    if (!db_) return closed();
    return walk(*db_, family(where), nullptr, from, to, true, visit);
  }

  outcome write(const write_batch& batch, survives what) override {
    const std::shared_lock guard(mutex_);
    if (!db_) return closed();
    changes_.Clear();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto change = batch[i];
      auto* const where = family(change.where);
      rocksdb::Status status;
      switch (change.what) {
        case write_batch::kind::put: status = changes_.Put(where, slice(change.key), slice(change.value)); break;
        case write_batch::kind::erase: status = changes_.Delete(where, slice(change.key)); break;
        case write_batch::kind::erase_range: status = changes_.DeleteRange(where, slice(change.key), slice(change.value)); break;
      }
      if (!status.ok()) return said("writing", status);
    }
    rocksdb::WriteOptions options;
    options.sync = what == survives::power;
    const auto status = db_->Write(options, &changes_);
    if (changes_.GetDataSize() > most_kept_batch_bytes) changes_ = rocksdb::WriteBatch();
    if (!status.ok()) return said("writing", status);
    return done{};
  }

  std::unique_ptr<reader> snapshot() const override;

  outcome checkpoint(const std::string& folder) override {
    const std::shared_lock guard(mutex_);
    if (!db_) return closed();
    rocksdb::Checkpoint* made = nullptr;
    if (const auto status = rocksdb::Checkpoint::Create(db_.get(), &made); !status.ok()) return said("checkpoint", status);
    const std::unique_ptr<rocksdb::Checkpoint> owner(made);
    if (const auto status = made->CreateCheckpoint(folder); !status.ok()) return said("checkpoint", status);
    return done{};
  }

  outcome reopen() override {
    const std::unique_lock guard(mutex_);
    close();
    if (const auto status = open(); !status.ok()) return said("opening", status);
    return done{};
  }

 private:
  friend class rocks_snapshot;
  static error closed() { return storage_error("the store is closed after a failure", true); }
  rocksdb::ColumnFamilyHandle* family(table which) const noexcept { return families_[static_cast<std::size_t>(which)]; }
  void close() {
    if (!db_) return;
    for (auto*& handle : families_) db_->DestroyColumnFamilyHandle(std::exchange(handle, nullptr));
    (void)db_->Close();
    db_.reset();
  }

  const std::string folder_;
  mutable std::shared_mutex mutex_;              ///< exclusive for reopen() only
  std::unique_ptr<rocksdb::DB> db_;              ///< null: closed
  rocksdb::WriteBatch changes_;                  ///< of write(), which one thread calls: kept for its memory
  std::array<rocksdb::ColumnFamilyHandle*, std::size(every_table)> families_{};
};

/// Keeps the store from being reopened for as long as it lives.
class rocks_snapshot final : public reader {
 public:
  explicit rocks_snapshot(const rocks_store& from) : from_(from), guard_(from.mutex_), as_of_(from.db_ ? from.db_->GetSnapshot() : nullptr) {}
  ~rocks_snapshot() override {
    if (as_of_ != nullptr) from_.db_->ReleaseSnapshot(as_of_);
  }
  rocks_snapshot(const rocks_snapshot&) = delete;
  rocks_snapshot& operator=(const rocks_snapshot&) = delete;

  result<std::optional<std::string>> get(table where, std::string_view key) const override {
    if (as_of_ == nullptr) return rocks_store::closed();
    return look_up(*from_.db_, from_.family(where), as_of_, key);
  }
  outcome scan(table where, std::string_view from, std::string_view to, const visitor& visit) const override {
    if (as_of_ == nullptr) return rocks_store::closed();
    return walk(*from_.db_, from_.family(where), as_of_, from, to, false, visit);
  }
  outcome scan_back(table where, std::string_view from, std::string_view to, const visitor& visit) const override {
    if (as_of_ == nullptr) return rocks_store::closed();
    return walk(*from_.db_, from_.family(where), as_of_, from, to, true, visit);
  }

 private:
  const rocks_store& from_;
  std::shared_lock<std::shared_mutex> guard_;
  const rocksdb::Snapshot* as_of_;
};

std::unique_ptr<reader> rocks_store::snapshot() const { return std::make_unique<rocks_snapshot>(*this); }

std::string free_name_beside(const std::string& folder) {
  for (int n = 1;; ++n)
    if (auto name = folder + ".damaged-" + std::to_string(n); !files::exists(name)) return name;
}

}  // namespace

result<std::unique_ptr<store>> open_rocks_store(const std::string& folder, on_damage damage) {
  std::error_code bad;
  files::create_directories(folder, bad);
  if (bad) return storage_error("cannot make the folder " + folder + ": " + bad.message());
  if (rocksdb::crc32c::Extend(0, "123456789", 9) != 0xE3069283u) return storage_error("checksums come out wrong on this processor");   // also: ours is the one that is linked
  auto made = std::make_unique<rocks_store>(folder);
  auto status = made->open();
  if (status.ok()) return std::unique_ptr<store>(std::move(made));
  const auto text = status.ToString();
  if (text.find("lock") != std::string::npos && (status.IsIOError() || status.IsBusy())) {
    auto what = storage_error(folder + " is in use by another process (its LOCK is held); end that process or choose another data_dir");
    what.param = "lock";
    return what;
  }
  const bool damaged = status.IsCorruption() || status.IsPathNotFound() || status.IsInvalidArgument() || text.find("No such file") != std::string::npos;
  if (!damaged) return said(("opening " + folder).c_str(), status);
  if (damage == on_damage::refuse)
    return storage_error(folder + " is damaged (" + text + "). Nothing was changed. Restore a backup: switchyardctl restore BACKUP --data-dir DIR; or move the "
                         "folder away to begin an empty one, and keep it: what is readable can be recovered");
  const auto aside = free_name_beside(folder);
  files::rename(folder, aside, bad);
  if (bad) return storage_error(folder + " is damaged (" + text + ") and cannot be renamed: " + bad.message());
  log::warn("storage_set_aside", "a damaged store was set aside and a new one begun", {{"folder", folder}, {"kept_as", aside}, {"why", text}});
  files::create_directories(folder, bad);
  status = made->open();
  if (!status.ok()) return said(("opening " + folder).c_str(), status);
  return std::unique_ptr<store>(std::move(made));
}

}  // namespace switchyard::storage
