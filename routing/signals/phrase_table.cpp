#include "routing/signals/phrase_table.hpp"

#include <bit>

namespace switchyard::routing {

namespace {

constexpr std::uint64_t root = 0x9E3779B97F4A7C15ull;
constexpr std::uint32_t any_word = 0x2A2A2A2Au;

constexpr std::uint64_t next_key(std::uint64_t key, std::uint32_t hash) noexcept {
  key = (key ^ hash) * 0xD6E8FEB86659FD93ull;
  key ^= key >> 32;
  return key == 0 ? 1 : key;
}

// The words of a phrase, '*' among them.
std::vector<std::uint32_t> hashes_of(std::string_view text) {
  std::vector<std::uint32_t> hashes;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto piece = text.substr(0, end);
    if (piece == "*") {
      hashes.push_back(any_word);
    } else {
      std::vector<word> words;                    // "c++" or "self-harm": as the text's words will be cut
      split_words(piece, words);
      for (const auto& w : words) hashes.push_back(w.hash);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return hashes;
}

}  // namespace

phrase_table::phrase_table(std::span<const phrase> phrases) {
  std::size_t words = 1;
  for (const auto& p : phrases) words += hashes_of(p.text).size() + 1;
  slots_.resize(std::bit_ceil(words * 2));
  for (const auto& p : phrases) {
    const auto hashes = hashes_of(p.text);
    if (hashes.empty() || hashes.size() > 8) continue;
    if (hashes[0] == any_word) {
      any_begins_ = true;
    } else {
      first_words_[hashes[0] >> 6 & 511] |= std::uint64_t{1} << (hashes[0] & 63);
    }
    auto key = root;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      key = next_key(key, hashes[i]);
      auto& here = make(key);
      if (i + 1 < hashes.size()) {
        here.goes_on = true;
        here.any_next = here.any_next || hashes[i + 1] == any_word;
      } else if (!here.whole) {
        here.whole = true;
        here.tag = p.tag;
        here.weight = p.weight;
      }
    }
  }
}

phrase_table::slot& phrase_table::make(std::uint64_t key) {
  auto at = key & (slots_.size() - 1);
  while (slots_[at].key != 0 && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
  slots_[at].key = key;
  return slots_[at];
}

const phrase_table::slot* phrase_table::at(std::uint64_t key) const noexcept {
  for (auto at = key & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].key == key) return &slots_[at];
    if (slots_[at].key == 0) return nullptr;
  }
}

bool phrase_table::walk(std::span<const word> words, std::size_t i, std::uint64_t key, phrase_match& match) const noexcept {
  bool found = false;
  if (const auto* here = at(key); here != nullptr) {
    if (here->whole) {
      match.last = i;
      match.tag = here->tag;
      match.weight = here->weight;
      found = true;
    }
    if (here->goes_on && i + 1 < words.size()) {
      phrase_match longer = match;
      if (walk(words, i + 1, next_key(key, words[i + 1].hash), longer) ||
          (here->any_next && walk(words, i + 1, next_key(key, any_word), longer))) {
        match = longer;
        found = true;
      }
    }
  }
  return found;
}

bool phrase_table::longest(std::span<const word> words, std::size_t first, phrase_match& match) const noexcept {
  match.first = first;
  return walk(words, first, next_key(root, words[first].hash), match) ||
         (any_begins_ && walk(words, first, next_key(root, any_word), match));
}

}  // namespace switchyard::routing
