// A Converse answer as a neutral one, and back.
//
//   {"output":{"message":{"role":"assistant","content":[block]}},"stopReason":S,"usage":{...},"metrics":{"latencyMs":N},
//    "additionalModelResponseFields"?,"trace"?,"performanceConfig"?,"serviceTier"?:{"type"}}
#include "providers/bedrock/converse.hpp"

#include <algorithm>

namespace switchyard::providers::converse {

using neutral::part_kind;

result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) {
  const auto refused = [](std::string why) { return upstream_failure(error_code::upstream_error, "the provider's answer " + std::move(why)); };
  neutral::answer out;
  neutral::choice choice;
  bool has_message = false;
  block_reader blocks(texts, out.unknown);
  json::members walk(body);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    if (m.name == "output") {
      const auto message = json::find(m.value, "message");
      has_message = json::is_object(message);
      const auto content = json::find(message, "content");
      if (json::is_array(content) && blocks.read_all(content, choice.parts)) return refused("has a content block that is none");
    } else if (m.name == "stopReason") {
      choice.finish = finish_of(m.value);
    } else if (m.name == "usage") {
      read_usage(m.value, out.usage);
    } else if (m.name == "serviceTier") {
      out.service_tier = json::find(m.value, "type");
    } else {
      out.unknown.push_back(m.name);   // metrics, trace, performanceConfig, additionalModelResponseFields
    }
  }
  if (!walk.ok()) return refused("is not a JSON object");
  if (!has_message) return refused("has no output.message");
  out.choices.push_back(std::move(choice));
  return out;
}

void write_answer(const neutral::answer& what, std::string& text) {
  json::out out(text);
  neutral::dropped_fields nobody_told;   // an answer has no place for it
  const model_traits any_model;
  out.begin_object();
  out.key("output");
  out.begin_object();
  out.key("message");
  out.begin_object();
  out.text("role", "assistant");
  out.key("content");
  out.begin_array();
  auto finish = neutral::finish_reason::none;
  if (!what.choices.empty()) {   // Converse has one
    const auto& choice = what.choices.front();
    block_writer blocks(out, nobody_told, any_model, block_writer::towards::client);
    for (const auto& piece : choice.parts) blocks.write(piece);
    finish = choice.finish;
    const bool calls = std::any_of(choice.parts.begin(), choice.parts.end(), [](const auto& p) { return p.kind == part_kind::tool_call; });
    if (calls && (finish == neutral::finish_reason::stop || finish == neutral::finish_reason::none)) finish = neutral::finish_reason::tool_calls;
  }
  out.end_array();
  out.end_object();
  out.end_object();
  out.text("stopReason", stop_reason_of(finish));
  out.key("usage");
  write_usage(out, what.usage);
  out.raw("metrics", R"({"latencyMs":0})");   // clients insist on it; nobody measured it for them
  if (json::has_text(what.service_tier) && (json::is_text(what.service_tier, "default") || json::is_text(what.service_tier, "priority") ||
                                            json::is_text(what.service_tier, "flex") || json::is_text(what.service_tier, "reserved"))) {
    out.key("serviceTier");
    out.begin_object();
    out.raw("type", what.service_tier);
    out.end_object();
  }
  out.end_object();
}

}  // namespace switchyard::providers::converse
