// The actor of the cluster: ticks, mail and receipts for a cluster_node, and what other actors ask of it. On a thread of its own.
#pragma once

#include "actors/messages.hpp"

namespace switchyard::actors {

class cluster_actor_state {
 public:
  using self_pointer = cluster_handle::stateful_pointer<cluster_actor_state>;
  explicit cluster_actor_state(self_pointer self) : self_(self) {}
  ~cluster_actor_state();
  cluster_actor_state(const cluster_actor_state&) = delete;
  cluster_actor_state& operator=(const cluster_actor_state&) = delete;

  void begin(surroundings around);
  void tick();
  void mail();
  [[nodiscard]] actor_line line();
  [[nodiscard]] members_report report() const;

  surroundings around;
  std::unique_ptr<cluster_node> node;

 private:
  void answer(const std::string& from, const cluster::admin_ask& question);
  void publish(steady_time now);
  void check_joined(steady_time now);
  void schedule(steady_time now);

  self_pointer self_;
  std::shared_ptr<const routing::yard> seen_;
  steady_time next_publication_{};
  steady_time next_tick_{};
  bool met_ = false;
  bool joined_ = false;                          // may be sent traffic
};

cluster_handle::behavior_type cluster_actor(cluster_actor_state::self_pointer self, surroundings around);

}  // namespace switchyard::actors
