// Shell completion scripts, generated from the commands themselves. Pure.
#pragma once

#include <string>
#include <vector>

namespace switchyard::ctl {

/// A command with what may follow it.
struct command_tree {
  std::string name;
  std::string description;
  std::vector<std::string> options;       ///< "--json"
  std::vector<command_tree> commands;
};

enum class shell { bash, zsh, fish };

[[nodiscard]] std::string completion_script(const command_tree& program, shell for_shell);

}  // namespace switchyard::ctl
