// The price catalogue's two texts, embedded; tools/catalogue/make_prices.py writes them.
#pragma once

#include <string_view>

namespace switchyard::providers {

extern const std::string_view exact_price_text;     ///< prices_exact.txt
extern const std::string_view price_pattern_text;   ///< prices_patterns.txt

}  // namespace switchyard::providers
