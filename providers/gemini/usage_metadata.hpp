// usageMetadata: what a call of Gemini's cost.
//
//   {"promptTokenCount":N, "toolUsePromptTokenCount"?:N, "cachedContentTokenCount"?:N (of the prompt),
//    "candidatesTokenCount"?:N, "thoughtsTokenCount"?:N (beside the candidates'), "totalTokenCount":N,
//    "promptTokensDetails"?, "candidatesTokensDetails"?: [{"modality","tokenCount"}]}
#pragma once

#include "providers/json_out.hpp"
#include "providers/neutral.hpp"
#include "providers/wire.hpp"

namespace switchyard::providers::gemini {

/// input: prompt and tool use; output: candidates and thoughts.
[[nodiscard]] neutral::token_counts read_usage_metadata(std::string_view object) noexcept;
/// The same for accounting.
[[nodiscard]] usage to_usage(const neutral::token_counts& counts) noexcept;
/// The member "usageMetadata", when anything is known.
void write_usage_metadata(const neutral::token_counts& counts, json::out& out);

}  // namespace switchyard::providers::gemini
