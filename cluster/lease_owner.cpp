#include "cluster/lease_owner.hpp"

#include "cluster/rendezvous.hpp"

#include <set>

namespace switchyard::cluster {

lease_owner::lease_owner(std::size_t configured_nodes, std::uint64_t life, steady_time now, lease_options options)
    : nodes_(configured_nodes), life_(life), options_(options), grants_from_(now + options.ttl) {}

void lease_owner::configure(const std::vector<lease_limit>& limits, steady_time now) {
  std::set<std::string> wanted;
  for (const auto& one : limits) {
    if (one.per_minute <= 0) continue;           // unlimited
    wanted.insert(one.key);
    auto& known = shards_[shard_of(one.key)].limits;
    auto& l = known.try_emplace(one.key, one.per_minute, nodes_, std::max(now, grants_from_)).first->second;
    l.per_minute = one.per_minute;
    l.terms = lease_terms::of(l.per_minute, nodes_);
  }
  for (auto& [number, shard] : shards_) std::erase_if(shard.limits, [&](const auto& known) { return !wanted.contains(known.first); });
}

void lease_owner::resize(std::size_t configured_nodes, steady_time now) {
  nodes_ = configured_nodes;
  grants_from_ = now + options_.ttl;
  for (auto& [number, shard] : shards_)
    for (auto& [key, l] : shard.limits) {
      l.terms = lease_terms::of(l.per_minute, nodes_);
      l.bucket.empty(grants_from_);
    }
}

std::int64_t lease_owner::count(const shard_state& shard, steady_time now) const noexcept {
  if (!options_.share_follows_attachment) return static_cast<std::int64_t>(nodes_);
  std::int64_t attached = 0;
  for (const auto& [node, h] : shard.holders) attached += h.counted_until > now;
  return std::min(attached, static_cast<std::int64_t>(nodes_));
}

std::size_t lease_owner::attached(std::uint8_t shard, steady_time now) { return static_cast<std::size_t>(count(shards_[shard], now)); }

std::int64_t lease_owner::outstanding(const limit& l) noexcept {
  std::int64_t sum = 0;
  for (const auto& [node, grants] : l.outstanding)
    for (const auto& g : grants) sum += g.amount;
  return sum;
}

void lease_owner::settle_up(limit& l, std::int64_t attached, steady_time now) const {
  for (auto& [node, grants] : l.outstanding)
    while (!grants.empty() && grants.front().ends <= now) grants.pop_front();
  const auto nodes = static_cast<std::int64_t>(nodes_);
  l.bucket.fill(now, l.terms.rate * attached / nodes, l.terms.burst * attached / nodes - outstanding(l) * micro);
}

// Of the grants that the holder knew of, at most `unused` are still unused; the rest was used and leaves the potential.
void lease_owner::book_report(limit& l, const node_name& from, const lease_want& report, std::uint64_t stamp) const {
  auto& grants = l.outstanding[from];
  std::int64_t known = 0;
  for (const auto& g : grants) known += g.stamp <= stamp ? g.amount : 0;
  const auto returned = std::clamp<std::int64_t>(report.returned, 0, known);
  auto left = known - std::clamp<std::int64_t>(report.unused, 0, known);
  for (auto& g : grants) {
    if (g.stamp > stamp || left == 0) break;
    const auto used = std::min(left, g.amount);
    g.amount -= used;
    left -= used;
  }
  std::erase_if(grants, [](const grant& g) { return g.amount == 0; });
  l.bucket.put(returned + std::clamp<std::int64_t>(report.refunded, 0, l.per_minute));
}

void lease_owner::on(const node_name& from, const lease_request& message, steady_time now, outbox& out) {
  if (message.shard >= shards) return;
  auto& shard = shards_[message.shard];
  auto& h = shard.holders[from];
  if (message.life < h.life || (message.life == h.life && message.seq <= h.seq)) return;
  h.life = message.life;
  h.seq = message.seq;

  const auto before = count(shard, now);
  const bool proven = message.stamp != 0 && message.owner_life == life_;
  auto counted_until = h.counted_until;
  if (proven)
    counted_until = std::max(counted_until, from_ns(static_cast<std::int64_t>(message.stamp)) + options_.ttl);
  else if (!options_.attachment_is_proven)
    counted_until = now + options_.ttl;
  // A share that grows does so from now on: what flowed in until now, did by the smaller one.
  if (h.counted_until <= now && counted_until > now)
    for (auto& [key, l] : shard.limits) settle_up(l, before, now);
  h.counted_until = counted_until;
  const auto attached = count(shard, now);

  lease_grant answer{message.shard, message.life, message.seq, life_, std::max<std::uint64_t>(static_cast<std::uint64_t>(to_ns(now)), shard.last_stamp + 1), {}};
  shard.last_stamp = answer.stamp;
  const bool may_grant = h.counted_until > now && now >= grants_from_;
  for (const auto& want : message.wants) {
    const auto found = shard.limits.find(want.key);
    if (found == shard.limits.end()) continue;
    auto& l = found->second;
    settle_up(l, attached, now);                 // by what was held until now; only then by the report
    if (proven) book_report(l, from, want, message.stamp);
    if (want.remaining) l.bucket.lower_to(*want.remaining);
    settle_up(l, attached, now);
    const auto amount = may_grant ? std::min(std::max<std::int64_t>(want.want, 0), l.bucket.whole()) : 0;
    if (amount <= 0) continue;
    l.bucket.take(amount);
    l.outstanding[from].push_back({answer.stamp, amount, now + options_.ttl});
    answer.granted.push_back({want.key, amount});
  }
  out.send(from, answer);
}

}  // namespace switchyard::cluster
