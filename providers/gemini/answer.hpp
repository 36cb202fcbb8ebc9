// Gemini's answers, whole and as streams, both ways; see generate_content_dialect.cpp for the grammar.
#pragma once

#include "base/result.hpp"
#include "providers/dialect.hpp"
#include "providers/json_out.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace switchyard::providers::gemini {

[[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts);
void write_answer(const neutral::answer& what, const answer_context& context, std::string& out);
[[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential);
[[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context);

/// logprobsResult as OpenAI's {"content":[…]}, and the other way round as a member; a list alone stands for the whole.
[[nodiscard]] neutral::json_text read_logprobs(std::string_view result, neutral::arena& texts);
void write_logprobs(neutral::json_text logprobs, json::out& out);

/// The responseId as the base of an answer's tool call ids; without one a name of its own.
[[nodiscard]] std::string_view base_of_ids(neutral::json_text response_id) noexcept;

}  // namespace switchyard::providers::gemini
