// The list of what the cluster's actor does: a new part is a line in parts.cpp.
#pragma once

#include "actors/cluster/part.hpp"
#include "actors/messages.hpp"

namespace switchyard::actors {

/// Anew for every actor, in the order in which they are called.
[[nodiscard]] std::vector<std::unique_ptr<cluster_part>> make_cluster_parts(const surroundings& around);

}  // namespace switchyard::actors
