// Choosing one key among those that may take the call: the seven strategies of the `balance` stage.
#pragma once

#include "base/random.hpp"
#include "routing/yard.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::routing {

/// A (target, key) pair that check() found usable, with what the strategies weigh.
struct candidate {
  const target* where = nullptr;
  const key_entry* key = nullptr;
};

/// What a strategy may know of the request.
struct balance_request {
  std::string_view region;             ///< x-switchyard-region, else the node's; "" unknown
  std::int64_t input_tokens = 0;       ///< estimate
  std::int64_t output_tokens = 0;      ///< estimate
  steady_time now{};
};

/// One per I/O thread and route: where its sequences stand. Indifferent to keys coming and going.
struct balance_memory {
  std::uint64_t turn = 0;                        ///< weighted draws: position on the golden-ratio sequence; round_robin: picks so far
  std::vector<std::pair<std::uint32_t, std::uint64_t>> last_turns;   ///< round_robin: key_state::id and the turn it was last picked in
};

/// The index of the chosen candidate. Precondition: candidates is not empty.
/// Every strategy multiplies a recovering key's share by its ramp, and takes a candidate of weight 0 only when all are; the formulas
/// stand in balance.cpp.
[[nodiscard]] std::size_t choose(config::balance_strategy strategy, std::span<const candidate> candidates,
                                 const balance_request& request, balance_memory& memory, random_source& random) noexcept;

[[nodiscard]] std::string_view to_string(config::balance_strategy strategy) noexcept;

}  // namespace switchyard::routing
