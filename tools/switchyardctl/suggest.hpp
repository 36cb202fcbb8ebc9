// `suggest`: what kinds of prompts does the node see? Clusters the prompts of its decision log into categories for a semantic stage.
#pragma once

#include "tools/switchyardctl/commands.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace switchyard::ctl {

struct suggest_options {
  std::size_t limit = 5000;    ///< newest prompts
  std::size_t categories = 0;  ///< 0: as many as fit best, up to 10
  std::string models;          ///< --models
};
/// Prints YAML to stdout. The node must keep prompts (telemetry.decision_log.prompts).
[[nodiscard]] int suggest(const console& c, const suggest_options& options);

struct seen_prompt {
  std::string text;
  std::string target;          ///< that answered; "" none
};
struct suggested_category {
  std::string name;            ///< its most telling words
  std::vector<std::string> examples;   ///< the most typical first
  std::string target;          ///< that answered most of them; "" none did
  std::size_t prompts = 0;
};
/// `vectors`: one unit row of `dimensions` per prompt. The same prompts give the same categories. The largest comes first.
[[nodiscard]] std::vector<suggested_category> cluster(const std::vector<seen_prompt>& prompts, const std::vector<float>& vectors,
                                                      std::size_t dimensions, std::size_t categories);
[[nodiscard]] std::string to_yaml(const std::vector<suggested_category>& categories);

}  // namespace switchyard::ctl
