#include "actors/admin_answers.hpp"

#include "config/budget_periods.hpp"
#include "config/units.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <limits>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

json::array strings(const std::vector<std::string>& all) {
  json::array out;
  for (const auto& one : all) out.emplace_back(one);
  return out;
}

json::object limit_object(const routing::rate_limit& limit, steady_time now) {
  if (limit.limit() == 0) return {{"limit", nullptr}, {"remaining", nullptr}};
  return {{"limit", limit.limit()}, {"remaining", limit.remaining(now)}};
}

std::int64_t parked_ms(const routing::key_state& state, steady_time now) {
  const auto until = state.parked_until_ns.load(std::memory_order_relaxed);
  return std::max<std::int64_t>(0, (until - to_ns(now)) / 1'000'000);
}

json::object key_object(const key_view& view, steady_time now) {
  const auto& entry = *view.entry;
  const auto& state = *entry.state;
  const auto parked = parked_ms(state, now);
  json::object key{{"provider", entry.provider},
                   {"key", entry.config.name},
                   {"region", entry.config.region},
                   {"weight", entry.config.weight},
                   {"effective_weight", state.weight.load(std::memory_order_relaxed) * state.ramp(now)},
                   {"models", strings(entry.config.models)},
                   {"in_flight", state.in_flight.load(std::memory_order_relaxed)},
                   {"breaker", routing::to_string(state.breaker.load(std::memory_order_relaxed))},
                   {"parked", parked > 0},
                   {"parked_for", parked > 0 ? routing::to_string(state.parked_for.load(std::memory_order_relaxed)) : ""},
                   {"parked_ms", parked},
                   {"rpm", limit_object(state.requests, now)},
                   {"tpm", limit_object(state.tokens, now)},
                   {"headroom", state.headroom.load(std::memory_order_relaxed)}};
  if (entry.config.max_in_flight > 0)
    key["max_in_flight"] = entry.config.max_in_flight;
  else
    key["max_in_flight"] = nullptr;
  const auto verdict = routing::check(state, entry.config.max_in_flight, 0, now);
  key["available"] = routing::to_string(verdict.what);
  key["answered"] = view.health_report.has_value();
  if (view.health_report) {
    const auto& health = *view.health_report;
    key["latency_ms"] = health.latency_us / 1000.0;
    key["success_rate"] = health.window.success_rate();
    key["calls"] = health.totals.calls;
    key["failures"] = health.totals.failures;
    key["rate_limited"] = health.totals.rate_limited;
    key["input_tokens"] = health.totals.input_tokens;
    key["output_tokens"] = health.totals.output_tokens;
  }
  return key;
}

json::object window_object(const routing::window_totals& window) {
  return {{"calls", window.calls},
          {"failures", window.failures},
          {"failure_rate", window.failure_rate()},
          {"timeouts", window.timeouts},
          {"connect_failures", window.connect_failures}};
}

json::object limit_row(std::string_view scope, const std::string& provider, const std::string& name, std::string_view kind,
                       const routing::rate_limit& limit, steady_time now) {
  return {{"scope", scope}, {"provider", provider}, {"name", name},
          {"kind", kind},   {"limit", limit.limit()}, {"used", limit.used(now)},
          {"remaining", limit.remaining(now)}};
}

json::object budget_row(const std::string& name, const routing::budget::figures& now) {
  const auto usd = [](nano_usd amount) { return static_cast<double>(amount) * 1e-9; };
  return {{"scope", "virtual_key"},          {"provider", ""},
          {"name", name},                    {"kind", "budget_usd"},
          {"limit", usd(now.under.limit)},   {"used", usd(now.spent)},
          {"reserved", usd(now.reserved)},   {"remaining", usd(now.remaining)},
          {"period", config::to_string(now.under.period)},
          {"resets_at", now.resets ? json::value(config::format_time(*now.resets)) : json::value(nullptr)}};
}

std::string wrapped(std::string_view name, json::array rows) {
  json::object body;
  body[name] = std::move(rows);
  return json::serialize(body);
}

std::string_view text_of(config::wire_format wire) noexcept {
  switch (wire) {
    case config::wire_format::openai: return "openai";
    case config::wire_format::anthropic: return "anthropic";
    case config::wire_format::gemini: return "gemini";
    case config::wire_format::bedrock: return "bedrock";
    case config::wire_format::cohere: return "cohere";
  }
  return "unknown";
}

json::value problem_of(const node_view& node) {
  if (node.config_problem.empty()) return nullptr;
  return json::string(node.config_problem);
}

json::object node_object(const node_view& node) {
  return {{"name", node.name},
          {"state", "alive"},
          {"self", true},
          {"version", build_version()},
          {"region", node.region},
          {"uptime_s", node.uptime.count()},
          {"config_problem", problem_of(node)}};
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

admin_answer problem_answer(int status, std::string_view code, std::string_view message) {
  return {status, "application/json", json::serialize(json::object{{"error", {{"code", code}, {"message", message}}}})};
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    if (decoded(pair.substr(0, equals)) == name) return equals < pair.size() ? decoded(pair.substr(equals + 1)) : "";
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

std::string keys_json(std::span<const key_view> keys, steady_time now) {
  json::array rows;
  for (const auto& key : keys) rows.push_back(key_object(key, now));
  return wrapped("keys", std::move(rows));
}

std::string breakers_json(std::span<const key_view> keys) {
  json::array rows;
  for (const auto& key : keys) {
    json::object row{{"provider", key.entry->provider}, {"key", key.entry->config.name}, {"answered", key.breaker_report.has_value()}};
    if (key.breaker_report) {
      const auto& breaker = *key.breaker_report;
      row["state"] = routing::to_string(breaker.state);
      row["open_for_ms"] = breaker.open_for.count();
      row["open_in_ms"] = breaker.open_in.count();
      row["openings"] = breaker.openings;
      row["window"] = window_object(breaker.window);
    } else {
      row["state"] = routing::to_string(key.entry->state->breaker.load(std::memory_order_relaxed));
    }
    rows.push_back(std::move(row));
  }
  return wrapped("breakers", std::move(rows));
}

std::string limits_json(const routing::yard& yard, steady_time now, wall_time at) {
  json::array rows;
  for (const auto& provider : yard.providers) {
    for (const auto& key : provider->keys) {
      const auto& state = *key->state;
      if (state.requests.limit() > 0) rows.push_back(limit_row("key", key->provider, key->config.name, "requests", state.requests, now));
      if (state.tokens.limit() > 0) rows.push_back(limit_row("key", key->provider, key->config.name, "tokens", state.tokens, now));
    }
  }
  if (!yard.virtual_keys) return wrapped("limits", std::move(rows));
  for (const auto& key : yard.virtual_keys->all()) {
    if (key->revoked) continue;
    if (key->requests) rows.push_back(limit_row("virtual_key", "", key->config.name, "requests", *key->requests, now));
    if (key->tokens) rows.push_back(limit_row("virtual_key", "", key->config.name, "tokens", *key->tokens, now));
    if (key->money) rows.push_back(budget_row(key->config.name, key->money->look(at)));
  }
  return wrapped("limits", std::move(rows));
}

std::string providers_json(const routing::yard& yard, steady_time now) {
  json::array rows;
  for (const auto& provider : yard.providers) {
    std::vector<std::string> models;
    int usable = 0;
    int in_flight = 0;
    for (const auto& key : provider->keys) {
      usable += routing::check(*key->state, key->config.max_in_flight, 0, now).usable() ? 1 : 0;
      in_flight += key->state->in_flight.load(std::memory_order_relaxed);
      for (const auto& model : key->config.models)
        if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
    }
    rows.push_back(json::object{{"name", provider->config.name},
                                {"wire", text_of(provider->config.wire)},
                                {"base_url", provider->config.base_url},
                                {"keys", provider->keys.size()},
                                {"keys_usable", usable},
                                {"in_flight", in_flight},
                                {"models", strings(models)}});
  }
  return wrapped("providers", std::move(rows));
}

int count_usable(const routing::yard& yard, steady_time now) noexcept {
  int usable = 0;
  for (const auto& provider : yard.providers)
    for (const auto& key : provider->keys)
      usable += routing::check(*key->state, key->config.max_in_flight, 0, now).usable() ? 1 : 0;
  return usable;
}

std::string status_json(const node_view& node, std::span<const actor_view> actors) {
  json::array rows;
  for (const auto& actor : actors) {
    json::object row{{"name", actor.name}, {"kind", actor.kind}, {"state", actor.state}};
    if (actor.mailbox)
      row["mailbox"] = *actor.mailbox;
    else
      row["mailbox"] = nullptr;
    rows.push_back(std::move(row));
  }
  const json::object body{{"node", node.name},
                          {"version", build_version()},
                          {"region", node.region},
                          {"uptime_s", node.uptime.count()},
                          {"ready", node.yard_version > 0},
                          {"yard_version", node.yard_version},
                          {"config_version", node.config_version},
                          {"config_problem", problem_of(node)},
                          {"connections", node.connections},
                          {"keys", node.keys},
                          {"keys_usable", node.keys_usable},
                          {"unworked_batches", node.unworked_batches},
                          {"records_dropped", node.records_dropped},
                          {"actor_restarts", node.actor_restarts},
                          {"actors", std::move(rows)}};
  return json::serialize(body);
}

std::string nodes_json(const node_view& node, std::span<const member_line> members) {
  if (members.empty()) return wrapped("nodes", {node_object(node)});
  json::array rows;
  for (const auto& member : members) {
    auto row = member.is_self ? node_object(node)
                              : json::object{{"name", member.name}, {"state", ""}, {"self", false}, {"version", member.build}, {"region", nullptr}, {"uptime_s", nullptr}, {"config_problem", nullptr}};
    row["state"] = cluster::to_string(member.state);
    row["incarnation"] = member.incarnation;
    row["address"] = member.address;
    row["round_trip_ms"] = member.round_trip ? json::value(static_cast<double>(member.round_trip->count()) / 1000.0) : json::value(nullptr);
    rows.push_back(std::move(row));
  }
  return wrapped("nodes", std::move(rows));
}

}  // namespace switchyard::actors
