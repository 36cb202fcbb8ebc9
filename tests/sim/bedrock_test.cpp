#include "tests/sim/probe.hpp"
#include "tools/sim/aws_signature.hpp"
#include "tools/sim/conversation.hpp"
#include "tools/sim/event_frames.hpp"
#include "tools/sim/key_ring.hpp"

BOOST_AUTO_TEST_SUITE(bedrock)

namespace json = boost::json;
namespace sy = switchyard::sim;
using namespace switchyard::sim::testing;

namespace {

constexpr std::string_view converse = "/model/us.amazon.nova-micro-v1%3A0/converse";
constexpr std::string_view converse_stream = "/model/us.amazon.nova-micro-v1%3A0/converse-stream";

std::string with(std::string_view messages, std::string_view more = {}) {
  return R"({"messages":[)" + std::string(messages) + "]" + (more.empty() ? "" : ",") + std::string(more) + "}";
}

sy::reply say(std::string_view body, std::string_view path = converse) { return ask({.path = path, .body = body}); }

constexpr std::string_view hello = R"({"role":"user","content":[{"text":"Hello signals"}]})";
constexpr std::string_view two_tools = R"("toolConfig":{"tools":[{"toolSpec":{"name":"get_weather","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"}}}}}},
  {"toolSpec":{"name":"get_stock","inputSchema":{"json":{"type":"object","properties":{"place":{"type":"string"}}}}}}]})";
constexpr std::string_view called = R"({"role":"user","content":[{"text":"weather?"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"get_weather","input":{}}},
  {"toolUse":{"toolUseId":"b","name":"get_stock","input":{}}}]})";

void refuses(const std::string& body, std::string_view because, std::string_view type = "ValidationException") {
  const sy::reply r = say(body);
  BOOST_TEST_CONTEXT(body) {
    BOOST_TEST(r.status == 400);
    BOOST_REQUIRE(body_of(r).as_object().contains("message"));
    const std::string message = text(body_of(r).at("message"));
    BOOST_TEST(message.find(because) != std::string::npos, message << " lacks: " << because);
    BOOST_TEST(r.headers.front().first == "x-amzn-errortype");
    BOOST_TEST(r.headers.front().second.starts_with(std::string(type) + ":"));
  }
}

std::uint32_t u32(std::string_view bytes, std::size_t at) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
  return n;
}

/// A frame's event type and payload; its CRCs and lengths are held against it.
std::pair<std::string, json::value> open_frame(const std::string& frame) {
  BOOST_TEST(u32(frame, 0) == frame.size());
  BOOST_TEST(u32(frame, 8) == sy::crc32(std::string_view(frame).substr(0, 8)));
  BOOST_TEST(u32(frame, frame.size() - 4) == sy::crc32(std::string_view(frame).substr(0, frame.size() - 4)));
  const std::size_t headers = u32(frame, 4);
  const std::string_view name = ":event-type";
  const std::size_t at = 12 + 1 + name.size() + 1;   // its length, itself, its value's type
  BOOST_TEST(frame.substr(13, name.size()) == name);
  const std::size_t length = static_cast<unsigned char>(frame[at + 1]);
  return {frame.substr(at + 2, length), json::parse(frame.substr(12 + headers, frame.size() - 16 - headers))};
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_has_usage_that_adds_up_and_the_decoded_model) {
  const sy::reply r = say(with(hello, R"("system":[{"text":"Be brief."}],"inferenceConfig":{"maxTokens":500})"));
  const json::value v = body_of(r);
  BOOST_TEST(r.model == "us.amazon.nova-micro-v1:0");
  BOOST_TEST(text(v.at("stopReason")) == "end_turn");
  BOOST_TEST(text(v.at("output").at("message").at("role")) == "assistant");
  const json::value& usage = v.at("usage");
  BOOST_TEST(usage.at("totalTokens").to_number<int>() == usage.at("inputTokens").to_number<int>() + usage.at("outputTokens").to_number<int>());
}

BOOST_AUTO_TEST_CASE(frames_put_together_are_the_whole_answer) {
  for (const std::string& body : {with(hello), with(hello, R"("additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}})"),
                                  with(R"({"role":"user","content":[{"text":"weather and stock in Oslo"}]})", two_tools)}) {
    const json::value whole = body_of(say(body));
    const sy::reply streamed = say(body, converse_stream);
    BOOST_TEST(streamed.content_type == "application/vnd.amazon.eventstream");
    json::array content;
    json::value stop;
    bool fresh = true;
    std::string input;
    for (const sy::stream_event& e : streamed.events) {
      const auto [type, payload] = open_frame(e.bytes);
      if (type == "contentBlockStart") {
        content.push_back(payload.at("start"));
        fresh = false;
        input.clear();
      } else if (type == "contentBlockDelta") {
        const json::object& delta = payload.at("delta").as_object();
        if (fresh) content.push_back(delta.contains("text") ? json::object{{"text", ""}} : json::object{{"reasoningContent", {{"reasoningText", {{"text", ""}, {"signature", ""}}}}}});
        fresh = false;
        BOOST_TEST(payload.at("contentBlockIndex").to_number<std::size_t>() == content.size() - 1);
        json::object& block = content.back().as_object();
        if (delta.contains("toolUse")) {
          input += text(delta.at("toolUse").at("input"));
        } else if (delta.contains("text")) {
          block["text"] = text(block["text"]) + text(delta.at("text"));
        } else {
          json::object& thought = block["reasoningContent"].at("reasoningText").as_object();
          for (const auto& field : delta.at("reasoningContent").as_object()) thought[field.key()] = text(thought[field.key()]) + text(field.value());
        }
      } else if (type == "contentBlockStop") {
        fresh = true;
        if (json::object& block = content.back().as_object(); block.contains("toolUse")) block["toolUse"].as_object()["input"] = json::parse(input);
      } else if (type == "messageStop") {
        stop = payload.at("stopReason");
      }
    }
    BOOST_TEST(json::serialize(content) == json::serialize(whole.at("output").at("message").at("content")));
    BOOST_TEST(stop == whole.at("stopReason"));
    const auto [type, payload] = open_frame(streamed.last);
    BOOST_TEST(type == "metadata");
    BOOST_TEST(payload.at("usage") == whole.at("usage"));
  }
}

BOOST_AUTO_TEST_CASE(tool_choice_forces_and_names) {
  const auto chosen = [](std::string_view choice) {
    std::string tools(two_tools);
    tools.insert(tools.size() - 1, ",\"toolChoice\":" + std::string(choice));
    return text(body_of(say(with(hello, tools))).at("output").at("message").at("content").at(0).at("toolUse").at("name"));
  };
  BOOST_TEST(chosen(R"({"any":{}})") == "get_weather");
  BOOST_TEST(chosen(R"({"tool":{"name":"get_stock"}})") == "get_stock");
}

BOOST_AUTO_TEST_CASE(cached_tokens_are_written_first_and_read_in_a_later_turn) {
  const std::string system = R"("system":[{"text":"A long manual of signals"},{"cachePoint":{"type":"default"}}])";
  BOOST_TEST(body_of(say(with(hello, system))).at("usage").at("cacheWriteInputTokens").to_number<int>() == 5);
  const json::value later = body_of(say(with(std::string(hello) + R"(,{"role":"assistant","content":[{"text":"Hi"}]},{"role":"user","content":[{"text":"More"}]})", system))).at("usage");
  BOOST_TEST(later.at("cacheReadInputTokens").to_number<int>() == 5);
}

BOOST_AUTO_TEST_CASE(every_use_is_answered_in_the_next_message) {
  const std::string history(called);
  refuses(with(history + R"(,{"role":"user","content":[{"text":"well?"}]})", two_tools), "Expected toolResult blocks at messages.2.content for the following Ids: a, b");
  refuses(with(history + R"(,{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"x"}]}}]})", two_tools), "following Ids: b");
  refuses(with(R"({"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[]}}]})", two_tools), "exceeds the number of toolUse blocks");
  const std::string results = R"(,{"role":"user","content":[{"toolResult":{"toolUseId":"b","content":[{"text":"up"}]}},{"toolResult":{"toolUseId":"a","content":[{"json":{"t":7}}],"status":"success"}}]})";
  refuses(with(history + results), "The toolConfig field must be defined");
  BOOST_TEST(text(body_of(say(with(history + results, two_tools))).at("output").at("message").at("content").at(0).at("text")) == "get_stock says: up\nget_weather says: {\"t\":7}");
}

BOOST_AUTO_TEST_CASE(wrong_requests_are_refused_as_the_real_api_refuses_them) {
  refuses("{", "Unable to parse", "SerializationException");
  refuses("{}", "must start with a user message");
  refuses(with(R"({"role":"assistant","content":[{"text":"x"}]})"), "must start with a user message");
  refuses(with(R"({"role":"system","content":[{"text":"x"}]})"), "enum value set: [user, assistant]");
  refuses(with(std::string(hello) + "," + std::string(hello)), "must alternate between user and assistant roles");
  refuses(with(R"({"role":"user","content":[]})"), "content field in the Message object at messages.0 is empty");
  refuses(with(R"({"role":"user","content":"x"})"), "is empty");
  refuses(with(R"({"role":"user","content":[{"text":""}]})"), "The text field in the ContentBlock object at messages.0.content.0 is blank.");
  refuses(with(R"({"role":"user","content":[{"type":"text","text":"x"}]})"), "must set exactly one of the following members");
  refuses(with(hello, R"("inferenceConfig":{"temperature":1.5})"), "Value '1.5E0' at 'inferenceConfig.temperature'");
  refuses(with(hello, R"("inferenceConfig":{"maxTokens":0})"), "greater than or equal to 1");
  refuses(with(hello, R"("toolConfig":{"tools":[]})"), "length greater than or equal to 1");
  refuses(with(hello, R"("toolConfig":{"tools":[{"toolSpec":{"name":"a b","inputSchema":{"json":{"type":"object"}}}}]})"), "toolConfig.tools.1.member.toolSpec.name");
  refuses(with(hello, R"("toolConfig":{"tools":[{"toolSpec":{"name":"a","description":"","inputSchema":{"json":{"type":"object"}}}}]})"), "description");
  refuses(with(hello, R"("toolConfig":{"tools":[{"toolSpec":{"name":"a","inputSchema":{"json":{}}}}]})"), "must be one of the following: object.");
  refuses(with(std::string(hello) + R"(,{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"b","input":"{}"}}]})"), "Provide a json object");
  refuses(with(R"({"role":"user","content":[{"image":{"format":"image/png","source":{"bytes":"AAAA"}}}]})"), "enum value set: [png, jpeg, gif, webp]");
  refuses(with(R"({"role":"user","content":[{"document":{"format":"pdf","name":"a.pdf","source":{"bytes":"AAAA"}}}]})"), "document file name");
  refuses(with(std::string(hello) + R"(,{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"x"}}}]},)" + std::string(hello)), "Invalid `signature` in `thinking` block");
}

BOOST_AUTO_TEST_CASE(callers_are_let_in_by_their_signature) {
  static const sy::model_list models;
  const std::string scope = "Credential=AK/20150830/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=";
  std::vector<switchyard::header> headers = {{"host", "h"}, {"x-amz-date", "20150830T123600Z"}, {"authorization", ""}};
  const auto outcome = [&](const std::string& authorization, const sy::key_ring& keys, std::int64_t at = now) {
    headers.back().value = authorization;
    const sy::call asked{"POST", converse, "{}", models, at, {}, headers};
    const auto refused = sy::find_route(asked).spoken->admit(asked, keys);
    if (!refused) return std::string("in");
    BOOST_TEST(refused->status == 403);
    return refused->headers.front().second.substr(0, refused->headers.front().second.find(':'));
  };
  const sy::key_ring any, pairs({"AK:secret", "OTHER:key"}), plain({"AK"});
  const std::string somehow = "AWS4-HMAC-SHA256 " + scope + std::string(64, 'a');
  headers.back().value = somehow;
  const sy::call asked{"POST", converse, "{}", models, now, {}, headers};
  const std::string rightly = "AWS4-HMAC-SHA256 " + scope + sy::aws_signature(asked, *sy::parse_aws_authorization(somehow), "secret");
  BOOST_TEST(sy::credential_of(asked) == "AK");
  BOOST_TEST(outcome("", any) == "MissingAuthenticationTokenException");
  BOOST_TEST(outcome("AWS4-HMAC-SHA256 Credential=AK", any) == "IncompleteSignatureException");
  BOOST_TEST(outcome(somehow, any) == "in");
  BOOST_TEST(outcome(somehow, plain) == "in");
  BOOST_TEST(outcome(somehow, pairs) == "InvalidSignatureException");
  BOOST_TEST(outcome(rightly, pairs) == "in");
  BOOST_TEST(outcome(rightly, pairs, now + 301) == "InvalidSignatureException");
  BOOST_TEST(outcome(rightly, sy::key_ring({"OTHER:key"})) == "UnrecognizedClientException");
  BOOST_TEST(outcome("Bearer token", sy::key_ring({"token"})) == "in");
  BOOST_TEST(outcome("Bearer token", pairs) == "AccessDeniedException");
}

BOOST_AUTO_TEST_SUITE_END()
