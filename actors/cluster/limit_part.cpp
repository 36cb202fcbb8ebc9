#include "actors/cluster/limit_part.hpp"

namespace switchyard::actors {

void limit_part::begin(cluster::node_protocols& protocols, steady_time now) {
  // What the protocols before these had lent is nobody's any more.
  for (auto& [name, one] : limits_) {
    one.limit->allowance().withdraw();
    one.level = 0;
  }
  protocols_ = &protocols;
  configure(now);
}

void limit_part::yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) {
  std::map<std::string, shared_limit> next;
  const auto add = [&](std::string name, std::shared_ptr<routing::rate_limit> limit, std::int64_t per_minute) {
    if (limit && per_minute > 0) next.try_emplace(std::move(name), shared_limit{std::move(limit), per_minute});
  };
  for (const auto& provider : yard->providers)
    for (const auto& key : provider->keys) {
      const auto name = key->provider + "/" + key->config.name;
      add(name + " rpm", {key->state, &key->state->requests}, key->config.rpm);
      add(name + " tpm", {key->state, &key->state->tokens}, key->config.tpm);
    }
  if (yard->virtual_keys)
    for (const auto& key : yard->virtual_keys->all()) {
      if (key->revoked) continue;
      add("vkey/" + key->config.name + " rpm", key->requests, key->config.rpm);
      add("vkey/" + key->config.name + " tpm", key->tokens, key->config.tpm);
    }
  for (auto& [name, one] : next) {
    const auto known = limits_.find(name);
    if (known != limits_.end() && known->second.limit == one.limit)
      one.level = known->second.level;
    else
      one.limit->allowance().withdraw();         // whatever a part before this one had lent
  }
  for (auto& [name, before] : limits_) {
    const auto same = next.find(name);
    if (same != next.end() && same->second.limit == before.limit) continue;
    // Its tokens end unused; the limit itself may be in force under another name.
    before.limit->allowance().withdraw();
    if (before.held != nullptr) protocols_->leases_held.end_loan(*before.held, now);
  }
  limits_ = std::move(next);
  for (auto& [name, one] : limits_) one.limit->share(true);
  if (protocols_ != nullptr) configure(now);
}

void limit_part::configure(steady_time now) {
  ticked_ = false;
  std::vector<cluster::lease_limit> wanted;
  for (const auto& [name, one] : limits_) wanted.push_back({name, one.per_minute});
  protocols_->configure(wanted, now);
  for (auto& [name, one] : limits_) {
    one.held = protocols_->leases_held.find(name);
    if (one.held != nullptr) one.limit->allowance().set_enough(protocols_->leases_held.enough(*one.held));
  }
}

milliseconds limit_part::next_tick_within() const {
  return protocols_ != nullptr && (drained_ || protocols_->leases_held.is_pressed()) ? short_ticks : rare_ticks;
}

void limit_part::tick(steady_time now) {
  if (protocols_ == nullptr) return;
  ticked_ = true;
  drained_ = false;
  for (auto& [name, one] : limits_)
    if (one.held != nullptr) tick(one, now);
}

void limit_part::tick(shared_limit& one, steady_time now) {
  auto& holder = protocols_->leases_held;
  auto& held = *one.held;
  auto& seen = one.limit->allowance();
  if (!seen.has_news() && seen.lent_level() == one.level && holder.is_quiet(held, now)) return;

  auto level = seen.lent_level();
  if (2 * level < one.level) drained_ = true;
  const auto news = seen.take_news();
  holder.repay(held, one.level - level, news.refused, news.largest_refused);
  if (holder.wants_back(held, now)) {
    // New ones first, then the old ones away: no request may find nothing while they are exchanged.
    const auto loan = holder.lend(held, now);
    seen.lend(loan.level - level, loan.until);
    level = loan.level;
  }
  while (holder.wants_back(held, now)) {
    const auto back = holder.goes_back(held, now);
    if (seen.take_back(level, back)) {
      level -= back;
      holder.end_loan(held, now);
      break;
    }
    const auto less = seen.lent_level();
    holder.repay(held, level - less, 0, 0);
    level = less;
  }
  if (news.owed > 0) holder.settle(held, 0, news.owed, now);
  if (news.refunded > 0) holder.settle(held, news.refunded, 0, now);
  if (news.said != routing::lease_allowance::no_word) holder.provider_said(held, news.said);
  const auto loan = holder.lend(held, now);
  // What requests take meanwhile is taken of both, the level before and the one after.
  seen.lend(loan.level - level, loan.until);
  one.level = loan.level;
}

}  // namespace switchyard::actors
