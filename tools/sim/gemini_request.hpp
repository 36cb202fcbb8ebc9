// Reads Gemini request bodies into the simulator's own terms. Private to the Gemini wire.
#pragma once

#include "tools/sim/conversation.hpp"
#include "tools/sim/json_fields.hpp"

#include <boost/json/object.hpp>

namespace switchyard::sim {

[[nodiscard]] parsed<conversation> read_generate(const call& asked);
/// Either contents or a whole generateContentRequest.
[[nodiscard]] parsed<conversation> read_gemini_count(const call& asked);

/// Reads systemInstruction and contents (fields checked, camelCase) into `into`; a refusal or nothing.
[[nodiscard]] std::optional<reply> read_gemini_contents(const boost::json::object& body, conversation& into);

/// Do this model's function calls carry ids and need their signatures back? Gemini 3 and later.
[[nodiscard]] bool signs_calls(std::string_view model) noexcept;

}  // namespace switchyard::sim
