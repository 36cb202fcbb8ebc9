// Counts for Prometheus.
#pragma once

#include "actors/messages.hpp"
#include "actors/metrics_book.hpp"

namespace switchyard::actors {

struct metrics_actor_state {
  surroundings around;
  metrics_book book;
  std::vector<std::shared_ptr<const routing::key_entry>> keys;
};

metrics_handle::behavior_type metrics_actor(metrics_handle::stateful_pointer<metrics_actor_state> self, surroundings around);

}  // namespace switchyard::actors
