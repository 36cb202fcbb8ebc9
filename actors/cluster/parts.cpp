#include "actors/cluster/parts.hpp"

#include "actors/cluster/budget_part.hpp"
#include "actors/cluster/cache_part.hpp"
#include "actors/cluster/limit_part.hpp"
#include "actors/cluster/state_parts.hpp"

namespace switchyard::actors {

std::vector<std::unique_ptr<cluster_part>> make_cluster_parts(const surroundings& around) {
  std::vector<std::unique_ptr<cluster_part>> parts;
  parts.push_back(wired_health_part(around));
  parts.push_back(wired_config_part(around));
  parts.push_back(wired_virtual_key_part(around));
  parts.push_back(wired_ledger_part(around));
  parts.push_back(std::make_unique<limit_part>());
  parts.push_back(std::make_unique<budget_part>());
  if (const auto& wiring = around.world->cluster; wiring && wiring->cache && wiring->cache_traffic)
    parts.push_back(std::make_unique<cache_part>(around.world->board, wiring->cache, wiring->cache_traffic));
  return parts;
}

}  // namespace switchyard::actors
