// The admin API's answers as JSON text, made of what the actors reported. Pure: no CAF, no clock.
#pragma once

#include "actors/actor_world.hpp"
#include "actors/cluster/cluster_node.hpp"
#include "base/clock.hpp"
#include "routing/breaker.hpp"
#include "routing/key_health.hpp"
#include "routing/yard.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::actors {

/// {"error":{"code","message"}}
[[nodiscard]] admin_answer problem_answer(int status, std::string_view code, std::string_view message);
/// The first value of that name in "a=1&b=2", percent and plus decoded; "" when absent.
[[nodiscard]] std::string query_value(std::string_view query, std::string_view name);

/// One key with what its actors said; an empty report means that the actor did not answer in time.
struct key_view {
  std::shared_ptr<const routing::key_entry> entry;
  struct health {
    routing::window_totals window;
    routing::key_totals totals;
    double latency_us = 0;
  };
  struct breaker {
    routing::breaker_state state = routing::breaker_state::closed;
    milliseconds open_for{0};
    milliseconds open_in{0};                     ///< until the next try
    std::uint64_t openings = 0;
    routing::window_totals window;
  };
  std::optional<health> health_report;
  std::optional<breaker> breaker_report;
};

/// {"keys":[...]}
[[nodiscard]] std::string keys_json(std::span<const key_view> keys, steady_time now);
/// {"breakers":[...]}
[[nodiscard]] std::string breakers_json(std::span<const key_view> keys);
/// {"limits":[{"scope","name","kind","limit","used","remaining"}]}: of keys and virtual keys that have one. A budget's row (kind "budget_usd")
/// also tells its period, what calls under way hold and when it counts from nought again.
[[nodiscard]] std::string limits_json(const routing::yard& yard, steady_time now, wall_time at);
/// {"providers":[...]}
[[nodiscard]] std::string providers_json(const routing::yard& yard, steady_time now);

/// What `status` and `nodes` show of the node itself.
struct node_view {
  std::string name;
  std::string region;
  seconds uptime{0};
  std::uint64_t yard_version = 0;
  std::uint64_t config_version = 0;
  int connections = 0;
  int keys_usable = 0;
  int keys = 0;
  int unworked_batches = 0;
  std::uint64_t records_dropped = 0;
  std::uint64_t actor_restarts = 0;
  std::string config_problem;                    ///< why the cluster's configuration is not in force here; empty: it is
};
struct actor_view {
  std::string name;
  std::string kind;
  std::string state;
  std::optional<std::uint64_t> mailbox;          ///< nullopt: it gave no answer
};
[[nodiscard]] std::string status_json(const node_view& node, std::span<const actor_view> actors);
/// {"nodes":[...]}; without members the node stands alone.
[[nodiscard]] std::string nodes_json(const node_view& node, std::span<const member_line> members);
/// Keys that check() finds usable now.
[[nodiscard]] int count_usable(const routing::yard& yard, steady_time now) noexcept;

/// The OpenAPI 3.1 document of what this build answers.
[[nodiscard]] std::string openapi_document();

/// "0.1.0"
[[nodiscard]] std::string_view build_version() noexcept;

}  // namespace switchyard::actors
