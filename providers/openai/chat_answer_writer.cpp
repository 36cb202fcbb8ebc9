// Writing a complete answer for a client of chat completions; and the pieces its streams are made of, too.
#include "providers/openai/chat.hpp"

#include <algorithm>

namespace switchyard::providers::chat {

using neutral::finish_reason;
using neutral::json_text;
using neutral::part;
using neutral::part_kind;

std::string_view finish_reason_text(finish_reason reason) noexcept {
  switch (reason) {
    case finish_reason::length:
    case finish_reason::context_exceeded: return "length";
    case finish_reason::tool_calls: return "tool_calls";
    case finish_reason::content_filter:
    case finish_reason::refusal: return "content_filter";
    case finish_reason::none:
    case finish_reason::stop:
    case finish_reason::stop_sequence:
    case finish_reason::pause:            // a server-side loop was cut short; the client may simply go on
    case finish_reason::malformed_call:
    case finish_reason::other: break;
  }
  return "stop";
}

void write_usage(const neutral::token_counts& counts, json::out& out) {
  const auto input = counts.input.value_or(0);
  const auto output = counts.output.value_or(0);
  out.begin_object();
  out.number("prompt_tokens", input);
  out.number("completion_tokens", output);
  out.number("total_tokens", input + output);
  out.key("prompt_tokens_details");
  out.begin_object();
  out.number("cached_tokens", counts.cached_input.value_or(0));
  out.number("audio_tokens", counts.input_audio.value_or(0));
  if (counts.cache_write) out.number("cache_write_tokens", *counts.cache_write);   // OpenRouter's name
  out.end_object();
  out.key("completion_tokens_details");
  out.begin_object();
  out.number("reasoning_tokens", counts.reasoning.value_or(0));
  out.number("audio_tokens", counts.output_audio.value_or(0));
  out.number("accepted_prediction_tokens", 0);
  out.number("rejected_prediction_tokens", 0);
  out.end_object();
  out.end_object();
}

json_text known_service_tier(json_text tier) noexcept {
  for (const std::string_view known : {"\"auto\"", "\"default\"", "\"flex\"", "\"scale\"", "\"priority\""})
    if (tier == known) return known;
  return tier == "\"standard\"" ? json_text("\"default\"") : json_text{};   // Anthropic's word
}

std::string answer_id(std::string_view prefix, json_text id, const answer_context& context) {
  std::string out = "\"";
  const auto inside = json::inside(id);
  if (!inside.starts_with(prefix)) out += prefix;
  if (inside.empty()) {
    std::string own;
    json::append_string(own, context.request_id);
    out += json::inside(own);
  } else {
    out += inside;
  }
  out += '"';
  return out;
}

void write_model(json_text model, const answer_context& context, json::out& out) {
  out.key("model");
  if (model.empty())
    out.text(context.model);
  else
    out.raw(model);
}

void write_annotations(const std::vector<json_text>& citations, json::out& out) {
  bool open = false;
  for (const auto list : citations) {
    json::elements walk(list);
    for (std::string_view entry; walk.next(entry);) {
      if (!json::is_object(json::find(entry, "url_citation"))) continue;
      if (!open) out.key("annotations"), out.begin_array();
      open = true;
      out.raw(entry);
    }
  }
  if (open) out.end_array();
}

void write_tool_call(const part& call, std::int64_t index, bool custom, json::out& out) {
  out.begin_object();
  if (index >= 0) out.number("index", index);
  out.raw("id", call.id.empty() ? json_text("\"\"") : call.id);
  out.raw("type", custom ? "\"custom\"" : "\"function\"");
  out.key(custom ? "custom" : "function");
  out.begin_object();
  out.raw("name", json::or_empty(call.name));
  out.key(custom ? "input" : "arguments");
  if (json::is_string(call.arguments))
    out.raw(call.arguments);
  else
    out.text(call.arguments);
  out.end_object();
  if (!call.signature.empty()) {
    out.key("extra_content");
    out.begin_object(), out.key("google"), out.begin_object();
    out.raw("thought_signature", call.signature);
    out.end_object(), out.end_object();
  }
  out.end_object();
}

void write_reasoning_detail(const part& what, json_text text, json_text signature, std::int64_t index, json::out& out) {
  out.begin_object();
  if (what.kind == part_kind::redacted_reasoning) {
    out.raw("type", "\"reasoning.encrypted\"");
    out.raw_if("data", what.data);
  } else {
    out.raw("type", "\"reasoning.text\"");
    out.raw_if("text", text);
    out.raw_if("signature", signature);
  }
  out.raw_if("id", what.id);
  if (index >= 0) out.number("index", index);
  out.end_object();
}

void write_data_url(const part& what, std::string_view default_type, json::out& out) {
  out.place();
  auto& text = out.str();
  const auto type = json::inside(what.media_type);
  text += "\"data:";
  text += type.empty() ? default_type : type;
  text += ";base64,";
  text += json::inside(what.data);
  text += '"';
  out.placed();
}

namespace {

/// The texts of one kind of part as one JSON string; null when there are none.
void write_joined(const std::vector<part>& parts, part_kind kind, json::out& out) {
  out.place();
  auto& text = out.str();
  bool any = false;
  for (const auto& p : parts) {
    if (p.kind != kind) continue;
    if (!any) text += '"';
    any = true;
    text += json::inside(p.text);
  }
  text += any ? "\"" : "null";
  out.placed();
}

void write_reasoning(const std::vector<part>& parts, json::out& out) {
  bool thoughts = false;
  bool proofs = false;
  for (const auto& p : parts) {
    thoughts |= p.kind == part_kind::reasoning && json::has_text(p.text);
    proofs |= p.kind == part_kind::redacted_reasoning || (p.kind == part_kind::reasoning && !p.signature.empty());
  }
  if (thoughts) out.key("reasoning_content"), write_joined(parts, part_kind::reasoning, out);
  if (!proofs) return;
  out.key("reasoning_details");
  out.begin_array();
  std::int64_t index = 0;
  for (const auto& p : parts)
    if (p.kind == part_kind::reasoning || p.kind == part_kind::redacted_reasoning) write_reasoning_detail(p, p.text, p.signature, index++, out);
  out.end_array();
}

void write_images(const std::vector<part>& parts, json::out& out) {
  bool open = false;
  for (const auto& p : parts) {
    if (p.kind != part_kind::image || (p.data.empty() && p.url.empty())) continue;
    if (!open) out.key("images"), out.begin_array();
    open = true;
    out.begin_object();
    out.raw("type", "\"image_url\"");
    out.key("image_url"), out.begin_object(), out.key("url");
    if (p.data.empty())
      out.raw(p.url);
    else
      write_data_url(p, "image/png", out);
    out.end_object(), out.end_object();
  }
  if (open) out.end_array();
}

void write_audio(const std::vector<part>& parts, json::out& out) {
  for (const auto& p : parts) {
    if (p.kind != part_kind::audio || p.data.empty()) continue;
    out.key("audio");
    out.begin_object();
    out.raw("id", p.id.empty() ? json_text("\"audio\"") : p.id);
    out.raw("data", p.data);
    const auto expires = json::as_count(json::find(p.original, "expires_at"));
    out.number("expires_at", expires.value_or(0));
    out.raw("transcript", p.text.empty() ? json_text("\"\"") : p.text);
    out.end_object();
    return;   // there is room for one
  }
}

void write_choice(const neutral::choice& what, std::int64_t index, json::out& out) {
  out.begin_object();
  out.number("index", index);
  out.key("message");
  out.begin_object();
  out.raw("role", "\"assistant\"");
  out.key("content"), write_joined(what.parts, part_kind::text, out);
  out.key("refusal"), write_joined(what.parts, part_kind::refusal, out);
  write_reasoning(what.parts, out);
  std::vector<json_text> citations;
  std::int64_t calls = 0;
  for (const auto& p : what.parts) {
    if (!p.citations.empty()) citations.push_back(p.citations);
    calls += p.kind == part_kind::tool_call;
  }
  if (!citations.empty()) write_annotations(citations, out);
  write_images(what.parts, out);
  write_audio(what.parts, out);
  if (calls > 0) {
    out.key("tool_calls");
    out.begin_array();
    for (const auto& p : what.parts)
      if (p.kind == part_kind::tool_call) write_tool_call(p, -1, false, out);
    out.end_array();
  }
  out.end_object();
  out.raw("logprobs", what.logprobs.empty() ? json_text("null") : what.logprobs);
  // Some formats end a turn with calls as any other.
  const bool only_stopped = what.finish == finish_reason::none || what.finish == finish_reason::stop;
  out.text("finish_reason", calls > 0 && only_stopped ? std::string_view("tool_calls") : finish_reason_text(what.finish));
  out.end_object();
}

}  // namespace

void write_answer(const neutral::answer& what, const answer_context& context, std::string& into) {
  json::out out(into);
  out.begin_object();
  out.raw("id", answer_id("chatcmpl-", what.id, context));
  out.raw("object", "\"chat.completion\"");
  out.number("created", what.created.value_or(context.created));
  write_model(what.model, context, out);
  out.key("choices");
  out.begin_array();
  std::int64_t index = 0;
  for (const auto& choice : what.choices) write_choice(choice, index++, out);
  out.end_array();
  if (what.usage.input || what.usage.output) out.key("usage"), write_usage(what.usage, out);
  out.raw_if("service_tier", known_service_tier(what.service_tier));
  out.raw_if("system_fingerprint", what.fingerprint);
  out.end_object();
}

}  // namespace switchyard::providers::chat
