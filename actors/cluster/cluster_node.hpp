// A node's share in the cluster without CAF: roster, protocols, parts, journals and links, driven by mail and a tick.
//
//   start ------> renewing --incarnation and roster are on disk--> running --the set of nodes changed--> renewing
//                 says nothing                                     protocols and parts work
//
// A new set of nodes is as a crash: everything written is replayed under a new incarnation.
#pragma once

#include "actors/cluster/admin_fanout.hpp"
#include "actors/cluster/journal.hpp"
#include "actors/cluster/part.hpp"
#include "cluster/roster.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::actors {

struct member_line {
  cluster::node_name name;
  cluster::member_state state = cluster::member_state::alive;
  std::uint64_t incarnation = 0;
  std::string address;
  std::string build;
  std::optional<microseconds> round_trip;
  bool is_self = false;
};

class cluster_node {
 public:
  /// What was written: a life's incarnation, or records of protocols.
  struct receipt {
    std::uint64_t life = 0;
    bool begins_life = false;
    std::vector<std::pair<std::string, std::uint64_t>> records;   ///< log, number
  };
  struct setting {
    cluster::roster::options roster;
    std::shared_ptr<cluster::transport> transport;
    std::shared_ptr<cluster_journal> journal;
    std::vector<std::unique_ptr<cluster_part>> parts;
    /// Any thread: brings the receipt to written().
    std::function<void(receipt)> written;
    /// Another node asks this one's admin API; the answer goes to answer().
    std::function<void(cluster::node_name from, cluster::admin_ask question)> asked;
    std::function<void(const cluster::member_change&)> changed;
    std::function<void()> forgotten;              ///< once: the cluster goes on without this node
    std::function<void()> met_all;                ///< once: every node of the roster is linked
    std::uint64_t unix_seconds = 0;
  };

  explicit cluster_node(setting given);
  void start(steady_time now);
  /// As soon as next_tick_within() says; while no client is connected, every 200 ms.
  void tick(steady_time now);
  /// Messages came that cannot wait for the next tick.
  void mail(steady_time now);
  void written(const receipt& what, steady_time now);
  void yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now);
  void leave(steady_time now);
  /// False: no such node, or this one.
  [[nodiscard]] bool forget(const cluster::node_name& node, steady_time now);
  /// Asks these, or every alive node where there are none.
  void ask(std::vector<cluster::node_name> nodes, const std::string& method, const std::string& target, const std::string& body, steady_time now,
           admin_fanout::gathered then);
  void answer(const cluster::node_name& to, std::uint64_t id, int status, const std::string& body, steady_time now);

  [[nodiscard]] std::vector<member_line> members() const;
  [[nodiscard]] bool is_member(const cluster::node_name& node) const;
  [[nodiscard]] std::uint64_t life() const noexcept { return life_; }
  /// Every part has of the others what a first request needs; before there is a yard nothing is known to be needed, and it is not ready.
  [[nodiscard]] bool ready() const;
  [[nodiscard]] milliseconds next_tick_within() const;
  [[nodiscard]] bool running() const noexcept { return protocols_ != nullptr && !renewing_; }
  [[nodiscard]] cluster::transport_figures traffic() const { return given_.transport->figures(); }

 private:
  void renew(steady_time now);
  void build(steady_time now);
  void compact();
  void take_mail(steady_time now);
  void ship(const std::optional<cluster::rows_to_read>& wanted, steady_time now);
  void take(cluster::arrival& one, steady_time now);
  void take_up(const cluster::arrival& one);
  void take_introductions(const cluster::arrival& one, steady_time now);
  void end_forgotten();
  void introduce_to(const cluster::node_name& node);
  void introduce_to_all();
  void pump(steady_time now);
  void note_changes();
  void check_met();

  setting given_;
  cluster::roster roster_;
  std::vector<cluster::node_name> names_;        // the protocols work with
  std::unique_ptr<cluster::node_protocols> protocols_;
  admin_fanout fanout_;
  cluster::outbox out_;                          // of this class itself
  std::set<cluster::node_name> linked_;
  std::shared_ptr<const routing::yard> yard_;
  std::uint64_t life_ = 0;
  std::uint64_t said_incarnation_ = 0;           // by hellos and introductions
  bool renewing_ = false;
  bool roster_changed_ = false;
  bool leaving_ = false;
  bool met_ = false;
  bool told_forgotten_ = false;
  steady_time next_retry_{};
};

}  // namespace switchyard::actors
