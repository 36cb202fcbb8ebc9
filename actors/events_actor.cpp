#include "actors/events_actor.hpp"

namespace switchyard::actors {

events_handle::behavior_type events_actor(events_handle::stateful_pointer<events_actor_state> self, surroundings around) {
  fail_loudly(self, "events");
  self->state.around = std::move(around);
  return {
      [self](const status_request&) {
        const auto& state = self->state;
        return actor_line{"events", "events",
                          std::to_string(state.events) + " events, " + std::to_string(state.around.world->listeners.size()) + " listeners",
                          mailbox_depth(self)};
      },
      [self](const event_happened& event) {
        ++self->state.events;
        self->state.around.world->listeners.tell_all(event.json);
      },
  };
}

}  // namespace switchyard::actors
