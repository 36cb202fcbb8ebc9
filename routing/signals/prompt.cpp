#include "routing/signals/prompt.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

bool is_continuation(char byte) noexcept { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Counts no further than `enough`. Scripts without blanks count three bytes to a word or so: one long "word" is many.
bool has_words(std::string_view text, std::size_t enough) noexcept {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ';
    if (!blank && !inside && ++words >= enough) return true;
    inside = !blank;
  }
  return text.size() > enough * 12;
}

}  // namespace

std::size_t last_user_turn(std::span<const turn> turns) noexcept {
  for (auto at = turns.size(); at-- > 0;)
    if (turns[at].who == speaker::user) return at;
  return turns.empty() ? 0 : turns.size() - 1;
}

std::string_view head_and_tail(std::string_view text, std::size_t most, std::string& storage) {
  if (text.size() <= most) return text;
  auto head = most / 2, tail = text.size() - most / 2;
  while (head > 0 && is_continuation(text[head])) --head;
  while (tail < text.size() && is_continuation(text[tail])) ++tail;
  storage.assign(text.substr(0, head));
  storage += '\n';
  storage += text.substr(tail);
  return storage;
}

std::string_view query_text(std::span<const turn> turns, std::string& storage) {
  if (turns.empty()) return {};
  const auto last = last_user_turn(turns);
  const auto text = turns[last].text;
  if (turns[last].who == speaker::user && !has_words(text, short_query))
    for (auto at = last; at-- > 0;)
      if (turns[at].who == speaker::user && !turns[at].text.empty()) {
        std::string before;
        std::string joined(head_and_tail(turns[at].text, longest_query / 2, before));
        joined += '\n';
        joined += text;
        storage = std::move(joined);
        return storage;
      }
  return head_and_tail(text, longest_query, storage);
}

}  // namespace switchyard::routing
