// The token estimator's tables, embedded; tools/catalogue/fit_tokens.py writes them. Layout in token_estimate.cpp.
#pragma once

#include <string_view>

namespace switchyard::providers {

extern const std::string_view token_odds;   ///< models/tokens/odds.bin

}  // namespace switchyard::providers
