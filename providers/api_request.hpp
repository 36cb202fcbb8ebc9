// What routing needs to know of a request, read from its body once, with the places in the bytes that may have to change.
#pragma once

#include "base/result.hpp"
#include "providers/input_estimate.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers {

/// The operation a client asked for; each belongs to one format.
enum class api {
  chat_completions, responses, completions, embeddings,                                        // OpenAI
  messages, count_message_tokens,                                                              // Anthropic
  generate_content, count_content_tokens, embed_content, batch_embed_contents,                 // Gemini
  converse                                                                                     // Bedrock
};
[[nodiscard]] std::string_view to_string(api operation) noexcept;
/// Does it end in vectors instead of text?
[[nodiscard]] constexpr bool is_embedding(api operation) noexcept {
  return operation == api::embeddings || operation == api::embed_content || operation == api::batch_embed_contents;
}
/// Does it only count tokens?
[[nodiscard]] constexpr bool is_count(api operation) noexcept {
  return operation == api::count_message_tokens || operation == api::count_content_tokens;
}

/// What the request line said; formats that have the model in the body leave `model` empty.
struct operation_target {
  api operation = api::chat_completions;
  std::string model;                       ///< from the path, percent-decoded: "gemini-2.5-flash" or "openai/gpt-4o"
  bool stream = false;                     ///< from the path (:streamGenerateContent, converse-stream)
  bool as_array = false;                   ///< Gemini streams without alt=sse: one JSON array instead of events
};

/// Bytes [begin, end) of the body.
struct byte_range {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] bool empty() const noexcept { return begin == end; }
};

/// Views and ranges point into the body given to the parser, which must outlive this.
struct api_request {
  api operation = api::chat_completions;
  std::string_view body;
  std::string model;                       ///< unescaped
  bool stream = false;
  bool as_array = false;                   ///< operation_target::as_array
  std::vector<std::string> fallbacks;      ///< Switchyard's own field; never forwarded
  input_estimate input;                    ///< counted when asked for, while `body` lives
  std::int64_t max_output_tokens = 0;      ///< max_tokens / max_completion_tokens / max_output_tokens; 0: not given
  std::int64_t answers = 1;                ///< how many are asked for at once (n, best_of, candidateCount, prompts of a completion)
  bool wants_usage = false;                ///< stream_options.include_usage is true

  byte_range model_value;                  ///< the JSON string with its quotes; empty: the model stands in the path
  byte_range fallbacks_member;             ///< the whole member with one comma, ready to cut out; empty: none
  bool has_stream_options = false;
  std::size_t after_open_brace = 0;        ///< where a member may be inserted
};

}  // namespace switchyard::providers
