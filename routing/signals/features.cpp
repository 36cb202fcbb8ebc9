#include "routing/signals/features.hpp"

#include "routing/signals/reasoning.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>

namespace switchyard::routing {

std::array<float, dense_count> dense_features(const text_facts& facts) {
  std::array<float, dense_count> out{};
  const auto logarithm = [](std::size_t n) { return std::log1p(static_cast<float>(n)); };
  const auto bytes = static_cast<float>(std::max<std::size_t>(1, facts.bytes));
  const auto words = static_cast<float>(std::max<std::size_t>(1, facts.words.size()));
  std::size_t length = 0, longer = 0;
  std::bitset<4096> seen;
  for (const auto& w : facts.words) {
    length += w.length;
    longer += w.length >= 9;
    seen.set(w.hash & 4095);
  }
  const auto latin = facts.scripts[static_cast<std::size_t>(script::latin)];
  std::size_t at = 0;
  for (const auto n : {facts.bytes, facts.words.size(), facts.lines, facts.sentences, facts.numbers}) out[at++] = logarithm(n);
  for (const auto n : {facts.digits, facts.capitals, facts.code_marks, facts.math_marks}) out[at++] = static_cast<float>(n) / bytes;
  out[at++] = static_cast<float>(std::min<std::size_t>(5, facts.question_marks));
  out[at++] = logarithm(facts.list_lines);
  out[at++] = static_cast<float>(facts.code_bytes) / bytes;
  out[at++] = static_cast<float>(length) / words;
  out[at++] = static_cast<float>(longer) / words;
  out[at++] = facts.letters == 0 ? 0.0f : static_cast<float>(facts.letters - std::min(latin, facts.letters)) / static_cast<float>(facts.letters);
  out[at++] = std::min(1.0f, static_cast<float>(seen.count()) / words);
  for (const auto n : reasoning_in(facts.words)) out[at++] = logarithm(n);
  return out;
}

}  // namespace switchyard::routing
