// Counts of one text, taken in one pass: what the rules and the heads look at beside the vector.
#pragma once

#include "routing/signals/words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace switchyard::routing {

enum class script : std::uint8_t {
  latin, greek, cyrillic, armenian, hebrew, arabic, devanagari, bengali, tamil, thai, georgian, hangul, kana, han, other
};
constexpr std::size_t script_count = 15;

struct text_facts {
  std::size_t bytes = 0;
  std::size_t letters = 0;                     ///< ASCII letters and everything beyond ASCII
  std::size_t capitals = 0, digits = 0, blanks = 0, lines = 0, sentences = 0;
  std::size_t question_marks = 0;
  std::size_t code_marks = 0;                  ///< { } [ ] ( ) ; = < > \ / & | # $ @ `
  std::size_t math_marks = 0;                  ///< + - * / = ^ % and mathematical characters, next to digits or blanks
  std::size_t numbers = 0;                     ///< runs of digits
  std::size_t list_lines = 0;                  ///< lines that begin with a bullet or "1." or "A."
  std::size_t code_lines = 0;                  ///< lines that look like source code
  std::size_t code_bytes = 0;                  ///< in fences or code lines
  bool fence = false;                          ///< ``` stands in it
  std::array<std::size_t, script_count> scripts{};   ///< letters of each
  std::vector<word> words;                     ///< at most 65536
};

[[nodiscard]] text_facts facts_of(std::string_view text);

/// Of a code point beyond ASCII.
[[nodiscard]] script script_of(char32_t code) noexcept;

}  // namespace switchyard::routing
