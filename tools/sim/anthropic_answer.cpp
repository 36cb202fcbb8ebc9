// The message object, and the events it comes in:
//   message_start (content_block_start content_block_delta... content_block_stop)... message_delta message_stop, pings between.
// Blocks follow one another: Anthropic's streams never interleave them.
#include "tools/sim/anthropic_answer.hpp"

#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {

std::string_view stop_reason(ending why) {
  switch (why) {
    case ending::length: return "max_tokens";
    case ending::tool_calls: return "tool_use";
    case ending::stop_sequence: return "stop_sequence";
    case ending::stop: break;
  }
  return "end_turn";
}

namespace {

namespace json = boost::json;

json::value stopped_by(const generated& answer) {
  return answer.why == ending::stop_sequence ? json::value(answer.stopped_by) : json::value();
}

json::object usage_object(const prompt_meter& input, std::size_t output) {
  return {{"input_tokens", input.uncached()},
          {"cache_creation_input_tokens", input.cache_written()},
          {"cache_read_input_tokens", input.cache_read()},
          {"cache_creation", {{"ephemeral_5m_input_tokens", input.cache_written()}, {"ephemeral_1h_input_tokens", 0}}},
          {"output_tokens", output},
          {"service_tier", "standard"}};
}

json::object message_object(const conversation& asked) {
  return {{"model", asked.model}, {"id", "msg_01" + stable_id(asked.model + asked.last_text(), asked.seed)}, {"type", "message"}, {"role", "assistant"},
          {"content", json::array()}, {"stop_reason", nullptr}, {"stop_sequence", nullptr}};
}

/// Does the stream open a text block? Without calls it always does, even for an empty text.
bool speaks(const generated& answer) { return !answer.text.empty() || answer.calls.empty(); }

json::array content_of(const generated& answer) {
  json::array content;
  if (!answer.thinking.empty()) content.push_back(json::object{{"type", "thinking"}, {"thinking", answer.thinking}, {"signature", thinking_signature(answer.thinking)}});
  if (!answer.text.empty()) content.push_back(json::object{{"type", "text"}, {"text", answer.text}});
  for (const tool_call& made : answer.calls) {
    content.push_back(json::object{{"type", "tool_use"}, {"id", made.id_as("toolu_01")}, {"name", made.name}, {"input", json::parse(made.arguments)}});
  }
  return content;
}

class event_printer {
 public:
  explicit event_printer(std::vector<stream_event>& into) : into_(into) {}

  void add(std::string_view type, json::object fields, std::size_t tokens = 0) {
    json::object typed{{"type", type}};
    for (auto& field : fields) typed[field.key()] = std::move(field.value());
    into_.push_back({"event: " + std::string(type) + "\ndata: " + json::serialize(typed) + "\n\n", tokens});
  }
  void open(json::object block) {
    add("content_block_start", {{"index", index_}, {"content_block", std::move(block)}});
    if (index_ == 0) into_.push_back({"event: ping\ndata: {\"type\": \"ping\"}\n\n", 0});
  }
  void delta(std::string_view type, std::string_view key, std::string_view value, std::size_t tokens) {
    add("content_block_delta", {{"index", index_}, {"delta", {{"type", type}, {key, value}}}}, tokens);
  }
  void close() { add("content_block_stop", {{"index", index_++}}); }

 private:
  std::vector<stream_event>& into_;
  int index_ = 0;
};

void stream(const generated& answer, const conversation& asked, reply& out) {
  out.content_type = "text/event-stream; charset=utf-8";
  event_printer events(out.events);
  json::object message = message_object(asked);
  message["usage"] = usage_object(asked.input, 1);
  events.add("message_start", {{"message", std::move(message)}});
  if (!answer.thinking.empty()) {
    events.open({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
    for (const std::string_view piece : split_tokens(answer.thinking)) events.delta("thinking_delta", "thinking", piece, 1);
    events.delta("signature_delta", "signature", thinking_signature(answer.thinking), 0);
    events.close();
  }
  if (speaks(answer)) {
    events.open({{"type", "text"}, {"text", ""}});
    for (const std::string_view piece : split_tokens(answer.text)) events.delta("text_delta", "text", piece, 1);
    events.close();
  }
  for (const tool_call& made : answer.calls) {
    events.open({{"type", "tool_use"}, {"id", made.id_as("toolu_01")}, {"name", made.name}, {"input", json::object()}});
    events.delta("input_json_delta", "partial_json", "", count_tokens(made.name));
    if (made.arguments != "{}") {
      for (const std::string_view piece : split_tokens(made.arguments)) events.delta("input_json_delta", "partial_json", piece, 1);
    }
    events.close();
  }
  const prompt_meter& input = asked.input;
  events.add("message_delta", {{"delta", {{"stop_reason", stop_reason(answer.why)}, {"stop_sequence", stopped_by(answer)}}},
                               {"usage", {{"input_tokens", input.uncached()}, {"cache_creation_input_tokens", input.cache_written()},
                                          {"cache_read_input_tokens", input.cache_read()}, {"output_tokens", answer.tokens}}}});
  out.last = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
}

}  // namespace

reply answer_messages(const conversation& asked, const call& from) {
  const generated answer = generate(asked, from).front();
  reply out{.model = asked.model, .input_tokens = asked.input.total(), .output_tokens = answer.tokens};
  if (asked.stream) {
    stream(answer, asked, out);
    return out;
  }
  json::object message = message_object(asked);
  message["content"] = content_of(answer);
  message["stop_reason"] = stop_reason(answer.why);
  message["stop_sequence"] = stopped_by(answer);
  message["usage"] = usage_object(asked.input, answer.tokens);
  out.body = json::serialize(message);
  return out;
}

reply answer_count(const conversation& asked, const call&) {
  return {.body = json::serialize(json::object{{"input_tokens", asked.input.total()}}), .model = asked.model};
}

}  // namespace switchyard::sim
