// The actor system behind a plain interface: no CAF in this header, so that the I/O side compiles without it.
#pragma once

#include "actors/request_record.hpp"
#include "actors/yard_feed.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace switchyard::actors {

/// A question of the admin API, already authenticated.
struct admin_question {
  std::string method;                            ///< "GET"
  std::string path;                              ///< "/admin/v1/status", "/metrics"
  std::string query;                             ///< "limit=20"
  std::string body;
  std::string if_match;                          ///< a version, without its quotes; empty: none was given
};

struct admin_answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string etag;                              ///< a version, without quotes; empty: none
};

/// What the actors need from the I/O side.
struct io_hooks {
  /// Try to connect to a key's endpoint, then call back with the result (any thread). For open breakers.
  std::function<void(std::string base_url, std::function<void(bool)>)> probe_endpoint;
  /// Begin a graceful drain of this node (admin `drain`).
  std::function<void()> drain;
  /// Figures of the I/O side for `status`: open client connections.
  std::function<int()> connections;
  /// The cache's figures as JSON; empties it of a route, a tenant (virtual key) and a tag, each "" for any, and says of how many answers.
  std::function<std::string()> cache_stats;
  std::function<std::uint64_t(std::string route, std::string tenant, std::string tag)> clear_cache;
  /// In a cluster: what this node's own file (or environment) says now; the file's text at the start; puts a config of the cluster into force (false: the
  /// node is not that far yet). Any thread.
  std::function<config::config()> own_config;
  std::function<std::string()> config_text;
  std::function<bool(const config::config& next, std::function<void(outcome)> then)> apply_config;
};

class ledger_writer;
struct cluster_wiring;
struct config_proposal;

class actor_world {
 public:
  /// Starts the system and its actors and publishes the first yard before it returns. Without a ledger it makes one in memory.
  /// Throws std::runtime_error that says why `initial` cannot be in force: a stage whose models are not there, for example.
  actor_world(config::config initial, io_hooks hooks, std::shared_ptr<ledger_writer> ledger = nullptr, std::shared_ptr<cluster_wiring> cluster = nullptr);
  ~actor_world();   ///< ends every actor, after their mailboxes are worked off (at most 2 s)
  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;

  [[nodiscard]] const yard_feed& feed() const noexcept;
  [[nodiscard]] ledger_writer& ledger() const noexcept;
  /// Providers' vectors: `explain` looks at them, I/O threads fetch them.
  [[nodiscard]] std::shared_ptr<class vector_book> vectors() const noexcept;
  /// From any thread: a batch of finished requests. Batches above 64 unworked ones are dropped and counted.
  void report(std::vector<request_record> batch);
  /// A batch that was reported and is done with, for its memory; its records mean nothing.
  [[nodiscard]] std::vector<request_record> spent_batch();
  /// Replaces the config: actors of unchanged keys keep their state. Publishes the new yard, then calls back (any thread).
  void reload(config::config next, std::function<void(outcome)> then);
  /// In a cluster: offers a config to all nodes. False: it stands alone, is not that far yet, or too many wait.
  [[nodiscard]] bool propose(config_proposal&& what);
  /// Answers through `then` on an actor's thread, within 2 s whatever happens (504-like admin_answer when not).
  void ask(admin_question question, std::function<void(admin_answer)> then);

  /// Tells the other nodes that this one goes; waits at most 500 ms for that to be on its way.
  void leave_cluster();

  /// Live events (breaker changes, parking, reloads, decisions) as {"type","at",...} JSON; called on an actor's thread.
  std::uint64_t subscribe(std::function<void(const std::string& json)> listener);
  void unsubscribe(std::uint64_t subscription);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace switchyard::actors
