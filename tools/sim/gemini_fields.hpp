// The fields that Gemini's messages have, by which a body is checked and brought to one spelling. Private to the Gemini wire.
#pragma once

#include "tools/sim/json_fields.hpp"

#include <boost/json/object.hpp>

#include <string_view>

namespace switchyard::sim {

enum class gemini_message { generate, count, embed, batch_embed };

/// The body with every field in camelCase and lists where lists belong; or Google's refusal of the first field that is
/// unknown or of the wrong type. Both spellings are read (systemInstruction, system_instruction); a lone value stands for a list.
[[nodiscard]] parsed<boost::json::object> read_gemini_fields(std::string_view body, gemini_message as, bool vertex);

}  // namespace switchyard::sim
