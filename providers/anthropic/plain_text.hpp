// Two things about text: what its end is made of, and what base64 says.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::providers::anthropic {

/// The inside of a JSON string without the white space at its end: blanks and \n, \r, \t as escapes.
[[nodiscard]] std::string_view without_space_at_end(std::string_view text) noexcept;

/// The bytes of base64 text; decoding stops at the first character that is none.
[[nodiscard]] std::string text_of_base64(std::string_view base64);

}  // namespace switchyard::providers::anthropic
