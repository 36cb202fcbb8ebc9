// Reads Cohere's chat requests into the simulator's own terms. Private to Cohere's wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/json_fields.hpp"

#include <boost/json/object.hpp>

namespace switchyard::sim {

/// The body as an object with a non-empty string `model`.
[[nodiscard]] parsed<boost::json::object> read_cohere_body(std::string_view body);
/// 422, as Cohere refuses a field that it does not know.
[[nodiscard]] reply unknown_cohere_field(std::string_view name);

[[nodiscard]] parsed<conversation> read_cohere_chat(const boost::json::object& body);

}  // namespace switchyard::sim
