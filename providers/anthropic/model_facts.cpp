#include "providers/anthropic/model_facts.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::providers::anthropic {

namespace {

constexpr int newest = 9900;

/// One or two digits; -1 for anything else (families, dates).
[[nodiscard]] int small_number(std::string_view word) noexcept {
  int value = -1;
  if (word.empty() || word.size() > 2) return -1;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  return problem == std::errc{} && end == word.data() + word.size() ? value : -1;
}

}  // namespace

model_facts::model_facts(std::string_view name) noexcept {
  const auto start = name.find("claude-");
  if (start == std::string_view::npos) return;
  claude_ = true;
  generation_ = newest;
  name.remove_prefix(start + 7);
  bool has_major = false;
  while (!name.empty()) {
    const auto end = std::min(name.find_first_of("-.@:_"), name.size());
    const int number = small_number(name.substr(0, end));
    name.remove_prefix(std::min(end + 1, name.size()));
    if (has_major) {
      if (number > 0) generation_ += number;
      return;
    }
    if (number > 0) {
      generation_ = 100 * number;
      has_major = true;
    }
  }
}

std::int64_t model_facts::default_max_tokens() const noexcept {
  if (!claude_ || generation_ < 305) return 4096;
  return generation_ < 307 ? 8192 : 32'000;
}

}  // namespace switchyard::providers::anthropic
