#include "cluster/shared_health.hpp"

#include "cluster/rendezvous.hpp"

#include <algorithm>

namespace switchyard::cluster {

namespace {

constexpr std::size_t most_probers = 3;
constexpr auto advice_is_fresh_for = seconds(5);
constexpr auto lone_probe_every = seconds(30);

std::string fact_name(const std::string& key) { return "fact/" + key; }
std::string measure_name(const std::string& key) { return "measure/" + key; }
std::string breaker_name(const std::string& key) { return "breaker/" + key; }

}  // namespace

shared_health::shared_health(node_name self, std::vector<node_name> configured, registers& shared)
    : self_(std::move(self)), configured_(std::move(configured)), shared_(shared) {}

outcome shared_health::report(const std::string& key, fact_value what, milliseconds lasts, steady_time now, outbox& out) {
  return shared_.write(fact_name(key), encode(what), lasts, now, out);
}

outcome shared_health::report(const std::string& key, shared_breaker state, steady_time now, outbox& out) {
  return shared_.write(breaker_name(key), encode(breaker_value{state}), std::nullopt, now, out);
}

outcome shared_health::report(const std::string& key, const key_performance& measured, milliseconds lasts, steady_time now, outbox& out) {
  return shared_.write(measure_name(key), encode(measured), lasts, now, out);
}

key_performance shared_health::measured_by_others(const std::string& key, std::uint64_t credential, steady_time now) const {
  constexpr std::uint64_t most_calls = 1u << 30, longest_us = 1u << 30;     // no node's window holds more, whatever it says
  key_performance all{credential};
  double time = 0, timed = 0;
  for (const auto& node : configured_) {
    const auto* entry = node == self_ ? nullptr : shared_.find(node, measure_name(key), now);
    if (entry == nullptr) continue;
    const auto one = decode<key_performance>(entry->value);
    if (!one || one->credential != credential) continue;
    const auto calls = std::min(one->calls, most_calls);
    all.calls += calls;
    all.successes += std::min(one->successes, calls);
    if (one->latency_us == 0) continue;
    timed += static_cast<double>(calls);
    time += static_cast<double>(calls) * static_cast<double>(std::min(one->latency_us, longest_us));
  }
  if (timed > 0) all.latency_us = static_cast<std::uint64_t>(time / timed);
  return all;
}

std::optional<parking> shared_health::parked(const std::string& key, std::uint64_t credential, steady_time now) const {
  std::optional<parking> longest;
  for (const auto& node : configured_) {
    const auto* entry = shared_.find(node, fact_name(key), now);
    if (entry == nullptr || !entry->until || (longest && longest->until >= *entry->until)) continue;
    const auto fact = decode<fact_value>(entry->value);
    if (fact && (fact->credential == credential || fact->credential == 0)) longest = parking{fact->what, *entry->until, node};
  }
  return longest;
}

std::optional<shared_breaker> shared_health::state_at(const node_name& node, const std::string& key, steady_time now) const {
  const auto* entry = shared_.find(node, breaker_name(key), now);
  if (entry == nullptr) return std::nullopt;
  const auto value = decode<breaker_value>(entry->value);
  return value ? std::optional(value->state) : std::nullopt;
}

bool shared_health::should_open(const std::string& key, bool own_evidence, steady_time since, steady_time now) const {
  std::size_t peers = 0;
  for (const auto& node : configured_) {
    if (node == self_ || state_at(node, key, now) != shared_breaker::open) continue;
    const auto received = shared_.find(node, breaker_name(key), now)->received;
    peers += received > since && now - received <= advice_is_fresh_for;
  }
  return peers >= 2 || (peers == 1 && own_evidence);
}

bool shared_health::prober(const std::string& key) const {
  const auto order = owners_of(key, configured_);
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), most_probers));
  return std::find(order.begin(), end, self_) != end;
}

bool shared_health::may_probe(const std::string& key, steady_time now, const alive_check& alive) {
  if (prober(key)) return true;
  const auto order = owners_of(key, configured_);
  const auto unwell = [&](const node_name& node) { return node == self_ || state_at(node, key, now).value_or(shared_breaker::closed) != shared_breaker::closed; };
  std::size_t alive_probers = 0, place = 0;
  bool probed = false;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i < most_probers && alive(order[i])) {
      ++alive_probers;
      probed = probed || unwell(order[i]);
    } else if (i >= most_probers && unwell(order[i])) {
      if (order[i] == self_) break;
      ++place;
    }
  }
  if (alive_probers > 0) return !probed && place < most_probers;
  auto& last = lone_probe_[key];
  if (last != steady_time{} && now - last < lone_probe_every) return false;
  last = now;
  return true;
}

bool shared_health::should_close(const std::string& key, steady_time since, steady_time now) const {
  for (const auto& node : configured_)
    if (node != self_ && state_at(node, key, now) == shared_breaker::closed && shared_.find(node, breaker_name(key), now)->received >= since) return true;
  return false;
}

}  // namespace switchyard::cluster
