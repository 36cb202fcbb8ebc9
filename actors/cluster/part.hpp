// What the cluster's actor does with the protocols beside carrying messages: each subject (limits, budgets, health, ...) is a part of its own.
#pragma once

#include "cluster/node_protocols.hpp"
#include "routing/yard.hpp"

#include <memory>
#include <string>
#include <vector>

namespace switchyard::actors {

/// Called by the cluster's actor only; may be tested without one.
class cluster_part {
 public:
  static constexpr milliseconds rare_ticks{100};
  static constexpr milliseconds watchful_ticks{50};   ///< a first request may have to wait for one
  static constexpr milliseconds short_ticks{20}; ///< demand finds too little, or soon will

  virtual ~cluster_part() = default;
  /// Before protocols are put together: what they are to know from the beginning.
  virtual void prepare(cluster::protocol_options& options, cluster::node_protocols::surroundings& around) {
    (void)options, (void)around;
  }
  /// The protocols were put together, at the start and again whenever the set of nodes changed. They outlive every call until the next begin().
  virtual void begin(cluster::node_protocols& protocols, steady_time now) = 0;
  virtual void yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) = 0;
  /// The next tick is to come within this time, while clients are connected.
  [[nodiscard]] virtual milliseconds next_tick_within() const { return rare_ticks; }
  /// With every tick, and after messages came. What it puts into the protocols' outbox and journals is taken afterwards.
  virtual void tick(steady_time now) = 0;
  /// The reservations of these attempts are on disk.
  virtual void reserved(const std::vector<std::string>& attempts, steady_time now) { (void)attempts, (void)now; }
  /// The shipper wants these rows of the ledger: hand them to protocols.shipper.rows_read(), now or within a later call.
  virtual void rows_wanted(const cluster::rows_to_read& wanted, steady_time now) { (void)wanted, (void)now; }
  /// What a first request needs of the others is there. Asked after begin() and yard_changed().
  [[nodiscard]] virtual bool ready() const { return true; }
  /// The node is about to end: hand back what others could use.
  virtual void leave(steady_time now) { (void)now; }
};

}  // namespace switchyard::actors
