// Known providers: what a config entry of that name may leave out. One row each.
#pragma once

#include "config/config.hpp"

#include <span>
#include <string_view>

namespace switchyard::config {

struct provider_preset {
  std::string_view name;             ///< the config's provider name
  wire_format wire;
  std::string_view base_url;         ///< "https://api.openai.com"
  std::string_view key_variable;     ///< "OPENAI_API_KEY"; empty: needs no credential
};

[[nodiscard]] std::span<const provider_preset> provider_presets() noexcept;
[[nodiscard]] const provider_preset* find_preset(std::string_view provider_name) noexcept;

}  // namespace switchyard::config
