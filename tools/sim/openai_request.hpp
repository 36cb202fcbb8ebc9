// Reads OpenAI request bodies into the simulator's own terms. Private to the OpenAI wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/json_fields.hpp"

#include <boost/json/object.hpp>

namespace switchyard::sim {

/// The body as an object with a non-empty string `model`.
[[nodiscard]] parsed<boost::json::object> read_body_object(std::string_view body);

[[nodiscard]] parsed<conversation> read_chat(const boost::json::object& body);
[[nodiscard]] parsed<conversation> read_responses(const boost::json::object& body);
/// One conversation per prompt.
[[nodiscard]] parsed<std::vector<conversation>> read_completions(const boost::json::object& body);

}  // namespace switchyard::sim
