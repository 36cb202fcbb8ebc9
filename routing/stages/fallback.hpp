// The fallback stage: where a request goes, in order, once every key of its own target has failed or is out.
#pragma once

#include "routing/stage.hpp"

namespace switchyard::routing::stages {

[[nodiscard]] result<std::shared_ptr<const stage>> make_fallback(const config::fallback_stage_config& config, provider_list providers);

}  // namespace switchyard::routing::stages
