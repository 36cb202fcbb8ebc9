// A text cut into passages of a few sentences, so that one telling sentence is not lost among many others.
#pragma once

#include "routing/signals/words.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace switchyard::routing {

struct window {
  std::size_t first = 0, last = 0;         ///< words [first, last)
  std::size_t start = 0, end = 0;          ///< bytes
};

constexpr std::size_t window_words = 40;
constexpr std::size_t most_windows = 48;

/// Passages of whole sentences up to window_words words; longer sentences are cut. Of more than most_windows the first and last halves.
[[nodiscard]] std::vector<window> windows_of(std::string_view text, std::span<const word> words);

}  // namespace switchyard::routing
