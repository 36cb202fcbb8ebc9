#include "routing/budget.hpp"

#include "config/budget_periods.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

std::int64_t us_of(wall_time at) noexcept { return std::max<std::int64_t>(0, std::chrono::duration_cast<microseconds>(at.time_since_epoch()).count()); }

std::int64_t end_of(config::budget_period period, std::int64_t at_us) noexcept {
  return config::period_end_us(period, config::period_number(period, at_us));
}

// One nano-dollar at least: a budget that is spent to the last lets nothing through, whatever it costs.
nano_usd at_least_one(nano_usd amount) noexcept { return std::max<nano_usd>(amount, 1); }

}  // namespace

budget::budget(std::string owner, terms under, nano_usd spent, wall_time now)
    : owner_(std::move(owner)), limit_(under.limit), period_end_us_(end_of(under.period, us_of(now))), committed_(spent), spent_(spent), period_(under.period) {}

budget::terms budget::under() const {
  const std::lock_guard guard(mutex_);
  return {limit_.load(std::memory_order_relaxed), period_};
}

void budget::configure(terms under, const std::function<nano_usd()>& spent, wall_time now) {
  {
    const std::lock_guard guard(mutex_);
    limit_.store(under.limit);
    if (under.period != period_) {
      period_ = under.period;
      const auto known = spent();
      committed_.fetch_add(known);
      committed_.fetch_sub(spent_.exchange(known));
      period_end_us_.store(end_of(period_, us_of(now)));
    }
  }
  wake_waiters();
}

bool budget::take(nano_usd amount) noexcept {
  auto now = committed_.load();
  const auto limit = limit_.load(std::memory_order_relaxed);
  do {
    if (now > limit - amount) return false;
  } while (!committed_.compare_exchange_weak(now, now + amount));
  reserved_.fetch_add(amount);
  return true;
}

// Under the mutex: whoever was refused takes it before he believes it, so that nobody is refused for the last period's spending.
void budget::enter_period(std::int64_t now_us) noexcept {
  const std::lock_guard guard(mutex_);
  if (now_us < period_end_us_.load(std::memory_order_relaxed)) return;
  committed_.fetch_sub(spent_.exchange(0));
  period_end_us_.store(end_of(period_, now_us));
}

budget::verdict budget::reserve(nano_usd amount, wall_time now) noexcept {
  amount = at_least_one(amount);
  const auto now_us = us_of(now);
  if (now_us >= period_end_us_.load(std::memory_order_relaxed)) enter_period(now_us);
  if (take(amount)) return verdict::taken;
  const std::lock_guard guard(mutex_);
  if (take(amount)) return verdict::taken;
  return amount > limit_.load(std::memory_order_relaxed) - spent_.load() ? verdict::spent : verdict::held;
}

void budget::settle(nano_usd reserved, std::optional<nano_usd> cost, wall_time now) {
  const auto now_us = us_of(now);
  if (now_us >= period_end_us_.load(std::memory_order_relaxed)) enter_period(now_us);
  const auto paid = cost.value_or(0);
  reserved = at_least_one(reserved);
  reserved_.fetch_sub(reserved);
  committed_.fetch_add(paid - reserved);
  spent_.fetch_add(paid);
  if (!cost) unpriced_.fetch_add(1, std::memory_order_relaxed);
  if (waiting_.load() > 0) wake_waiters();
}

budget::figures budget::look(wall_time now) const {
  const std::lock_guard guard(mutex_);
  figures out;
  out.under = {limit_.load(std::memory_order_relaxed), period_};
  out.reserved = std::max<nano_usd>(0, reserved_.load());
  const auto now_us = us_of(now);
  const auto end = period_end_us_.load(std::memory_order_relaxed);
  const bool over = now_us >= end;               // nobody has asked since it ended
  out.spent = over ? 0 : spent_.load();
  out.remaining = std::max<nano_usd>(0, out.under.limit - out.spent - out.reserved);
  if (end != INT64_MAX) out.resets = wall_time(std::chrono::duration_cast<wall_time::duration>(microseconds(over ? end_of(period_, now_us) : end)));
  out.unpriced = unpriced_.load(std::memory_order_relaxed);
  return out;
}

std::uint64_t budget::wait(nano_usd amount, std::function<void()> wake) {
  const std::lock_guard guard(mutex_);
  if (waiters_.size() >= most_waiting) return 0;
  waiters_.push_back({++last_number_, at_least_one(amount), std::move(wake)});
  waiting_.store(static_cast<int>(waiters_.size()));
  return last_number_;
}

void budget::stop_waiting(std::uint64_t which) {
  const std::lock_guard guard(mutex_);
  std::erase_if(waiters_, [which](const waiter& one) { return one.number == which; });
  waiting_.store(static_cast<int>(waiters_.size()));
}

// In the order they came, as many as there is room for, and those for whom there will be none.
void budget::wake_waiters() {
  std::vector<waiter> woken;
  {
    const std::lock_guard guard(mutex_);
    const auto limit = limit_.load(std::memory_order_relaxed);
    auto room = limit - committed_.load();
    const auto hope = limit - spent_.load();
    const auto stays = std::stable_partition(waiters_.begin(), waiters_.end(), [&](const waiter& one) {
      if (one.amount > hope) return false;
      if (one.amount > room) return true;
      room -= one.amount;
      return false;
    });
    std::move(stays, waiters_.end(), std::back_inserter(woken));
    waiters_.erase(stays, waiters_.end());
    waiting_.store(static_cast<int>(waiters_.size()));
  }
  for (const auto& one : woken) one.wake();
}

chain_verdict reserve_all(budget_chain chain, nano_usd amount, wall_time now) noexcept {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto what = chain[i]->reserve(amount, now);
    if (what == budget::verdict::taken) continue;
    for (std::size_t j = 0; j < i; ++j) chain[j]->settle(amount, 0, now);
    return {what, chain[i].get()};
  }
  return {};
}

void settle_all(budget_chain chain, nano_usd reserved, std::optional<nano_usd> cost, wall_time now) {
  for (const auto& one : chain) one->settle(reserved, cost, now);
}

}  // namespace switchyard::routing
