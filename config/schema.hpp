// The whole file's schema: reading, showing and describing it all follow the tables in schema.cpp.
#pragma once

#include "config/rules.hpp"

namespace switchyard::config {

[[nodiscard]] const rule<config>& whole_file();
/// One of stage_kinds() each, at most once.
[[nodiscard]] rule_ptr<std::vector<stage_config>> stages();

/// A virtual key; without `credential` as the admin API takes it, which makes the key itself.
enum class credential_given { yes, no };
[[nodiscard]] rule_ptr<virtual_key_config> virtual_key(credential_given credential);

}  // namespace switchyard::config
