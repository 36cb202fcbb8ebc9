// The guard stage: personal data, jailbreaks and harmful content in what the client sends: flagged, masked or refused.
#pragma once

#include "routing/stage.hpp"

namespace switchyard::routing::stages {

[[nodiscard]] result<std::shared_ptr<const stage>> make_guard(const config::guard_stage_config& config,
                                                              std::shared_ptr<const signal_models> models);

}  // namespace switchyard::routing::stages
