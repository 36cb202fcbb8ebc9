// Requests and tokens a minute hold for the whole cluster: what the node's lease_holder has is lent to the limits that requests meet, and what they
// used of it is told back, every tick.
//
//   requests --reserve--> rate_limit::allowance() <--lend / level, refusals--> limit_part <--lend / repay--> lease_holder <--messages--> owner
//
// Invariant: what goes back to an owner was withdrawn from the requests' sight before (take_back, then end_loan).
#pragma once

#include "actors/cluster/part.hpp"

#include <map>
#include <string>

namespace switchyard::actors {

/// Limits are named "PROVIDER/KEY rpm", "PROVIDER/KEY tpm", "vkey/NAME rpm" and "vkey/NAME tpm", on every node alike.
class limit_part final : public cluster_part {
 public:
  void begin(cluster::node_protocols& protocols, steady_time now) override;
  void yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) override;
  [[nodiscard]] milliseconds next_tick_within() const override;
  void tick(steady_time now) override;
  [[nodiscard]] bool ready() const override { return limits_.empty() || (protocols_ != nullptr && ticked_ && protocols_->leases_held.has_begun()); }

 private:
  struct shared_limit {
    std::shared_ptr<routing::rate_limit> limit;  // keeps alive whatever it stands in
    std::int64_t per_minute = 0;
    cluster::lease_holder::handle held = nullptr;
    std::int64_t level = 0;                      // what the requests' level would be had nobody taken anything since
  };

  void configure(steady_time now);
  void tick(shared_limit& one, steady_time now);

  cluster::node_protocols* protocols_ = nullptr;
  bool drained_ = false;                         // a limit lost over half of its level since the last tick: demand has jumped
  bool ticked_ = false;                          // since the limits changed: what is held ahead is known
  std::map<std::string, shared_limit> limits_;   // by name
};

}  // namespace switchyard::actors
