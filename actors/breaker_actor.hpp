// The actor of one key's circuit breaker.
#pragma once

#include "actors/messages.hpp"

#include <mutex>

namespace switchyard::actors {

/// The way back of an endpoint probe: shut when its breaker ends, so that a late callback reaches nobody.
class probe_return {
 public:
  explicit probe_return(breaker_handle to) : to_(std::move(to)) {}
  void operator()(bool reachable) {
    const std::lock_guard guard(mutex_);
    if (to_) caf::anon_send(to_, endpoint_probed{reachable});
  }
  void shut() {
    const std::lock_guard guard(mutex_);
    to_ = nullptr;
  }

 private:
  std::mutex mutex_;
  breaker_handle to_;
};

struct breaker_actor_state {
  explicit breaker_actor_state(breaker_handle::stateful_pointer<breaker_actor_state> self) : self(self) {}
  ~breaker_actor_state();

  void begin(surroundings with, const breaker_settings& settings);
  void configure(const breaker_settings& settings);
  void fold(const std::vector<routing::call_outcome>& outcomes);
  void wake(std::uint64_t number);
  void heed(const breaker_advice& advice);
  void probe_endpoint(std::uint64_t number);
  void endpoint_answered(bool reachable);
  [[nodiscard]] actor_line line();
  [[nodiscard]] breaker_report report() const;

  breaker_handle::stateful_pointer<breaker_actor_state> self;

 private:
  void publish();
  void announce(routing::breaker_state from, routing::breaker_state to) const;
  void set_alarm();
  void probe_soon();

  surroundings around_;
  std::shared_ptr<const routing::key_entry> entry_;
  std::optional<routing::breaker> breaker_;      ///< set by begin()
  routing::breaker_state published_ = routing::breaker_state::closed;
  std::optional<steady_time> alarm_;             ///< the wake-up that is on its way
  std::uint64_t alarm_number_ = 0;
  std::uint64_t probe_number_ = 0;               ///< grows with every opening: probes of an older one end
  bool probe_outstanding_ = false;
  std::shared_ptr<probe_return> way_back_;
};

/// Publishes "closed" first: whatever a predecessor knew is learnt again from the next calls.
breaker_handle::behavior_type breaker_actor(breaker_handle::stateful_pointer<breaker_actor_state> self,
                                            surroundings around, breaker_settings settings);

}  // namespace switchyard::actors
