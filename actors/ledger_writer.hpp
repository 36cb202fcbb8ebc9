// The ledger's one writer: a thread of its own that takes entries from all I/O threads and commits them in groups. No CAF.
//
//   I/O threads --entries--> queue --> writer thread --one batch--> disk --> whoever waits for it
//
// While the disk does not take writes (full, failing) entries gather in memory up to a bound; the store is reopened twice a second
// until it works again. Nothing that was taken in is lost or doubled by that.
#pragma once

#include "actors/ledger_entry.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "storage/ledger.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace switchyard::actors {

class ledger_writer {
 public:
  /// Opens (and makes) DATA_DIR/ledger. An error's param is "lock" when another process has it open.
  [[nodiscard]] static result<std::shared_ptr<ledger_writer>> open(const config::config& config);
  /// Forgets everything with the process: for worlds without a disk.
  [[nodiscard]] static std::shared_ptr<ledger_writer> in_memory(const std::string& node);
  ~ledger_writer();
  ledger_writer(const ledger_writer&) = delete;
  ledger_writer& operator=(const ledger_writer&) = delete;

  /// `then` hears, on the writer's thread, whether the entries are durable (in the ledger after kill -9 and power loss).
  void submit(std::vector<ledger_entry> entries, std::function<void(bool)> then = {});
  /// One that was submitted and is done with, for its memory.
  [[nodiscard]] std::vector<ledger_entry> empty_batch();
  /// Commits what was submitted and ends the thread; later entries are refused.
  void stop();
  void configure(const config::ledger_section& section);
  /// Runs on the writer's thread, between two commits: for whatever else is kept in the ledger's store or told to the ledger.
  using errand = std::function<void(storage::ledger&, storage::store&)>;
  /// False: it has stopped, and the errand is not run.
  bool send(errand what);
  /// Must an answer's last byte wait for its row?
  [[nodiscard]] bool holds_answers() const noexcept { return sync_.load(std::memory_order_relaxed); }

  /// For questions (storage/ledger_query.hpp). Any thread; let go of it soon, and on the thread that took it.
  [[nodiscard]] std::unique_ptr<storage::reader> snapshot() const { return store_->snapshot(); }
  [[nodiscard]] const storage::store& newest() const noexcept { return *store_; }
  /// Writes DIR/ledger, a copy as of now. DIR must not exist.
  [[nodiscard]] outcome backup(const std::string& folder) const;

  struct figures {
    std::uint64_t rows = 0;                      ///< settled since the start, orphans included
    std::uint64_t dropped = 0;                   ///< entries that found no room in memory
    std::uint64_t refused = 0;                   ///< settlements of what was not open
    std::uint64_t waiting = 0;                   ///< entries that are not on disk yet
    bool writing = true;                         ///< false: the disk does not take writes
  };
  [[nodiscard]] figures now() const noexcept;
  /// The ledger's incarnation, and how many rows of it are on disk.
  [[nodiscard]] std::uint64_t incarnation() const noexcept { return incarnation_; }
  [[nodiscard]] std::uint64_t durable_rows() const noexcept { return durable_rows_.load(std::memory_order_acquire); }

 private:
  struct submission {
    std::vector<ledger_entry> entries;
    std::function<void(bool)> then;
  };
  ledger_writer(std::unique_ptr<storage::store> on, std::unique_ptr<storage::ledger> ledger);
  void run();
  void take(std::vector<submission>& batch);
  void enter(const ledger_entry& entry, std::int64_t now_us);
  [[nodiscard]] storage::known_parties& know(const ledger_entry& entry);
  [[nodiscard]] bool commit();
  void keep_house();

  std::unique_ptr<storage::store> store_;
  std::unique_ptr<storage::ledger> ledger_;      ///< the writer thread's alone
  const std::uint64_t incarnation_;
  std::atomic<std::uint64_t> durable_rows_;
  std::atomic<bool> sync_{false};
  std::atomic<std::int64_t> retention_ms_{0};
  std::atomic<std::uint64_t> rows_{0}, dropped_{0}, refused_{0}, waiting_{0};
  std::atomic<bool> writing_{true};

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<submission> queue_;
  std::vector<std::vector<ledger_entry>> empty_batches_;
  std::vector<errand> errands_;
  bool stopping_ = false;
  /// Of the entries of one batch, whose names are where they are.
  struct named {
    const routing::key_entry* key = nullptr;
    const routing::route_entry* route = nullptr;
    const routing::virtual_key_entry* virtual_key = nullptr;
    const std::map<std::string, std::string>* tags = nullptr;
    const std::string* model = nullptr;
    storage::known_parties* who = nullptr;
  };
  std::array<named, 8> lately_{};
  std::size_t next_lately_ = 0;
  steady_time next_try_{};                       ///< while not writing_
  steady_time last_commit_{};
  steady_time next_retention_{};
  std::thread thread_;
};

}  // namespace switchyard::actors
