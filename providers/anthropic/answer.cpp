// A complete answer.
//
//   message = {"id":"msg_…","type":"message","role":"assistant","model","content":[block…],"stop_reason","stop_sequence","usage"}
//
// Towards clients: only the first choice; refusals are text; pictures and sound have no place. A thought nobody has signed has the
// signature "", which the reader takes for none.
#include "providers/anthropic/blocks.hpp"
#include "providers/anthropic/counts.hpp"
#include "providers/anthropic/error.hpp"
#include "providers/anthropic/messages.hpp"

#include <algorithm>

namespace switchyard::providers::anthropic {

namespace {

using neutral::finish_reason;
using neutral::part_kind;

struct ending {
  std::string_view stop_reason;
  finish_reason finish;
};
// The first row of a finish is the one that is written.
constexpr ending endings[] = {
    {"end_turn", finish_reason::stop},         {"max_tokens", finish_reason::length},     {"stop_sequence", finish_reason::stop_sequence},
    {"tool_use", finish_reason::tool_calls},   {"pause_turn", finish_reason::pause},      {"refusal", finish_reason::refusal},
    {"refusal", finish_reason::content_filter}, {"model_context_window_exceeded", finish_reason::context_exceeded},
};

[[nodiscard]] bool has_counterpart(const neutral::part& part) {
  neutral::dropped_fields nowhere;
  if (part.kind == part_kind::reasoning) return true;
  return has_block(part) && is_expressible(part, nowhere);
}

[[nodiscard]] error bad(std::string why) { return bad_response(std::move(why)).what; }

}  // namespace

finish_reason finish_of(std::string_view stop_reason) noexcept {
  for (const auto& row : endings)
    if (row.stop_reason == stop_reason) return row.finish;
  return stop_reason.empty() ? finish_reason::none : finish_reason::other;
}

std::string_view stop_reason_of(finish_reason finish, bool called) noexcept {
  if (called && (finish == finish_reason::stop || finish == finish_reason::none || finish == finish_reason::other)) return "tool_use";
  for (const auto& row : endings)
    if (row.finish == finish) return row.stop_reason;
  return "end_turn";
}

std::string message_id(std::string_view id, std::string_view request_id) {
  std::string_view source = json::inside(id);
  if (source.empty()) source = request_id;
  std::string out = "\"msg_";
  if (source.starts_with("msg_")) source.remove_prefix(4);
  for (const char c : source.substr(0, 120))
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-') out += c;
  return out + '"';
}

result<neutral::answer> read_message(std::string_view body, neutral::arena& texts) {
  neutral::answer out;
  auto& choice = out.choices.emplace_back();
  reported_counts counts;
  std::string_view content, error;
  json::members walk(body);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    const auto n = m.name;
    if (n == "id") out.id = m.value;
    else if (n == "model") out.model = m.value;
    else if (n == "content") content = m.value;
    else if (n == "stop_reason") choice.finish = finish_of(json::inside(m.value));
    else if (n == "stop_sequence") choice.stop_sequence = m.value;
    else if (n == "usage") counts.read(m.value), out.service_tier = json::find(m.value, "service_tier");
    else if (n == "error") error = m.value;
    else if (n != "type" && n != "role") out.unknown.push_back(texts.keep(std::string(n)));
  }
  if (!walk.ok()) return bad("the provider's answer is not a JSON object");
  if (!error.empty() && content.empty()) return judge_anthropic_error(0, body, {}, wall_time{}, {}).what;
  if (!json::is_array(content)) return bad("the provider's answer has no content");
  read_content(content, choice.parts, {texts, out.unknown});
  if (json::is_null(out.service_tier)) out.service_tier = {};
  out.usage = counts.as_counts();
  return out;
}

void write_message(const neutral::answer& what, const answer_context& context, std::string& text) {
  static const neutral::choice nothing;
  const auto& choice = what.choices.empty() ? nothing : what.choices.front();
  json::out out(text);
  out.begin_object();
  out.raw("id", message_id(what.id, context.request_id));
  out.text("type", "message");
  out.text("role", "assistant");
  out.key("model");
  json::has_text(what.model) ? out.raw(what.model) : out.text(context.model);
  out.key("content");
  out.begin_array();
  bool called = false;
  for (const auto& part : choice.parts) {
    if (!has_counterpart(part)) continue;
    called |= part.kind == part_kind::tool_call;
    write_block(part, {}, out);
  }
  out.end_array();
  out.text("stop_reason", stop_reason_of(choice.finish, called));
  out.raw("stop_sequence", choice.stop_sequence.empty() ? "null" : choice.stop_sequence);
  out.key("usage");
  write_usage(out, what.usage, what.service_tier);
  out.end_object();
}

}  // namespace switchyard::providers::anthropic
