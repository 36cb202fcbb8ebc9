// How many tokens a text comes to, without the tokenizer: one pass, nothing allocated, a few per cent off over a paragraph.
//
// Text is cut into segments, much as tokenizers cut it before they merge. A segment that the family's vocabulary holds costs one token (a
// Bloom filter knows); another costs the sum over its bytes of the odds that a token begins there, looked up by the byte and the three
// before it. Filter and odds are fitted to the real tokenizers by tools/catalogue/fit_tokens.py; models/tokens/README.md has the errors.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::providers {

/// Whose vocabulary. In the order of models/tokens/odds.bin.
enum class token_family : std::uint8_t { o200k, cl100k, claude, gemini, llama, mistral };

/// By a model's name ("gpt-4o", "anthropic/claude-sonnet-4-5", "meta-llama/Llama-3.3-70B"); o200k when it tells nothing.
[[nodiscard]] token_family family_of(std::string_view model) noexcept;

/// Tokens of plain text (UTF-8; other bytes do no harm).
[[nodiscard]] std::int64_t estimate_tokens(std::string_view text, token_family family = token_family::o200k) noexcept;

/// The same for the inside of a JSON string, escapes and all.
[[nodiscard]] std::int64_t estimate_json_string_tokens(std::string_view inside_quotes, token_family family = token_family::o200k) noexcept;

}  // namespace switchyard::providers
