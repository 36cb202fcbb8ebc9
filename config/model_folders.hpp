// Where the trained artefacts of models/ are looked for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

/// The folders to look in, first match wins. A folder that somebody asked for is the only one, so that a typing error is not answered
/// with another model: `asked` (--models DIR), else the variable SWITCHYARD_MODELS. Otherwise ../share/switchyard/models beside the
/// program's folder (an installed node), then models/ of the source tree the program was built from (./run).
[[nodiscard]] std::vector<std::string> model_folders(const std::string& asked);

/// `name` in the first of the folders that has it; in the last folder when none has, for the message of whoever opens it.
[[nodiscard]] std::string model_file(const std::vector<std::string>& folders, std::string_view name);

}  // namespace switchyard::config
