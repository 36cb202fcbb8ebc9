// The actor of one route: asks its stages' actors to compile and joins what they made.
#pragma once

#include "actors/messages.hpp"

namespace switchyard::actors {

struct route_actor_state {
  std::string name;
  std::shared_ptr<const routing::route_entry> compiled;   ///< the last that compiled; null before the first
  std::string problem;                           ///< of the last compilation
};

route_handle::behavior_type route_actor(route_handle::stateful_pointer<route_actor_state> self, std::string name);

}  // namespace switchyard::actors
