// How many input tokens a piece of a request will cost, before any provider has counted them.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::providers {

inline constexpr std::int64_t tokens_per_attachment = 800;   ///< an image, sound or file, whatever its size

/// `value`: valid JSON, such as the messages array. Text bytes / 4, attachments (data: URLs, linked images, inline sound and file data)
/// a fixed figure each; an array of numbers counts as the tokens it spells.
[[nodiscard]] std::int64_t estimate_input_tokens(std::string_view value) noexcept;

}  // namespace switchyard::providers
