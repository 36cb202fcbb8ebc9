#include "cluster/escrow_owner.hpp"

#include <algorithm>

namespace switchyard::cluster {

void escrow_owner::configure(const std::vector<budget_terms>& budgets) {
  budgets_.clear();
  for (const auto& one : budgets) budgets_[one.budget] = one;
}

void escrow_owner::replay(const escrow_record& record) {
  auto& p = pools_[record.pool];
  switch (record.step) {
    case escrow_step::granted: {
      auto& h = p.holders[record.who];
      h.grant = {record.id, record.amount, true};
      h.out += record.amount;
      p.out += record.amount;
      break;
    }
    case escrow_step::took_back: {
      auto& h = p.holders[record.who];
      h.back = {record.id, record.amount, true};
      h.out -= record.amount;
      p.out -= record.amount;
      break;
    }
    case escrow_step::carried:
      p.holders[record.who].out += record.amount;
      p.out += record.amount;
      break;
    default: break;                              // a holder's
  }
}

void escrow_owner::on(const node_name& from, const escrow_request& message, std::int64_t period, steady_time now, outbox& out, journal_box& journal) {
  const auto budget = budgets_.find(message.pool.budget);
  if (budget == budgets_.end() || std::abs(message.pool.period - period) > 1) return;
  const auto& terms = budget->second;
  auto& p = pools_[message.pool];
  auto& h = p.holders[from];
  if (message.id < h.grant.id) return;
  if (message.id == h.grant.id || message.accepted < h.grant.id) {
    // The grant or its answer was lost, or the holder crashed before it wrote it down: it gets that one first.
    if (h.grant.durable) out.send(from, escrow_grant{message.pool, h.grant.id, h.grant.amount, false});
    return;
  }
  const auto slice = std::max(terms.amount / options_.slices, 2 * terms.largest_request);
  const auto amount = std::min(std::max(slice, message.want), terms.amount - p.out);
  if (amount <= 0) {
    const bool asked = recall(message.pool, p, from, now, out);
    out.send(from, escrow_grant{message.pool, message.id, 0, asked});
    return;
  }
  p.out += amount;
  h.out += amount;
  h.grant = {message.id, amount, !options_.written_before_sent};
  const auto number = journal.write(encode(escrow_record{escrow_step::granted, message.pool, from, message.id, amount}));
  if (options_.written_before_sent)
    waiting_[number] = {message.pool, from, false};
  else
    out.send(from, escrow_grant{message.pool, message.id, amount, false});
}

bool escrow_owner::recall(const escrow_pool_name& name, pool& p, const node_name& except, steady_time now, outbox& out) const {
  bool anyone = false;
  const bool due = now - p.recalled >= options_.repeat || p.recalled == steady_time{};
  for (const auto& [node, h] : p.holders) {
    if (node == except || h.out <= 0) continue;
    anyone = true;
    if (due) out.send(node, escrow_recall{name});
  }
  if (due && anyone) p.recalled = now;
  return anyone;
}

void escrow_owner::on(const node_name& from, const escrow_return& message, outbox& out, journal_box& journal) {
  const auto found = pools_.find(message.pool);
  if (found == pools_.end() || !found->second.holders.contains(from)) {
    out.send(from, escrow_returned{message.pool, message.id});   // a pool long closed: nothing to book
    return;
  }
  auto& p = found->second;
  auto& h = p.holders[from];
  if (message.id <= h.back.id) {
    if (message.id < h.back.id || h.back.durable) out.send(from, escrow_returned{message.pool, message.id});
    return;
  }
  h.back = {message.id, message.amount, false};
  const auto number = journal.write(encode(escrow_record{escrow_step::took_back, message.pool, from, message.id, message.amount}));
  waiting_[number] = {message.pool, from, true};
  p.out -= message.amount;
  h.out -= message.amount;
}

void escrow_owner::written(std::uint64_t number, outbox& out) {
  for (auto one = waiting_.begin(); one != waiting_.end() && one->first <= number; one = waiting_.erase(one)) {
    const auto found = pools_.find(one->second.pool);
    if (found == pools_.end()) continue;
    auto& h = found->second.holders[one->second.holder];
    auto& done = one->second.is_return ? h.back : h.grant;
    done.durable = true;
    if (one->second.is_return)
      out.send(one->second.holder, escrow_returned{one->second.pool, done.id});
    else
      out.send(one->second.holder, escrow_grant{one->second.pool, done.id, done.amount, false});
  }
}

void escrow_owner::drop_before(const std::string& budget, std::int64_t oldest) {
  pools_.erase(pools_.lower_bound({budget, INT64_MIN}), pools_.lower_bound({budget, oldest}));
}

nano_usd escrow_owner::out(const escrow_pool_name& pool) const {
  const auto found = pools_.find(pool);
  return found == pools_.end() ? 0 : found->second.out;
}

std::vector<escrow_record> escrow_owner::snapshot() const {
  std::vector<escrow_record> records;
  for (const auto& [name, p] : pools_)
    for (const auto& [node, h] : p.holders) {
      records.push_back({escrow_step::carried, name, node, {}, h.out - h.grant.amount + h.back.amount});
      if (h.grant.id != escrow_id{}) records.push_back({escrow_step::granted, name, node, h.grant.id, h.grant.amount});
      if (h.back.id != escrow_id{}) records.push_back({escrow_step::took_back, name, node, h.back.id, h.back.amount});
    }
  return records;
}

}  // namespace switchyard::cluster
