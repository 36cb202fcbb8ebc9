// Shared health: what a provider said about a key on one node holds on all of them, breakers take other nodes' as advice, and what one measured
// helps those that have not (cluster/shared_health.hpp).
//
// It needs no word from the actors: what they and the I/O threads know stands in each key's key_state, which is looked at with every tick.
//
//   key_state.parked_until grew here   --> a fact of this node        a fact of another node --> key_state.park(), `parked`
//   key_state.breaker changed here     --> its state, as evidence     others' open breakers  --> `advise` open, close, probes
//   key_state.measured_* changed       --> what this node measured    others' measures       --> `learned`
#pragma once

#include "actors/cluster/health_notices.hpp"
#include "actors/cluster/part.hpp"
#include "routing/key_health.hpp"

#include <functional>
#include <vector>

namespace switchyard::actors {

class health_part final : public cluster_part {
 public:
  /// The way to a key's actors; called from whoever calls the part.
  struct key_actors {
    std::function<void(const routing::key_entry&, const peer_parked&)> parked;
    std::function<void(const routing::key_entry&, const breaker_advice&)> advise;
    std::function<void(const routing::key_entry&, const routing::key_measure&)> learned;
  };
  explicit health_part(key_actors tell) : tell_(std::move(tell)) {}

  void begin(cluster::node_protocols& protocols, steady_time now) override;
  void yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) override;
  void tick(steady_time now) override;

 private:
  struct watched {
    std::shared_ptr<const routing::key_entry> entry;
    std::string name;                            // "openai/key-1"
    std::uint64_t credential = 0;
    // Parking. `known`: up to where it is told, or learned from others.
    steady_time known{}, own{}, next_report{};
    // The breaker, as last seen.
    routing::breaker_state breaker = routing::breaker_state::closed;
    steady_time changed{}, opened{};
    steady_time advised{};                       // to open by others' word alone, until then: no evidence to pass on
    bool advice = false;                         // some may be fresh
    int probes = -1;                             // as told
    // What was measured: told to others, told to the key's actor.
    cluster::key_performance told, learned;
    steady_time told_until{}, next_measure{};
  };

  void watch_parking(watched& key, steady_time now);
  void learn_parking(watched& key, steady_time now);
  void watch_breaker(watched& key, steady_time now);
  void heed_breakers(watched& key, bool heard, steady_time now);
  void follow_probers(watched& key, steady_time now);
  void give_probes(watched& key, int probes);
  void exchange_measures(watched& key, steady_time now);

  key_actors tell_;
  cluster::node_protocols* protocols_ = nullptr;
  std::vector<watched> keys_;
  std::uint64_t revision_ = 0;
  bool fresh_ = true;                            // keys or protocols are new: everything is looked at
  steady_time repeat_probes_{};
};

}  // namespace switchyard::actors
