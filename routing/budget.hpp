// A virtual key's budget: money is reserved before a provider is asked and settled with what it really cost. Any thread, no lock on the way.
//
//   committed = spent in this period + reserved by calls under way; a reservation is a compare-and-swap on it against the limit.
//
// Reservations belong to no period: those under way when a period begins count in it from its start, since that is when they will be settled.
// Invariant: committed_ >= spent_ + reserved_. What is added goes to committed_ first, and what a new period takes off it was in spent_
// before: a thread that stalls in between makes the budget stricter, never looser.
#pragma once

#include "base/clock.hpp"
#include "base/money.hpp"
#include "config/config.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace switchyard::routing {

class budget {
 public:
  /// What a reservation meets: `held` is room that only calls under way hold, `spent` room that is gone for this period.
  enum class verdict : std::uint8_t { taken, held, spent };
  struct terms {
    nano_usd limit = 0;
    config::budget_period period = config::budget_period::month;
    friend bool operator==(const terms&, const terms&) = default;
  };
  /// As of one moment; calls that go on change them one by one.
  struct figures {
    terms under;
    nano_usd spent = 0;
    nano_usd reserved = 0;
    nano_usd remaining = 0;                      ///< not negative
    std::optional<wall_time> resets;             ///< nullopt: never
    std::uint64_t unpriced = 0;                  ///< calls since the start whose price is unknown: they cost this budget nothing
  };
  static constexpr std::size_t most_waiting = 1024;

  /// `spent`: in the period of `now`, as far as is known.
  budget(std::string owner, terms under, nano_usd spent, wall_time now);
  budget(const budget&) = delete;
  budget& operator=(const budget&) = delete;

  /// Name of the virtual key whose budget it is.
  [[nodiscard]] const std::string& owner() const noexcept { return owner_; }
  [[nodiscard]] terms under() const;
  /// Other terms from now on. `spent` in the new terms' period is asked for only when that is another kind of period.
  void configure(terms under, const std::function<nano_usd()>& spent, wall_time now);

  /// Takes `amount` or nothing. An unknown or no price reserves 0, which passes until the whole limit is committed.
  [[nodiscard]] verdict reserve(nano_usd amount, wall_time now) noexcept;
  /// Ends a reservation that was taken, exactly once. `cost` nullopt: unknown, counted as such and as 0.
  void settle(nano_usd reserved, std::optional<nano_usd> cost, wall_time now);
  [[nodiscard]] figures look(wall_time now) const;

  /// Calls `wake` once, on whichever thread made room for `amount` or took away the hope of it; nothing is reserved by that. 0: too many wait.
  /// To be followed by another reserve(), since room may have come before.
  [[nodiscard]] std::uint64_t wait(nano_usd amount, std::function<void()> wake);
  void stop_waiting(std::uint64_t which);

 private:
  struct waiter {
    std::uint64_t number;
    nano_usd amount;
    std::function<void()> wake;
  };
  [[nodiscard]] bool take(nano_usd amount) noexcept;
  void enter_period(std::int64_t now_us) noexcept;
  void wake_waiters();

  const std::string owner_;
  std::atomic<std::int64_t> limit_;
  std::atomic<std::int64_t> period_end_us_;      ///< INT64_MAX: never
  alignas(64) std::atomic<std::int64_t> committed_;
  std::atomic<std::int64_t> reserved_{0};
  std::atomic<std::int64_t> spent_;
  std::atomic<std::uint64_t> unpriced_{0};
  std::atomic<int> waiting_{0};                  ///< size of waiters_

  mutable std::mutex mutex_;                     ///< what is below, and the change of periods
  config::budget_period period_;
  std::vector<waiter> waiters_;
  std::uint64_t last_number_ = 0;
};

using budget_chain = std::span<const std::shared_ptr<budget>>;

/// The outcome over a key's budget and its parents'.
struct chain_verdict {
  budget::verdict what = budget::verdict::taken;
  budget* by = nullptr;                          ///< who refused
};
/// From every budget of the chain or from none.
[[nodiscard]] chain_verdict reserve_all(budget_chain chain, nano_usd amount, wall_time now) noexcept;
void settle_all(budget_chain chain, nano_usd reserved, std::optional<nano_usd> cost, wall_time now);

}  // namespace switchyard::routing
