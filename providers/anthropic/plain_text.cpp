#include "providers/anthropic/plain_text.hpp"

#include <cstdint>

namespace switchyard::providers::anthropic {

namespace {

[[nodiscard]] int digit_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

}  // namespace

std::string_view without_space_at_end(std::string_view text) noexcept {
  for (;;) {
    if (text.ends_with(' ')) {
      text.remove_suffix(1);
      continue;
    }
    if (text.size() < 2 || (text.back() != 'n' && text.back() != 'r' && text.back() != 't')) return text;
    // An even number of backslashes before it are characters of their own, and it is a letter.
    std::size_t first = text.size() - 1;
    while (first > 0 && text[first - 1] == '\\') --first;
    if ((text.size() - 1 - first) % 2 == 0) return text;
    text.remove_suffix(2);
  }
}

std::string text_of_base64(std::string_view base64) {
  std::string out;
  out.reserve(base64.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < base64.size(); ++i) {
    if (base64[i] == '\\') continue;   // the inside of a JSON string may write "\/"
    const int digit = digit_of(base64[i]);
    if (digit < 0) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}

}  // namespace switchyard::providers::anthropic
