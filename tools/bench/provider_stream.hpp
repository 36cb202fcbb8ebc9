// What each provider's stream of a plain text looks like: for measuring, and for the test that holds the buffers.
#pragma once

#include "providers/bedrock/event_stream.hpp"
#include "providers/registry.hpp"

#include <array>
#include <string>
#include <string_view>

namespace switchyard::bench {

/// A format towards providers, and the operation whose clients speak it.
struct format {
  std::string_view name;
  providers::api operation;
  config::wire_format wire;
  config::native_api native;
};
inline constexpr std::array<format, 5> formats = {{
    {"chat", providers::api::chat_completions, config::wire_format::openai, config::native_api::chat_completions},
    {"responses", providers::api::responses, config::wire_format::openai, config::native_api::responses},
    {"messages", providers::api::messages, config::wire_format::anthropic, config::native_api::chat_completions},
    {"generateContent", providers::api::generate_content, config::wire_format::gemini, config::native_api::chat_completions},
    {"converse", providers::api::converse, config::wire_format::bedrock, config::native_api::chat_completions},
}};

/// A stream's beginning, the event of one piece of text, and its end, where some formats repeat the whole text.
class provider_stream {
 public:
  explicit provider_stream(const format& what) : of_(what) {}

  [[nodiscard]] std::string begin() const {
    switch (of_.operation) {
      case providers::api::responses:
        return event("response.created", R"("sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1735689600,"status":"in_progress","model":"small","output":[]})") +
               event("response.output_item.added", R"("sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]})") +
               event("response.content_part.added", R"("sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]})");
      case providers::api::messages:
        return event("message_start", R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"small","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":20,"output_tokens":1}})") +
               event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})");
      case providers::api::converse: return frame("messageStart", R"({"role":"assistant"})");
      case providers::api::chat_completions: return chat(R"({"role":"assistant","content":""})", "null");
      default: return {};
    }
  }

  [[nodiscard]] std::string text(std::string_view words) const {
    const std::string piece(words);
    switch (of_.operation) {
      case providers::api::responses:
        return event("response.output_text.delta", R"("sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"logprobs":[],"delta":")" + piece + '"');
      case providers::api::messages: return event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":")" + piece + "\"}");
      case providers::api::converse: return frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":")" + piece + "\"}}");
      case providers::api::generate_content: return gemini(piece, "");
      default: return chat(R"({"content":")" + piece + "\"}", "null");
    }
  }

  [[nodiscard]] std::string end(const std::string& whole) const {
    switch (of_.operation) {
      case providers::api::responses: {
        const auto part = R"({"type":"output_text","text":")" + whole + R"(","annotations":[]})";
        const auto item = R"({"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[)" + part + "]}";
        const std::string place = R"("item_id":"msg_1","output_index":0,"content_index":0,)";
        return event("response.output_text.done", R"("sequence_number":4,)" + place + R"("text":")" + whole + '"') +
               event("response.content_part.done", R"("sequence_number":5,)" + place + R"("part":)" + part) +
               event("response.output_item.done", R"("sequence_number":6,"output_index":0,"item":)" + item) +
               event("response.completed", R"("sequence_number":7,"response":{"id":"resp_1","object":"response","created_at":1735689600,"status":"completed","model":"small","output":[)" + item +
                                               R"(],"usage":{"input_tokens":20,"output_tokens":50,"total_tokens":70}})");
      }
      case providers::api::messages:
        return event("content_block_stop", R"("index":0)") +
               event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":50})") + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
      case providers::api::converse:
        return frame("contentBlockStop", R"({"contentBlockIndex":0})") + frame("messageStop", R"({"stopReason":"end_turn"})") +
               frame("metadata", R"({"usage":{"inputTokens":20,"outputTokens":50,"totalTokens":70},"metrics":{"latencyMs":100}})");
      case providers::api::generate_content:
        return gemini(".", R"(,"finishReason":"STOP")");
      default: return chat("{}", "\"stop\"") + "data: [DONE]\n\n";
    }
  }

 private:
  static std::string event(std::string_view type, std::string_view members) {
    return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"," + std::string(members) + "}\n\n";
  }
  static std::string frame(std::string_view type, std::string_view payload) {
    std::string out;
    providers::frame_writer writer(out, "event", type);
    out += payload;
    writer.end();
    return out;
  }
  static std::string chat(std::string_view delta, std::string_view finish) {
    return R"(data: {"id":"chatcmpl-0123456789abcdef01234567","object":"chat.completion.chunk","created":1735689600,"model":"small","choices":[{"index":0,"delta":)" + std::string(delta) +
           R"(,"logprobs":null,"finish_reason":)" + std::string(finish) + "}]}\n\n";
  }
  static std::string gemini(std::string_view text, std::string_view finish) {
    return R"(data: {"candidates":[{"content":{"parts":[{"text":")" + std::string(text) + R"("}],"role":"model"})" + std::string(finish) +
           R"(,"index":0}],"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":50,"totalTokenCount":70},"modelVersion":"small","responseId":"r1"})" "\r\n\r\n";
  }

  const format of_;
};

/// A small streaming request of a client of that format.
[[nodiscard]] inline std::string request_of(const format& what) {
  switch (what.operation) {
    case providers::api::responses: return R"({"model":"small","stream":true,"input":"Hello"})";
    case providers::api::messages: return R"({"model":"small","stream":true,"max_tokens":256,"messages":[{"role":"user","content":"Hello"}]})";
    case providers::api::generate_content: return R"({"contents":[{"role":"user","parts":[{"text":"Hello"}]}]})";
    case providers::api::converse: return R"({"messages":[{"role":"user","content":[{"text":"Hello"}]}]})";
    default: return R"({"model":"small","stream":true,"messages":[{"role":"user","content":"Hello"}]})";
  }
}

}  // namespace switchyard::bench
