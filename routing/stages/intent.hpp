// The intent stage: rules over signals; the first whose conditions all hold names the target.
#pragma once

#include "routing/stage.hpp"

namespace switchyard::routing::stages {

/// Does any rule ask for more than tags and region?
[[nodiscard]] bool looks_at_prompt(const config::intent_stage_config& config) noexcept;

/// `models` may be null if no rule looks at the prompt. Reads the domain model. An error names a target that no provider serves, or says what is
/// wrong with the model's file, or which label of a rule it does not know.
[[nodiscard]] result<std::shared_ptr<const stage>> make_intent(const config::intent_stage_config& config, provider_list providers,
                                                               std::shared_ptr<const signal_models> models);

}  // namespace switchyard::routing::stages
