// The way between I/O threads, which look answers up at other nodes, and the cluster's actor, which hears what they say. No CAF.
//
//   I/O thread --ask--> cache_seeker --> transport ==> owner ==> cluster's actor --on--> cache_seeker --> the I/O thread's mailbox
//   keeper's thread --store--> waiting, bounded --every tick--> owner
#pragma once

#include "cluster/cache_seeker.hpp"
#include "cluster/transport.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::actors {

class cache_exchange {
 public:
  static constexpr std::size_t most_stores = 1024;
  static constexpr std::size_t most_store_bytes = 16u << 20;
  static constexpr std::size_t store_bytes_each_tick = 1u << 20;   ///< of one owner

  explicit cache_exchange(std::shared_ptr<cluster::transport> transport) : transport_(std::move(transport)) {}

  // -- any thread -------------------------------------------------------------------------------------------------------
  /// Who is to be asked for that partition, and is given its answers; "": this node itself.
  [[nodiscard]] std::string owner_of(std::string_view partition) const;
  /// `then` is called once, on any thread, and must not call back; the caller gives up when the deadline is over. nullopt: not asked.
  [[nodiscard]] std::optional<std::uint64_t> ask(const std::string& owner, cluster::cache_lookup what, cluster::cache_seeker::receiver then);
  void give_up(std::uint64_t id);
  /// False: no room, it is dropped.
  [[nodiscard]] bool store(const std::string& owner, cluster::cache_store what);

  struct traffic_figures {
    cluster::cache_seeker_figures lookups;
    std::uint64_t answered = 0;                  ///< of other nodes
    std::uint64_t stores_sent = 0, stores_dropped = 0;
  };
  [[nodiscard]] traffic_figures figures() const;

  // -- the cluster's actor ------------------------------------------------------------------------------------------------
  void begin(const cluster::node_name& self, std::vector<cluster::node_name> all);
  void see(const std::function<bool(const cluster::node_name&)>& alive);
  void on(const cluster::node_name& from, cluster::cache_answer said);
  void unsupported_by(const cluster::node_name& node, steady_time now);
  void answered() noexcept { answered_.fetch_add(1, std::memory_order_relaxed); }
  /// What may go now.
  void send_stores(cluster::outbox& out);

 private:
  const std::shared_ptr<cluster::transport> transport_;
  mutable std::mutex mutex_;
  cluster::node_name self_;
  std::optional<cluster::cache_seeker> seeker_;  // none: the cluster has not begun here
  cluster::cache_seeker_figures before_;         // of the seekers before this one
  std::deque<std::pair<cluster::node_name, cluster::cache_store>> stores_;
  std::size_t store_bytes_ = 0;
  std::atomic<std::uint64_t> answered_{0}, stores_sent_{0}, stores_dropped_{0};
};

}  // namespace switchyard::actors
