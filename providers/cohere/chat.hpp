// What the files of the cohere dialect share: Cohere's own chat API, version 2.
//
// Grammar (the parts that are read and written):
//   message = {"role":"system"|"user","content":C} | {"role":"tool","tool_call_id","content":S}
//           | {"role":"assistant","content"?:C, "tool_plan"?:S, "tool_calls"?:[call], "citations"?}
//   C       = string | [{"type":"text","text"} | {"type":"thinking","thinking"} | {"type":"image_url","image_url":{"url","detail"?}}]
//   call    = {"id","type":"function","function":{"name","arguments":string}}
//   answer  = {"id","finish_reason","message":{"role":"assistant",…},"usage":{"billed_units":{U},"tokens":{U},"cached_tokens"?}}
//   U       = "input_tokens", "output_tokens"
//
// A plan that comes with tool calls is a thought. Tokens are those that are billed: `tokens` includes some hundreds of Cohere's own preamble.
#pragma once

#include "providers/dialect.hpp"
#include "providers/json_out.hpp"

#include <memory>
#include <string_view>

namespace switchyard::providers::cohere {

using neutral::json_text;

// request_write.cpp
[[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out, neutral::dropped_fields& dropped);

// answer_read.cpp
[[nodiscard]] neutral::finish_reason read_finish(json_text value) noexcept;
/// Of an answer without content.
inline constexpr std::string_view unknown_finish = "the provider answered with nothing but a finish_reason that is not known";
/// Figures that `object` does not give stay as they were.
void read_usage(json_text object, neutral::token_counts& out) noexcept;
/// One or several of Cohere's citations as the neutral form's array; empty when there is none.
[[nodiscard]] json_text read_citations(json_text citations, neutral::arena& texts);
[[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts);

// stream_read.cpp
[[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential);

}  // namespace switchyard::providers::cohere
