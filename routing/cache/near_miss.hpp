// The guard of the semantic cache: two prompts that look alike but ask for different things.
//
// "capital of France" and "capital of Germany" are nearer to each other than most paraphrases; what tells them apart is small and
// can be named: a number, a negation, an opposite, a name, a unit, a date, an identifier, who does what to whom.
#pragma once

#include "routing/cache/words.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace switchyard::routing {

enum class near_miss : std::uint8_t { numbers, negation, opposites, names, units, dates, identifiers, order, question, swapped_word };
inline constexpr std::size_t near_miss_kinds = 10;

/// Which kinds of difference two prompts have. One-sided ones ("the best phone" / "the best phone in India") are counted apart: some
/// paraphrases add a name or a number.
struct near_misses {
  std::array<bool, near_miss_kinds> both{};      ///< each prompt has something the other one lacks
  std::array<bool, near_miss_kinds> one_sided{};
  std::string_view a, b;                         ///< the first such words that `refuses` names; either may be empty
  near_miss first = near_miss::numbers;
  bool refuses = false;                          ///< no answer to one may be given to the other

  /// "numbers differ: 5 / 7"
  [[nodiscard]] std::string why() const;
};

/// Symmetric. Views point into the lists.
[[nodiscard]] near_misses compare_words(const word_list& a, const word_list& b);

[[nodiscard]] std::string_view to_string(near_miss kind) noexcept;

}  // namespace switchyard::routing
