// What the files of the chat dialect share: reading requests, answers and streams of OpenAI's chat completions, and writing them.
//
// Grammar (the parts that are read and written; everything else is reported as unknown):
//   message   = {"role":R, "content":C, "name"?, "refusal"?, "tool_calls"?, "tool_call_id"?, "audio"?, thoughts…}
//   C         = string | null | [part…]
//   part      = text {text} | image_url {image_url:{url,detail?}} | input_audio {input_audio:{data,format}} | file {file:{file_data |
//               file_id,filename?}} | video_url {video_url:{url}} | refusal {refusal} | thinking {thinking:[{text}]} (Mistral)
//   tool_call = {"id","type":"function","function":{"name","arguments":string}} | {"id","type":"custom","custom":{"name","input":string}}
//   thoughts  = "reasoning_content" | "reasoning": string; "reasoning_details": [{"type":"reasoning.text","text","signature"?} |
//               {"type":"reasoning.summary","summary"} | {"type":"reasoning.encrypted","data"}]
//   signature of a tool call (Gemini): "extra_content":{"google":{"thought_signature"}}
#pragma once

#include "providers/dialect.hpp"
#include "providers/json_out.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::chat {

/// `value`, or nothing when it is null.
[[nodiscard]] inline neutral::json_text unless_null(neutral::json_text value) noexcept { return json::is_null(value) ? neutral::json_text{} : value; }
/// A non-empty string, or nothing.
[[nodiscard]] inline neutral::json_text text_or_nothing(neutral::json_text value) noexcept {
  return json::has_text(value) ? value : neutral::json_text{};
}

// chat_parts.cpp

/// One part of a content list. Kinds it does not know become foreign.
[[nodiscard]] neutral::part read_content_part(std::string_view object, neutral::arena& texts);
/// Appends a content of either form: text parts for a string, the parts of a list.
void read_content(std::string_view content, std::vector<neutral::part>& out, neutral::arena& texts);
/// An assistant's message, of a request or an answer, as parts: thoughts, text, refusal, media, tool calls. `calls`: how many calls without
/// an id have been seen; they are numbered.
void read_assistant(std::string_view message, std::vector<neutral::part>& out, int& calls, neutral::arena& texts);
/// A function's arguments, a JSON string holding an object, as that object; "" is {}. Any other string stays a string.
[[nodiscard]] neutral::json_text read_arguments(std::string_view value, neutral::arena& texts);
/// "data:image/png;base64,…" as media type and data; false: it is none.
bool split_data_url(std::string_view url, neutral::part& out, neutral::arena& texts);
/// extra_content.google.thought_signature, or nothing.
[[nodiscard]] neutral::json_text google_signature(std::string_view object) noexcept;
/// {"type":"reasoning.…"} as a part; kind text with nothing in it when it says nothing.
[[nodiscard]] neutral::part read_reasoning_detail(std::string_view detail);

/// Names a tool call that came without an id: "call_<name>_<n>".
[[nodiscard]] neutral::json_text made_up_call_id(std::string_view name, int n, neutral::arena& texts);

// chat_answer_reader.cpp, chat_answer_writer.cpp

[[nodiscard]] neutral::finish_reason read_finish_reason(std::string_view value) noexcept;
/// What an OpenAI client is told: "stop", "length", "tool_calls", "content_filter".
[[nodiscard]] std::string_view finish_reason_text(neutral::finish_reason reason) noexcept;
/// Figures that `object` does not give stay as they were.
void read_usage(std::string_view object, neutral::token_counts& out) noexcept;
/// {"prompt_tokens",…} with its details; 0 for what is not known.
void write_usage(const neutral::token_counts& counts, json::out& out);
/// `tier` as OpenAI's clients know it, or nothing.
[[nodiscard]] neutral::json_text known_service_tier(neutral::json_text tier) noexcept;
/// The answer's id as a client expects it: `prefix` and the provider's id, or ours where it gave none. Quoted.
[[nodiscard]] std::string answer_id(std::string_view prefix, neutral::json_text id, const answer_context& context);
/// The model's name as a JSON string: the answer's, else as it was asked for.
void write_model(neutral::json_text model, const answer_context& context, json::out& out);
/// Only the citations a chat client can read: those of URLs. Nothing is written when there are none.
void write_annotations(const std::vector<neutral::json_text>& citations, json::out& out);
/// {"id","type":"function","function":{…}} with "index" when it is not negative.
void write_tool_call(const neutral::part& call, std::int64_t index, bool custom, json::out& out);
/// One entry of reasoning_details for a reasoning or redacted_reasoning part; its text is `text`.
void write_reasoning_detail(const neutral::part& part, neutral::json_text text, neutral::json_text signature, std::int64_t index, json::out& out);
/// A JSON string "data:<media type>;base64,<data>".
void write_data_url(const neutral::part& part, std::string_view default_type, json::out& out);
/// A provider's complete body, chat or legacy completion.
[[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts);
void write_answer(const neutral::answer& what, const answer_context& context, std::string& out);

// chat_request_reader.cpp, chat_request_writer.cpp, chat_message_writer.cpp

/// A setting every request of OpenAI's older APIs may have (temperature, stop, seed, …); false: it is none.
bool read_sampling(const json::member& m, neutral::request& out, neutral::arena& texts);
[[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts);
[[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out, neutral::dropped_fields& dropped);
/// The array of messages.
void write_messages(const neutral::request& what, const write_target& where, json::out& out, neutral::dropped_fields& dropped);

// chat_stream_reader.cpp, chat_stream_writer.cpp

/// What chunks of chat and of the legacy API begin with, an open object: id, object, created, model.
[[nodiscard]] json::out begin_chunk(std::string& head, std::string_view id_prefix, std::string_view object, const neutral::event& start, const answer_context& context);
/// The usage chunk, if the client wants it and anything is known, and the end marker. `head` as begun above, up to the list of choices.
void end_chunks(std::string_view head, const neutral::token_counts& counts, const answer_context& context, std::string& into);

[[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential);
[[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context);

}  // namespace switchyard::providers::chat
