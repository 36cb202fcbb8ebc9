// Hands live events to everyone who listens, so that no listener holds up the actor that had something to say.
#pragma once

#include "actors/messages.hpp"

namespace switchyard::actors {

struct events_actor_state {
  surroundings around;
  std::uint64_t events = 0;
};

events_handle::behavior_type events_actor(events_handle::stateful_pointer<events_actor_state> self, surroundings around);

}  // namespace switchyard::actors
