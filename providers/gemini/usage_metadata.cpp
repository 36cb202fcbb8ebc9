#include "providers/gemini/usage_metadata.hpp"

#include "providers/gemini/field.hpp"

#include <algorithm>

namespace switchyard::providers::gemini {

namespace {

using count = std::optional<std::int64_t>;

[[nodiscard]] count sum(const count& a, const count& b) noexcept {
  if (!a && !b) return std::nullopt;
  return a.value_or(0) + b.value_or(0);
}

/// The tokens of sound among [{"modality":"AUDIO","tokenCount":N}].
[[nodiscard]] count audio_tokens(std::string_view details) noexcept {
  count out;
  for_each(details, [&](std::string_view entry) {
    if (json::is_text(find_field(entry, "modality"), "AUDIO")) out = json::as_count(find_field(entry, "tokenCount"));
    return true;
  });
  return out;
}

}  // namespace

neutral::token_counts read_usage_metadata(std::string_view object) noexcept {
  count prompt, tool_use, candidates;
  neutral::token_counts out;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (is_field(m.name, "promptTokenCount")) prompt = json::as_count(m.value);
    else if (is_field(m.name, "toolUsePromptTokenCount")) tool_use = json::as_count(m.value);
    else if (is_field(m.name, "candidatesTokenCount")) candidates = json::as_count(m.value);
    else if (is_field(m.name, "thoughtsTokenCount")) out.reasoning = json::as_count(m.value);
    else if (is_field(m.name, "cachedContentTokenCount")) out.cached_input = json::as_count(m.value);
    else if (is_field(m.name, "promptTokensDetails")) out.input_audio = audio_tokens(m.value);
    else if (is_field(m.name, "candidatesTokensDetails")) out.output_audio = audio_tokens(m.value);
  }
  out.input = sum(prompt, tool_use);
  out.output = sum(candidates, out.reasoning);
  return out;
}

usage to_usage(const neutral::token_counts& counts) noexcept {
  return {.input = counts.input, .output = counts.output, .cached_input = counts.cached_input, .cache_write = counts.cache_write};
}

void write_usage_metadata(const neutral::token_counts& counts, json::out& out) {
  if (!counts.input && !counts.output) return;
  out.key("usageMetadata");
  out.begin_object();
  out.number("promptTokenCount", counts.input.value_or(0));
  if (counts.cached_input.value_or(0) > 0) out.number("cachedContentTokenCount", *counts.cached_input);
  const auto thoughts = std::clamp<std::int64_t>(counts.reasoning.value_or(0), 0, std::max<std::int64_t>(0, counts.output.value_or(0)));
  if (counts.output) out.number("candidatesTokenCount", *counts.output - thoughts);
  if (thoughts > 0) out.number("thoughtsTokenCount", thoughts);
  out.number("totalTokenCount", counts.input.value_or(0) + counts.output.value_or(0));
  out.end_object();
}

}  // namespace switchyard::providers::gemini
