// `eval route`: where a config's route would send the lines of a file, with no node and no provider.
#pragma once

#include "routing/model_shelf.hpp"
#include "routing/yard.hpp"
#include "tools/switchyardctl/line_file.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace switchyard::ctl {

struct eval_route_options {
  line_job lines;
  std::string models;          ///< --models
  std::string config;          ///< --config
  std::string route;           ///< --route: a name or an alias
};

/// {"id"?, "prompt" | "messages", "tools"?, "region"?, "user"?, "tags"?: {"a":"b"}} -> {"id","target","category"?,"reason","scores"?}.
/// Secrets of the config need not be there: nobody is called.
[[nodiscard]] int eval_route(const eval_route_options& options);

/// One route of a config, compiled as a node would.
[[nodiscard]] result<std::shared_ptr<const routing::route_entry>> compile_offline(const std::string& config_file, const std::string& route,
                                                                                  routing::model_shelf& models);
/// The answer to one line.
[[nodiscard]] outcome route_line(const routing::route_entry& route, std::string_view line, std::size_t number, std::string& to);

}  // namespace switchyard::ctl
