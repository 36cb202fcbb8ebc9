// The semantic stage: which category's examples is the request like, and who answers those?
#pragma once

#include "routing/stage.hpp"

#include <vector>

namespace switchyard::routing::stages {

/// Embeds the examples, reads the model. An error names a target that no provider serves, or says what is wrong with the model's file.
[[nodiscard]] result<std::shared_ptr<const stage>> make_semantic(const config::semantic_stage_config& config, provider_list providers,
                                                                 std::shared_ptr<const signal_models> models);

struct category_score {
  std::string_view name;                         ///< lives as long as the stage
  float similarity = 0;
};
/// How like each category the request is, in the order they are configured. Empty: `of` is no semantic stage.
[[nodiscard]] std::vector<category_score> category_scores(const stage& of, understanding& known);

}  // namespace switchyard::routing::stages
