#include "routing/signals/windows.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

// Does a sentence or a line end between two words?
bool ends_sentence(std::string_view between) noexcept {
  const auto stop = between.find_first_of(".!?\n");
  if (stop == between.npos) return between.find("\xE3\x80\x82") != between.npos || between.find("\xEF\xBC") != between.npos;
  return between[stop] == '\n' || between.size() > stop + 1;
}

}  // namespace

std::vector<window> windows_of(std::string_view text, std::span<const word> words) {
  std::vector<window> all;
  const auto end_of = [&](std::size_t i) { return words[i].start + std::size_t{words[i].length}; };
  for (std::size_t first = 0; first < words.size();) {
    std::size_t last = first, fit = first;                 // `fit`: the last sentence's end within the limit
    while (last < words.size() && last - first < window_words) {
      ++last;
      if (last == words.size() || ends_sentence(text.substr(end_of(last - 1), words[last].start - end_of(last - 1)))) fit = last;
    }
    if (fit > first) last = fit;
    const auto end = last < words.size() ? std::size_t{words[last].start} : text.size();
    all.push_back({first, last, first == 0 ? 0 : std::size_t{words[first].start}, end});
    first = last;
  }
  if (all.size() > most_windows) {
    const auto half = static_cast<std::ptrdiff_t>(most_windows / 2);
    all.erase(all.begin() + half, all.end() - half);
  }
  return all;
}

}  // namespace switchyard::routing
