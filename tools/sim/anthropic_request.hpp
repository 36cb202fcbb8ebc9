// Reads Anthropic request bodies into the simulator's own terms. Private to the Anthropic wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/json_fields.hpp"

#include <boost/json/object.hpp>

namespace switchyard::sim {

[[nodiscard]] parsed<conversation> read_messages(const call& asked);
/// The same body without max_tokens.
[[nodiscard]] parsed<conversation> read_count(const call& asked);

/// Reads `system` and `messages` (whose blocks are checked one by one) into `into`, counting cache marks; a refusal or nothing.
[[nodiscard]] std::optional<reply> read_anthropic_prompt(const boost::json::object& body, conversation& into, int& marks);
/// {"type": "ephemeral", "ttl"?}; a refusal that names `where`, or nothing. Counts the marks of a request.
[[nodiscard]] std::optional<reply> read_cache_control(const boost::json::object& on, const std::string& where, int& marks);

}  // namespace switchyard::sim
