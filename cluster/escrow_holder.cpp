#include "cluster/escrow_holder.hpp"

#include "cluster/rendezvous.hpp"

#include <algorithm>
#include <cassert>

namespace switchyard::cluster {

namespace {

constexpr auto emptiness_is_news_for = seconds(1);

}  // namespace

escrow_holder::escrow_holder(node_name self, std::vector<node_name> configured, std::uint64_t life, escrow_options options)
    : self_(std::move(self)), configured_(std::move(configured)), life_(life), options_(options) {}

node_name escrow_holder::owner_of(const std::string& budget) const { return owners_of(budget, configured_).front(); }

void escrow_holder::replay(const escrow_record& record) {
  auto& p = purses_[record.pool];
  if (record.id.life == life_) seq_ = std::max(seq_, record.id.seq);   // ids grow within a life, too
  switch (record.step) {
    case escrow_step::accepted:
      p.available += record.amount;
      p.accepted = p.accepting = record.id;
      p.slice = record.amount;
      break;
    case escrow_step::reserved:
      p.available -= record.amount;
      p.open[record.who] = record.amount;
      break;
    case escrow_step::settled:
      if (const auto open = p.open.find(record.who); open != p.open.end()) {
        p.available += open->second - record.amount;
        p.open.erase(open);
      }
      break;
    case escrow_step::returning:
      p.available -= record.amount;
      p.returning = back{record.id, record.amount, true, {}};
      break;
    case escrow_step::return_done: p.returning.reset(); break;
    default: break;                              // an owner's
  }
}

void escrow_holder::recovered(journal_box& journal) {
  for (auto& [name, p] : purses_)                // E6
    for (const auto& [attempt, amount] : std::exchange(p.open, {}))
      journal.write(encode(escrow_record{escrow_step::settled, name, attempt, {}, amount}));
}

escrow_verdict escrow_holder::reserve(const escrow_pool_name& pool, const std::string& attempt, nano_usd amount, steady_time now, const alive_check& alive,
                                      outbox& out, journal_box& journal) {
  auto& p = purses_[pool];
  assert(!bulk_ && !p.open.contains(attempt));
  p.used = now;
  if (p.available >= amount) {
    p.available -= amount;
    p.open[attempt] = amount;
    const auto number = journal.write(encode(escrow_record{escrow_step::reserved, pool, attempt, {}, amount}));
    waiting_[number] = {escrow_step::reserved, pool, attempt, amount, {}};
    if (p.available < p.slice / 2) ask(pool, p, 0, now, out);   // ahead of need
    return escrow_verdict::held;
  }
  ask(pool, p, amount - p.available, now, out);
  return refusal(pool, p, now, alive);
}

escrow_verdict escrow_holder::refusal(const escrow_pool_name& pool, const purse& p, steady_time now, const alive_check& alive) const {
  if (p.asked && now - p.asked_first >= options_.owner_silent) return escrow_verdict::owner_unavailable;
  const auto owner = owner_of(pool.budget);
  if (owner != self_ && !alive(owner)) return escrow_verdict::owner_unavailable;
  if (!p.empty_at || now - *p.empty_at > emptiness_is_news_for) return escrow_verdict::wait;
  return p.more_may_come || !p.open.empty() ? escrow_verdict::wait : escrow_verdict::exhausted;
}

void escrow_holder::use_in_bulk() { bulk_ = true; }

void escrow_holder::account(const escrow_pool_name& pool, nano_usd committed, nano_usd wanted, steady_time now, outbox& out) {
  auto& p = purses_[pool];
  assert(bulk_);
  p.accounted = true;
  if (committed != p.committed || wanted > 0) p.used = now;
  p.available += p.committed - committed;
  p.committed = committed;
  if (p.available <= 0) p.recalled = false;
  if (p.available < 0 || wanted > p.available)    // below 0: a period began while calls were under way, or one cost more than it could
    ask(pool, p, wanted - p.available, now, out);
  else if (p.available < p.slice / 2 && now - p.used < emptiness_is_news_for)
    ask(pool, p, 0, now, out);                   // ahead of need
}

escrow_verdict escrow_holder::outlook(const escrow_pool_name& pool, steady_time now, const alive_check& alive) const {
  const auto found = purses_.find(pool);
  static const purse none;
  return refusal(pool, found == purses_.end() ? none : found->second, now, alive);
}

nano_usd escrow_holder::wants_back(const escrow_pool_name& pool, steady_time now) const {
  const auto found = purses_.find(pool);
  if (found == purses_.end()) return 0;
  const auto& p = found->second;
  if (!p.accounted || p.returning || p.available <= 0) return 0;
  if (now - p.used >= options_.idle && !p.asked) return p.available;
  if (!p.recalled) return 0;
  return now - p.used < emptiness_is_news_for ? (p.available + 1) / 2 : p.available;
}

void escrow_holder::give_back(const escrow_pool_name& pool, nano_usd amount, journal_box& journal) {
  if (const auto found = purses_.find(pool); found != purses_.end()) give_back(found->first, found->second, amount, journal);
}

nano_usd escrow_holder::in_hand(const escrow_pool_name& pool) const {
  const auto found = purses_.find(pool);
  return found == purses_.end() ? 0 : found->second.available + found->second.committed;
}

void escrow_holder::ask(const escrow_pool_name& name, purse& p, nano_usd want, steady_time now, outbox& out) {
  if (p.asked) {
    p.asked_for = std::max(p.asked_for, want);
    return;
  }
  if (p.accepting > p.accepted) return;          // a slice is being written down
  if (p.empty_at && now - *p.empty_at < options_.repeat / 2) return;
  p.asked = escrow_id{life_, ++seq_};
  p.asked_for = want;
  p.asked_at = p.asked_first = now;
  out.send(owner_of(name.budget), escrow_request{name, *p.asked, p.accepted, want});
}

void escrow_holder::settle(const escrow_pool_name& pool, const std::string& attempt, nano_usd cost, journal_box& journal) {
  auto& p = purses_[pool];
  const auto open = p.open.find(attempt);
  if (open == p.open.end()) return;
  overrun_ += std::max<nano_usd>(cost - open->second, 0);
  p.available += open->second - cost;
  p.open.erase(open);
  journal.write(encode(escrow_record{escrow_step::settled, pool, attempt, {}, cost}));
}

void escrow_holder::on(const node_name& from, const escrow_grant& message, steady_time now, journal_box& journal) {
  const auto found = purses_.find(message.pool);
  if (found == purses_.end() || from != owner_of(message.pool.budget)) return;
  auto& p = found->second;
  if (message.amount <= 0) {
    if (p.asked != message.id) return;
    p.asked.reset();
    p.empty_at = now;
    p.more_may_come = message.more_may_come;
    return;
  }
  if (message.id <= p.accepting) return;         // E5: doubled
  p.accepting = message.id;
  const auto number = journal.write(encode(escrow_record{escrow_step::accepted, message.pool, {}, message.id, message.amount}));
  waiting_[number] = {escrow_step::accepted, message.pool, {}, message.amount, message.id};
}

void escrow_holder::give_back(const escrow_pool_name& name, purse& p, nano_usd amount, journal_box& journal) {
  if (amount <= 0 || p.returning) return;
  p.recalled = false;
  p.available -= amount;
  p.returning = back{{life_, ++seq_}, amount, false, {}};
  const auto number = journal.write(encode(escrow_record{escrow_step::returning, name, {}, p.returning->id, amount}));
  waiting_[number] = {escrow_step::returning, name, {}, amount, p.returning->id};
}

void escrow_holder::give_back_all(steady_time now, outbox& out, journal_box& journal) {
  if (bulk_) return tick(now, out, journal);     // only who keeps the reservations knows what is free
  for (auto& [name, p] : purses_) give_back(name, p, p.available, journal);
  tick(now, out, journal);
}

void escrow_holder::on(const node_name& from, const escrow_recall& message, steady_time now, journal_box& journal) {
  const auto found = purses_.find(message.pool);
  if (found == purses_.end() || from != owner_of(message.pool.budget)) return;
  auto& p = found->second;
  if (bulk_) {
    p.recalled = p.available > 0;
    return;
  }
  const bool busy = now - p.used < emptiness_is_news_for;
  give_back(message.pool, p, busy ? p.available / 2 : p.available, journal);
}

void escrow_holder::on(const node_name& from, const escrow_returned& message, journal_box& journal) {
  const auto found = purses_.find(message.pool);
  if (found == purses_.end() || from != owner_of(message.pool.budget)) return;
  auto& p = found->second;
  if (!p.returning || p.returning->id != message.id) return;
  p.returning.reset();
  journal.write(encode(escrow_record{escrow_step::return_done, message.pool, {}, message.id, 0}));
}

std::vector<std::string> escrow_holder::written(std::uint64_t number, steady_time now, outbox& out) {
  std::vector<std::string> ready;
  for (auto one = waiting_.begin(); one != waiting_.end() && one->first <= number; one = waiting_.erase(one)) {
    auto& what = one->second;
    const auto found = purses_.find(what.pool);
    if (found == purses_.end()) continue;
    auto& p = found->second;
    switch (what.step) {
      case escrow_step::reserved: ready.push_back(std::move(what.attempt)); break;
      case escrow_step::accepted:
        p.available += what.amount;
        p.accepted = what.id;
        p.slice = what.amount;
        p.empty_at.reset();
        if (p.asked && *p.asked <= what.id) p.asked.reset();
        break;
      case escrow_step::returning:
        if (!p.returning || p.returning->id != what.id) break;
        p.returning->durable = true;
        p.returning->sent = now;
        out.send(owner_of(what.pool.budget), escrow_return{what.pool, what.id, what.amount});
        break;
      default: break;
    }
  }
  return ready;
}

void escrow_holder::tick(steady_time now, outbox& out, journal_box& journal) {
  for (auto& [name, p] : purses_) {
    if (p.asked && now - p.asked_at >= options_.repeat) {
      p.asked_at = now;
      out.send(owner_of(name.budget), escrow_request{name, *p.asked, p.accepted, p.asked_for});
    }
    if (p.returning && p.returning->durable && now - p.returning->sent >= options_.repeat) {
      p.returning->sent = now;
      out.send(owner_of(name.budget), escrow_return{name, p.returning->id, p.returning->amount});
    }
    if (!bulk_ && p.available > 0 && p.open.empty() && !p.asked && now - p.used >= options_.idle) give_back(name, p, p.available, journal);
  }
}

void escrow_holder::drop_before(const std::string& budget, std::int64_t oldest) {
  for (auto p = purses_.lower_bound({budget, INT64_MIN}); p != purses_.end() && p->first.budget == budget && p->first.period < oldest;)
    p = p->second.open.empty() ? purses_.erase(p) : std::next(p);
}

nano_usd escrow_holder::available(const escrow_pool_name& pool) const {
  const auto found = purses_.find(pool);
  return found == purses_.end() ? 0 : found->second.available;
}

std::vector<escrow_record> escrow_holder::snapshot() const {
  std::vector<escrow_record> records;
  for (const auto& [name, p] : purses_) {
    nano_usd all = p.available + p.committed + (p.returning ? p.returning->amount : 0);
    for (const auto& [attempt, amount] : p.open) all += amount;
    records.push_back({escrow_step::accepted, name, {}, p.accepted, all});
    for (const auto& [attempt, amount] : p.open) records.push_back({escrow_step::reserved, name, attempt, {}, amount});
    if (p.returning) records.push_back({escrow_step::returning, name, {}, p.returning->id, p.returning->amount});
  }
  return records;
}

}  // namespace switchyard::cluster
