// Holds the effective config and answers GET /admin/v1/config, secrets masked.
#pragma once

#include "actors/messages.hpp"

namespace switchyard::actors {

struct config_actor_state {
  config_changed current;                        ///< `effective` null before the first
};

config_handle::behavior_type config_actor(config_handle::stateful_pointer<config_actor_state> self);

}  // namespace switchyard::actors
