// The actor of one stage of a route: compiles it and remembers what it compiled to.
#pragma once

#include "actors/messages.hpp"

namespace switchyard::actors {

struct stage_actor_state {
  std::string route;
  std::size_t place = 0;                         ///< counts from 1
  std::string_view kind;
  std::shared_ptr<routing::model_shelf> models;
  std::shared_ptr<const routing::stage> compiled;   ///< the last that compiled; null before the first
  std::string problem;                           ///< of the last compilation
};

stage_handle::behavior_type stage_actor(stage_handle::stateful_pointer<stage_actor_state> self, std::string route,
                                        std::size_t place, std::string_view kind, std::shared_ptr<routing::model_shelf> models);

}  // namespace switchyard::actors
