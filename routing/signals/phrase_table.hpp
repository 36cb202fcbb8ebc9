// Lists of words and phrases, found in a text with about one look-up a word.
#pragma once

#include "routing/signals/words.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// One entry of a list: "machine learning" -> tag. A '*' in place of a word matches any one word.
struct phrase {
  std::string_view text;
  std::uint8_t tag = 0;
  std::uint8_t weight = 1;
};

/// Found at words[first] up to words[last], both included.
struct phrase_match {
  std::size_t first = 0, last = 0;
  std::uint8_t tag = 0;
  std::uint8_t weight = 1;
};

/// Immutable once made. Phrases of at most eight words; of several with the same words the first counts.
class phrase_table {
 public:
  explicit phrase_table(std::span<const phrase> phrases);

  /// Calls found(phrase_match) for the longest phrase at each word, if any; phrases may overlap.
  template <class Found>
  void find(std::span<const word> words, const Found& found) const {
    for (std::size_t first = 0; first < words.size(); ++first)
      if (may_begin(words[first].hash) || any_begins_)
        if (phrase_match match{}; longest(words, first, match)) found(match);
  }

 private:
  struct slot {
    std::uint64_t key = 0;       // 0: free
    bool whole = false, goes_on = false, any_next = false;
    std::uint8_t tag = 0, weight = 0;
  };
  [[nodiscard]] bool may_begin(std::uint32_t hash) const noexcept { return (first_words_[hash >> 6 & 511] >> (hash & 63) & 1) != 0; }
  [[nodiscard]] const slot* at(std::uint64_t key) const noexcept;
  slot& make(std::uint64_t key);
  bool longest(std::span<const word> words, std::size_t first, phrase_match& match) const noexcept;
  bool walk(std::span<const word> words, std::size_t at, std::uint64_t key, phrase_match& match) const noexcept;

  std::vector<slot> slots_;
  std::uint64_t first_words_[512] = {};
  bool any_begins_ = false;
};

}  // namespace switchyard::routing
