// Money is an integer number of nano-dollars: 1 USD = 1,000,000,000. Never a float.
#pragma once

#include <cstdint>
#include <string>

namespace switchyard {

using nano_usd = std::int64_t;

/// "0.000123400": nine places, as the ledger and x-switchyard-cost-usd print it.
[[nodiscard]] std::string format_usd(nano_usd amount);
/// USD per million tokens (a price list's unit) to nano-dollars per million tokens, rounded to nearest.
[[nodiscard]] inline std::int64_t usd_to_nano(double usd) noexcept {
  return static_cast<std::int64_t>(usd * 1e9 + (usd < 0 ? -0.5 : 0.5));
}
/// Price of `tokens` at `nano_per_million`, rounded half up; exact up to 9.2e18 by 128-bit arithmetic.
[[nodiscard]] inline nano_usd token_cost(std::int64_t tokens, std::int64_t nano_per_million) noexcept {
  __extension__ using wide = __int128;
  const auto product = static_cast<wide>(tokens) * nano_per_million;
  return static_cast<nano_usd>((product + 500'000) / 1'000'000);
}

}  // namespace switchyard
