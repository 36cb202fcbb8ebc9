// Signals as JSON, for `explain` and the decision log. What a prompt says is never part of it: kinds and places of what was found are.
#pragma once

#include "routing/signals/understanding.hpp"
#include "routing/stage.hpp"

#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>

namespace switchyard::actors {

/// Computes what was not computed yet.
void know_everything(routing::understanding& known);

/// {"domain":{"value","confidence","scores"?,"took_us"},"complexity":{...},"safety":{"pii":{"score","kinds"},...},"tokens":{...},...}:
/// the signals that were computed. `with_scores`: every domain's.
[[nodiscard]] boost::json::object signals_object(routing::understanding& known, bool with_scores);

/// {"signals":{...},"stages":[{"name","verdict","took_us"},...],"guard":[{"check","action","score"},...],"vectors":"timeout"}
[[nodiscard]] std::string details_json(routing::understanding& known, const routing::route_entry& route, std::span<const std::string_view> words,
                                       std::span<const nanoseconds> took, std::span<const routing::guard_finding> findings,
                                       std::string_view vectors);

}  // namespace switchyard::actors
