// Gemini's request bodies, both ways; see generate_content_dialect.cpp for the grammar.
#pragma once

#include "base/result.hpp"
#include "providers/dialect.hpp"

#include <string>
#include <string_view>

namespace switchyard::providers::gemini {

[[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts);
[[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                    neutral::dropped_fields& dropped);

/// What a model takes, told by its name.
struct model_traits {
  enum class thinking_form { none, budget, level };
  bool json_schema = true;           ///< false: only OpenAPI's subset
  bool media_in_results = false;     ///< images may stand in functionResponse.parts
  bool needs_signatures = false;     ///< refuses the first call of a turn without a thoughtSignature
  bool must_think = false;           ///< thinking cannot be switched off
  thinking_form thinking = thinking_form::budget;
};
[[nodiscard]] model_traits traits_of(std::string_view model) noexcept;

}  // namespace switchyard::providers::gemini
