// Schemas. Gemini has two fields for them: parametersJsonSchema / responseJsonSchema take JSON Schema as it is; the older parameters /
// responseSchema take a subset of OpenAPI 3.0's (types in capitals, `nullable`, no references) and refuse anything else.
#pragma once

#include "providers/json_out.hpp"
#include "providers/neutral.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::gemini {

/// OpenAPI's subset as JSON Schema. A schema that is JSON Schema already comes out the same.
[[nodiscard]] neutral::json_text to_json_schema(std::string_view openapi, neutral::arena& texts);

/// Writes a JSON Schema as OpenAPI's subset: $ref inlined (at most 8 deep, a recursive one ends as a plain object), const as enum, type
/// lists and null alternatives as nullable, oneOf as anyOf. Keywords whose meaning is lost are added to `lost`.
void write_openapi_schema(std::string_view schema, json::out& out, std::vector<std::string>& lost);

}  // namespace switchyard::providers::gemini
