// cache: whether and how a route's answers are kept and given again. The stage itself changes no decision: actors/request_cache.cpp asks the
// cache once the stages before and after it have had their say.
#pragma once

#include "routing/pipeline.hpp"

namespace switchyard::routing::stages {

[[nodiscard]] result<std::shared_ptr<const stage>> make_cache(const config::cache_stage_config& config, provider_list providers);

/// What the route's cache stage was told; nullptr: it has none.
[[nodiscard]] const config::cache_stage_config* cache_of(const route_entry& route) noexcept;

}  // namespace switchyard::routing::stages
