// The cluster's journals on the ledger's disk: written by the ledger's writer thread, in order, each group synced. No CAF.
//
// What could not be written is kept and written before anything newer: the disk always holds a prefix. `then` is not called before that.
#pragma once

#include "actors/ledger_writer.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace switchyard::actors {

class cluster_journal : public std::enable_shared_from_this<cluster_journal> {
 public:
  struct entry {
    std::string log;
    std::string bytes;
    bool replaces = false;                       ///< everything that stood in the log before goes
  };
  /// Does not keep the writer alive: what it runs on its thread must not end it.
  explicit cluster_journal(const std::shared_ptr<ledger_writer>& writer) : writer_(writer) {}

  /// Every record of the log that is on disk, oldest first. Blocks for the disk.
  void replay(const std::string& log, const std::function<void(const std::string& bytes)>& visit) const;
  /// `then` is called on the writer's thread once these and all before them survive power loss.
  void write(std::vector<entry> entries, std::function<void()> then);
  /// Tries again what the disk did not take; cheap when there is nothing.
  void retry();
  /// Entries that are not on disk yet.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct group {
    std::vector<entry> entries;
    std::function<void()> then;
  };
  void send_errand();
  [[nodiscard]] bool commit(storage::store& on);

  std::weak_ptr<ledger_writer> writer_;
  mutable std::mutex mutex_;
  std::vector<group> waiting_;
  bool under_way_ = false;
  std::map<std::string, std::uint64_t> last_;    // numbers used, by log; the writer thread's alone
};

}  // namespace switchyard::actors
