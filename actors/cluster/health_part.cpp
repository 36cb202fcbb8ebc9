#include "actors/cluster/health_part.hpp"

#include "base/log.hpp"
#include "base/sha256.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::actors {

namespace {

using cluster::key_fact;
using cluster::shared_breaker;
using routing::breaker_state;
using routing::park_reason;

// Calls that fail together park a key once each, by milliseconds more: others hear of it ten times a second at most.
constexpr milliseconds report_every{100};
constexpr milliseconds advice_acts_within = seconds(1);
// An actor that was replaced since has forgotten its share, and what it had learned.
constexpr milliseconds repeat_probes_every = seconds(10);
// Measures: half a window old at most, as long as a window; of so many keys that registers are left for facts.
constexpr milliseconds measure_every = seconds(2), measure_lasts = seconds(30), measure_again_before = seconds(15);
constexpr std::size_t most_measured_keys = 1024;

key_fact fact_of(park_reason why) noexcept {
  switch (why) {
    case park_reason::unauthorized: return key_fact::unauthorized;
    case park_reason::quota: return key_fact::quota_spent;
    default: return key_fact::rate_limited;
  }
}

park_reason reason_of(key_fact what) noexcept {
  switch (what) {
    case key_fact::unauthorized: return park_reason::unauthorized;
    case key_fact::quota_spent: return park_reason::quota;
    default: return park_reason::retry_after;
  }
}

shared_breaker shared_state(breaker_state state) noexcept {
  switch (state) {
    case breaker_state::open: return shared_breaker::open;
    case breaker_state::half_open: return shared_breaker::half_open;
    default: return shared_breaker::closed;
  }
}

/// Tells credentials apart and gives none away: 64 bits of a hash of what nobody can guess.
std::uint64_t fingerprint(const routing::key_entry& key) {
  std::string all = "switchyard key fact";
  for (const auto& part : {key.config.value.reveal(), key.config.access_key_id.reveal(), key.config.secret_access_key.reveal()}) {
    all += '\0';
    all.append(part);
  }
  const auto digest = sha256(all);
  std::uint64_t out = 0;
  for (int i = 0; i < 8; ++i) out = out << 8 | digest[static_cast<std::size_t>(i)];
  return out == 0 ? 1 : out;
}

/// By so little that nobody would draw differently.
bool nearly_same(const cluster::key_performance& a, const cluster::key_performance& b) noexcept {
  const auto near = [](double x, double y, double share) { return std::abs(x - y) <= share * std::max(x, y); };
  const auto rate = [](const cluster::key_performance& of) { return of.calls == 0 ? 1.0 : static_cast<double>(of.successes) / static_cast<double>(of.calls); };
  const auto lent = [](const cluster::key_performance& of) { return static_cast<double>(std::min(of.calls, routing::key_health::most_lent_calls)); };
  return (a.calls == 0) == (b.calls == 0) && std::abs(rate(a) - rate(b)) <= 0.02 &&
         near(lent(a), lent(b), 0.25) &&
         near(static_cast<double>(a.latency_us), static_cast<double>(b.latency_us), 0.1);
}

}  // namespace

void health_part::begin(cluster::node_protocols& protocols, steady_time now) {
  protocols_ = &protocols;
  fresh_ = true;
  for (auto& key : keys_) {
    if (key.own > now) key.known = {};           // what a provider said here is told anew
    key.breaker = breaker_state::closed;
    key.probes = -1;
    key.told = {};
  }
}

void health_part::yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time) {
  std::vector<watched> next;
  for (const auto& provider : yard->providers)
    for (const auto& entry : provider->keys) {
      const auto known = std::find_if(keys_.begin(), keys_.end(), [&](const watched& one) { return one.entry != nullptr && one.entry->state == entry->state; });
      watched key;
      if (known != keys_.end()) key = std::move(*known);
      if (key.entry == nullptr) key.name = entry->provider + "/" + entry->config.name;
      if (key.entry != entry) key.credential = fingerprint(*entry);
      key.entry = entry;
      next.push_back(std::move(key));
    }
  keys_ = std::move(next);
  fresh_ = true;
}

void health_part::tick(steady_time now) {
  if (protocols_ == nullptr) return;
  const auto revision = protocols_->shared.revision();
  const bool heard = std::exchange(fresh_, false) || revision != revision_;
  revision_ = revision;
  const bool repeat = now >= repeat_probes_;
  if (repeat) repeat_probes_ = now + repeat_probes_every;
  for (auto& key : keys_) {
    watch_parking(key, now);
    if (heard) learn_parking(key, now);
    watch_breaker(key, now);
    heed_breakers(key, heard, now);
    if (key.probes < 0 || (repeat && key.breaker == breaker_state::closed)) {
      key.probes = -1;
      give_probes(key, protocols_->health.prober(key.name) ? 1 : 0);
    }
    if (repeat) key.learned = {};
    exchange_measures(key, now);
  }
}

// -- parking: S1 ------------------------------------------------------------------------------------------------------

void health_part::watch_parking(watched& key, steady_time now) {
  const auto& state = *key.entry->state;
  const auto until = from_ns(state.parked_until_ns.load(std::memory_order_relaxed));
  if (until == steady_time{} && key.known != steady_time{}) {
    // Its credential was replaced: what was said of the old one is over.
    if (key.own > now) (void)protocols_->health.report(key.name, {fact_of(park_reason::retry_after), key.credential}, milliseconds(0), now, protocols_->out);
    key.known = key.own = {};
  }
  if (until <= key.known || until <= now || now < key.next_report) return;
  key.known = key.own = until;
  key.next_report = now + report_every;
  const auto why = fact_of(state.parked_for.load(std::memory_order_relaxed));
  if (auto told = protocols_->health.report(key.name, {why, key.credential}, std::chrono::ceil<milliseconds>(until - now), now, protocols_->out); !told)
    log::warn("key_fact_not_shared", told.failure().message, {{"provider", key.entry->provider}, {"key", key.entry->config.name}});
}

void health_part::learn_parking(watched& key, steady_time now) {
  auto& state = *key.entry->state;
  const auto fact = protocols_->health.parked(key.name, key.credential, now);
  if (!fact || fact->by == protocols_->name || fact->until <= from_ns(state.parked_until_ns.load(std::memory_order_relaxed))) return;
  state.park(fact->until, reason_of(fact->why));
  key.known = std::max(key.known, fact->until);
  tell_.parked(*key.entry, {fact->by, reason_of(fact->why), std::chrono::ceil<milliseconds>(fact->until - now)});
}

// -- breakers: S2, S3 -------------------------------------------------------------------------------------------------

void health_part::watch_breaker(watched& key, steady_time now) {
  const auto state = key.entry->state->breaker.load(std::memory_order_acquire);
  if (state == key.breaker) return;
  const bool by_advice = std::exchange(key.advised, {}) > now && state == breaker_state::open && key.breaker == breaker_state::closed;
  key.breaker = state;
  key.changed = now;
  if (state == breaker_state::open) key.opened = now;
  if (!by_advice) (void)protocols_->health.report(key.name, shared_state(state), now, protocols_->out);
  // A probe that only this half-open time had.
  if (state != breaker_state::half_open) give_probes(key, protocols_->health.prober(key.name) ? 1 : 0);
}

void health_part::heed_breakers(watched& key, bool heard, steady_time now) {
  auto& health = protocols_->health;
  if (key.breaker == breaker_state::half_open) return follow_probers(key, now);
  if (key.breaker != breaker_state::closed) return;
  if (heard) key.advice = health.should_open(key.name, true, key.changed, now);
  if (!key.advice) return;
  const bool evidence = key.entry->state->failures_in_row.load(std::memory_order_relaxed) > 0;
  if (health.should_open(key.name, evidence, key.changed, now)) {
    key.advised = evidence ? steady_time{} : now + advice_acts_within;
    key.advice = false;
    tell_.advise(*key.entry, {breaker_advice::kind::open, 0});
  } else {
    key.advice = health.should_open(key.name, true, key.changed, now);
  }
}

void health_part::follow_probers(watched& key, steady_time now) {
  auto& health = protocols_->health;
  if (key.probes > 0) return;
  if (health.should_close(key.name, key.opened, now))
    tell_.advise(*key.entry, {breaker_advice::kind::close, 0});
  else if (health.may_probe(key.name, now, protocols_->alive()))
    give_probes(key, 1);
}

void health_part::give_probes(watched& key, int probes) {
  if (key.probes == probes) return;
  key.probes = probes;
  tell_.advise(*key.entry, {breaker_advice::kind::probes, probes});
}

// -- measures: S4 -----------------------------------------------------------------------------------------------------

void health_part::exchange_measures(watched& key, steady_time now) {
  const auto place = static_cast<std::size_t>(&key - keys_.data());
  if (now < key.next_measure || place >= most_measured_keys) return;
  const bool first = key.next_measure == steady_time{};
  key.next_measure = now + (first ? milliseconds(20) * static_cast<int>(1 + place % 100) : measure_every);   // not all of them in one tick
  if (first) return;
  const auto& state = *key.entry->state;
  const auto calls = state.measured_calls.load(std::memory_order_relaxed);
  const cluster::key_performance own{key.credential, calls, std::min(calls, state.measured_successes.load(std::memory_order_relaxed)),
                                     static_cast<std::uint64_t>(state.measured_latency_us.load(std::memory_order_relaxed))};
  if (own.calls == 0) {
    key.told = {};                               // what was told ends by itself
  } else if (!nearly_same(own, key.told) || key.told_until - now < measure_again_before) {
    key.told = own;
    key.told_until = now + measure_lasts;
    (void)protocols_->health.report(key.name, own, measure_lasts, now, protocols_->out);
  }
  const auto others = protocols_->health.measured_by_others(key.name, key.credential, now);
  if (nearly_same(others, key.learned)) return;
  key.learned = others;
  tell_.learned(*key.entry, {others.calls, others.successes, static_cast<double>(others.latency_us)});
}

}  // namespace switchyard::actors
