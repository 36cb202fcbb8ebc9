// Takes credentials out of text that providers wrote, before a person, a log or a client sees it.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::providers {

/// Replaces by "***": `credential` itself wherever it stands, keys of known shapes (sk-..., gsk_..., AIza..., AKIA..., JSON web tokens),
/// what follows "Bearer", and the values of key=, token=, api_key:, x-api-key: and the like. Valid JSON stays valid JSON.
[[nodiscard]] std::string mask_credentials(std::string_view text, std::string_view credential = {});

}  // namespace switchyard::providers
