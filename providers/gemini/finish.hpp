// finishReason, both ways.
#pragma once

#include "providers/neutral.hpp"

#include <string_view>

namespace switchyard::providers::gemini {

/// `value`: a JSON string. An answer that calls functions says STOP, too: see `calls`.
[[nodiscard]] neutral::finish_reason read_finish(std::string_view value, bool calls) noexcept;
/// The name Gemini has for it, without quotes.
[[nodiscard]] std::string_view finish_name(neutral::finish_reason reason) noexcept;

}  // namespace switchyard::providers::gemini
