// A prompt as words, as far as telling near-misses apart needs it: numbers, names, identifiers, plain words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

enum class word_kind : std::uint8_t {
  plain,
  number,      ///< "7", "3.14", "10km", "seven"
  name,        ///< capitalised where no sentence begins: "Germany", "NATO"
  code,        ///< "parse_url", "HashMap", "x86", operators
};

struct prompt_word {
  std::string_view text;     ///< as written
  std::string_view lower;    ///< ASCII letters in lower case; number words as digits
  std::uint64_t stem = 0;    ///< hash of the word without its ending: "cities" and "city" have the same
  word_kind kind = word_kind::plain;
  bool negated = false;      ///< "don't": ended in n't
};

/// The first `most` words of a text; `text` must outlive it.
class word_list {
 public:
  static constexpr std::size_t most = 256;

  explicit word_list(std::string_view text);
  word_list(const word_list&) = delete;
  word_list& operator=(const word_list&) = delete;

  [[nodiscard]] std::span<const prompt_word> all() const noexcept { return words_; }
  /// Words beyond `most` were left out.
  [[nodiscard]] bool cut() const noexcept { return cut_; }

 private:
  std::string lower_;
  std::vector<prompt_word> words_;
  bool cut_ = false;
};

/// The hash behind prompt_word::stem.
[[nodiscard]] std::uint64_t stem_of(std::string_view lower) noexcept;

}  // namespace switchyard::routing
