// How actors hand the yard to I/O threads: an epoch to compare, a pointer to copy when it changed.
#pragma once

#include "routing/yard.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace switchyard::actors {

/// One writer (the supervisor), many readers; a reader takes the lock only after a change.
class yard_feed {
 public:
  void publish(std::shared_ptr<const routing::yard> next) {
    {
      const std::lock_guard guard(mutex_);
      current_ = std::move(next);
    }
    epoch_.fetch_add(1, std::memory_order_release);
  }
  [[nodiscard]] std::shared_ptr<const routing::yard> current() const {
    const std::lock_guard guard(mutex_);
    return current_;
  }

  /// One per thread.
  class reader {
   public:
    explicit reader(const yard_feed& feed) : feed_(feed) {}
    /// Valid until the next get() on this thread; copy the pointer to keep it longer. Null before the first publication.
    [[nodiscard]] const std::shared_ptr<const routing::yard>& get() {
      const auto epoch = feed_.epoch_.load(std::memory_order_acquire);
      if (epoch != seen_) {
        current_ = feed_.current();
        seen_ = epoch;
      }
      return current_;
    }

   private:
    const yard_feed& feed_;
    std::uint64_t seen_ = 0;
    std::shared_ptr<const routing::yard> current_;
  };

 private:
  std::atomic<std::uint64_t> epoch_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<const routing::yard> current_;
};

}  // namespace switchyard::actors
