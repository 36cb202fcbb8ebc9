// Reads Bedrock's converse bodies into the simulator's own terms. Private to the Bedrock wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/json_fields.hpp"

#include <boost/json/object.hpp>

namespace switchyard::sim {

/// converse and converse-stream
[[nodiscard]] parsed<conversation> read_converse(const call& asked);

/// Reads `system` and `messages` into `into`; a refusal or nothing.
[[nodiscard]] std::optional<reply> read_bedrock_prompt(const boost::json::object& body, conversation& into);

}  // namespace switchyard::sim
