// The contract's names of signals and of their values, as rules and guards may use them. routing/signals/ computes them under the same names;
// a test holds both together.
#pragma once

#include "config/rules.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

/// What a rule may ask of a signal.
enum class signal_kind {
  number,                                        ///< "> 0.7", "0.2..0.8", 3
  domain, format,                                ///< one of, or a list of, the words below
  text                                           ///< any word or a list of them: language, user, region, tags.X
};

struct signal_word {
  std::string_view name;
  signal_kind kind;
  std::string_view doc;
};

/// All but tags.X.
[[nodiscard]] const std::vector<signal_word>& signal_words();
[[nodiscard]] const std::vector<std::string_view>& domain_words();
[[nodiscard]] const std::vector<std::string_view>& format_words();
[[nodiscard]] const std::vector<std::string_view>& pii_words();

/// A string that is one of `words`; else "did you mean".
[[nodiscard]] rule_ptr<std::string> word_of(const std::vector<std::string_view>& words);
/// What `what` reads, or nothing: null and "" stand for left out.
[[nodiscard]] rule_ptr<std::string> or_nothing(rule_ptr<std::string> what);
/// A string with something in it, line breaks included, of at most `most` bytes.
[[nodiscard]] rule_ptr<std::string> any_text(std::size_t most);

}  // namespace switchyard::config
