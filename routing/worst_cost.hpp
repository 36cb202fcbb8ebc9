// The most that one call can cost: what a budget reserves for it.
#pragma once

#include "providers/price_catalogue.hpp"

#include <cstdint>
#include <optional>

namespace switchyard::routing {

/// `output`: the most tokens of all answers together. Input counts a quarter more than estimated, at whichever rate is dearest (fresh, written to a
/// cache, audio). nullopt: no price is known.
[[nodiscard]] std::optional<nano_usd> worst_cost(const providers::model_prices& prices, std::int64_t input, std::int64_t output) noexcept;

}  // namespace switchyard::routing
