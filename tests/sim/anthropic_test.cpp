#include "tests/sim/probe.hpp"
#include "tools/sim/conversation.hpp"
#include "tools/sim/key_ring.hpp"

BOOST_AUTO_TEST_SUITE(anthropic)

namespace json = boost::json;
namespace sy = switchyard::sim;
using namespace switchyard::sim::testing;

namespace {

constexpr std::string_view messages = "/v1/messages";
const std::vector<switchyard::header> version = {{"anthropic-version", "2023-06-01"}};

sy::reply say(std::string_view body) { return ask({.path = messages, .body = body, .headers = version}); }

/// A request around these messages, with more fields.
std::string with(std::string_view list, std::string_view more = {}) {
  return R"({"model":"small","max_tokens":2000,"messages":[)" + std::string(list) + "]" + (more.empty() ? "" : ",") + std::string(more) + "}";
}

constexpr std::string_view hello = R"({"role":"user","content":"Hello signals"})";
constexpr std::string_view two_tools = R"("tools":[{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}},
  {"name":"get_stock","input_schema":{"type":"object","properties":{"place":{"type":"string"}}}}])";
constexpr std::string_view called = R"({"role":"user","content":"weather?"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}},
  {"type":"tool_use","id":"toolu_2","name":"get_stock","input":{}}]})";

void refuses(const std::string& body, std::string_view because) {
  const sy::reply r = say(body);
  BOOST_TEST_CONTEXT(body) {
    BOOST_TEST(r.status == 400);
    const json::value v = body_of(r);
    BOOST_TEST(text(v.at("type")) == "error");
    BOOST_REQUIRE(v.at("error").is_object());
    BOOST_TEST(text(v.at("error").at("type")) == "invalid_request_error");
    BOOST_TEST(text(v.at("error").at("message")).find(because) != std::string::npos, text(v.at("error").at("message")) << " lacks: " << because);
    BOOST_TEST(text(v.at("request_id")).starts_with("req_"));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_message_is_answered_with_its_usage) {
  const sy::reply r = say(with(hello, R"("system":[{"type":"text","text":"Be brief."}])"));
  const json::value v = body_of(r);
  BOOST_TEST(text(v.at("type")) == "message");
  BOOST_TEST(text(v.at("stop_reason")) == "end_turn");
  BOOST_TEST(v.at("stop_sequence").is_null());
  BOOST_TEST(v.at("usage").at("output_tokens").to_number<std::size_t>() == r.output_tokens);
  BOOST_TEST(r.headers.front().first == "request-id");
}

BOOST_AUTO_TEST_CASE(a_stream_says_what_the_whole_message_says) {
  for (const std::string& more : {std::string(), std::string(R"("thinking":{"type":"enabled","budget_tokens":1024})"), std::string(two_tools)}) {
    const std::string_view prompt = more.find("tools") == std::string::npos ? hello : std::string_view(R"({"role":"user","content":"get_weather and get_stock in Oslo"})");
    const json::value whole = body_of(say(with(prompt, more)));
    const sy::reply streamed = say(with(prompt, more + (more.empty() ? "" : ",") + R"("stream":true)"));
    json::array content;
    std::string arguments;
    const auto events = events_of(streamed);
    BOOST_TEST(text(events.front().at("type")) == "message_start");
    BOOST_TEST(text(events[2].at("type")) == "ping");
    for (const json::value& e : events) {
      const std::string type = text(e.at("type"));
      if (type == "content_block_start") {
        BOOST_TEST(e.at("index").to_number<std::size_t>() == content.size());
        content.push_back(e.at("content_block"));
        arguments.clear();
      } else if (type == "content_block_delta") {
        json::object& block = content.back().as_object();
        const json::value& delta = e.at("delta");
        const std::string kind = text(delta.at("type"));
        if (kind == "text_delta") block["text"] = text(block["text"]) + text(delta.at("text"));
        else if (kind == "thinking_delta") block["thinking"] = text(block["thinking"]) + text(delta.at("thinking"));
        else if (kind == "signature_delta") block["signature"] = delta.at("signature");
        else arguments += text(delta.at("partial_json"));
      } else if (type == "content_block_stop" && text(content.back().at("type")) == "tool_use") {
        content.back().as_object()["input"] = json::parse(arguments);
      }
    }
    BOOST_TEST(json::serialize(content) == json::serialize(whole.at("content")));
    BOOST_TEST(events.back().at("delta").at("stop_reason") == whole.at("stop_reason"));
    BOOST_TEST(events.back().at("usage").at("output_tokens") == whole.at("usage").at("output_tokens"));
    BOOST_TEST(streamed.last.find("message_stop") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(two_named_tools_are_both_called_unless_parallel_calls_are_off) {
  const std::string prompt = R"({"role":"user","content":"weather and stock in Oslo"})";
  BOOST_TEST(body_of(say(with(prompt, two_tools))).at("content").as_array().size() == 2u);
  const auto one = body_of(say(with(prompt, std::string(two_tools) + R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true})")));
  BOOST_TEST(one.at("content").as_array().size() == 1u);
  BOOST_TEST(text(one.at("stop_reason")) == "tool_use");
}

BOOST_AUTO_TEST_CASE(tool_choice_forces_or_forbids) {
  const auto chosen = [&](std::string_view choice) { return body_of(say(with(hello, std::string(two_tools) + ",\"tool_choice\":" + std::string(choice)))).at("content").at(0); };
  BOOST_TEST(text(chosen(R"({"type":"any"})").at("name")) == "get_weather");
  BOOST_TEST(text(chosen(R"({"type":"tool","name":"get_stock"})").at("name")) == "get_stock");
  BOOST_TEST(text(chosen(R"({"type":"none"})").at("type")) == "text");
}

BOOST_AUTO_TEST_CASE(a_thought_comes_back_only_with_its_own_signature) {
  const json::value v = body_of(say(with(hello, R"("thinking":{"type":"enabled","budget_tokens":1024})")));
  json::value thought = v.at("content").at(0);
  BOOST_TEST(text(thought.at("type")) == "thinking");
  const auto again = [&] { return with(std::string(hello) + R"(,{"role":"assistant","content":[)" + json::serialize(thought) + R"(,{"type":"text","text":"x"}]},{"role":"user","content":"go on"})"); };
  BOOST_TEST(say(again()).status == 200);
  thought.as_object()["thinking"] = "something else";
  refuses(again(), "messages.1.content.0: Invalid `signature` in `thinking` block");
}

BOOST_AUTO_TEST_CASE(thinking_needs_the_earlier_thought_beside_a_tools_result) {
  const std::string more = std::string(two_tools) + R"(,"thinking":{"type":"enabled","budget_tokens":1024})";
  const std::string results = R"(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"a"},{"type":"tool_result","tool_use_id":"toolu_2","content":"b"}]})";
  refuses(with(std::string(called) + results, more), "Expected `thinking` or `redacted_thinking`, but found `tool_use`");
  BOOST_TEST(say(with(std::string(called) + results, std::string(two_tools) + R"(,"thinking":{"type":"adaptive"})")).status == 200);
}

BOOST_AUTO_TEST_CASE(cached_tokens_are_written_first_and_read_in_a_later_turn) {
  const std::string system = R"("system":[{"type":"text","text":"A long manual of signals","cache_control":{"type":"ephemeral"}}])";
  const json::value first = body_of(say(with(hello, system))).at("usage");
  const json::value later = body_of(say(with(std::string(hello) + R"(,{"role":"assistant","content":"Hi"},{"role":"user","content":"More"})", system))).at("usage");
  BOOST_TEST(first.at("cache_creation_input_tokens").to_number<int>() == 5);
  BOOST_TEST(first.at("cache_read_input_tokens").to_number<int>() == 0);
  BOOST_TEST(later.at("cache_read_input_tokens").to_number<int>() == 5);
  BOOST_TEST(later.at("cache_creation_input_tokens").to_number<int>() == 0);
}

BOOST_AUTO_TEST_CASE(stop_sequences_and_length_are_told_apart) {
  const json::value stopped = body_of(say(with(hello, R"("stop_sequences":["signals"])")));
  BOOST_TEST(text(stopped.at("stop_reason")) == "stop_sequence");
  BOOST_TEST(text(stopped.at("stop_sequence")) == "signals");
  BOOST_TEST(text(body_of(say(R"({"model":"small","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]})")).at("stop_reason")) == "max_tokens");
}

BOOST_AUTO_TEST_CASE(every_call_is_answered_in_the_next_message) {
  const std::string history(called);
  refuses(with(history, two_tools), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1, toolu_2");
  refuses(with(history + R"(,{"role":"user","content":"never mind"})", two_tools), "toolu_1, toolu_2");
  refuses(with(history + R"(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"a"}]})", two_tools), "immediately after: toolu_2.");
  refuses(with(history + R"(,{"role":"user","content":[{"type":"text","text":"see"},{"type":"tool_result","tool_use_id":"toolu_1"},{"type":"tool_result","tool_use_id":"toolu_2"}]})", two_tools), "toolu_1");
  refuses(with(std::string(hello) + R"(,{"role":"assistant","content":"x"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_9"}]})"), "unexpected `tool_use_id` found in `tool_result` blocks: toolu_9");
  const json::value fine = body_of(say(with(history + R"(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"up"}]},
    {"type":"tool_result","tool_use_id":"toolu_1","content":"rain","is_error":true}]})", two_tools)));
  BOOST_TEST(text(fine.at("content").at(0).at("text")) == "get_stock says: up\nget_weather says: rain");
}

BOOST_AUTO_TEST_CASE(wrong_requests_are_refused_as_the_real_api_refuses_them) {
  refuses("", "not valid JSON");
  refuses(R"({"max_tokens":1,"messages":[{"role":"user","content":"x"}]})", "model: Field required");
  refuses(R"({"model":"m","messages":[{"role":"user","content":"x"}]})", "max_tokens: Field required");
  refuses(R"({"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]})", "max_tokens: Input should be greater than or equal to 1");
  refuses(with(""), "at least one message is required");
  refuses(with(hello, R"("temperature":1.5)"), "temperature: Input should be less than or equal to 1");
  refuses(with(hello, R"("n":2)"), "n: Extra inputs are not permitted");
  refuses(with(hello, R"("tools":[{"name":"a"}])"), "tools.0.custom.input_schema: Field required");
  refuses(with(hello, R"("tools":[{"name":"a b","input_schema":{"type":"object"}}])"), "tools.0.custom.name");
  refuses(with(hello, R"("tools":[{"type":"function","function":{"name":"a"}}])"), "Input tag 'function'");
  refuses(with(hello, R"("tool_choice":{"type":"any"})"), "may only be specified while providing tools");
  refuses(with(hello, std::string(two_tools) + R"(,"tool_choice":{"type":"tool","name":"ghost"})"), "Tool 'ghost' not found");
  refuses(with(hello, R"("thinking":{"type":"enabled","budget_tokens":100})"), "greater than or equal to 1024");
  refuses(with(hello, R"("thinking":{"type":"enabled","budget_tokens":2000})"), "`max_tokens` must be greater than");
  refuses(with(hello, R"("temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024})"), "may only be set to 1");
  refuses(with(R"({"role":"system","content":"x"})"), "top-level `system` parameter");
  refuses(with(R"({"role":"tool","content":"x"})"), "Unexpected role \"tool\"");
  refuses(with(R"({"role":"user","content":""})"), "non-empty content");
  refuses(with(R"({"role":"user","content":[{"type":"text","text":""}]})"), "text content blocks must be non-empty");
  refuses(with(R"({"role":"user","content":[{"type":"input_text","text":"x"}]})"), "messages.0.content.0: Input tag 'input_text'");
  refuses(with(R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/bmp","data":"AAAA"}}]})"), "media_type");
  refuses(with(R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"data:image/png;base64,AAAA"}}]})"), "Invalid base64 data");
  refuses(with(std::string(hello) + R"(,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":"{}"}]})"), "input: Input should be a valid dictionary");
  refuses(with(std::string(hello) + R"(,{"role":"assistant","content":"I say "})"), "trailing whitespace");
  refuses(with(hello, R"("system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}},
    {"type":"text","text":"c","cache_control":{"type":"ephemeral"}},{"type":"text","text":"d","cache_control":{"type":"ephemeral"}},{"type":"text","text":"e","cache_control":{"type":"ephemeral"}}])"),
          "A maximum of 4 blocks with cache_control");
}

BOOST_AUTO_TEST_CASE(images_documents_and_plain_text_are_read) {
  BOOST_TEST(say(with(R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
    {"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"},"title":"t"},{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},
    {"type":"text","text":"what?"}]})")).status == 200);
}

BOOST_AUTO_TEST_CASE(tokens_are_counted_without_max_tokens) {
  const sy::reply r = ask({.path = "/v1/messages/count_tokens", .body = R"({"model":"m","messages":[{"role":"user","content":"Hello signals"}]})", .headers = version});
  BOOST_TEST(body_of(r).at("input_tokens").to_number<int>() == 6);
}

BOOST_AUTO_TEST_CASE(models_are_anthropics_only_with_its_version_header) {
  const json::value v = body_of(ask({.path = "/v1/models", .headers = version, .query = "limit=2", .method = "GET"}));
  BOOST_TEST(v.at("data").as_array().size() == 2u);
  BOOST_TEST(v.at("has_more").as_bool());
  BOOST_TEST(text(v.at("last_id")) == "medium");
  BOOST_TEST(text(body_of(ask({.path = "/v1/models/small", .headers = version, .method = "GET"})).at("type")) == "model");
  const sy::reply ghost = ask({.path = "/v1/models/ghost", .headers = version, .method = "GET"});
  BOOST_TEST(ghost.status == 404);
  BOOST_TEST(text(body_of(ghost).at("error").at("type")) == "not_found_error");
  BOOST_TEST(text(body_of(ask({.path = "/v1/models", .method = "GET"})).at("object")) == "list");
}

BOOST_AUTO_TEST_CASE(a_key_and_a_version_are_asked_for) {
  static const sy::model_list models;
  const auto admit = [&](std::vector<switchyard::header> headers, const sy::key_ring& keys = sy::key_ring()) {
    const sy::call asked{"POST", messages, "{}", models, now, {}, headers};
    const auto refused = sy::find_route(asked).spoken->admit(asked, keys);
    return refused ? refused->status : 200;
  };
  BOOST_TEST(admit({{"anthropic-version", "2023-06-01"}}) == 401);
  BOOST_TEST(admit({{"x-api-key", "k"}}) == 400);
  BOOST_TEST(admit({{"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}}) == 200);
  BOOST_TEST(admit({{"authorization", "Bearer k"}, {"anthropic-version", "2023-06-01"}}) == 200);
  BOOST_TEST(admit({{"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}}, sy::key_ring({"other"})) == 401);
}

BOOST_AUTO_TEST_SUITE_END()
