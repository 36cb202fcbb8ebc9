// The Responses API: the response object and the full event sequence that the official clients accumulate.
#include "tools/sim/openai_answer.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

json::object text_part(std::string_view text) {
  return {{"type", "output_text"}, {"text", text}, {"annotations", json::array()}, {"logprobs", json::array()}};
}

json::object message_item(std::string_view id, std::string_view status, const json::array& content) {
  return {{"id", id}, {"type", "message"}, {"status", status}, {"role", "assistant"}, {"content", content}};
}

json::object call_item(const tool_call& made, std::string_view status, std::string_view arguments) {
  return {{"id", made.id_as("fc_")}, {"type", "function_call"}, {"status", status}, {"arguments", arguments}, {"call_id", made.id}, {"name", made.name}};
}

/// Everything about a response that holds from its creation on; status, output and usage are set on top.
json::object base_response(std::string_view id, const json::object& body, const call& from) {
  json::object response{{"id", id}, {"object", "response"}, {"created_at", from.unix_time}, {"status", "in_progress"}, {"background", false},
                        {"error", nullptr}, {"incomplete_details", nullptr}, {"output", json::array()}, {"usage", nullptr}};
  const auto copy = [&](const char* field, json::value otherwise) {
    const json::value* given = body.if_contains(field);
    response[field] = given ? *given : std::move(otherwise);
  };
  copy("instructions", nullptr);
  copy("max_output_tokens", nullptr);
  copy("metadata", json::object());
  copy("model", nullptr);
  copy("parallel_tool_calls", true);
  copy("previous_response_id", nullptr);
  copy("reasoning", {{"effort", nullptr}, {"summary", nullptr}});
  copy("store", true);
  copy("temperature", 1.0);
  copy("text", {{"format", {{"type", "text"}}}});
  copy("tool_choice", "auto");
  copy("tools", json::array());
  copy("top_p", 1.0);
  copy("truncation", "disabled");
  copy("user", nullptr);
  response["service_tier"] = "default";
  return response;
}

/// Numbers and frames the events.
class event_sink {
 public:
  explicit event_sink(std::vector<stream_event>& into) : into_(into) {}
  void add(std::string_view type, json::object fields, std::size_t tokens = 0) {
    fields["type"] = type;
    fields["sequence_number"] = into_.size();
    into_.push_back({"event: " + std::string(type) + "\ndata: " + json::serialize(fields) + "\n\n", tokens});
  }

 private:
  std::vector<stream_event>& into_;
};

void stream_text(event_sink& events, std::string_view item_id, std::string_view text, std::string_view status) {
  events.add("response.output_item.added", {{"output_index", 0}, {"item", message_item(item_id, "in_progress", {})}});
  events.add("response.content_part.added", {{"item_id", item_id}, {"output_index", 0}, {"content_index", 0}, {"part", text_part("")}});
  for (const std::string_view piece : split_tokens(text)) {
    events.add("response.output_text.delta", {{"item_id", item_id}, {"output_index", 0}, {"content_index", 0}, {"delta", piece}, {"logprobs", json::array()}}, 1);
  }
  events.add("response.output_text.done", {{"item_id", item_id}, {"output_index", 0}, {"content_index", 0}, {"text", text}, {"logprobs", json::array()}});
  events.add("response.content_part.done", {{"item_id", item_id}, {"output_index", 0}, {"content_index", 0}, {"part", text_part(text)}});
  events.add("response.output_item.done", {{"output_index", 0}, {"item", message_item(item_id, status, {text_part(text)})}});
}

/// Parallel calls grow side by side; the first one's place in the output is `first`.
void stream_calls(event_sink& events, const std::vector<tool_call>& calls, std::size_t first) {
  std::vector<std::vector<std::string_view>> arguments;
  std::size_t longest = 0;
  for (const tool_call& made : calls) {
    events.add("response.output_item.added", {{"output_index", first + arguments.size()}, {"item", call_item(made, "in_progress", "")}});
    arguments.push_back(split_tokens(made.arguments));
    longest = std::max(longest, arguments.back().size());
  }
  for (std::size_t i = 0; i < longest; ++i) {
    for (std::size_t at = 0; at < calls.size(); ++at) {
      if (i >= arguments[at].size()) continue;
      events.add("response.function_call_arguments.delta", {{"item_id", calls[at].id_as("fc_")}, {"output_index", first + at}, {"delta", arguments[at][i]}}, 1);
    }
  }
  for (std::size_t at = 0; at < calls.size(); ++at) {
    const tool_call& made = calls[at];
    events.add("response.function_call_arguments.done", {{"item_id", made.id_as("fc_")}, {"output_index", first + at}, {"name", made.name}, {"arguments", made.arguments}});
    events.add("response.output_item.done", {{"output_index", first + at}, {"item", call_item(made, "completed", made.arguments)}});
  }
}

}  // namespace

reply answer_responses(const conversation& asked, const json::object& body, const call& from) {
  const generated answer = generate(asked, from).front();
  const std::string unique = stable_id(asked.model + asked.prompt, asked.seed);
  const std::string item_id = "msg_" + unique;
  const bool cut = answer.why == ending::length;
  const std::string_view status = cut ? "incomplete" : "completed";

  json::object started = base_response("resp_" + unique, body, from);
  json::object finished = started;
  finished["status"] = status;
  if (cut) finished["incomplete_details"] = {{"reason", "max_output_tokens"}};
  json::array output;
  const bool speaks = answer.calls.empty() || !answer.text.empty();
  if (speaks) output.push_back(message_item(item_id, status, {text_part(answer.text)}));
  for (const tool_call& made : answer.calls) output.push_back(call_item(made, "completed", made.arguments));
  finished["output"] = std::move(output);
  finished["usage"] = {{"input_tokens", asked.input.total()}, {"input_tokens_details", {{"cached_tokens", 0}}}, {"output_tokens", answer.tokens},
                       {"output_tokens_details", {{"reasoning_tokens", 0}}}, {"total_tokens", asked.input.total() + answer.tokens}};

  reply out{.model = asked.model, .input_tokens = asked.input.total(), .output_tokens = answer.tokens};
  if (!asked.stream) {
    out.body = json::serialize(finished);
    return out;
  }
  out.content_type = "text/event-stream; charset=utf-8";
  event_sink events(out.events);
  events.add("response.created", {{"response", started}});
  events.add("response.in_progress", {{"response", started}});
  if (speaks) stream_text(events, item_id, answer.text, status);
  stream_calls(events, answer.calls, speaks ? 1 : 0);
  events.add(cut ? "response.incomplete" : "response.completed", {{"response", finished}});
  return out;
}

}  // namespace switchyard::sim
