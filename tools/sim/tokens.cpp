#include "tools/sim/tokens.hpp"

namespace switchyard::sim {
namespace {

constexpr std::size_t longest_piece = 8;   // bytes

bool is_word(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '\'' || c >= 0x80;
}

bool is_continuation(unsigned char c) { return (c & 0xC0) == 0x80; }

/// Bytes of the first piece of `text`; text is not empty.
std::size_t piece_length(std::string_view text) noexcept {
  std::size_t n = 0;
  if (text[0] == ' ' && text.size() > 1 && text[1] != ' ') n = 1;
  if (!is_word(static_cast<unsigned char>(text[n]))) return n + 1;
  const std::size_t start = n;
  while (n < text.size() && is_word(static_cast<unsigned char>(text[n])) && n - start < longest_piece) ++n;
  while (n < text.size() && is_continuation(static_cast<unsigned char>(text[n]))) ++n;
  return n;
}

}  // namespace

std::vector<std::string_view> split_tokens(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t n = piece_length(text);
    pieces.push_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return pieces;
}

std::size_t count_tokens(std::string_view text) noexcept {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(piece_length(text));
  return count;
}

}  // namespace switchyard::sim
