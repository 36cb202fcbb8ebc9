// A virtual key's budget: money is reserved before a provider is asked and settled with what it really cost. Any thread, no lock on the way.
//
//   committed = spent in this period + reserved by calls under way; a reservation is a compare-and-swap on it against what is usable.
//   usable    = the limit; in a cluster this node's share of it, which set_usable() raises and give_up() lowers.
//
// Reservations belong to no period: those under way when a period begins count in it from its start, since that is when they will be settled.
// Invariant: committed_ >= spent_ + reserved_. What is added goes to committed_ first, and what a new period takes off it was in spent_
// before: a thread that stalls in between makes the budget stricter, never looser.
// Invariant: usable_ falls by an amount only while that amount is committed by who lowers it, or as a period ends; and whoever committed looks at usable_
// once more. So a reservation that stands was covered at a moment after it was made.
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
  /// What a reservation meets: `held` is room that only calls under way hold, or that may come from other nodes; `spent` is gone for this period;
  /// `ownerless`: who gives out shares cannot be reached.
  enum class verdict : std::uint8_t { taken, held, spent, ownerless };
  enum class outlook : std::uint8_t { more_may_come, nothing_left, owner_gone };
  struct terms {
    nano_usd limit = 0;
    config::budget_period period = config::budget_period::month;
    friend bool operator==(const terms&, const terms&) = default;
  };
  /// As of one moment; calls that go on change them one by one.
  struct figures {
    terms under;
    nano_usd spent = 0;                          ///< on all nodes, as far as this one has heard
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

  // -- shared with other nodes: for the one thread that does the sharing ---------------------------------------------------
  enum class sharing : std::uint8_t { no, hard, soft };
  /// hard: from now on nothing is usable but what set_usable() says, and nothing at all when a period begins. soft: the limit until it says otherwise.
  void share(sharing how);
  struct share_figures {
    config::budget_period kind{};
    std::int64_t period = 0;                     ///< its number
    nano_usd spent = 0, committed = 0;           ///< here
    nano_usd usable = 0;
    nano_usd wanted = 0;                         ///< since the last call: what was refused and might have been had, and what waits
  };
  [[nodiscard]] share_figures look_at_share(wall_time now);
  /// What look_at_share() would say has changed, or something is wanted: cheap.
  [[nodiscard]] nano_usd committed() const noexcept { return committed_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_wanting() const noexcept { return wanted_.load(std::memory_order_relaxed) > 0 || waiting_.load(std::memory_order_relaxed) > 0; }
  /// All say nothing when another period than `period` runs.
  void set_usable(std::int64_t period, nano_usd amount);
  /// Lowers what is usable by `amount`; false: it is not free.
  [[nodiscard]] bool give_up(std::int64_t period, nano_usd amount);
  void set_others(std::int64_t period, nano_usd spent, nano_usd reserved);
  void set_outlook(outlook what);

 private:
  struct waiter {
    std::uint64_t number;
    nano_usd amount;
    std::function<void()> wake;
  };
  [[nodiscard]] bool take(nano_usd amount) noexcept;
  [[nodiscard]] verdict refusal(nano_usd amount) noexcept;
  [[nodiscard]] bool is_running(std::int64_t period) const noexcept;
  [[nodiscard]] nano_usd first_share() const noexcept;
  void begin_share() noexcept;
  void enter_period(std::int64_t now_us) noexcept;
  void wake_waiters();

  const std::string owner_;
  std::atomic<std::int64_t> limit_;
  std::atomic<std::int64_t> usable_;
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
  sharing shared_ = sharing::no;
  outlook outlook_ = outlook::more_may_come;
  nano_usd others_spent_ = 0, others_reserved_ = 0;
  std::atomic<nano_usd> wanted_{0};
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
