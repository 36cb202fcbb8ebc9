// The command line of `switchyard`, and how it overrides the config file.
#pragma once

#include "base/log.hpp"
#include "config/load.hpp"

#include <optional>
#include <string>
#include <vector>

namespace switchyard::tools {

struct node_command {
  std::string config_file;                       ///< "" none
  std::string listen;
  std::string admin_listen;
  std::string data_dir;
  std::string node_name;
  std::string cluster_listen;
  std::string join;
  int threads = -1;
  bool check = false;
  log::settings log;
};

/// Either a command to run or the exit code of one that is over (--help, --version, wrong usage: 2).
struct parsed_command {
  std::optional<node_command> run;
  int exit_code = 0;
};
[[nodiscard]] parsed_command parse_command_line(int argc, char** argv);

/// The config a node starts or reloads with: the file or the environment, then the command line's overrides.
[[nodiscard]] config::load_result load_effective(const node_command& command);

}  // namespace switchyard::tools
