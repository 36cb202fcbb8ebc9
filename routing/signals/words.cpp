#include "routing/signals/words.hpp"

#include <array>

namespace switchyard::routing {

namespace {

// 0: ends a word; else the byte as hashed (lower case).
constexpr std::array<unsigned char, 256> folded = [] {
  std::array<unsigned char, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
    if (upper || lower || digit || c >= 0x80) table[static_cast<std::size_t>(c)] = static_cast<unsigned char>(upper ? c + 32 : c);
  }
  return table;
}();

constexpr std::size_t stem_bytes = 5;
constexpr std::uint32_t basis = 2166136261u, prime = 16777619u;

constexpr std::uint32_t mixed(std::uint32_t h) noexcept {
  h ^= h >> 16;
  h *= 0x7FEB352Du;
  h ^= h >> 15;
  h *= 0x846CA68Bu;
  return h ^ h >> 16;
}

// Bytes of a mark beyond ASCII, which ends a word: U+2000..U+206F (dashes, quotes), U+3000..U+303F and U+FF00..U+FF3F (ideographic and
// full-width ones), U+00A1..U+00BF but ordinals and micro. 0: none stands here.
std::size_t mark_length(std::string_view rest) noexcept {
  if (rest.size() < 2) return 0;
  const auto a = static_cast<unsigned char>(rest[0]), b = static_cast<unsigned char>(rest[1]);
  if (a == 0xC2) return b < 0xC0 && b != 0xAA && b != 0xB5 && b != 0xBA ? 2 : 0;
  if (rest.size() < 3) return 0;
  return (a == 0xE2 && (b == 0x80 || b == 0x81)) || (a == 0xE3 && b == 0x80) || (a == 0xEF && b == 0xBC) ? 3 : 0;
}

std::size_t apostrophe(std::string_view rest) noexcept {
  if (!rest.empty() && rest[0] == '\'') return 1;
  return rest.substr(0, 3) == "\xE2\x80\x99" ? 3 : 0;
}

}  // namespace

std::uint32_t hash_word(std::string_view bytes) noexcept {
  std::uint32_t h = basis;
  for (std::size_t at = 0; at < bytes.size();) {
    unsigned char c = static_cast<unsigned char>(bytes[at]);
    if (const auto skip = apostrophe(bytes.substr(at)); skip != 0) {
      c = '\'';
      at += skip;
    } else {
      if (folded[c] != 0) c = folded[c];
      ++at;
    }
    h = (h ^ c) * prime;
  }
  return mixed(h);
}

void split_words(std::string_view text, std::vector<word>& to, std::size_t most) {
  const auto size = text.size();
  for (std::size_t at = 0; at < size;) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (folded[first] == 0) {
      ++at;
      continue;
    }
    if (first >= 0x80)
      if (const auto mark = mark_length(text.substr(at)); mark > 0) {
        at += mark;
        continue;
      }
    if (most-- == 0) return;
    std::uint32_t h = basis, stem = 0;
    auto end = at;
    while (end < size && end - at < 0xFFF0) {
      if (stem == 0 && end - at >= stem_bytes) stem = h;
      const auto c = static_cast<unsigned char>(text[end]);
      if (c < 0x80 && folded[c] != 0) {
        h = (h ^ folded[c]) * prime;
        ++end;
        continue;
      }
      if (c == '\'' || c == 0xE2) {
        if (const auto skip = apostrophe(text.substr(end)); skip != 0) {
          const auto next = end + skip;
          if (next >= size || folded[static_cast<unsigned char>(text[next])] == 0) break;
          h = (h ^ '\'') * prime;
          end = next;
          continue;
        }
      }
      if (c < 0x80 || mark_length(text.substr(end)) > 0) break;
      h = (h ^ c) * prime;
      ++end;
    }
    to.push_back({mixed(h), mixed(stem == 0 ? h : stem), static_cast<std::uint32_t>(at), static_cast<std::uint16_t>(end - at), first >= 'A' && first <= 'Z'});
    at = end;
  }
}

}  // namespace switchyard::routing
