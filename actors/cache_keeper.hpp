// The cache's one writer: a thread of its own that takes fresh answers from the I/O threads, keeps them in memory and on disk, and judges
// hits against fresh answers. No CAF.
//
//   I/O threads --look_up--> answer_cache <--insert, evict, thresholds-- writer thread --batches--> DATA_DIR/cache
//        '------offer--> bounded queue ------------------------------------^
// It costs nothing until a route has a cache stage. What it cannot keep (a full queue, a full disk) is not kept; nothing waits for it but
// requests that would ask a provider the very same thing at the same time.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "providers/api_request.hpp"
#include "providers/wire.hpp"
#include "routing/cache/answer_cache.hpp"
#include "routing/cache/error_control.hpp"
#include "storage/cleared_answers.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace switchyard::storage {
class store;
}

namespace switchyard::actors {

class cache_exchange;

/// An answer that was sent, as it was sent, with all that keeping it needs.
struct cache_offer {
  std::shared_ptr<routing::cache_entry> entry;   ///< without its body
  std::string request_body;                      ///< streams: read once more to write the whole answer
  providers::operation_target operation;
  bool streamed = false;
  std::string body;
  providers::usage counts;
  std::string request_id;
  bool lands_flight = false;
  // Under error control: the stored answer that was near, and was not given.
  std::optional<routing::error_control_options> control;
  routing::cache_entry_ptr near;
  float similarity = 0;
  float chance = 1;
  // In a cluster: that one may be with the owner of the partition, and this offer may come from another node.
  std::optional<routing::cache_hash> near_exact;
  bool from_peer = false;
};

class cache_keeper {
 public:
  explicit cache_keeper(std::string data_dir);   ///< "" keeps nothing on disk
  ~cache_keeper();
  /// In a cluster, before anything else: what other nodes' partitions are asked for, and given, by way of it.
  void share(std::shared_ptr<cache_exchange> exchange) { exchange_ = std::move(exchange); }
  cache_keeper(const cache_keeper&) = delete;
  cache_keeper& operator=(const cache_keeper&) = delete;

  /// Takes new bounds; the first config with a cache stage loads the models; what is on disk follows while requests are served. Trouble is logged: a node runs without a cache.
  void configure(const config::config& config);
  /// Commits what was offered and ends the thread.
  void stop();

  /// nullptr: no route has had a cache stage yet.
  [[nodiscard]] const routing::answer_cache* answers() const noexcept { return ready_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t embedding() const noexcept { return embedding_; }
  /// Any thread.
  void offer(cache_offer what);
  /// Drops everything of a route, a tenant and a tag ("" any); gives how much.
  [[nodiscard]] std::uint64_t clear(std::string route, std::string tenant, std::string tag);

  /// Null where this node stands alone.
  [[nodiscard]] const std::shared_ptr<cache_exchange>& exchange() const noexcept { return exchange_; }
  /// Another node's clear; `mark` (0: none) goes to the disk with what is erased.
  void clear_for(std::string node, std::uint64_t mark, std::string route, std::string tenant, std::string tag);
  /// One of this node's own last clears, for after a restart.
  void keep_clear(std::uint8_t slot, storage::own_clear what);
  /// What is known of clears, at the start by the disk; nullopt: not read yet, or there is no cache.
  [[nodiscard]] std::optional<storage::clears_read> known_clears();

  /// One request for a key goes to the provider, the others wait: true for the one that leads. `landed` is called (any thread) once the
  /// leader's answer is kept, or failed; then ask again.
  [[nodiscard]] bool join(const routing::cache_hash& exact, std::function<void()> landed);
  void land(const routing::cache_hash& exact);

  enum class lookup { hit, semantic_hit, miss, bypass };
  void count(lookup what, nano_usd saved = 0) noexcept;
  /// For the admin API.
  [[nodiscard]] std::string stats_json() const;

 private:
  void open(const config::config& config);
  void load();
  void run();
  void keep(cache_offer& what);
  bool hand_on(const cache_offer& what);
  [[nodiscard]] bool run_soon(std::function<void()> errand);
  std::size_t drop(const std::string& route, const std::string& tenant, const std::string& tag);
  void judge(const cache_offer& what, const std::string& fresh);
  void write_out();
  void keep_graphs(bool ending);
  void forget(const std::vector<routing::cache_entry_ptr>& gone);

  const std::string data_dir_;
  std::shared_ptr<cache_exchange> exchange_;
  std::unique_ptr<routing::embedder> model_;
  std::unique_ptr<routing::answer_cache> cache_;
  std::unique_ptr<storage::store> store_;
  std::uint64_t embedding_ = 0;
  std::atomic<const routing::answer_cache*> ready_{nullptr};
  routing::error_control control_;               ///< the writer thread's alone
  std::vector<std::pair<std::string, std::optional<std::string>>> changes_;   ///< to be written: key, value or nothing; likewise
  bool writing_ = true;
  std::string graphs_path_;                      ///< "": they are not kept; of the writer, like the next two
  bool cleared_ = false;                         ///< since graphs were kept
  steady_time next_graphs_{};

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<cache_offer> queue_;
  std::vector<std::function<void()>> errands_;   ///< clears, new bounds
  std::size_t queued_bytes_ = 0;
  bool stopping_ = false;
  std::optional<storage::clears_read> known_clears_;

  std::mutex flights_mutex_;
  std::unordered_map<routing::cache_hash, std::vector<std::function<void()>>, routing::cache_hash_hash> flights_;

  std::atomic<std::uint64_t> lookups_[4]{}, dropped_{0}, refused_{0}, checked_{0}, wrong_{0};
  std::atomic<std::int64_t> saved_{0};
  std::thread thread_;
};

}  // namespace switchyard::actors
