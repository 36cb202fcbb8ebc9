// What the cluster's actor does with the protocols beside carrying messages: each subject (limits, budgets, health, ...) is a part of its own.
#pragma once

#include "cluster/node_protocols.hpp"
#include "routing/yard.hpp"

#include <memory>

namespace switchyard::actors {

/// Called by the cluster's actor only; may be tested without one.
class cluster_part {
 public:
  virtual ~cluster_part() = default;
  /// The protocols were put together, at the start and again whenever the set of nodes changed. They outlive every call until the next begin().
  virtual void begin(cluster::node_protocols& protocols, steady_time now) = 0;
  virtual void yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) = 0;
  /// Every 20 ms, and after messages came. What it puts into the protocols' outbox and journals is taken afterwards.
  virtual void tick(steady_time now) = 0;
};

}  // namespace switchyard::actors
