// Complete answers in a client's format, kept to be given again: what stands in one, and one as a stream.
#pragma once

#include "providers/translation.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::providers {

struct answer_facts {
  bool complete = false;         ///< every choice ended by itself with text and nothing else: no tool call, cut, filter or refusal
  std::string text;              ///< of the first choice, unescaped
};

/// Of a whole 2xx answer of that (generating) operation; nullopt: it cannot be read.
[[nodiscard]] std::optional<answer_facts> read_facts(api operation, std::string_view body);

/// A whole stream, as it was sent to a client of that operation, as the answer it amounts to, in the same format. `counts` stand in where
/// the stream has none. nullopt: it is not whole, or cannot be said so.
[[nodiscard]] std::optional<std::string> stream_to_answer(const api_request& request, neutral_view& asked, std::string_view stream, const usage& counts,
                                                          const answer_context& context);

/// A whole answer in the client's format as that client's stream.
[[nodiscard]] result<std::string> answer_to_stream(const api_request& request, neutral_view& asked, std::string_view body, answer_context context);

}  // namespace switchyard::providers
