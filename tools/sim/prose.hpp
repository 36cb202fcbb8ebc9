// Sentences derived from a prompt: what a simulated model says. Equal inputs give equal text.
#pragma once

#include "base/random.hpp"
#include "tools/sim/model_profile.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::sim {

/// FNV-1a, 64 bits; chain calls by passing the last value on.
[[nodiscard]] std::uint64_t hash_text(std::string_view text, std::uint64_t from = 0xcbf29ce484222325ULL) noexcept;

/// The distinct words of four letters or more in their order, at most 24; stop words left out.
[[nodiscard]] std::vector<std::string> content_words(std::string_view text);

/// Does `text` contain `word` as a whole word, letters' case aside?
[[nodiscard]] bool mentions(std::string_view text, std::string_view word) noexcept;

/// A value for a field called `field` as the prompt gives it: the capitalised words after "in", "for", "to" or
/// after the field's own name ("city: Paris"), else the last capitalised word that does not open a sentence; else empty.
[[nodiscard]] std::string name_in(std::string_view prompt, std::string_view field);

/// The answer: an opening that quotes the prompt, then sentences about its words. A prompt beyond the model's
/// ability gets a hedged opening. At least `least_tokens` tokens by the simulator's count.
[[nodiscard]] std::string compose(const model_profile& model, std::string_view prompt, std::uint64_t seed, std::size_t least_tokens);

}  // namespace switchyard::sim
