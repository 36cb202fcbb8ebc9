// Sends a reply the way a model does (token by token) or the way a fault says. Private to the simulator.
#pragma once

#include "net/exchange.hpp"
#include "tools/sim/fault_script.hpp"
#include "tools/sim/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::sim {

/// What was sent in the end.
struct delivered {
  int status = 0;                  ///< 0: nothing
  std::size_t tokens = 0;          ///< output tokens of what was sent
  bool aborted = false;            ///< the caller left before the end
};

/// Waits; false at once when the caller leaves.
[[nodiscard]] net::task<bool> wait_for(net::exchange& on, milliseconds duration);

/// The normal course: first token after `pace.first_token`, then `pace.tokens_per_second`.
[[nodiscard]] net::task<delivered> deliver(net::exchange& on, const reply& what, const model_profile& pace, const fault_decision& extra);
/// The call that met a fault, and what it would have got.
struct faulted_call {
  const wire& spoken;
  const call& asked;
  const reply& what;
  const model_profile& pace;
  std::string_view key;
};
/// The fault in `how` in place of the normal course, in the wire's own shape.
[[nodiscard]] net::task<delivered> deliver_fault(net::exchange& on, const faulted_call& of, const fault_decision& how);

}  // namespace switchyard::sim
