// The text of an answer, whole or streamed, whatever its format: for whoever judges answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace switchyard::providers {

/// Bytes of text that are looked at; what comes behind them is not.
inline constexpr std::size_t most_answer_text = 1u << 20;

enum class answer_bytes : std::uint8_t { json, frames };

/// What people would read of `answer` and what tools would be called with, unescaped, one after the other. `json`: a body, or a stream of
/// events; a format that repeats its text in closing events has it more than once. `frames`: AWS's event stream.
[[nodiscard]] std::string answer_text(std::string_view answer, answer_bytes shape);

}  // namespace switchyard::providers
