// metrics_book::render(): the counted figures and the live ones as prometheus-cpp's families, written by its serializer.
#include "actors/metrics_book.hpp"

#include "cluster/membership_messages.hpp"
#include "config/budget_periods.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <initializer_list>
#include <string_view>

namespace switchyard::actors {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using label_names = std::initializer_list<std::string_view>;

MetricFamily& open_family(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, MetricType type) {
  return all.emplace_back(MetricFamily{std::string(name), std::string(help), type, {}});
}

template <class Values>
ClientMetric& add_metric(MetricFamily& family, label_names names, const Values& values) {
  auto& metric = family.metric.emplace_back();
  auto value = std::begin(values);
  for (const auto name : names) metric.label.push_back({std::string(name), std::string(*value++)});
  return metric;
}

void set_histogram(ClientMetric& metric, const duration_histogram& from, std::size_t first_bound = duration_histogram::from_100_us) {
  auto& to = metric.histogram;
  to.sample_count = from.count();
  to.sample_sum = from.sum_seconds();
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < duration_histogram::bounds.size(); ++i) {
    cumulative += from.counts()[i];
    if (i >= first_bound) to.bucket.push_back({cumulative, duration_histogram::bounds[i]});
  }
}

void add_histogram(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, const duration_histogram& from) {
  set_histogram(open_family(all, name, help, MetricType::Histogram).metric.emplace_back(), from);
}

/// A table's rows by their labels: a scrape looks like the one before.
template <class Table>
std::vector<const typename Table::value_type*> sorted(const Table& table) {
  std::vector<const typename Table::value_type*> rows;
  rows.reserve(table.size());
  for (const auto& row : table) rows.push_back(&row);
  std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return rows;
}

template <class Table>
void add_counters(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, label_names names, const Table& table,
                  double unit = 1) {
  auto& family = open_family(all, name, help, MetricType::Counter);
  for (const auto* row : sorted(table)) add_metric(family, names, row->first).counter.value = static_cast<double>(row->second) * unit;
}

void add_value(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, MetricType type, double value) {
  auto& metric = open_family(all, name, help, type).metric.emplace_back();
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

/// One gauge per key.
template <class Figure>
void add_key_gauges(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, const live_figures& live, Figure figure) {
  auto& family = open_family(all, name, help, MetricType::Gauge);
  for (const auto& key : live.keys) {
    const std::string_view labels[] = {key->provider, key->config.name};
    add_metric(family, {"provider", "key"}, labels).gauge.value = static_cast<double>(figure(*key->state));
  }
}

void add_rate_limits(std::vector<MetricFamily>& all, const live_figures& live) {
  auto& family = open_family(all, "switchyard_rate_limit_remaining", "What a key's limit per minute leaves now.", MetricType::Gauge);
  const auto add = [&](const routing::key_entry& key, std::string_view kind, const routing::rate_limit& limit) {
    if (limit.limit() == 0) return;
    const std::string_view labels[] = {key.provider, key.config.name, kind};
    add_metric(family, {"provider", "key", "kind"}, labels).gauge.value = static_cast<double>(limit.remaining(live.now));
  };
  for (const auto& key : live.keys) {
    add(*key, "requests", key->state->requests);
    add(*key, "tokens", key->state->tokens);
  }
}

void add_keys(std::vector<MetricFamily>& all, const live_figures& live) {
  add_key_gauges(all, "switchyard_breaker_state", "A key's circuit breaker: 0 closed, 1 half-open, 2 open.", live,
                 [](const routing::key_state& key) { return static_cast<int>(key.breaker.load(std::memory_order_relaxed)); });
  add_key_gauges(all, "switchyard_key_weight", "A key's weight as its health leaves it.", live, [&](const routing::key_state& key) {
    return key.weight.load(std::memory_order_relaxed) * key.ramp(live.now);
  });
  add_key_gauges(all, "switchyard_key_in_flight", "Calls under way with a key.", live,
                 [](const routing::key_state& key) { return key.in_flight.load(std::memory_order_relaxed); });
  add_key_gauges(all, "switchyard_key_parked", "1 while a key rests after its provider refused it.", live,
                 [&](const routing::key_state& key) { return key.parked_until_ns.load(std::memory_order_relaxed) > to_ns(live.now) ? 1 : 0; });
  add_rate_limits(all, live);
}

/// One gauge per virtual key that has a budget, for the period that runs.
template <class Figure>
void add_budget_gauges(std::vector<MetricFamily>& all, std::string_view name, std::string_view help, const live_figures& live, Figure figure) {
  auto& family = open_family(all, name, help, MetricType::Gauge);
  for (const auto& key : live.virtual_keys->all()) {
    if (!key->money || key->revoked) continue;
    const auto now = key->money->look(live.at);
    const std::string_view labels[] = {key->config.name, config::to_string(now.under.period)};
    add_metric(family, {"virtual_key", "period"}, labels).gauge.value = static_cast<double>(figure(now)) * 1e-9;
  }
}

void add_budgets(std::vector<MetricFamily>& all, const live_figures& live) {
  if (!live.virtual_keys) return;
  using figures = routing::budget::figures;
  add_budget_gauges(all, "switchyard_budget_limit_usd", "What a virtual key may spend a period.", live, [](const figures& now) { return now.under.limit; });
  add_budget_gauges(all, "switchyard_budget_spent_usd", "What a virtual key has spent in this period.", live, [](const figures& now) { return now.spent; });
  add_budget_gauges(all, "switchyard_budget_reserved_usd", "What calls under way may still cost it.", live, [](const figures& now) { return now.reserved; });
  add_budget_gauges(all, "switchyard_budget_overspent_usd", "What this period's calls cost above the budget: more than they could be expected to.", live,
                    [](const figures& now) { return std::max<nano_usd>(0, now.spent - now.under.limit); });
}

}  // namespace

std::string metrics_book::render(const live_figures& live) const {
  std::vector<MetricFamily> all;
  all.reserve(32);
  add_counters(all, "switchyard_requests_total", "Requests by where they went and the status sent to the client.",
               {"route", "provider", "model", "code"}, requests_);
  add_histogram(all, "switchyard_request_duration_seconds", "From a request's first byte to the end of its answer.", durations_);
  add_histogram(all, "switchyard_overhead_seconds", "Time spent in this node, waiting for provider and client excluded.", overheads_);
  add_histogram(all, "switchyard_time_to_first_token_seconds", "Streams: from the request to the first content sent.", first_tokens_);
  auto& upstream = open_family(all, "switchyard_upstream_duration_seconds", "Calls to providers, failed ones included.", MetricType::Histogram);
  for (const auto* row : sorted(upstream_durations_))
    set_histogram(add_metric(upstream, {"provider", "model", "key"}, row->first), row->second);
  auto& stages = open_family(all, "switchyard_stage_duration_seconds", "What a route's stages take to decide.", MetricType::Histogram);
  for (const auto* row : sorted(stage_durations_)) set_histogram(add_metric(stages, {"route", "stage"}, row->first), row->second, 0);
  add_counters(all, "switchyard_guard_findings_total", "What guards found in requests, and what was done about it.", {"route", "check", "action"},
               findings_);
  add_counters(all, "switchyard_prompt_vectors_total",
               "Prompts whose semantic stage wants a provider's vectors: provider, cached, or why the built-in embedding served.", {"route", "result"},
               embeddings_);
  add_counters(all, "switchyard_upstream_errors_total", "Calls to providers that did not end well.", {"provider", "key", "kind"}, upstream_errors_);
  add_counters(all, "switchyard_tokens_total", "Tokens by direction.", {"provider", "model", "direction"}, tokens_);
  add_counters(all, "switchyard_cost_usd_total", "Cost of requests whose price is known.", {"provider", "model", "route"}, costs_, 1e-9);
  add_counters(all, "switchyard_savings_usd_total", "What requests cost less than at their route's baseline, by what saved it.", {"reason"}, savings_, 1e-9);
  add_counters(all, "switchyard_baseline_exceeded_usd_total", "What requests cost more than at their route's baseline.", {"reason"}, losses_, 1e-9);
  add_counters(all, "switchyard_unpriced_requests_total", "Answered requests whose price is unknown; their cost is not in the sum.",
               {"provider", "model"}, unpriced_);
  add_counters(all, "switchyard_cache_lookups_total", "Requests by what the cache did: hit, semantic-hit, miss, bypass.", {"result"}, cache_lookups_);
  add_counters(all, "switchyard_failovers_total", "Further attempts: from key, to key, why.", {"from", "to", "reason"}, failovers_);
  add_keys(all, live);
  add_budgets(all, live);
  add_value(all, "switchyard_ledger_entries_total", "Ledger entries, one per attempt.", MetricType::Counter, static_cast<double>(live.ledger_entries));
  add_value(all, "switchyard_records_dropped_total", "Finished requests not accounted for because accounting was behind.",
            MetricType::Counter, static_cast<double>(live.records_dropped));
  add_value(all, "switchyard_actor_restarts_total", "Actors that failed and were restarted.", MetricType::Counter, static_cast<double>(live.actor_restarts));
  add_value(all, "switchyard_client_connections", "Open client connections.", MetricType::Gauge, live.connections);
  auto& members = open_family(all, "switchyard_cluster_members", "Nodes of the cluster by state, as this one sees them.", MetricType::Gauge);
  for (std::size_t i = 0; i < live.members.size(); ++i) {
    if (i > 0 && live.alone) break;
    const std::string_view state[] = {cluster::to_string(static_cast<cluster::member_state>(i))};
    add_metric(members, {"state"}, state).gauge.value = live.members[i];
  }
  const std::string_view version[] = {live.version};
  add_metric(open_family(all, "switchyard_build_info", "The running build.", MetricType::Gauge), {"version"}, version).gauge.value = 1;
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace switchyard::actors
