// The parts for what all nodes hold alike (health, configuration, virtual keys, ledger), wired to the actors of this node.
#pragma once

#include "actors/cluster/part.hpp"
#include "actors/messages.hpp"

namespace switchyard::actors {

[[nodiscard]] std::unique_ptr<cluster_part> wired_health_part(const surroundings& around);
[[nodiscard]] std::unique_ptr<cluster_part> wired_config_part(const surroundings& around);
[[nodiscard]] std::unique_ptr<cluster_part> wired_virtual_key_part(const surroundings& around);
[[nodiscard]] std::unique_ptr<cluster_part> wired_ledger_part(const surroundings& around);

}  // namespace switchyard::actors
