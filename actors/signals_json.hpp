// Signals as JSON, for `explain` and the decision log. What a prompt says is never part of it: kinds and places of what was found are.
#pragma once

#include "actors/request_record.hpp"
#include "routing/signals/understanding.hpp"

#include <boost/json/object.hpp>

namespace switchyard::actors {

/// Computes what was not computed yet.
void know_everything(routing::understanding& known);

/// {"domain":{"value","confidence","scores"?,"took_us"},"complexity":{...},"safety":{"pii":{"score","kinds"},...},"tokens":{...},...}:
/// the signals that were computed. `with_scores`: every domain's.
[[nodiscard]] boost::json::object signals_object(const routing::signal_findings& found, bool with_scores);

/// {"signals":{...},"stages":[{"name","verdict","took_us"},...],"guard":[{"check","action","score"},...],"vectors":"timeout"}
[[nodiscard]] boost::json::object details_object(const request_details& of);

}  // namespace switchyard::actors
