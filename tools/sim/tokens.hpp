// A stand-in for a tokenizer: cuts text the way byte-pair tokenizers roughly do, so usage numbers and streams look right.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace switchyard::sim {

/// The pieces in order; together they are `text`. A word takes its leading space along; long words are cut at
/// 8 bytes (never inside a UTF-8 character); every punctuation mark stands alone.
[[nodiscard]] std::vector<std::string_view> split_tokens(std::string_view text);
/// split_tokens(text).size(), without the vector.
[[nodiscard]] std::size_t count_tokens(std::string_view text) noexcept;

}  // namespace switchyard::sim
