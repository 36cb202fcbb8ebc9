// Converse is one format for many models, but they do not take all of it. What is said here was learnt from Bedrock's refusals.
#include "providers/bedrock/converse.hpp"

#include <charconv>
#include <initializer_list>

namespace switchyard::providers::converse {

namespace {

struct version {
  int major = 0, minor = 0;
  [[nodiscard]] bool at_least(int wanted_major, int wanted_minor) const noexcept {
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
  }
};

/// A number of at most two digits and the rest behind it; longer ones are dates.
[[nodiscard]] int take_number(std::string_view& text) noexcept {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (failure != std::errc{} || digits > 2) return -1;
  text.remove_prefix(digits);
  return number;
}

/// "claude-sonnet-4-5-20250929-v1:0" -> 4.5, "claude-opus-4-20250514" -> 4.0. Older names ("claude-3-7-sonnet") are 0.0.
[[nodiscard]] version claude_version(std::string_view model) noexcept {
  constexpr std::string_view name = "claude-";
  const auto at = model.find(name);
  if (at == std::string_view::npos) return {};
  model.remove_prefix(at + name.size());
  const auto dash = model.find('-');
  if (dash == std::string_view::npos || dash == 0 || (model[0] >= '0' && model[0] <= '9')) return {};
  model.remove_prefix(dash + 1);
  version out;
  out.major = take_number(model);
  if (out.major < 0) return {};
  if (!model.starts_with('-')) return out;
  model.remove_prefix(1);
  out.minor = std::max(0, take_number(model));
  return out;
}

[[nodiscard]] bool names_any(std::string_view model, std::initializer_list<std::string_view> words) noexcept {
  for (const auto word : words)
    if (model.find(word) != std::string_view::npos) return true;
  return false;
}

}  // namespace

model_traits traits_of(std::string_view model) noexcept {
  model_traits out;
  if (names_any(model, {"anthropic.", "claude"})) {
    const auto which = claude_version(model);
    out.family = family::claude;
    out.adaptive_thinking = which.at_least(4, 6);
    out.one_sampling = which.at_least(4, 1);
    out.caches = out.assistant_first = true;
  } else if (names_any(model, {"amazon.nova"})) {
    out.family = family::nova;
    out.caches = true;
  } else if (names_any(model, {"openai.gpt"})) {
    out.family = family::gpt;
  } else if (names_any(model, {"qwen."})) {
    out.family = family::qwen;
    out.assistant_first = true;
  } else if (names_any(model, {"zai.", "moonshot"})) {
    out.assistant_first = true;
  } else if (names_any(model, {"meta.", "mistral.", "writer."})) {
    out.lone_results = true;
    out.result_status = !names_any(model, {"writer."});
  }
  return out;
}

}  // namespace switchyard::providers::converse
