// What the config tests share: an environment without the machine's, and loading a text.
#pragma once

#include "config/load.hpp"

#include <map>
#include <string>
#include <string_view>

namespace switchyard::config::testing {

inline environment variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

/// What the example asks for.
inline environment example_variables() {
  return variables({{"OPENAI_API_KEY", "sk-canary-1"},
                    {"OPENAI_API_KEY_2", "sk-canary-2"},
                    {"SWITCHYARD_ADMIN_TOKEN", "admin-canary"},
                    {"AWS_ACCESS_KEY_ID", "aws-canary-1"},
                    {"AWS_SECRET_ACCESS_KEY", "aws-canary-2"},
                    {"TEAM_A_KEY", "team-canary"}, {"ALICE_KEY", "alice-canary"}});
}

inline load_result load(std::string_view text, std::map<std::string, std::string> values = {}) {
  return load_text(text, "c.yaml", variables(std::move(values)));
}

inline std::string listed(const std::vector<problem>& problems) {
  std::string out;
  for (const auto& problem : problems) out += problem.to_string() + "\n";
  return out;
}

}  // namespace switchyard::config::testing
