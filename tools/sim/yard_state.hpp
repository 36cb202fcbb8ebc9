// What all threads of the simulator share, and the parts of it that serve requests. Private to the simulator.
#pragma once

#include "net/exchange.hpp"
#include "tools/sim/answer_script.hpp"
#include "tools/sim/fault_script.hpp"
#include "tools/sim/key_ring.hpp"
#include "tools/sim/model_profile.hpp"
#include "tools/sim/provider.hpp"
#include "tools/sim/received_log.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace switchyard::sim {

/// Guarded by `lock`; models and keys are replaced whole, so a request keeps what it began with.
struct yard_state {
  simulator_options options;
  std::mutex lock;
  std::shared_ptr<const model_list> models;
  std::shared_ptr<const key_ring> keys = std::make_shared<key_ring>();   ///< replaced whole, too
  answer_script script;                    ///< has its own lock
  fault_script faults;
  received_log received;

  explicit yard_state(simulator_options with) : options(std::move(with)), faults(options.seed) {}
};

/// Applies {"models", "keys", "faults", "seed", "script"}; all optional. Nothing changes on an error.
[[nodiscard]] outcome apply_setup(yard_state& yard, std::string_view json);
/// Serves /sim/...
[[nodiscard]] net::task<void> serve_control(yard_state& yard, net::exchange& on);
/// Serves every provider path, faults included.
[[nodiscard]] net::task<void> serve_provider(yard_state& yard, net::exchange& on);

}  // namespace switchyard::sim
