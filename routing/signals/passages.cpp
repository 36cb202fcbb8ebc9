#include "routing/signals/passages.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

void passages::cut(const embedder& model, std::string_view turn_text) {
  text = head_and_tail(turn_text, longest_judged, sampled);
  plain = plain_letters(text);
  if (plain.disguised()) text = plain.text;
  words.clear();
  split_words(text, words);
  const auto windows = windows_of(text, words);
  const auto size = model.dimensions(), count = windows.size() + (windows.size() > 1);
  vectors.resize(size * count);
  all.clear();
  const auto vector = [&](std::size_t i) { return std::span<float>(vectors).subspan(i * size, size); };
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const auto& w = windows[i];
    model.embed_rows(text.substr(w.start, w.end - w.start), vector(i));
    all.push_back({w, std::span<const word>(words).subspan(w.first, w.last - w.first), vector(i)});
  }
  if (windows.size() > 1) {
    // The whole: the mean of its passages' directions, near enough and for nothing.
    const auto whole = vector(windows.size());
    for (std::size_t i = 0; i < windows.size(); ++i)
      for (std::size_t d = 0; d < size; ++d) whole[d] += vector(i)[d];
    float length = 0;
    for (const float x : whole) length += x * x;
    if (length > 0)
      for (auto& x : whole) x /= std::sqrt(length);
    all.push_back({{0, words.size(), 0, text.size()}, words, whole});
  }
}

text_span passages::in_turn(std::size_t start, std::size_t end, std::size_t turn, std::size_t turn_size) const noexcept {
  if (plain.disguised()) {
    if (!sampled.empty()) return {turn, 0, turn_size};
    const auto last = plain.origin.size() - 1;
    return {turn, plain.origin[std::min(start, last)], std::min<std::size_t>(turn_size, plain.origin[std::min(end, last)])};
  }
  if (sampled.empty()) return {turn, std::min(start, turn_size), std::min(end, turn_size)};
  const auto head = sampled.find('\n', longest_judged / 2 - 4);         // the seam
  const auto moved = [&](std::size_t at) { return at <= head ? at : at + turn_size - sampled.size(); };
  return {turn, moved(start), moved(end)};
}

}  // namespace switchyard::routing
