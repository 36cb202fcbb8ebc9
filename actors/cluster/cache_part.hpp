// The semantic cache across nodes: answers other nodes' lookups, keeps what is this node's to keep, hands on what I/O threads ask and what was cleared
// (cluster/cache_seeker.hpp, cluster/cache_clears.hpp). A node whose config has no cache does nothing here but say "miss".
#pragma once

#include "actors/cache_keeper.hpp"
#include "actors/cluster/board.hpp"
#include "actors/cluster/cache_exchange.hpp"
#include "actors/cluster/part.hpp"

#include <map>
#include <memory>
#include <set>

namespace switchyard::actors {

class cache_part final : public cluster_part, public cluster::cache_desk {
 public:
  static constexpr std::size_t answer_bytes_each_tick = 2u << 20;   ///< to one peer

  cache_part(std::shared_ptr<cluster_board> board, std::shared_ptr<cache_keeper> keeper, std::shared_ptr<cache_exchange> exchange)
      : board_(std::move(board)), keeper_(std::move(keeper)), exchange_(std::move(exchange)) {}

  void prepare(cluster::protocol_options& options, cluster::node_protocols::surroundings& around) override;
  void begin(cluster::node_protocols& protocols, steady_time now) override;
  void yard_changed(const std::shared_ptr<const routing::yard>&, steady_time) override {}
  void tick(steady_time now) override;

  void on(const cluster::node_name& from, const cluster::cache_lookup& asked, steady_time now, cluster::outbox& out) override;
  void on(const cluster::node_name& from, cluster::cache_answer&& said, steady_time now) override;
  void on(const cluster::node_name& from, cluster::cache_store&& kept, steady_time now) override;
  void unsupported_by(const cluster::node_name& node, steady_time now) override;

 private:
  const std::shared_ptr<cluster_board> board_;
  const std::shared_ptr<cache_keeper> keeper_;
  const std::shared_ptr<cache_exchange> exchange_;
  cluster::node_protocols* protocols_ = nullptr;
  std::map<cluster::node_name, std::size_t> said_;   // bytes of answers, by peer
  steady_time said_since_{};
  std::set<cluster::node_name> refused_;             // said once of each
};

}  // namespace switchyard::actors
