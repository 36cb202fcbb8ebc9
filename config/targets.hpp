// Checks of "provider/model" against the providers of the file.
#pragma once

#include "config/config.hpp"
#include "config/reading.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

/// nullptr: none of that name.
[[nodiscard]] const provider_config* find_provider(const config& all, std::string_view name) noexcept;
[[nodiscard]] std::vector<std::string_view> provider_names(const config& all);

/// Reports a target whose provider is not configured or has no key that serves the model. "" and what is not in the form are passed over:
/// the latter is reported already.
void check_target(const config& all, const std::string& target, const std::string& path, source_position at, reading& run);

/// "list[3]"
[[nodiscard]] std::string item_path(const std::string& list, std::size_t index);

}  // namespace switchyard::config
