// All protocols of one node, their journals, and the dispatch of what arrives: what a shell of actors, or a simulation, drives.
//
//   receive(), tick(), the protocols' own calls --> out (messages to send) and take_records() (to be written, by log)
//   written(log, n) once record n of that log and all before it survive a crash
//
// A log's records are kept in order over restarts; the constructor replays them. The logs' names are part of what is on disk.
#pragma once

#include "cluster/cache_clears.hpp"
#include "cluster/config_commit.hpp"
#include "cluster/dispatch.hpp"
#include "cluster/escrow_holder.hpp"
#include "cluster/lease_holder.hpp"
#include "cluster/lease_owner.hpp"
#include "cluster/membership.hpp"
#include "cluster/registers.hpp"
#include "cluster/row_collector.hpp"
#include "cluster/row_shipper.hpp"
#include "cluster/shared_health.hpp"
#include "cluster/shared_records.hpp"

#include <functional>

namespace switchyard::cluster {

struct protocol_options {
  bool leases = true, escrow = true, registers = true, config = true, records = true, ledger = true;
  std::vector<lease_limit> limits;
  std::vector<budget_terms> budgets;
  membership_options members;
  lease_options lease;
  escrow_options budget;
  register_options shared;
  config_options configuration;
  record_options record;
  shipping_options shipping;
  clear_options clears;
};

/// Names of the logs.
namespace journal_log {
inline constexpr const char* pools = "pools";
inline constexpr const char* purses = "purses";
inline constexpr const char* leases = "leases";            ///< whom a shard's stamps are shown to
inline constexpr const char* config = "config";
inline constexpr const char* kept = "kept";                ///< rows of other nodes
inline constexpr const char* incarnation = "incarnation";
}  // namespace journal_log

/// Answers other nodes' lookups in the cache, and hears what becomes of this one's. Called within receive().
class cache_desk {
 public:
  virtual ~cache_desk() = default;
  virtual void on(const node_name& from, const cache_lookup& asked, steady_time now, outbox& out) = 0;
  virtual void on(const node_name& from, cache_answer&& said, steady_time now) = 0;
  virtual void on(const node_name& from, cache_store&& kept, steady_time now) = 0;
  /// That node knows none of these messages.
  virtual void unsupported_by(const node_name& node, steady_time now) = 0;
};

/// Not thread-safe.
class node_protocols {
 public:
  struct surroundings {
    /// Every record of that log, oldest first; called by the constructor only.
    std::function<void(const std::string& log, const std::function<void(const std::string& bytes)>& visit)> replay;
    config_commit::validator validate;
    /// A budget's present period by this node's wall clock.
    std::function<std::int64_t(const std::string& budget)> period;
    cache_desk* cache = nullptr;                 ///< null: nobody here has a cache; outlives the protocols
  };

  /// `all`: every configured node, this one included. `life`: above every one used before, and on disk.
  node_protocols(const node_name& name, const std::vector<node_name>& all, std::uint64_t life, const protocol_options& options, steady_time now,
                 surroundings around);

  /// Where there are limits or budgets in use at least every 100 ms, and every 20 ms while leases_held.is_pressed(); else every membership::tick_every. Rows that it wants are to be given to
  /// shipper.rows_read().
  [[nodiscard]] std::optional<rows_to_read> tick(steady_time now);
  [[nodiscard]] std::optional<rows_to_read> want_rows(steady_time now) { return options_.ledger ? shipper.tick(now, alive()) : std::nullopt; }
  /// An error: the bytes do not fit their kind; drop the connection. Unknown kinds are answered. `arrived`: when it reached this node.
  [[nodiscard]] outcome receive(const node_name& from, message_kind kind, std::string_view body, steady_time now, steady_time arrived);
  [[nodiscard]] outcome receive(const node_name& from, message_kind kind, std::string_view body, steady_time now) { return receive(from, kind, body, now, now); }
  /// Returns attempts whose reservation is on disk now.
  [[nodiscard]] std::vector<std::string> written(const std::string& log, std::uint64_t number, steady_time now);
  [[nodiscard]] std::vector<std::pair<std::string, record_to_write>> take_records();
  /// Limits and budgets of another configuration.
  void configure(const std::vector<lease_limit>& limits, steady_time now);
  void configure(const std::vector<budget_terms>& budgets);

  [[nodiscard]] lease_holder::alive_check alive() const {
    return [this](const node_name& node) { return node == name || members.alive(node); };
  }
  [[nodiscard]] escrow_verdict reserve(const escrow_pool_name& pool, const std::string& attempt, nano_usd amount, steady_time now) {
    return purses.reserve(pool, attempt, amount, now, alive(), out, purse_journal);
  }

  const node_name name;
  const std::uint64_t life;

  membership members;
  lease_owner leases_given;
  lease_holder leases_held;
  escrow_owner pools;
  escrow_holder purses;
  cluster::registers shared;
  shared_health health;
  config_commit config;
  shared_records records;
  row_shipper shipper;
  row_collector collector;
  cache_clears clears;

  outbox out;
  journal_box pool_journal, purse_journal, lease_journal, config_journal;
  row_box row_journal;

 private:
  protocol_options options_;
  surroundings around_;
  std::optional<std::uint64_t> incarnation_under_way_;
};

}  // namespace switchyard::cluster
