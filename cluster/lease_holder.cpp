#include "cluster/lease_holder.hpp"

#include "cluster/rendezvous.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace switchyard::cluster {

namespace {

constexpr auto shortest_gap = milliseconds(20);
constexpr std::size_t most_asked = 32;
constexpr std::int64_t many_ahead = 64;           // tokens held ahead; of fewer, half is no measure of demand that comes unevenly

}  // namespace

lease_holder::lease_holder(node_name self, std::vector<node_name> configured, std::uint64_t life, steady_time now, lease_options options)
    : self_(std::move(self)), configured_(std::move(configured)), life_(life), options_(options), born_(now), folded_(now),
      seq_(static_cast<std::uint64_t>(to_ns(now))) {   // above any that a holder of the same life has used
  for (const auto& node : configured_) set_ ^= stable_hash(node);
}

void lease_holder::configure(const std::vector<lease_limit>& limits) {
  std::set<std::string> wanted;
  for (const auto& one : limits) {
    if (one.per_minute <= 0) continue;
    wanted.insert(one.key);
    const auto number = shard_of(one.key);
    auto [found, fresh] = shards_.try_emplace(number);
    auto& s = found->second;
    if (fresh) {
      s.order = owners_of(shard_name(number), configured_);
      s.bound_until = born_ + 2 * options_.ttl;  // an earlier life of this node may still be counted somewhere
      if (const auto before = recorded_.find(number); before != recorded_.end() && !before->second.empty()) {   // H5
        s.recorded = s.bound_to = before->second;
        if (s.recorded == self_) s.bound_until = born_ + options_.ttl;
      }
    }
    s.limits[one.key].terms = lease_terms::of(one.per_minute, configured_.size());
  }
  for (auto& [number, s] : shards_) std::erase_if(s.limits, [&](const auto& known) { return !wanted.contains(known.first); });
}

lease_holder::limit* lease_holder::find(const std::string& key) {
  const auto s = shards_.find(shard_of(key));
  if (s == shards_.end()) return nullptr;
  const auto l = s->second.limits.find(key);
  return l == s->second.limits.end() ? nullptr : &l->second;
}

void lease_holder::drop_void(limit& l, steady_time now) const {
  if (!options_.age_is_checked) return;
  while (!l.leases.empty() && l.leases.front().ends <= now) l.leases.pop_front();
}

std::int64_t lease_holder::sum(const limit& l) noexcept {
  std::int64_t all = 0;
  for (const auto& one : l.lent) all += one.amount;
  for (const auto& one : l.leases) all += one.amount;
  return all;
}

std::int64_t lease_holder::use(std::deque<lease>& from, std::int64_t amount) noexcept {
  while (amount > 0 && !from.empty()) {
    auto& oldest = from.front();
    const auto part = std::min(amount, oldest.amount);
    oldest.amount -= part;
    amount -= part;
    if (oldest.amount == 0) from.pop_front();
  }
  return amount;
}

void lease_holder::use(limit& l, std::int64_t amount) noexcept { l.debt += use(l.leases, amount); }

bool lease_holder::take(const std::string& key, std::int64_t amount, steady_time now) {
  auto* l = find(key);
  if (l == nullptr) return true;                 // no such limit
  drop_void(*l, now);
  l->asked_since += amount;
  const auto needed = std::min(amount, enough(*l));
  if (l->debt > 0 || sum(*l) < needed) {
    l->unmet = std::max(l->unmet, needed);
    return false;
  }
  use(*l, amount);
  return true;
}

std::int64_t lease_holder::enough(const limit& l) const noexcept {
  return std::max<std::int64_t>(l.terms.burst / micro / static_cast<std::int64_t>(configured_.size()) / 2, 1);
}

// -- in bulk ----------------------------------------------------------------------------------------------------------

// Of a burst below one token a node there is nothing to spare: what an idle node held would keep the bucket from filling for the others.
std::int64_t lease_holder::least(const limit& l) const noexcept {
  return l.lends && l.terms.burst / micro >= static_cast<std::int64_t>(configured_.size()) ? enough(l) : 0;
}

nanoseconds lease_holder::renewed_before(const limit& l) const noexcept {
  const bool room = 2 * least(l) * static_cast<std::int64_t>(configured_.size()) <= l.terms.burst / micro;
  return l.lends && !room ? options_.ttl / 8 : options_.ttl / 2;
}

std::int64_t lease_holder::fresh(const limit& l, steady_time now) const {
  std::int64_t all = 0;
  const auto until = now + renewed_before(l);
  for (const auto* some : {&l.lent, &l.leases})
    for (const auto& one : *some) all += one.ends >= until ? one.amount : 0;
  return all;
}

bool lease_holder::has_enough(const limit& l, steady_time now) const {
  const auto goal = target(l);
  return goal <= 0 || 2 * ((l.lends ? fresh(l, now) : sum(l)) - l.debt) >= goal;
}

void lease_holder::repay(limit& l, std::int64_t used, std::int64_t refused, std::int64_t largest) const {
  l.lends = true;
  l.asked_since += used + refused;
  l.unmet = std::max(l.unmet, largest);
  // Used before its end, whether or not that has passed by now. Above what was lent: one large amount, or more than was reserved.
  use(l, use(l.lent, used));
}

bool lease_holder::wants_back(const limit& l, steady_time now) const {
  if (l.lent.empty() || !options_.age_is_checked) return false;
  const auto left = l.lent.front().ends - now;
  return left < options_.ttl / 8 || (left < renewed_before(l) && fresh(l, now) >= target(l));
}

// Of what is lent and kept, so old that it goes back.
nanoseconds lease_holder::too_old_before(const limit& l, steady_time now) const { return fresh(l, now) >= target(l) ? renewed_before(l) : options_.ttl / 8; }

std::int64_t lease_holder::goes_back(const limit& l, steady_time now) const {
  const auto age = too_old_before(l, now);
  std::int64_t all = 0;
  for (const auto* some : {&l.lent, &l.leases})
    for (const auto& one : *some) {
      if (options_.age_is_checked && one.ends <= now) continue;   // void
      if (one.ends - now >= age) return all;
      all += one.amount;
    }
  return all;
}

void lease_holder::end_loan(limit& l, steady_time now) const {
  l.leases.insert(l.leases.begin(), l.lent.begin(), l.lent.end());
  l.lent.clear();
  drop_void(l, now);
  const auto age = too_old_before(l, now);
  while (!l.leases.empty() && l.leases.front().ends - now < age) {
    l.to_return += l.leases.front().amount;
    l.leases.pop_front();
  }
}

lease_holder::loan lease_holder::lend(limit& l, steady_time now) const {
  drop_void(l, now);
  l.lends = true;
  l.lent.insert(l.lent.end(), l.leases.begin(), l.leases.end());
  l.leases.clear();
  l.debt_lent = l.debt;
  const auto until = !options_.age_is_checked || l.lent.empty() ? now + options_.ttl : l.lent.front().ends;
  return {sum(l) - l.debt, until};
}

void lease_holder::settle(const std::string& key, std::int64_t reserved, std::int64_t actual, steady_time now) {
  if (auto* l = find(key); l != nullptr) settle(*l, reserved, actual, now);
}

void lease_holder::settle(limit& l, std::int64_t reserved, std::int64_t actual, steady_time now) const {
  if (actual > reserved) {
    drop_void(l, now);
    use(l, actual - reserved);
    return;
  }
  // The lease it was taken from may be void by now: what is left over goes by way of the owner.
  const auto pays = std::min(l.debt, reserved - actual);
  l.debt -= pays;
  l.to_refund += reserved - actual - pays;
}

void lease_holder::provider_said(const std::string& key, std::int64_t remaining) {
  if (auto* l = find(key); l != nullptr) provider_said(*l, remaining);
}

void lease_holder::provider_said(limit& l, std::int64_t remaining) const {
  if (remaining < l.terms.burst / micro) l.remaining = std::min(l.remaining.value_or(remaining), remaining);   // a bucket holds no more anyway
}

std::int64_t lease_holder::held(const std::string& key, steady_time now) {
  auto* l = find(key);
  if (l == nullptr) return 0;
  drop_void(*l, now);
  return sum(*l) - l->debt;
}

const node_name& lease_holder::owner(std::uint8_t shard) const {
  static const node_name none;
  const auto found = shards_.find(shard);
  return found != shards_.end() && found->second.shown ? found->second.owner : none;
}

void lease_holder::fold_demand(limit& l, nanoseconds passed) const {
  const double seconds_passed = std::chrono::duration<double>(passed).count();
  const double weight = 1.0 - std::exp(-seconds_passed);
  l.demand += weight * (static_cast<double>(l.asked_since) / seconds_passed - l.demand);
  l.asked_since = 0;
}

std::int64_t lease_holder::demand_ahead(const limit& l) const {
  const double ahead = l.demand * std::chrono::duration<double>(options_.want_of).count();
  return ahead < 0.02 ? 0 : static_cast<std::int64_t>(std::ceil(ahead));
}

// Twice `want_of` where many come and all find enough: such a node needs to look after it half as often.
std::int64_t lease_holder::target(const limit& l) const {
  const auto ahead = demand_ahead(l) * (is_pressed(l) ? 1 : 2);
  return std::min(std::max({ahead, l.unmet, least(l)}) + l.debt, l.terms.burst / micro);
}

void lease_holder::choose_owner(shard_state& s, steady_time now, const alive_check& alive) {
  for (const auto& node : s.order) {
    auto& since = s.alive_since[node];
    const bool there = node == self_ || alive(node);
    if (!there) since = {};
    else if (since == steady_time{}) since = now;
  }
  const auto usable = [&](const node_name& node) {
    if (node == self_) return true;
    const auto away = s.shunned.find(node);
    return s.alive_since[node] != steady_time{} && (away == s.shunned.end() || away->second <= now);
  };
  if (!s.owner.empty() && s.owner != self_ && now - s.answered_at > options_.owner_silent) s.shunned[s.owner] = now + options_.owner_shunned;
  const bool lost = s.owner.empty() || !usable(s.owner);
  for (const auto& node : s.order) {
    if (node == s.owner && !lost) return;        // the best there is
    if (!usable(node)) continue;
    if (!lost && now - s.alive_since[node] < options_.owner_proven) continue;
    s.owner = node;
    s.stamp = 0;
    s.shown = false;
    s.waiting = false;
    s.asked.clear();
    s.answered_at = now;                         // its time to answer begins
    s.asked_at = {};
    return;
  }
}

bool lease_holder::is_free_for_owner(const shard_state& s, steady_time now) const {
  return now >= s.bound_until || s.bound_to == s.owner || !options_.attachment_is_proven;
}

bool lease_holder::wants_to_ask(const shard_state& s, steady_time now) const {
  const auto since = now - s.asked_at;
  if (s.waiting) return since >= options_.answer_within;
  if (since >= options_.keep_attached) return true;
  const bool may_show = s.stamp != 0 && (s.shown || is_free_for_owner(s, now));
  if (may_show && !s.shown) return true;
  if (!s.shown || since < shortest_gap) return s.stamp == 0 && since >= options_.answer_within;
  for (const auto& [key, l] : s.limits) {
    if (since < options_.starved_retry && l.starved) continue;
    if (!has_enough(l, now)) return true;
    if (l.to_return > 0 || (l.to_refund > 0 && since >= options_.starved_retry)) return true;
  }
  return false;
}

bool lease_holder::is_pressed(const limit& l) const {
  const auto ahead = demand_ahead(l);
  return l.unmet > 0 || l.debt > 0 || l.starved || (ahead > 0 && ahead < many_ahead);
}

bool lease_holder::is_pressed() const {
  return std::any_of(shards_.begin(), shards_.end(), [this](const auto& entry) {
    const auto& limits = entry.second.limits;
    if (limits.empty()) return false;
    return !entry.second.shown || std::any_of(limits.begin(), limits.end(), [this](const auto& one) { return is_pressed(one.second); });
  });
}

void lease_holder::tick(steady_time now, const alive_check& alive, outbox& out, journal_box* journal) {
  const auto passed = now - folded_;
  const bool fold = passed >= shortest_gap;
  if (fold) folded_ = now;
  for (auto& [number, s] : shards_) {
    if (s.limits.empty()) continue;
    choose_owner(s, now, alive);
    for (auto& [key, l] : s.limits) {
      if (fold) fold_demand(l, passed);
      drop_void(l, now);
      // Half of ttl old: back to the owner, rather than void. The same message asks for as much as there is demand for.
      while (options_.age_is_checked && !l.lends && !l.leases.empty() && l.leases.front().ends - now < options_.ttl / 2) {
        l.to_return += l.leases.front().amount;
        l.leases.pop_front();
      }
    }
    if (wants_to_ask(s, now)) ask(number, s, now, out, journal);
  }
}

bool lease_holder::is_recorded(std::uint8_t number, shard_state& s, journal_box* journal) const {
  if (journal == nullptr || (!options_.attachment_is_recorded && !s.recorded.empty())) return true;
  if (s.recorded == s.owner && s.recording.empty()) return true;   // one on its way would stand behind it
  if (s.recording == s.owner) return false;
  s.recording = s.owner;
  s.record = journal->write(encode(lease_record{number, s.owner, set_}));
  return false;
}

void lease_holder::written(std::uint64_t number) {
  for (auto& [shard, s] : shards_)
    if (s.record != 0 && s.record <= number) {
      s.recorded = std::exchange(s.recording, {});
      s.record = 0;
    }
}

void lease_holder::ask(std::uint8_t number, shard_state& s, steady_time now, outbox& out, journal_box* journal) {
  lease_request request{number, life_, ++seq_, s.owner_life, 0, {}};
  // H1. A stamp whose time has passed proves nothing and would only bind this node longer.
  const bool stamp_is_young = s.stamp != 0 && now - s.stamp_received < options_.ttl;
  if (stamp_is_young && (s.shown || (is_free_for_owner(s, now) && is_recorded(number, s, journal)))) {
    s.shown = true;
    s.bound_to = s.owner;
    s.bound_until = std::max(s.bound_until, s.stamp_received + 2 * options_.ttl);
    request.stamp = s.stamp;
    for (auto& [key, l] : s.limits) {
      lease_want want{key, 0, sum(l), std::exchange(l.to_return, 0), std::exchange(l.to_refund, 0), std::exchange(l.remaining, std::nullopt)};
      if (!has_enough(l, now)) want.want = target(l) - (l.lends ? fresh(l, now) : want.unused);
      // To be silent of a limit is safe: what was granted counts as unused until its end.
      if (l.lends && want.want <= 0 && want.returned == 0 && want.refunded == 0 && !want.remaining && want.unused == l.reported) continue;
      l.reported = want.unused;
      request.wants.push_back(std::move(want));
    }
  }
  s.asked.emplace_back(request.seq, now);
  if (s.asked.size() > most_asked) s.asked.pop_front();
  s.asked_at = now;
  s.waiting = true;
  out.send(s.owner, request);
}

bool lease_holder::has_begun() const {
  for (const auto& [number, s] : shards_) {
    if (s.limits.empty()) continue;
    if (!s.shown) return false;
    for (const auto& [key, l] : s.limits)
      if (least(l) > 0 && l.leases.empty() && l.lent.empty()) return false;
  }
  return true;
}

void lease_holder::on(const node_name& from, const lease_grant& message, steady_time now) {
  const auto found = shards_.find(message.shard);
  if (found == shards_.end() || message.holder_life != life_) return;
  auto& s = found->second;
  if (from != s.owner) return;
  const auto asked = std::find_if(s.asked.begin(), s.asked.end(), [&](const auto& one) { return one.first == message.seq; });
  if (asked == s.asked.end()) return;
  const auto sent = asked->second;
  s.asked.erase(s.asked.begin(), std::next(asked));   // H3
  s.waiting = !s.asked.empty() && s.waiting;
  s.answered_at = std::max(s.answered_at, sent);
  if (message.owner_life != s.owner_life && s.stamp != 0) s.shown = false;   // it was started anew and does not count us any more
  s.owner_life = message.owner_life;
  s.stamp = message.stamp;
  s.stamp_received = now;
  std::map<std::string_view, std::int64_t> granted;
  for (const auto& one : message.granted) granted[one.key] += one.amount;
  for (auto& [key, l] : s.limits) {
    const auto grant = granted.find(key);
    const auto amount = grant == granted.end() ? 0 : grant->second;
    const auto goal = target(l);
    if (amount > 0) {
      const auto pays = std::min(amount, l.debt);
      l.debt -= pays;
      if (amount > pays) l.leases.push_back({sent + options_.ttl, amount - pays});
      l.unmet = 0;
    }
    l.starved = 2 * ((l.lends ? fresh(l, now) : sum(l)) - l.debt) < goal;
  }
}

}  // namespace switchyard::cluster
