// What the BERT tokenizer makes of one character before words are split into pieces: cleaned, decomposed, stripped of accents,
// lower-cased, and whether it ends a word.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace switchyard::routing {

/// What becomes of a character.
enum class character_kind : std::uint8_t {
  letter,      ///< part of a word, as it is
  removed,     ///< a control or format character or an accent: as if it were not there
  stripped,    ///< an accent of combining class 0: gone, but marks before it and after it were not put in order across it
  blank,       ///< ends a word
  alone,       ///< ends a word and is one itself: punctuation, ideographs
  syllable,    ///< a Hangul syllable: two or three letters, computed
  mapped,      ///< becomes `output`
};

/// A character after normalisation; `alone`: it is a word of its own.
struct normal_character {
  std::uint32_t code : 21;
  std::uint32_t alone : 1;
  std::uint32_t order : 8;     ///< canonical combining class; 0: nothing moves past it
  std::uint32_t : 2;
};
static_assert(sizeof(normal_character) == 4);

struct character_fate {
  character_kind kind = character_kind::letter;
  std::span<const normal_character> output;   ///< of `mapped`
};

/// Looks a code point (<= 0x10FFFF) up.
[[nodiscard]] character_fate fate_of(char32_t code) noexcept;

/// Reads one character and moves `text` past it. Bytes that are no UTF-8 count as U+FFFD, one at a time. Precondition: not empty.
[[nodiscard]] char32_t next_character(std::string_view& text) noexcept;
/// Writes UTF-8 to `to` (room for four bytes) and returns the number of bytes.
std::size_t write_character(char32_t code, char* to) noexcept;

}  // namespace switchyard::routing
