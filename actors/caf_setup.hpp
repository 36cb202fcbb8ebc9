// Everything that depends on the version of CAF stands here: headers, settings, how an actor fails. CAF 0.17.6.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <exception>
#include <string_view>

namespace switchyard::actors {

/// Scheduler settings of a node: shared queue, two threads, nothing read from files or the command line.
class system_config : public caf::actor_system_config {
 public:
  system_config();
};

/// Logs what an actor threw; the error its monitors then see.
caf::error actor_failed(std::string_view actor_name, const std::exception_ptr& what);

/// First line of every behaviour: a thrown exception ends the actor (its supervisor restarts it), logged under `name`.
template <class Self>
void fail_loudly(Self* self, std::string name) {
  self->set_exception_handler(
      [name = std::move(name)](caf::scheduled_actor*, std::exception_ptr& what) { return actor_failed(name, what); });
}

/// Messages that wait for `self`. Call it from its own handlers only.
[[nodiscard]] std::uint64_t mailbox_depth(caf::scheduled_actor* self);

}  // namespace switchyard::actors
