// Answers the admin API: asks the actors that know, within finite time, and puts their answers together.
#pragma once

#include "actors/messages.hpp"

namespace switchyard::actors {

struct admin_actor_state {
  surroundings around;
  std::shared_ptr<const directory> who;          ///< never null
  std::uint64_t asked = 0;
};

admin_handle::behavior_type admin_actor(admin_handle::stateful_pointer<admin_actor_state> self, surroundings around);

}  // namespace switchyard::actors
