#include "cluster/cache_seeker.hpp"

#include "cluster/rendezvous.hpp"

namespace switchyard::cluster {

cache_seeker::cache_seeker(node_name self, std::vector<node_name> all, cache_options options, std::uint64_t last)
    : self_(std::move(self)), options_(options), last_(last) {
  for (auto& node : all)
    if (node != self_) peers_[std::move(node)];
}

// As owners_of("cache/" + partition), but for the living, and without a list.
const node_name& cache_seeker::owner_of(std::string_view partition) const {
  const auto seed = stable_hash(partition, stable_hash("cache/"));
  const node_name* best = &self_;
  auto most = stable_hash(self_, seed);
  for (const auto& [node, p] : peers_) {
    if (!p.alive) continue;
    const auto weight = stable_hash(node, seed);
    if (weight > most || (weight == most && node < *best)) best = &node, most = weight;
  }
  return *best;
}

void cache_seeker::see(const std::function<bool(const node_name&)>& alive) {
  for (auto& [node, p] : peers_) p.alive = alive(node);
}

std::optional<std::uint64_t> cache_seeker::ask(const node_name& owner, cache_lookup what, receiver then, steady_time now, outbox& out) {
  const auto at = peers_.find(owner);
  if (at == peers_.end()) return std::nullopt;
  auto& p = at->second;
  const bool tried = p.unanswered >= options_.rests_after;   // Q3: one shows whether it answers again
  if (p.open >= options_.most_open || now < p.rests_until || (tried && p.open > 0)) {
    ++figures_.not_asked;
    return std::nullopt;
  }
  const auto id = what.id = ++last_;
  ++p.open;
  ++figures_.asked;
  open_[id] = {owner, now + options_.deadline, std::move(then)};
  out.send(owner, what);
  return id;
}

void cache_seeker::end(lookups::iterator which, std::optional<cache_answer> how) {
  const auto then = std::move(which->second.then);
  --peers_.at(which->second.owner).open;
  open_.erase(which);
  then(std::move(how));
}

void cache_seeker::on(const node_name& from, cache_answer said) {
  const auto which = open_.find(said.id);
  const auto p = peers_.find(from);
  if (p == peers_.end()) return;
  p->second.unanswered = 0;
  p->second.rests_until = {};
  if (which == open_.end() || which->second.owner != from) {
    ++figures_.late;
    return;
  }
  if (said.result == cache_result::exact || said.result == cache_result::alike) ++figures_.found;
  end(which, std::move(said));
}

void cache_seeker::give_up(std::uint64_t id, steady_time now) {
  const auto which = open_.find(id);
  if (which == open_.end()) return;
  auto& p = peers_.at(which->second.owner);
  ++figures_.unanswered;
  if (++p.unanswered >= options_.rests_after) p.rests_until = now + options_.rest;
  end(which, std::nullopt);
}

void cache_seeker::tick(steady_time now) {
  while (!open_.empty() && open_.begin()->second.until <= now) give_up(open_.begin()->first, now);   // ids rise with time
}

void cache_seeker::unsupported_by(const node_name& node, steady_time now) {
  const auto p = peers_.find(node);
  if (p == peers_.end()) return;
  p->second.unanswered = options_.rests_after;
  p->second.rests_until = now + options_.unsupported_rest;
}

void cache_seeker::end() {
  while (!open_.empty()) end(open_.begin(), std::nullopt);
}

}  // namespace switchyard::cluster
