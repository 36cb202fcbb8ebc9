// Reading a complete answer of Cohere's chat.
#include "providers/cohere/chat.hpp"
#include "providers/openai/chat.hpp"
#include "providers/openai/error.hpp"

namespace switchyard::providers::cohere {

using neutral::finish_reason;
using neutral::part;
using neutral::part_kind;

namespace {

[[nodiscard]] error refused(std::string_view why) { return upstream_failure(error_code::upstream_error, std::string(why)); }

void read_content(json_text content, json_text citations, std::vector<part>& out) {
  if (json::has_text(content)) out.push_back({.kind = part_kind::text, .text = content, .citations = citations});
  json::elements walk(content);
  for (std::string_view entry; walk.next(entry);) {
    const auto type = json::inside(json::find(entry, "type"));
    if (type == "thinking") {
      if (const auto text = json::find(entry, "thinking"); json::has_text(text)) out.push_back({.kind = part_kind::reasoning, .text = text});
    } else if (const auto text = json::find(entry, "text"); json::is_string(text)) {
      out.push_back({.kind = part_kind::text, .text = text, .citations = citations});
      citations = {};   // Cohere counts in the first text
    }
  }
}

}  // namespace

finish_reason read_finish(json_text value) noexcept {
  const auto text = json::inside(value);
  if (text.empty()) return finish_reason::none;
  if (text == "COMPLETE") return finish_reason::stop;
  if (text == "STOP_SEQUENCE") return finish_reason::stop_sequence;
  if (text == "MAX_TOKENS") return finish_reason::length;
  if (text == "TOOL_CALL") return finish_reason::tool_calls;
  if (text == "ERROR_TOXIC") return finish_reason::content_filter;
  if (text == "ERROR_LIMIT") return finish_reason::context_exceeded;
  return finish_reason::other;
}

void read_usage(json_text object, neutral::token_counts& out) noexcept {
  if (!json::is_object(object)) return;
  const auto tokens = json::find(object, "tokens"), billed = json::find(object, "billed_units");
  const auto take = [](json_text from, std::string_view name, std::optional<std::int64_t>& into) {
    if (const auto count = json::as_count(json::find(from, name))) into = count;
  };
  for (const auto from : {tokens, billed}) {
    take(from, "input_tokens", out.input);
    take(from, "output_tokens", out.output);
  }
  if (billed.empty()) take(object, "cached_tokens", out.cached_input);   // of all tokens: more than those billed may be
}

json_text read_citations(json_text citations, neutral::arena& texts) {
  std::string made;
  json::out out(made);
  out.begin_array();
  const auto one = [&](std::string_view citation) {
    json::elements sources(json::find(citation, "sources"));
    for (std::string_view source; sources.next(source);) {
      const auto document = json::find(source, "document");
      const auto url = json::find(document, "url"), title = json::find(document, "title");
      const auto start = json::as_count(json::find(citation, "start")).value_or(0), end = json::as_count(json::find(citation, "end")).value_or(0);
      const auto text = json::find(citation, "text");
      const bool is_linked = json::has_text(url);
      out.begin_object();
      out.text("type", is_linked ? "url_citation" : "file_citation");
      out.key(is_linked ? "url_citation" : "file_citation");
      out.begin_object();
      if (is_linked) out.raw("url", url), out.raw("title", json::or_empty(title));
      else out.raw("file_id", json::or_empty(json::find(source, "id")));
      out.number("start_index", start);
      out.number("end_index", end);
      if (json::is_string(text)) out.raw("content", text);
      out.end_object();
      out.raw("cohere", citation);
      out.end_object();
    }
  };
  if (json::is_object(citations)) one(citations);   // a stream's
  json::elements walk(citations);
  for (std::string_view citation; walk.next(citation);) one(citation);
  out.end_array();
  return made.size() > 2 ? texts.keep(std::move(made)) : json_text{};
}

result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) {
  const auto object = body.substr(json::skip_space(body, 0));
  if (!json::is_object(object)) return refused("the provider's answer is not a JSON object");
  neutral::answer out;
  json_text message, finish;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    if (m.name == "id") out.id = chat::text_or_nothing(m.value);
    else if (m.name == "finish_reason") finish = m.value;
    else if (m.name == "usage") read_usage(m.value, out.usage);
    else if (json::is_object(m.value) && m.name == "message") message = m.value;
    else if (m.name != "message") out.unknown.push_back(m.name);
  }
  if (message.empty()) {   // {"message":"what went wrong"}
    if (json::has_text(json::find(body, "message"))) return judge_error(0, body, {}, wall_time{}, {}).what;
    return refused("the provider's answer has no message");
  }
  auto& choice = out.choices.emplace_back();
  choice.finish = read_finish(finish);
  if (const auto plan = json::find(message, "tool_plan"); json::has_text(plan)) choice.parts.push_back({.kind = part_kind::reasoning, .text = plan});
  read_content(json::find(message, "content"), read_citations(json::find(message, "citations"), texts), choice.parts);
  int calls = 0;
  std::vector<part> others;
  chat::read_assistant(message, others, calls, texts);
  for (auto& each : others)
    if (each.kind == part_kind::tool_call) choice.parts.push_back(std::move(each));
  if (choice.parts.empty() && choice.finish == finish_reason::other) return refused(unknown_finish);
  return out;
}

}  // namespace switchyard::providers::cohere
