// What the cluster tells the actors of a key. No CAF.
#pragma once

#include "base/clock.hpp"
#include "routing/key_state.hpp"

#include <string>

namespace switchyard::actors {

/// A provider told another node so; the key is parked here already.
struct peer_parked {
  std::string node;
  routing::park_reason why = routing::park_reason::none;
  milliseconds lasts{0};
};

/// What other nodes' breakers mean for this one's.
struct breaker_advice {
  enum class kind { open, close, probes };
  kind what = kind::open;
  int probes = 0;                                ///< of kind::probes: how many calls this node may probe with
};

}  // namespace switchyard::actors
