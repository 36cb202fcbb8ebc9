#include "routing/embedding/word_pieces.hpp"

#include "routing/embedding/characters.hpp"

#include <algorithm>
#include <array>

namespace switchyard::routing {

namespace {

constexpr std::size_t longest_word = 100;      // characters, the reference's max_input_chars_per_word

struct ascii_fate {
  character_kind kind;
  char lower;
};

// ASCII needs no table lookup: the same fates, spelled out.
constexpr std::array<ascii_fate, 128> ascii = [] {
  std::array<ascii_fate, 128> all{};
  for (int c = 0; c < 128; ++c) {
    auto& fate = all[static_cast<std::size_t>(c)];
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    fate.kind = letter           ? character_kind::letter
                : blank          ? character_kind::blank
                : c < 32 || c == 127 ? character_kind::removed
                                     : character_kind::alone;
    fate.lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return all;
}();

/// The word being read, normalised; written out as pieces when it ends.
class word {
 public:
  word(const vocabulary& known, std::vector<std::uint32_t>& ids) : known_(known), ids_(ids) {}

  void add_ascii(char c) noexcept {
    if (++characters_ <= longest_word) bytes_[size_++] = c;
  }
  void add(char32_t code) noexcept {
    if (++characters_ <= longest_word) size_ += write_character(code, bytes_.data() + size_);
  }

  void end() {
    if (characters_ == 0) return;
    if (characters_ > longest_word || !spell({bytes_.data(), size_})) ids_.push_back(known_.unknown());
    characters_ = size_ = 0;
  }

 private:
  // Greedy, longest piece first; a word that cannot be spelled to its end leaves nothing behind.
  bool spell(std::string_view rest) {
    const auto before = ids_.size();
    for (bool inside = false; !rest.empty(); inside = true) {
      const auto found = known_.longest(rest, inside);
      if (found.id == vocabulary::none) {
        ids_.resize(before);
        return false;
      }
      ids_.push_back(found.id);
      rest.remove_prefix(found.length);
    }
    return true;
  }

  const vocabulary& known_;
  std::vector<std::uint32_t>& ids_;
  std::array<char, longest_word * 4> bytes_;
  std::size_t size_ = 0, characters_ = 0;
};

/// Characters beyond ASCII, in canonical order: a mark waits until nothing can move before it any more.
class beyond_ascii {
 public:
  explicit beyond_ascii(word& to) : word_(to) {}

  void read(char32_t code) {
    const auto fate = fate_of(code);
    switch (fate.kind) {
      case character_kind::removed: return;
      case character_kind::stripped: return settle();
      case character_kind::blank: return settle(), word_.end();
      case character_kind::letter: return settle(), word_.add(code);
      case character_kind::alone: return settle(), alone(code);
      case character_kind::syllable: return settle(), syllable(code);
      case character_kind::mapped: break;
    }
    for (const auto next : fate.output) {
      if (next.order != 0) {
        marks_.insert(std::upper_bound(marks_.begin(), marks_.end(), next, [](auto a, auto b) { return a.order < b.order; }), next);
        continue;
      }
      settle();
      if (next.alone != 0) alone(next.code);
      else word_.add(next.code);
    }
  }

  void settle() {
    for (const auto mark : marks_) word_.add(mark.code);
    marks_.clear();
  }

 private:
  void alone(char32_t code) {
    word_.end();
    word_.add(code);
    word_.end();
  }

  // Unicode, chapter 3.12: a syllable is its leading consonant, vowel and perhaps trailing consonant.
  void syllable(char32_t code) {
    constexpr char32_t base = 0xAC00, leading = 0x1100, vowel = 0x1161, trailing = 0x11A7, vowels = 21, trailings = 28;
    const auto place = code - base;
    word_.add(leading + place / (vowels * trailings));
    word_.add(vowel + place / trailings % vowels);
    if (place % trailings != 0) word_.add(trailing + place % trailings);
  }

  word& word_;
  std::vector<normal_character> marks_;
};

bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

void split_into_pieces(std::string_view text, const vocabulary& known, std::vector<std::uint32_t>& ids) {
  word current(known, ids);
  beyond_ascii others(current);
  while (!text.empty()) {
    if (is_ascii(text.front())) {
      const auto fate = ascii[static_cast<unsigned char>(text.front())];
      text.remove_prefix(1);
      if (fate.kind == character_kind::letter) {
        current.add_ascii(fate.lower);
      } else if (fate.kind != character_kind::removed) {
        current.end();
        if (fate.kind == character_kind::alone) {
          current.add_ascii(fate.lower);
          current.end();
        }
      }
      continue;
    }
    // Control characters are taken out before marks are put in order, so they do not end a stretch.
    while (!text.empty() && (!is_ascii(text.front()) || ascii[static_cast<unsigned char>(text.front())].kind == character_kind::removed)) {
      const auto code = next_character(text);
      if (code >= 0x80) others.read(code);
    }
    others.settle();
  }
  current.end();
}

}  // namespace switchyard::routing
