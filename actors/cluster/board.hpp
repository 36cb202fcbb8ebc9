// Where other threads leave what the parts of the cluster take with their next tick. A node that stands alone leaves nothing there. No CAF.
#pragma once

#include "cluster/record_messages.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::actors {

/// From any thread to one that looks in now and then.
template <class T>
class hand_over {
 public:
  explicit hand_over(std::size_t capacity = 1024) : capacity_(capacity) {}

  /// Somebody takes from now on.
  void attend() noexcept { attended_.store(true, std::memory_order_release); }
  [[nodiscard]] bool attended() const noexcept { return attended_.load(std::memory_order_acquire); }
  /// False, and `what` is as it was: nobody takes, or there is no room.
  bool put(T&& what) {
    if (!attended()) return false;
    const std::lock_guard guard(mutex_);
    if (waiting_.size() >= capacity_) return false;
    waiting_.push_back(std::move(what));
    return true;
  }
  [[nodiscard]] std::vector<T> take() {
    const std::lock_guard guard(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  const std::size_t capacity_;
  std::atomic<bool> attended_{false};
  std::mutex mutex_;
  std::vector<T> waiting_;
};

/// How a change of the configuration ended.
struct config_verdict {
  enum class kind { in_force, refused, conflict, unavailable };
  kind what = kind::in_force;
  std::string why;
  std::string version;                           ///< what is in force now
};

/// A configuration for the whole cluster, from the admin API or from this node's own file.
struct config_proposal {
  enum class origin { admin, file };
  origin from = origin::admin;
  std::string text;
  std::string if_version;                        ///< only if that is in force; empty: whichever is
  std::function<void(config_verdict)> then;      ///< once, on any thread
};

/// Answers of the cache to be forgotten on all nodes; each "" for any.
struct cache_clear_wish {
  std::string route, tenant, tag;
};

struct cluster_board {
  hand_over<cluster::shared_record> virtual_keys{100'000};   ///< changed here by the admin API, and on disk
  /// Whoever owns the virtual keys begins, and knows what is on disk: it may have been told of more.
  std::atomic<bool> virtual_keys_begin{false};
  hand_over<config_proposal> configs{16};
  hand_over<cache_clear_wish> cache_clears{1024};            ///< done on this node already

  /// Of the configuration that the cluster has committed and this node has in force; empty: none, or no cluster.
  [[nodiscard]] std::string config_version() const {
    const std::lock_guard guard(mutex_);
    return config_version_;
  }
  void config_in_force(std::string version) {
    const std::lock_guard guard(mutex_);
    config_version_ = std::move(version);
  }
  /// Why this node goes on with another configuration than the one that the cluster has committed; empty: it does not.
  [[nodiscard]] std::string config_problem() const {
    const std::lock_guard guard(mutex_);
    return config_problem_;
  }
  void config_cannot_be_applied(std::string why) {
    const std::lock_guard guard(mutex_);
    config_problem_ = std::move(why);
  }

 private:
  mutable std::mutex mutex_;
  std::string config_version_;
  std::string config_problem_;
};

}  // namespace switchyard::actors
