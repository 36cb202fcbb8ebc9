// What the cluster's actor is given by the node that starts it, and what others may read of it at any time. No CAF.
#pragma once

#include "actors/cluster/journal.hpp"
#include "cluster/membership_messages.hpp"
#include "cluster/roster.hpp"
#include "cluster/transport.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <memory>

namespace switchyard::actors {

class cache_exchange;
class cache_keeper;

struct cluster_wiring {
  cluster::roster::options roster;
  std::shared_ptr<cluster::transport> transport;
  /// The node may be sent traffic: it met all others, or waited long enough. Any thread.
  std::function<void()> joined;

  std::shared_ptr<cache_keeper> cache;           ///< null: this node has none, as the next
  std::shared_ptr<cache_exchange> cache_traffic;

  /// Members by state, for the metrics.
  std::array<std::atomic<int>, 5> members{};
};

}  // namespace switchyard::actors
