// A text cut into words, each by its hash: what phrase lists and hashed word features look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// A run of letters, digits and bytes beyond ASCII; an apostrophe between letters belongs to it ("don't"; U+2019 counts as one).
struct word {
  std::uint32_t hash = 0;        ///< hash_word() of its bytes
  std::uint32_t stem = 0;        ///< the same of its first five bytes: forms of one word mostly share it
  std::uint32_t start = 0;       ///< byte in the text
  std::uint16_t length = 0;      ///< bytes, at most 65535
  bool capital = false;          ///< begins with an ASCII capital
};

/// FNV-1a of the bytes, ASCII letters lower-cased, U+2019 as an apostrophe; then mixed, so that its low bits are good buckets.
/// tools/train gets it by way of `signal_features`; changing it makes the shipped heads meaningless.
[[nodiscard]] std::uint32_t hash_word(std::string_view bytes) noexcept;
/// Of two words in a row: order counts.
[[nodiscard]] constexpr std::uint32_t hash_pair(std::uint32_t first, std::uint32_t second) noexcept {
  std::uint32_t h = first * 0x9E3779B1u ^ (second + 0x85EBCA6Bu + (first << 6) + (first >> 2));
  h ^= h >> 15;
  h *= 0x2C1B3C6Du;
  return h ^ h >> 12;
}

/// Appends the words of `text`; stops after `most`.
void split_words(std::string_view text, std::vector<word>& to, std::size_t most = 1u << 16);

}  // namespace switchyard::routing
