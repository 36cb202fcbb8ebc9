// The grammar of one API's embedding requests and answers, read and written as neutral ones (see dialect.hpp).
#pragma once

#include "base/result.hpp"
#include "providers/dialect.hpp"

#include <string>
#include <string_view>

namespace switchyard::providers {

class embedding_dialect {
 public:
  virtual ~embedding_dialect() = default;
  [[nodiscard]] virtual result<neutral::embedding_request> read_request(std::string_view body, neutral::arena& texts) const = 0;
  [[nodiscard]] virtual outcome write_request(const neutral::embedding_request& what, const write_target& where, std::string& out,
                                              neutral::dropped_fields& dropped) const = 0;
  /// A complete 2xx body, JSON throughout.
  [[nodiscard]] virtual result<neutral::embedding_answer> read_answer(std::string_view body, neutral::arena& texts) const = 0;
  /// `asked`: its encoding_format decides between numbers and base64.
  virtual void write_answer(const neutral::embedding_answer& what, const neutral::embedding_request& asked, const answer_context& context,
                            std::string& out) const = 0;
};

/// An array of numbers as base64 of little-endian float32, a JSON string; and back. Values that are neither are given back as they are.
[[nodiscard]] neutral::json_text vector_as_base64(neutral::json_text vector, neutral::arena& texts);
[[nodiscard]] neutral::json_text vector_as_numbers(neutral::json_text vector, neutral::arena& texts);

[[nodiscard]] const embedding_dialect& openai_embedding_dialect() noexcept;       // openai/embedding.cpp
[[nodiscard]] const embedding_dialect& gemini_embedding_dialect() noexcept;       // gemini/embedding.cpp: embedContent (one input)
[[nodiscard]] const embedding_dialect& cohere_embedding_dialect() noexcept;       // cohere/embedding.cpp: towards providers only
[[nodiscard]] const embedding_dialect& gemini_batch_embedding_dialect() noexcept; // gemini/embedding.cpp: batchEmbedContents

}  // namespace switchyard::providers
