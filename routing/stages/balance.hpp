// The balance stage: which targets may take a request of the route, and by what strategy their keys are chosen.
#pragma once

#include "routing/stage.hpp"

namespace switchyard::routing::stages {

[[nodiscard]] result<std::shared_ptr<const stage>> make_balance(const config::balance_stage_config& config, provider_list providers);

}  // namespace switchyard::routing::stages
