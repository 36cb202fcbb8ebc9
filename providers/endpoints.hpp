// Which path means what: the one table of the data plane's API paths, for every format and prefix. What it does not know does not exist.
#pragma once

#include "providers/api_request.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::providers {

class ingress;   // wire.hpp

enum class endpoint_kind { operation, list_models, one_model };

/// What a path stands for.
struct endpoint {
  endpoint_kind kind = endpoint_kind::operation;
  operation_target target;                 ///< operation; one_model: only `model`
  const ingress* format = nullptr;         ///< whose shapes the answer has
  std::string_view method;                 ///< the one that is allowed: "POST", "GET"
};

/// `path` as sent, without the query; `anthropic_client`: the head has anthropic-version, which tells whose model list is wanted where
/// two formats share a path. nullopt: no such endpoint.
///
///   OpenAI     /v1/chat/completions /v1/responses /v1/completions /v1/embeddings /v1/models[/ID]     below /openai also without /v1
///   Anthropic  /v1/messages /v1/messages/count_tokens /v1/models[/ID]                               likewise below /anthropic
///   Gemini     /v1beta/models[/ID] /v1beta/models/ID:VERB (v1, v1alpha, too; a PROVIDER/MODEL also without
///              "models/")                                                                         likewise below /genai
///   Bedrock    /model/ID/converse /model/ID/converse-stream                                         likewise below /bedrock
[[nodiscard]] std::optional<endpoint> find_endpoint(std::string_view path, std::string_view query, bool anthropic_client);

/// The format whose error shape an unknown path gets.
[[nodiscard]] const ingress& format_of_path(std::string_view path, bool anthropic_client) noexcept;

/// What is not a valid escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace switchyard::providers
