// A per-minute limit that any number of threads draw from without a lock: no 60-second window ever holds more than the limit.
// In a cluster it is shared: what other nodes let this one use is a second bound beside the node's own window.
#pragma once

#include "base/clock.hpp"
#include "routing/lease_allowance.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace switchyard::routing {

/// Sliding window of 61 one-second slots (the running second and the 60 before it), so that any 60 s hold <= limit.
/// A reservation may be settled later to what was really used; debt (settling above the estimate) is allowed and paid first.
///
/// Invariant: total_ >= the sum of all slots. A reservation enters total_ by compare-and-swap (that is where the limit holds) before
/// its slot, and leaves its slot before total_, so a thread that stalls in between can only make the limit stricter, never looser.
/// Invariant: a reservation is booked no earlier than any second whose emptying its compare-and-swap profited from (announced_ is raised
/// before slots are emptied). So a thread whose `now` was overtaken counts as of the newest second seen, which is when its call leaves.
class rate_limit {
 public:
  /// limit per minute; 0: unlimited.
  explicit rate_limit(std::int64_t limit) noexcept : limit_(limit) {}

  [[nodiscard]] std::int64_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
  /// A reload changed it; what was used stays used.
  void set_limit(std::int64_t limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }

  /// From now on nothing passes but what allowance() was lent. Not shared: allowance() is not looked at.
  void share(bool is_shared) noexcept { shared_.store(is_shared, std::memory_order_relaxed); }
  [[nodiscard]] bool shared() const noexcept { return shared_.load(std::memory_order_relaxed); }
  [[nodiscard]] lease_allowance& allowance() noexcept { return allowance_; }
  /// The provider's own word on what is left: other nodes hear of it.
  void provider_said(std::int64_t remaining) noexcept {
    if (shared()) allowance_.provider_said(remaining);
  }

  /// Takes `amount` or nothing. With an empty window one amount above the limit passes (a request larger than the
  /// whole minute's tokens would otherwise never run).
  [[nodiscard]] bool reserve(std::int64_t amount, steady_time now) noexcept;
  /// Corrects an earlier reservation by `actual - reserved` (negative gives back), booked in the second of `reserved_at`
  /// while the window still holds it.
  void settle(std::int64_t reserved, std::int64_t actual, steady_time reserved_at, steady_time now) noexcept;
  /// Used in the window that ends now.
  [[nodiscard]] std::int64_t used(steady_time now) const noexcept;
  /// max(0, limit - used) by this node's window; INT64_MAX when unlimited; 0 while it is shared and this node was lent nothing.
  [[nodiscard]] std::int64_t remaining(steady_time now) const noexcept;
  /// Would reserve() take it now? Looks only; a shared limit counts what it refuses as demand.
  [[nodiscard]] bool fits(std::int64_t amount, steady_time now) const noexcept;
  /// When `amount` will fit if nothing else is taken; 0: now. Of a shared limit: when the whole cluster's rate makes up for it, at the earliest.
  [[nodiscard]] milliseconds fits_in(std::int64_t amount, steady_time now) const noexcept;

 private:
  static constexpr std::size_t slots = 64;     // power of two > 61
  // A slot is one word, the second's low 24 bits above a 40-bit amount, so that emptying it can never hit a newer second's amount.
  using word = std::atomic<std::uint64_t>;

  [[nodiscard]] bool fits_window(std::int64_t amount, steady_time now) const noexcept;
  // Empties what has left the window at `second`; returns the newest second seen by any thread.
  std::int64_t advance(std::int64_t second) noexcept;
  void book(std::int64_t amount, std::int64_t second) noexcept;
  // Takes up to `amount` out of that second's slot; returns what was taken.
  std::int64_t unbook(std::int64_t amount, std::int64_t second) noexcept;

  std::atomic<std::int64_t> limit_;
  std::atomic<bool> shared_{false};
  alignas(64) std::atomic<std::int64_t> total_{0};
  std::atomic<std::int64_t> announced_{-1};    // the newest second anyone has begun to empty slots for
  std::atomic<std::int64_t> newest_{-1};       // the newest second for which that is done
  lease_allowance allowance_;
  std::array<word, slots> window_{};
};

}  // namespace switchyard::routing
