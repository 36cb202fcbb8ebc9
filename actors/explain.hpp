// POST /admin/v1/explain: what would happen to a chat request now. Nothing is sent, nothing is reserved.
#pragma once

#include "actors/actor_world.hpp"
#include "base/clock.hpp"
#include "actors/vector_book.hpp"
#include "routing/yard.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace switchyard::actors {

/// The contract's shape (section 6). `query` may force `route=NAME` and `region=NAME`, as a client's headers would. A body or model
/// that the data plane would refuse is refused alike, as {"error":{...}} with the same status. `models` null and a route that looks at no
/// prompt: of the signals only the token counts are there. `vectors`: a semantic stage that wants a provider's gets those that are kept; null: none.
[[nodiscard]] admin_answer explain(const routing::yard& yard, std::string_view body, std::string_view query, std::uint64_t seed,
                                   steady_time now, std::shared_ptr<const routing::signal_models> models = nullptr, vector_book* vectors = nullptr);

/// {"routes":[...]}, the implied `direct` included.
[[nodiscard]] std::string routes_json(const routing::yard& yard);

}  // namespace switchyard::actors
