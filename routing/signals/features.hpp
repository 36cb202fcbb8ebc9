// What the trained heads see of a text beside its vector: dense numbers and hashed words.
#pragma once

#include "routing/signals/text_facts.hpp"

#include <array>
#include <cstddef>

namespace switchyard::routing {

/// In this order: logarithms (1 + n) of bytes, words, lines, sentences, numbers; shares of digits, capitals, code marks, mathematical marks
/// (of all bytes); question marks (at most 5); list lines (logarithm); share of code bytes; mean word length in bytes; share of words of
/// nine bytes or more; share of letters that are not Latin; distinct words / words; then the logarithms of reasoning_in().
constexpr std::size_t dense_count = 26;
[[nodiscard]] std::array<float, dense_count> dense_features(const text_facts& facts);

}  // namespace switchyard::routing
