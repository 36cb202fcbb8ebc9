#include "routing/budget.hpp"

#include "config/budget_periods.hpp"

#include <algorithm>
#include <utility>

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
    : owner_(std::move(owner)), limit_(under.limit), usable_(under.limit), period_end_us_(end_of(under.period, us_of(now))), committed_(spent), spent_(spent), period_(under.period) {}

budget::terms budget::under() const {
  const std::lock_guard guard(mutex_);
  return {limit_.load(std::memory_order_relaxed), period_};
}

void budget::configure(terms under, const std::function<nano_usd()>& spent, wall_time now) {
  {
    const std::lock_guard guard(mutex_);
    limit_.store(under.limit);
    if (shared_ == sharing::no) usable_.store(under.limit);
    if (under.period != period_) {
      period_ = under.period;
      const auto known = spent();
      committed_.fetch_add(known);
      committed_.fetch_sub(spent_.exchange(known));
      begin_share();
      period_end_us_.store(end_of(period_, us_of(now)));
    }
  }
  wake_waiters();
}

bool budget::take(nano_usd amount) noexcept {
  auto now = committed_.load();
  while (true) {
    if (now > usable_.load() - amount) return false;
    if (!committed_.compare_exchange_weak(now, now + amount)) continue;
    if (now + amount <= usable_.load()) break;
    // Lowered in between, and what was committed stood where it had stood before.
    committed_.fetch_sub(amount);
    now = committed_.load();
  }
  reserved_.fetch_add(amount);
  return true;
}

// Under the mutex: whoever was refused takes it before he believes it, so that nobody is refused for the last period's spending.
void budget::enter_period(std::int64_t now_us) noexcept {
  const std::lock_guard guard(mutex_);
  if (now_us < period_end_us_.load(std::memory_order_relaxed)) return;
  begin_share();
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
  return refusal(amount);
}

// Under the mutex.
budget::verdict budget::refusal(nano_usd amount) noexcept {
  const auto spent = spent_.load();
  if (amount > limit_.load(std::memory_order_relaxed) - spent - others_spent_) return verdict::spent;
  if (shared_ != sharing::hard) return verdict::held;
  const bool own_calls_may_do = amount <= usable_.load() - spent;
  wanted_.store(std::max(wanted_.load(std::memory_order_relaxed), amount), std::memory_order_relaxed);
  if (own_calls_may_do || outlook_ == outlook::more_may_come) return verdict::held;
  return outlook_ == outlook::nothing_left ? verdict::spent : verdict::ownerless;
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
  out.reserved = std::max<nano_usd>(0, reserved_.load() + others_reserved_);
  const auto now_us = us_of(now);
  const auto end = period_end_us_.load(std::memory_order_relaxed);
  const bool over = now_us >= end;               // nobody has asked since it ended
  out.spent = over ? 0 : spent_.load() + others_spent_;
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
    const auto usable = usable_.load();
    auto room = usable - committed_.load();
    // From other nodes, if not from this node's own calls.
    const auto hope = (shared_ == sharing::hard && outlook_ != outlook::more_may_come ? std::min(usable, limit - others_spent_) : limit - others_spent_) - spent_.load();
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

// -- shared with other nodes ------------------------------------------------------------------------------------------

nano_usd budget::first_share() const noexcept { return shared_ == sharing::hard ? 0 : limit_.load(std::memory_order_relaxed); }

// Under the mutex, before what the period before had spent is taken off.
void budget::begin_share() noexcept {
  usable_.store(first_share());
  others_spent_ = others_reserved_ = 0;
  outlook_ = outlook::more_may_come;
}

bool budget::is_running(std::int64_t period) const noexcept {
  return config::period_end_us(period_, period) == period_end_us_.load(std::memory_order_relaxed);
}

void budget::share(sharing how) {
  {
    const std::lock_guard guard(mutex_);
    if (how == shared_) return;
    shared_ = how;
    begin_share();
  }
  wake_waiters();
}

budget::share_figures budget::look_at_share(wall_time now) {
  const auto now_us = us_of(now);
  if (now_us >= period_end_us_.load(std::memory_order_relaxed)) enter_period(now_us);
  const std::lock_guard guard(mutex_);
  share_figures out;
  out.kind = period_;
  const auto end = period_end_us_.load(std::memory_order_relaxed);
  out.period = end == INT64_MAX ? 0 : config::period_number(period_, end - 1);   // a clock that steps back begins no earlier period
  out.spent = spent_.load();
  out.committed = committed_.load();
  out.usable = usable_.load();
  nano_usd waits = 0;
  for (const auto& one : waiters_) waits += one.amount;
  out.wanted = std::max(wanted_.exchange(0), waits);
  return out;
}

void budget::set_usable(std::int64_t period, nano_usd amount) {
  {
    const std::lock_guard guard(mutex_);
    if (!is_running(period) || usable_.exchange(amount) == amount) return;
  }
  if (waiting_.load() > 0) wake_waiters();
}

bool budget::give_up(std::int64_t period, nano_usd amount) {
  const std::lock_guard guard(mutex_);
  if (!is_running(period) || !take(amount)) return false;
  usable_.fetch_sub(amount);
  committed_.fetch_sub(amount);
  reserved_.fetch_sub(amount);
  return true;
}

void budget::set_others(std::int64_t period, nano_usd spent, nano_usd reserved) {
  {
    const std::lock_guard guard(mutex_);
    if (!is_running(period)) return;
    const bool more = spent > others_spent_;
    others_spent_ = spent;
    others_reserved_ = reserved;
    if (!more) return;
  }
  if (waiting_.load() > 0) wake_waiters();       // for some there may be no hope any more
}

void budget::set_outlook(outlook what) {
  {
    const std::lock_guard guard(mutex_);
    if (std::exchange(outlook_, what) == what) return;
  }
  if (waiting_.load() > 0) wake_waiters();
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
