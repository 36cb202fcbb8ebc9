// What this node may use now of a limit that it shares with other nodes, as the request path sees it: one word, changed by compare-and-swap.
//
//   word = until (28 bits, in 2^20 ns, modulo 2^28) above level (36 bits, two's complement)
//
// level: tokens lent and not taken yet; below 0 it is debt, and nothing passes. until: from then on they are void, whoever still sees them: a
// process that was stopped finds nothing.
// Invariant: level and until change together, so a token is taken before the end that it was lent with. What was used is what the level fell
// by: there is no second counter that could disagree.
#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace switchyard::routing {

/// Any thread takes; one thread lends.
class lease_allowance {
 public:
  /// Most that one call may take, and that may be lent.
  static constexpr std::int64_t most = std::int64_t{1} << 32;

  // -- the request path --------------------------------------------------------------------------------------------------
  /// Takes `amount` or nothing. An amount above `enough` passes when that much is there; the rest is debt.
  [[nodiscard]] bool take(std::int64_t amount, steady_time now) noexcept {
    auto seen = word_.load(std::memory_order_acquire);
    while (is_enough(seen, amount, now))
      if (word_.compare_exchange_weak(seen, pack(until_in(seen), level_in(seen) - amount), std::memory_order_acq_rel)) return true;
    note_refused(amount);
    return false;
  }
  /// Looks only, and counts as demand when it is refused: who finds nothing here asks nobody else for it.
  [[nodiscard]] bool fits(std::int64_t amount, steady_time now) const noexcept {
    if (has(amount, now)) return true;
    note_refused(amount);
    return false;
  }
  [[nodiscard]] bool has(std::int64_t amount, steady_time now) const noexcept { return is_enough(word_.load(std::memory_order_acquire), amount, now); }
  /// Something that was taken turned out to be `actual`: more is debt at once, less goes back by way of the lender.
  void settle(std::int64_t reserved, std::int64_t actual, steady_time now) noexcept {
    if (actual < reserved) refunded_.fetch_add(reserved - actual, std::memory_order_relaxed);
    if (actual <= reserved) return;
    auto seen = word_.load(std::memory_order_acquire);
    while (is_young(seen, now))
      if (word_.compare_exchange_weak(seen, pack(until_in(seen), level_in(seen) - (actual - reserved)), std::memory_order_acq_rel)) return;
    owed_.fetch_add(actual - reserved, std::memory_order_relaxed);
  }
  /// The provider's own word on what is left.
  void provider_said(std::int64_t remaining) noexcept {
    auto least = said_.load(std::memory_order_relaxed);
    while (remaining < least && !said_.compare_exchange_weak(least, remaining, std::memory_order_relaxed)) {
    }
  }
  /// 0 when it is void; below 0: debt.
  [[nodiscard]] std::int64_t level(steady_time now) const noexcept {
    const auto seen = word_.load(std::memory_order_acquire);
    return is_young(seen, now) ? level_in(seen) : std::min<std::int64_t>(level_in(seen), 0);
  }

  // -- the lender --------------------------------------------------------------------------------------------------------
  struct news {
    std::int64_t refused = 0;
    std::int64_t largest_refused = 0;            ///< at most `enough`
    std::int64_t owed = 0;                       ///< used above what was reserved, while nothing was lent
    std::int64_t refunded = 0;
    std::int64_t said = no_word;                 ///< the least that the provider named
  };
  static constexpr std::int64_t no_word = INT64_MAX;
  [[nodiscard]] bool has_news() const noexcept {
    return refused_.load(std::memory_order_relaxed) != 0 || owed_.load(std::memory_order_relaxed) != 0 || refunded_.load(std::memory_order_relaxed) != 0 ||
           said_.load(std::memory_order_relaxed) != no_word;
  }
  /// Since the last call.
  [[nodiscard]] news take_news() noexcept {
    return {refused_.exchange(0, std::memory_order_relaxed), largest_.exchange(0, std::memory_order_relaxed), owed_.exchange(0, std::memory_order_relaxed),
            refunded_.exchange(0, std::memory_order_relaxed), said_.exchange(no_word, std::memory_order_relaxed)};
  }
  /// As it stands, void or not.
  [[nodiscard]] std::int64_t lent_level() const noexcept { return level_in(word_.load(std::memory_order_acquire)); }
  /// Takes `amount` back, if the level is still `seen`: what is left may be used meanwhile. False: something was taken since.
  [[nodiscard]] bool take_back(std::int64_t seen, std::int64_t amount) noexcept {
    auto word = word_.load(std::memory_order_acquire);
    return level_in(word) == seen && word_.compare_exchange_strong(word, pack(until_in(word), seen - amount), std::memory_order_acq_rel);
  }
  /// Takes all of it back: whoever asks from now on is refused until the next lend(). Returns the level.
  std::int64_t withdraw() noexcept { return level_in(word_.exchange(0, std::memory_order_acq_rel)); }
  /// Changes the level by `by` and says until when all that stands there may be used.
  void lend(std::int64_t by, steady_time until) noexcept {
    auto seen = word_.load(std::memory_order_acquire);
    while (!word_.compare_exchange_weak(seen, pack(tick_of(until), level_in(seen) + by), std::memory_order_acq_rel)) {
    }
  }
  void set_enough(std::int64_t amount) noexcept { enough_.store(std::max<std::int64_t>(amount, 1), std::memory_order_relaxed); }

 private:
  static constexpr int level_bits = 36;
  static constexpr std::uint64_t level_mask = (std::uint64_t{1} << level_bits) - 1;
  static constexpr std::uint64_t until_mask = (std::uint64_t{1} << (64 - level_bits)) - 1;
  static constexpr std::uint64_t longest = 4096;               // ticks: twice what leases live

  static std::uint64_t tick_of(steady_time at) noexcept { return static_cast<std::uint64_t>(to_ns(at)) >> 20 & until_mask; }
  static std::uint64_t until_in(std::uint64_t word) noexcept { return word >> level_bits; }
  static std::int64_t level_in(std::uint64_t word) noexcept { return static_cast<std::int64_t>(word << (64 - level_bits)) >> (64 - level_bits); }
  static std::uint64_t pack(std::uint64_t until, std::int64_t level) noexcept {
    return until << level_bits | (static_cast<std::uint64_t>(std::clamp(level, -4 * most, most)) & level_mask);
  }
  static bool is_young(std::uint64_t word, steady_time now) noexcept {
    const auto left = (until_in(word) - tick_of(now)) & until_mask;
    return left > 0 && left <= longest;
  }
  [[nodiscard]] bool is_enough(std::uint64_t word, std::int64_t amount, steady_time now) const noexcept {
    return level_in(word) >= std::min(amount, enough_.load(std::memory_order_relaxed)) && is_young(word, now);
  }
  void note_refused(std::int64_t amount) const noexcept {
    refused_.fetch_add(amount, std::memory_order_relaxed);
    const auto needed = std::min(amount, enough_.load(std::memory_order_relaxed));
    auto known = largest_.load(std::memory_order_relaxed);
    while (known < needed && !largest_.compare_exchange_weak(known, needed, std::memory_order_relaxed)) {
    }
  }

  std::atomic<std::uint64_t> word_{0};
  std::atomic<std::int64_t> enough_{1};
  mutable std::atomic<std::int64_t> refused_{0};               // a look that found too little is demand, too
  mutable std::atomic<std::int64_t> largest_{0};
  std::atomic<std::int64_t> owed_{0};
  std::atomic<std::int64_t> refunded_{0};
  std::atomic<std::int64_t> said_{no_word};
};

}  // namespace switchyard::routing
