// Every message between actors and every actor's interface, in one place. All of it stays within the node.
//
//   I/O threads --batch--> intake --+--> key, breaker (their outcomes)      supervisor --compile--> route --> stages
//                                   +--> ledger, metrics (whole batches)         |--settings--> key, breaker
//   admin question --> admin --asks--> any of them                               '--yard--> yard_feed --> I/O threads
//   key, breaker, ledger, supervisor --event--> events --> listeners
//   other nodes --transport--> cluster --journal--> the ledger's writer
#pragma once

#include "actors/caf_setup.hpp"
#include "actors/cluster/cluster_node.hpp"
#include "actors/cluster/health_notices.hpp"
#include "actors/world_context.hpp"
#include "cluster/record_messages.hpp"
#include "routing/breaker.hpp"
#include "routing/key_health.hpp"
#include "routing/pipeline.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::actors {

// -- every actor ------------------------------------------------------------------------------------------------------

/// "How are you?"
struct status_request {};
struct actor_line {
  std::string name;                              ///< "key openai/openai-key-1"
  std::string kind;                              ///< "key"
  std::string state;                             ///< one line for people
  std::uint64_t mailbox = 0;                     ///< messages waiting
};

// -- keys and breakers ------------------------------------------------------------------------------------------------

/// The calls of one key out of one batch, oldest first.
struct key_outcomes {
  std::shared_ptr<const std::vector<routing::call_outcome>> outcomes;
  std::shared_ptr<const record_batch> batch;     ///< held until worked off
};
/// A key's config as of now, with the states of its provider's keys (its own included) to compare latencies with.
struct key_settings {
  std::shared_ptr<const routing::key_entry> entry;
  std::vector<std::shared_ptr<const routing::key_state>> siblings;
};
struct health_tick {};
struct unpark_due {};
struct key_report_request {};
struct key_report {
  routing::window_totals window;
  routing::key_totals totals;
  double latency_us = 0;
  int parked_in_row = 0;                         ///< refusals of the credential since its last success
};

struct breaker_settings {
  std::shared_ptr<const routing::key_entry> entry;
  config::breaker_config config;
};
/// breaker::wake_at() has come; stale ones carry an old number.
struct breaker_wake {
  std::uint64_t number = 0;
};
struct endpoint_probe_due {
  std::uint64_t number = 0;
};
struct endpoint_probed {
  bool reachable = false;
};
struct breaker_report_request {};
struct breaker_report {
  routing::breaker_state state = routing::breaker_state::closed;
  milliseconds open_for{0};
  milliseconds opens_again_in{0};                ///< until half-open; 0: not open
  std::uint64_t openings = 0;
  routing::window_totals window;
};

// -- stages, routes, supervisor ---------------------------------------------------------------------------------------

/// Compile this stage against the providers of `base` (whose routes are not there yet).
struct compile_stage {
  config::stage_config stage;
  std::shared_ptr<const routing::yard> base;
};
/// `stage` is null when `problem` says why.
struct stage_compiled {
  std::shared_ptr<const routing::stage> stage;
  std::string problem;
};
struct route_compiled {
  std::shared_ptr<const routing::route_entry> route;   ///< null: see `problem`
  std::string problem;
};

/// Compile the virtual keys of this config, beside those of the admin API; nothing else changes them until virtual_keys_settled says how it ended.
struct compile_virtual_keys {
  std::uint64_t number = 0;                      ///< rises
  std::shared_ptr<const config::config> next;
};
/// `set` is null when `problem` says why.
struct virtual_keys_compiled {
  std::shared_ptr<const routing::virtual_key_set> set;
  std::string problem;
};
/// The config they were compiled for is in force, or was given up.
struct virtual_keys_settled {
  std::uint64_t number = 0;
  bool taken = false;
};
/// The admin API changed them: publish a yard with this set.
struct virtual_keys_changed {
  std::shared_ptr<const routing::virtual_key_set> set;
};
struct yard_published {
  std::uint64_t version = 0;
};
/// What the writer of the disk says of a changed virtual key.
struct virtual_key_written {
  bool durable = false;
  std::string problem;
};

/// Virtual keys that other nodes made, changed or revoked.
struct virtual_keys_learned {
  std::vector<cluster::shared_record> records;
};

/// A new config; `then` hears whether it took.
struct apply_config {
  std::shared_ptr<const config::config> next;
  std::function<void(outcome)> then;
};
/// A failed actor's place is to be filled again.
struct respawn_due {
  std::string name;
};
struct compile_overdue {
  std::uint64_t number = 0;
};
struct directory_request {};

// -- services ---------------------------------------------------------------------------------------------------------

struct batch_arrived {
  std::shared_ptr<const record_batch> batch;
};
/// An event as JSON for whoever listens.
struct event_happened {
  std::string json;
};
struct admin_asked {
  std::shared_ptr<const admin_question> question;
  std::shared_ptr<answer_once> answer;
};
struct metrics_request {};
/// A question of the admin API that one actor answers alone, and its answer.
struct part_request {
  std::shared_ptr<const admin_question> question;
};
struct part_answer {
  admin_answer answer;
};
struct config_changed {
  std::shared_ptr<const config::config> effective;
  std::uint64_t version = 0;
};

// -- the cluster ------------------------------------------------------------------------------------------------------

struct cluster_tick {};
/// Messages of other nodes wait in the transport.
struct cluster_mail {};
struct cluster_written {
  cluster_node::receipt what;
};
struct members_request {};
struct members_report {
  std::vector<member_line> members;
  cluster::transport_figures traffic;
};
/// Say goodbye to the others; answered once that is on its way.
struct leave_cluster {};
struct left_cluster {};
struct forget_member {
  std::string node;
};
struct member_forgotten {
  bool known = false;
};
/// Put a question of the admin API to other nodes: these, or all that answer.
struct ask_nodes {
  std::shared_ptr<const admin_question> question;
  std::vector<std::string> nodes;
  admin_fanout::gathered then;                   ///< on the cluster's actor
};
/// This node's answer to another one's question.
struct node_answered {
  std::string to;
  std::uint64_t id = 0;
  admin_answer answer;
};

}  // namespace switchyard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::cluster_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::cluster_mail)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::cluster_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::members_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::members_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::leave_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::left_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::forget_member)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::member_forgotten)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::ask_nodes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::node_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::status_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::actor_line)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::key_outcomes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::key_settings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::health_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::unpark_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::key_report_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::key_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::breaker_settings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::breaker_wake)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::endpoint_probe_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::endpoint_probed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::breaker_report_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::breaker_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::compile_stage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::stage_compiled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::route_compiled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::compile_virtual_keys)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::virtual_keys_compiled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::virtual_keys_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::virtual_keys_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::yard_published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::virtual_key_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::virtual_keys_learned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::peer_parked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::routing::key_measure)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::breaker_advice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::apply_config)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::respawn_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::compile_overdue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::directory_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::batch_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::event_happened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::admin_asked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::metrics_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::part_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::part_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::config_changed)

namespace switchyard::actors {

using reports_status = caf::replies_to<status_request>::with<actor_line>;
/// Any actor, as `status` sees it.
using reporting_handle = caf::typed_actor<reports_status>;

/// One per provider key: owns its health and its parking, publishes weight and latency in key_state.
using key_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<key_outcomes>,                ///< fold them, publish
    caf::reacts_to<key_settings>,                ///< a config was applied
    caf::reacts_to<health_tick>,                 ///< own: publish what time has changed
    caf::reacts_to<unpark_due>,                  ///< own: the parking may be over
    caf::reacts_to<peer_parked>,                 ///< it is parked by another node's word
    caf::reacts_to<routing::key_measure>,        ///< what other nodes measured
    caf::replies_to<key_report_request>::with<key_report>>;

/// One per provider key: owns its circuit breaker, publishes the verdict in key_state.
using breaker_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<key_outcomes>,                ///< fold them, publish
    caf::reacts_to<breaker_settings>,            ///< a config was applied
    caf::reacts_to<breaker_wake>,                ///< own: open -> half-open is due
    caf::reacts_to<endpoint_probe_due>,          ///< own: try to connect while open
    caf::reacts_to<endpoint_probed>,             ///< what the I/O side found
    caf::reacts_to<breaker_advice>,              ///< what other nodes found
    caf::replies_to<breaker_report_request>::with<breaker_report>>;

/// One per stage of a route: compiles it.
using stage_handle = caf::typed_actor<
    reports_status,
    caf::replies_to<compile_stage>::with<stage_compiled>>;

/// Compile a route out of its stages, one actor each, in order.
struct compile_route {
  config::route_config route;
  std::shared_ptr<const routing::yard> base;
  std::vector<stage_handle> stages;
};

}  // namespace switchyard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::compile_route)

namespace switchyard::actors {

/// One per route: has its stages compiled and joins them.
using route_handle = caf::typed_actor<
    reports_status,
    caf::replies_to<compile_route>::with<route_compiled>>;

/// Who lives: replaced whole whenever an actor comes or goes.
struct directory {
  struct key_row {
    std::shared_ptr<const routing::key_entry> entry;
    key_handle key;
    breaker_handle breaker;
  };
  struct actor_row {
    std::string name;
    std::string kind;
    reporting_handle handle;                     ///< null while its restart is pending
  };
  std::vector<key_row> keys;
  std::vector<actor_row> actors;
};
struct directory_changed {
  std::shared_ptr<const directory> now;
};

}  // namespace switchyard::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchyard::actors::directory_changed)

namespace switchyard::actors {

/// Spawns, watches and restarts all others; applies configs; the yard's one publisher.
using supervisor_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<apply_config>,                ///< one after the other
    caf::reacts_to<respawn_due>,                 ///< own: fill a failed actor's place
    caf::reacts_to<compile_overdue>,             ///< own: give an unfinished config up
    caf::replies_to<virtual_keys_changed>::with<yard_published>,
    caf::replies_to<directory_request>::with<directory_changed>>;

/// Splits batches by key.
using intake_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<batch_arrived>,
    caf::reacts_to<directory_changed>>;

/// Accounting: sums and the last decisions.
using ledger_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<batch_arrived>,
    caf::reacts_to<config_changed>,              ///< how many decisions to keep, how durable the ledger is
    caf::replies_to<part_request>::with<part_answer>>;   ///< decisions, decisions/{id}, spend, ledger, backup

/// Folds records into the contract's metrics.
using metrics_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<batch_arrived>,
    caf::reacts_to<directory_changed>,           ///< the keys whose live figures it shows
    caf::replies_to<metrics_request>::with<part_answer>>;

/// Holds the effective config.
using config_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<config_changed>,
    caf::replies_to<part_request>::with<part_answer>>;   ///< config

/// Owns the virtual keys, of the config and of the admin API: one change after the other, each on disk and in the yard before it is answered.
using virtual_keys_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<config_changed>,              ///< what is in force, for a successor
    caf::replies_to<compile_virtual_keys>::with<virtual_keys_compiled>,
    caf::reacts_to<virtual_keys_settled>,
    caf::reacts_to<virtual_key_written>,         ///< own
    caf::reacts_to<virtual_keys_learned>,        ///< of other nodes
    caf::reacts_to<admin_asked>>;                ///< virtual-keys: POST, PUT, PATCH, DELETE

/// Hands events to listeners.
using events_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<event_happened>>;

/// Answers the admin API, asking whoever knows.
using admin_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<admin_asked>,
    caf::reacts_to<directory_changed>>;

/// This node's share in the cluster, where it has one: membership, the protocols and their parts.
using cluster_handle = caf::typed_actor<
    reports_status,
    caf::reacts_to<cluster_tick>,                ///< own
    caf::reacts_to<cluster_mail>,
    caf::reacts_to<cluster_written>,
    caf::reacts_to<ask_nodes>,
    caf::reacts_to<node_answered>,
    caf::replies_to<members_request>::with<members_report>,
    caf::replies_to<leave_cluster>::with<left_cluster>,
    caf::replies_to<forget_member>::with<member_forgotten>>;

/// Where the services are now: their handles change when one is restarted. Any thread.
class address_book {
 public:
  struct services {
    intake_handle intake;
    ledger_handle ledger;
    metrics_handle metrics;
    config_handle config;
    virtual_keys_handle virtual_keys;
    events_handle events;
    admin_handle admin;
    cluster_handle cluster;                      ///< null: this node stands alone
    std::shared_ptr<const directory> who;        ///< null before the first config
  };
  [[nodiscard]] services current() const {
    const std::lock_guard guard(mutex_);
    return services_;
  }
  template <class Change>
  void update(Change change) {
    const std::lock_guard guard(mutex_);
    change(services_);
  }
  void clear() {
    update([](services& all) { all = {}; });
  }

 private:
  mutable std::mutex mutex_;
  services services_;
};

/// Wiring that every actor is spawned with.
struct surroundings {
  std::shared_ptr<world_context> world;
  std::shared_ptr<address_book> book;

  /// To every listener; nothing happens without one.
  void emit(std::string json) const {
    if (world->listeners.empty()) return;
    const auto events = book->current().events;
    if (events) caf::anon_send(events, event_happened{std::move(json)});
  }
};

}  // namespace switchyard::actors
