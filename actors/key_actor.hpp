// The actor of one provider key: its health, its weight, its parking.
#pragma once

#include "actors/messages.hpp"

namespace switchyard::actors {

struct key_actor_state {
  explicit key_actor_state(key_handle::stateful_pointer<key_actor_state> self) : self(self) {}

  void configure(const key_settings& settings);
  void fold(const std::vector<routing::call_outcome>& outcomes);
  void tick();
  void unpark_if_due();
  void parked_by_peer(const peer_parked& told);
  void learn(const routing::key_measure& others);
  [[nodiscard]] actor_line line();
  [[nodiscard]] key_report report() const;

  key_handle::stateful_pointer<key_actor_state> self;
  surroundings around;

 private:
  void publish(steady_time now);
  void park(routing::park_reason why, steady_time now);
  void notice_rest(steady_time now);
  void tell_parked(routing::park_reason why, milliseconds rest, const std::string& node = {});
  void keep_ticking();

  key_settings settings_;
  routing::key_health health_{1.0};
  bool ticking_ = false;
  steady_time last_outcome_{}, last_word_{};     ///< of own calls, of other nodes
  int parked_in_row_ = 0;
  steady_time parked_until_{};                   ///< by this actor; what I/O threads park for is in key_state
  steady_time resting_until_{};                  ///< a rest the provider asked for (429, limit used up) that was told of
};

/// Publishes the configured weight at once. `settings.entry` is never null.
key_handle::behavior_type key_actor(key_handle::stateful_pointer<key_actor_state> self, surroundings around,
                                    key_settings settings);

/// How long a key rests after its credential was refused `in_row` times (from 1) without a success between:
/// 5 min, doubling up to 1 h; a spent quota always 10 min.
[[nodiscard]] milliseconds rest_after(routing::park_reason why, int in_row) noexcept;

}  // namespace switchyard::actors
