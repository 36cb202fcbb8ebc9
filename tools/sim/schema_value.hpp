// Makes a JSON value that satisfies a JSON Schema: the arguments of tool calls and structured answers.
#pragma once

#include "base/random.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace switchyard::sim {

/// Understands type (also lists), enum, const, properties, required, items, prefixItems, minItems, anyOf/oneOf/allOf,
/// $ref to #/... , minimum/maximum (also exclusive), multipleOf, minLength/maxLength, format (date, date-time, time, email, uri, uuid).
/// `pattern` is not understood. Every listed property is filled until depth 12, then only required ones. Strings
/// and enum values are taken from `prompt` where it offers one.
[[nodiscard]] boost::json::value make_value(const boost::json::value& schema, std::string_view prompt, random_source& random);

}  // namespace switchyard::sim
