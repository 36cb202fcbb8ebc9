#include "actors/cluster/budget_part.hpp"

#include "config/budget_periods.hpp"

#include <algorithm>

namespace switchyard::actors {

namespace {

using config::budget_period;
using routing::budget;

constexpr budget_period every_period[] = {budget_period::hour, budget_period::day, budget_period::week, budget_period::month, budget_period::total};
constexpr auto busy_for = seconds(3);

budget::outlook outlook_of(cluster::escrow_verdict what) noexcept {
  if (what == cluster::escrow_verdict::exhausted) return budget::outlook::nothing_left;
  return what == cluster::escrow_verdict::owner_unavailable ? budget::outlook::owner_gone : budget::outlook::more_may_come;
}

}  // namespace

std::string shared_budget_name(std::string_view virtual_key, budget_period period) { return std::string(virtual_key) + " " + std::string(config::to_string(period)); }

std::int64_t shared_budget_period(std::string_view name, wall_time now) noexcept {
  const auto word = name.substr(name.rfind(' ') + 1);
  const auto at_us = std::max<std::int64_t>(0, std::chrono::duration_cast<microseconds>(now.time_since_epoch()).count());
  for (const auto period : every_period)
    if (config::to_string(period) == word) return config::period_number(period, at_us);
  return 0;
}

void budget_part::prepare(cluster::protocol_options&, cluster::node_protocols::surroundings& around) {
  around.period = [clock = options_.clock](const std::string& budget) { return shared_budget_period(budget, clock()); };
}

void budget_part::begin(cluster::node_protocols& protocols, steady_time now) {
  protocols_ = &protocols;
  protocols.purses.use_in_bulk();
  nodes_.clear();
  for (const auto& member : protocols.members.view())
    if (member.node != protocols.name) nodes_.push_back(member.node);
  for (auto& [name, one] : budgets_) {
    one.committed = -1;                          // looked at and told anew
    one.told_at = {};
  }
  configure();
  tick(now);
}

void budget_part::yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) {
  std::map<std::string, shared_budget> next;
  if (yard->virtual_keys)
    for (const auto& key : yard->virtual_keys->all()) {
      if (!key->money || !key->config.budget) continue;
      shared_budget one;
      if (const auto known = budgets_.find(key->config.name); known != budgets_.end() && known->second.money == key->money) one = known->second;
      one.money = key->money;
      one.hard = key->config.budget->mode == config::budget_mode::hard;
      one.limit = usd_to_nano(key->config.budget->usd);
      one.committed = -1;
      next.insert_or_assign(key->config.name, std::move(one));
    }
  budgets_ = std::move(next);
  for (auto& [name, one] : budgets_) one.money->share(one.hard ? budget::sharing::hard : budget::sharing::soft);
  if (protocols_ == nullptr) return;
  configure();
  tick(now);
}

void budget_part::configure() {
  std::vector<cluster::budget_terms> hard;
  for (const auto& [name, one] : budgets_)
    if (one.hard) hard.push_back({shared_budget_name(name, one.money->under().period), one.limit, 0});
  protocols_->configure(hard);
}

milliseconds budget_part::next_tick_within() const {
  if (pressed_) return short_ticks;
  return asleep_ ? watchful_ticks : rare_ticks;
}

void budget_part::tick(steady_time now) {
  if (protocols_ == nullptr) return;
  pressed_ = asleep_ = false;
  for (auto& [name, one] : budgets_) {
    const bool busy = one.money->committed() != one.committed || one.money->is_wanting();
    if (busy) one.busy_until = now + busy_for;
    asleep_ = asleep_ || now >= one.busy_until;
    if (now >= one.busy_until && one.committed >= 0 && now - one.looked < options_.look_again) continue;
    const auto here = one.money->look_at_share(options_.clock());
    // As much again as was committed since the last look must be there twice.
    pressed_ = pressed_ || here.wanted > 0 || (one.hard && 2 * (here.committed - std::max<nano_usd>(one.committed, 0)) > here.usable - here.committed);
    one.committed = here.committed;
    one.looked = now;
    const cluster::escrow_pool_name pool{shared_budget_name(name, here.kind), here.period};
    if (pool != one.pool) {
      one.pool = pool;
      protocols_->purses.drop_before(pool.budget, pool.period - 1);
      protocols_->pools.drop_before(pool.budget, pool.period - 1);
    }
    tick(one, here, now);
  }
}

void budget_part::leave(steady_time now) {
  if (protocols_ == nullptr) return;
  tick(now);
  for (auto& [name, one] : budgets_) {
    if (!one.hard) continue;
    const auto free = protocols_->purses.available(one.pool);
    if (free > 0 && one.money->give_up(one.pool.period, free)) protocols_->purses.give_back(one.pool, free, protocols_->purse_journal);
  }
}

void budget_part::tick(shared_budget& one, const budget::share_figures& here, steady_time now) {
  tell(one, here, now);
  const auto elsewhere = others(one, now);
  one.money->set_others(here.period, elsewhere.spent, elsewhere.reserved);
  if (one.hard)
    hold(one, here, now);
  else
    one.money->set_usable(here.period, std::max<nano_usd>(0, one.limit - elsewhere.spent - elsewhere.reserved));
}

void budget_part::hold(shared_budget& one, const budget::share_figures& here, steady_time now) {
  auto& purses = protocols_->purses;
  // An amount that is above the whole budget is never wanted: it was refused for that.
  purses.account(one.pool, here.committed, std::min(here.wanted, one.limit), now, protocols_->out);
  if (const auto back = purses.wants_back(one.pool, now); back > 0) {
    // Nobody may spend it from here on. It may be in use by now: then another time.
    if (!options_.gives_up_before_return || one.money->give_up(here.period, back)) purses.give_back(one.pool, back, protocols_->purse_journal);
  }
  const auto usable = std::min(purses.in_hand(one.pool), one.limit);
  one.money->set_usable(here.period, options_.gives_up_before_return ? usable : std::max(usable, here.usable));
  one.money->set_outlook(outlook_of(purses.outlook(one.pool, now, protocols_->alive())));
}

void budget_part::tell(shared_budget& one, const budget::share_figures& here, steady_time now) {
  const cluster::budget_count count{here.period, here.spent, here.committed - here.spent};
  if (one.told_at != steady_time{} && now - one.told_at < options_.tell_every) return;
  if (one.told_at != steady_time{} && count == one.told) return;
  if (one.told_at == steady_time{} && count.spent == 0 && count.reserved == 0) return;   // nobody need hear of nothing
  one.told = count;
  one.told_at = now;
  // More budgets than a node may have registers: then others count less than there is, and `hard` holds all the same.
  (void)protocols_->shared.write("budget/" + one.pool.budget, cluster::encode(count), std::nullopt, now, protocols_->out);
}

cluster::budget_count budget_part::others(const shared_budget& one, steady_time now) const {
  cluster::budget_count sum{one.pool.period, 0, 0};
  for (const auto& node : nodes_) {
    const auto* value = protocols_->shared.find(node, "budget/" + one.pool.budget, now);
    if (value == nullptr) continue;
    const auto count = cluster::decode<cluster::budget_count>(value->value);
    if (!count || count->period != one.pool.period) continue;
    sum.spent += count->spent;
    sum.reserved += count->reserved;
  }
  return sum;
}

}  // namespace switchyard::actors
