#include "cluster/shared_health.hpp"

#include "cluster/rendezvous.hpp"

#include <algorithm>

namespace switchyard::cluster {

namespace {

constexpr std::size_t most_probers = 3;
constexpr auto advice_is_fresh_for = seconds(5);
constexpr auto lone_probe_every = seconds(30);

std::string fact_name(const std::string& key) { return "fact/" + key; }
std::string breaker_name(const std::string& key) { return "breaker/" + key; }

}  // namespace

shared_health::shared_health(node_name self, std::vector<node_name> configured, registers& shared)
    : self_(std::move(self)), configured_(std::move(configured)), shared_(shared) {}

outcome shared_health::report(const std::string& key, key_fact what, milliseconds lasts, steady_time now, outbox& out) {
  return shared_.write(fact_name(key), encode(fact_value{what}), lasts, now, out);
}

outcome shared_health::report(const std::string& key, shared_breaker state, steady_time now, outbox& out) {
  return shared_.write(breaker_name(key), encode(breaker_value{state}), std::nullopt, now, out);
}

std::optional<parking> shared_health::parked(const std::string& key, steady_time now) const {
  std::optional<parking> longest;
  for (const auto& node : configured_) {
    const auto* entry = shared_.find(node, fact_name(key), now);
    if (entry == nullptr || !entry->until || (longest && longest->until >= *entry->until)) continue;
    if (const auto fact = decode<fact_value>(entry->value)) longest = parking{fact->what, *entry->until};
  }
  return longest;
}

bool shared_health::should_open(const std::string& key, bool own_evidence, steady_time now) const {
  std::size_t peers = 0;
  for (const auto& node : configured_) {
    if (node == self_) continue;
    const auto* entry = shared_.find(node, breaker_name(key), now);
    if (entry == nullptr || now - entry->received > advice_is_fresh_for) continue;
    const auto value = decode<breaker_value>(entry->value);
    peers += value && value->state == shared_breaker::open;
  }
  return peers >= 2 || (peers == 1 && own_evidence);
}

std::vector<node_name> shared_health::probers(const std::string& key) const {
  auto order = owners_of(key, configured_);
  if (order.size() > most_probers) order.resize(most_probers);
  return order;
}

bool shared_health::may_probe(const std::string& key, steady_time now, const alive_check& alive) {
  const auto chosen = probers(key);
  if (std::find(chosen.begin(), chosen.end(), self_) != chosen.end()) return true;
  if (std::any_of(chosen.begin(), chosen.end(), alive)) return false;
  auto& last = lone_probe_[key];
  if (last != steady_time{} && now - last < lone_probe_every) return false;
  last = now;
  return true;
}

bool shared_health::should_close(const std::string& key, steady_time since, steady_time now) const {
  for (const auto& node : probers(key)) {
    if (node == self_) continue;
    const auto* entry = shared_.find(node, breaker_name(key), now);
    if (entry == nullptr || entry->received < since) continue;
    const auto value = decode<breaker_value>(entry->value);
    if (value && value->state == shared_breaker::closed) return true;
  }
  return false;
}

}  // namespace switchyard::cluster
