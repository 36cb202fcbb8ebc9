// The whole file's schema: reading, showing and describing it all follow the tables in schema.cpp.
#pragma once

#include "config/rules.hpp"

namespace switchyard::config {

[[nodiscard]] const rule<config>& whole_file();
/// One of stage_kinds() each, at most once.
[[nodiscard]] rule_ptr<std::vector<stage_config>> stages();

}  // namespace switchyard::config
