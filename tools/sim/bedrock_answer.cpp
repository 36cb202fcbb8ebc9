// The converse response, and the frames it comes in:
//   messageStart (contentBlockStart? contentBlockDelta... contentBlockStop)... messageStop metadata
// Only a tool's block has a contentBlockStart. Blocks follow one another.
#include "tools/sim/bedrock_answer.hpp"

#include "tools/sim/anthropic_answer.hpp"
#include "tools/sim/event_frames.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

json::object usage_object(const prompt_meter& input, std::size_t output) {
  return {{"inputTokens", input.uncached()}, {"outputTokens", output}, {"totalTokens", input.total() + output},
          {"cacheReadInputTokens", input.cache_read()}, {"cacheWriteInputTokens", input.cache_written()}};
}

class frame_printer {
 public:
  explicit frame_printer(std::vector<stream_event>& into) : into_(into) {}

  /// Bedrock pads its events to hide their lengths.
  void add(std::string_view type, json::object fields, std::size_t tokens = 0) {
    static constexpr std::string_view padding = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    fields["p"] = padding.substr(0, 1 + (into_.size() * 7) % padding.size());
    into_.push_back({event_frame(type, json::serialize(fields)), tokens});
  }
  void start(json::object of) { add("contentBlockStart", {{"contentBlockIndex", index_}, {"start", std::move(of)}}); }
  void delta(json::object of, std::size_t tokens) { add("contentBlockDelta", {{"contentBlockIndex", index_}, {"delta", std::move(of)}}, tokens); }
  void stop() { add("contentBlockStop", {{"contentBlockIndex", index_++}}); }

 private:
  std::vector<stream_event>& into_;
  int index_ = 0;
};

void stream(const generated& answer, const conversation& asked, std::int64_t latency_ms, reply& out) {
  out.content_type = "application/vnd.amazon.eventstream";
  frame_printer frames(out.events);
  frames.add("messageStart", {{"role", "assistant"}});
  if (!answer.thinking.empty()) {
    for (const std::string_view piece : split_tokens(answer.thinking)) frames.delta({{"reasoningContent", {{"text", piece}}}}, 1);
    frames.delta({{"reasoningContent", {{"signature", thinking_signature(answer.thinking)}}}}, 0);
    frames.stop();
  }
  if (!answer.text.empty() || answer.calls.empty()) {
    for (const std::string_view piece : split_tokens(answer.text)) frames.delta({{"text", piece}}, 1);
    frames.stop();
  }
  for (const tool_call& made : answer.calls) {
    frames.start({{"toolUse", {{"toolUseId", made.id_as("tooluse_")}, {"name", made.name}}}});
    for (const std::string_view piece : split_tokens(made.arguments)) frames.delta({{"toolUse", {{"input", piece}}}}, 1);
    frames.stop();
  }
  frames.add("messageStop", {{"stopReason", stop_reason(answer.why)}});
  frames.add("metadata", {{"metrics", {{"latencyMs", latency_ms}}}, {"usage", usage_object(asked.input, answer.tokens)}});
  out.last = std::move(out.events.back().bytes);
  out.events.pop_back();
}

json::array content_of(const generated& answer) {
  json::array content;
  if (!answer.thinking.empty()) content.push_back(json::object{{"reasoningContent", {{"reasoningText", {{"text", answer.thinking}, {"signature", thinking_signature(answer.thinking)}}}}}});
  if (!answer.text.empty() || answer.calls.empty()) content.push_back(json::object{{"text", answer.text}});
  for (const tool_call& made : answer.calls) {
    content.push_back(json::object{{"toolUse", {{"toolUseId", made.id_as("tooluse_")}, {"name", made.name}, {"input", json::parse(made.arguments)}}}});
  }
  return content;
}

}  // namespace

reply answer_converse(const conversation& asked, const call& from) {
  const generated answer = generate(asked, from).front();
  const std::int64_t latency_ms = from.models.find(asked.model).first_token.count();
  reply out{.model = asked.model, .input_tokens = asked.input.total(), .output_tokens = answer.tokens};
  if (asked.stream) {
    stream(answer, asked, latency_ms, out);
    return out;
  }
  const json::object message{{"content", content_of(answer)}, {"role", "assistant"}};
  out.body = json::serialize(json::object{{"metrics", {{"latencyMs", latency_ms}}}, {"output", {{"message", message}}}, {"stopReason", stop_reason(answer.why)},
                                          {"usage", usage_object(asked.input, answer.tokens)}});
  return out;
}

}  // namespace switchyard::sim
