#include "actors/config_actor.hpp"

#include "actors/admin_answers.hpp"
#include "config/load.hpp"

namespace switchyard::actors {

config_handle::behavior_type config_actor(config_handle::stateful_pointer<config_actor_state> self) {
  fail_loudly(self, "config");
  return {
      [self](const status_request&) {
        return actor_line{"config", "config", "version " + std::to_string(self->state.current.version), mailbox_depth(self)};
      },
      [self](const config_changed& changed) { self->state.current = changed; },
      [self](const part_request&) {
        const auto& effective = self->state.current.effective;
        if (!effective) return part_answer{problem_answer(503, "overloaded", "no config has been applied yet")};
        return part_answer{{200, "application/json", config::to_json(*effective)}};
      },
  };
}

}  // namespace switchyard::actors
