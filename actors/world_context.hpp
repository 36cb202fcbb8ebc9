// What all actors of a node share beside messages: the wiring to the I/O side, the feed, and a few counters. No CAF.
#pragma once

#include "actors/actor_world.hpp"
#include "actors/cluster/board.hpp"
#include "actors/cluster/wiring.hpp"
#include "actors/ledger_writer.hpp"
#include "actors/request_record.hpp"
#include "actors/vector_book.hpp"
#include "actors/yard_feed.hpp"
#include "base/clock.hpp"
#include "routing/model_shelf.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace switchyard::actors {

/// Counts batches on their way through the actors, so that their number stays bounded and an ending node can wait for them.
class batch_gate {
 public:
  static constexpr int capacity = 64;

  /// Takes a place; false when all are taken.
  [[nodiscard]] bool enter() noexcept {
    if (inside_.fetch_add(1, std::memory_order_relaxed) < capacity) return true;
    leave();
    return false;
  }
  void leave() noexcept {
    if (inside_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const std::lock_guard guard(mutex_);
    empty_.notify_all();
  }
  [[nodiscard]] int inside() const noexcept { return inside_.load(std::memory_order_relaxed); }
  /// False when `at_most` passed first.
  bool wait_until_empty(milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, at_most, [this] { return inside_.load(std::memory_order_acquire) <= 0; });
  }

 private:
  std::atomic<int> inside_{0};
  std::mutex mutex_;
  std::condition_variable empty_;
};

/// Written by whoever sees it happen, read by `status` and the metrics.
struct world_counters {
  std::atomic<std::uint64_t> records_dropped{0};     ///< their batch found the gate full
  std::atomic<std::uint64_t> actor_restarts{0};
  std::atomic<std::uint64_t> config_version{0};      ///< configs applied so far
};

/// Who listens to live events. Any thread.
class listener_list {
 public:
  using listener = std::function<void(const std::string& json)>;
  static constexpr std::size_t capacity = 256;

  /// 0: no room.
  std::uint64_t add(listener who);
  /// After it returns the listener is not called any more (unless it is the caller).
  void remove(std::uint64_t subscription);
  [[nodiscard]] bool empty() const noexcept { return count_.load(std::memory_order_relaxed) == 0; }
  [[nodiscard]] int size() const noexcept { return count_.load(std::memory_order_relaxed); }
  /// Calls each in turn; one that throws is removed.
  void tell_all(const std::string& json);

 private:
  struct entry {
    std::recursive_mutex mutex;                  // recursive: a listener may unsubscribe itself
    listener who;                                // empty once removed
  };
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<entry>> entries_;
  std::uint64_t last_ = 0;
  std::atomic<int> count_{0};
};

/// Batches that were worked off, for the I/O threads to fill again: then what a record holds is freed by the thread that made it, and
/// allocators are at their best. Any thread.
class spent_batches {
 public:
  void put(std::vector<request_record> batch) {
    for (auto& record : batch) {                 // what they name may go with the next reload
      record.route.reset();
      for (auto& attempt : record.attempts) attempt.key.reset();
    }
    const std::lock_guard guard(mutex_);
    if (batches_.size() < capacity) batches_.push_back(std::move(batch));
  }
  /// Empty when there is none. The records in it mean nothing.
  [[nodiscard]] std::vector<request_record> take() {
    const std::lock_guard guard(mutex_);
    if (batches_.empty()) return {};
    auto batch = std::move(batches_.back());
    batches_.pop_back();
    return batch;
  }

 private:
  static constexpr std::size_t capacity = 4;     // about 150 KB each
  std::mutex mutex_;
  std::vector<std::vector<request_record>> batches_;
};

struct world_context {
  world_context(io_hooks io, std::shared_ptr<ledger_writer> writer, std::shared_ptr<cluster_wiring> nodes = nullptr)
      : hooks(std::move(io)), ledger(std::move(writer)), cluster(std::move(nodes)) {}

  const io_hooks hooks;
  const std::shared_ptr<ledger_writer> ledger;       ///< has a thread of its own
  const std::shared_ptr<routing::model_shelf> models = std::make_shared<routing::model_shelf>();   ///< loaded when a route needs them
  const std::shared_ptr<cluster_wiring> cluster;     ///< null: this node stands alone
  const std::shared_ptr<vector_book> vectors = std::make_shared<vector_book>();   ///< providers', for semantic stages
  const steady_time started = steady_now();
  yard_feed feed;                                    ///< the supervisor is the one writer
  batch_gate gate;
  spent_batches spent;
  listener_list listeners;
  world_counters counters;
  const std::shared_ptr<cluster_board> board = std::make_shared<cluster_board>();   ///< what the cluster's parts are left
};

/// A reported batch; its place in the gate is free again once every actor has let go of it.
class record_batch {
 public:
  /// The caller has entered the gate.
  record_batch(std::shared_ptr<world_context> world, std::vector<request_record> records)
      : records_(std::move(records)), world_(std::move(world)) {}
  ~record_batch() {
    world_->spent.put(std::move(records_));
    world_->gate.leave();
  }
  record_batch(const record_batch&) = delete;
  record_batch& operator=(const record_batch&) = delete;

  [[nodiscard]] const std::vector<request_record>& records() const noexcept { return records_; }

 private:
  std::vector<request_record> records_;
  std::shared_ptr<world_context> world_;
};

/// Carries an answer home exactly once: when nobody answered by the time the last copy dies, it says 504 itself.
class answer_once {
 public:
  explicit answer_once(std::function<void(admin_answer)> then) : then_(std::move(then)) {}
  ~answer_once();
  answer_once(const answer_once&) = delete;
  answer_once& operator=(const answer_once&) = delete;

  /// The first call counts.
  void operator()(admin_answer answer);

 private:
  std::atomic<bool> answered_{false};
  std::function<void(admin_answer)> then_;
};

}  // namespace switchyard::actors
