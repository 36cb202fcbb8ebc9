#include "tests/sim/probe.hpp"
#include "tools/sim/key_ring.hpp"

namespace json = boost::json;
namespace sy = switchyard::sim;
using namespace switchyard::sim::testing;

namespace {

sy::reply say(std::string_view body) { return ask({.path = "/v2/chat", .body = body}); }
sy::reply embed(std::string_view more) { return ask({.path = "/v2/embed", .body = R"({"model":"embed-v4.0",)" + std::string(more) + "}"}); }

/// A request around these messages, with more fields.
std::string with(std::string_view list, std::string_view more = {}) {
  return R"({"model":"command-a-03-2025","messages":[)" + std::string(list) + "]" + (more.empty() ? "" : ",") + std::string(more) + "}";
}

constexpr std::string_view hello = R"({"role":"user","content":"Hello signals"})";
constexpr std::string_view both = R"({"role":"user","content":"weather and stock in Oslo"})";
constexpr std::string_view two_tools = R"("tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}},
  {"type":"function","function":{"name":"get_stock","description":"d","parameters":{"type":"object","properties":{"place":{"type":"string"}}}}}])";
constexpr std::string_view called = R"({"role":"user","content":"weather?"},{"role":"assistant","tool_plan":"I will look.","tool_calls":[{"id":"get_weather_1","type":"function",
  "function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}]})";

void refuses(const std::string& body, std::string_view because, int status = 400) {
  const sy::reply r = say(body);
  BOOST_TEST_CONTEXT(body) {
    BOOST_TEST(r.status == status);
    const json::value v = body_of(r);
    BOOST_REQUIRE(v.as_object().contains("message"));
    BOOST_TEST(text(v.at("message")).find(because) != std::string::npos, text(v.at("message")) << " lacks: " << because);
  }
}

/// What a stream's events amount to: the message of a whole answer.
json::object joined(const std::vector<json::value>& events) {
  json::object message{{"role", "assistant"}};
  for (const json::value& e : events) {
    const std::string type = text(e.at("type"));
    if (type == "message-start" || type.ends_with("-end")) continue;
    const json::object& delta = e.at("delta").at("message").as_object();
    const auto append = [](json::value& to, const json::value& more) { to = (to.is_string() ? text(to) : std::string()) + text(more); };
    if (type == "tool-plan-delta") append(message["tool_plan"], delta.at("tool_plan"));
    const std::string_view list = type.starts_with("content") ? "content" : "tool_calls";
    if (type == "content-start" || type == "tool-call-start") {
      if (!message.contains(list)) message[list] = json::array();
      BOOST_TEST(e.at("index").to_number<std::size_t>() == message[list].as_array().size());
      message[list].as_array().push_back(delta.at(list));
    } else if (type == "content-delta") {
      for (const auto& [name, piece] : delta.at("content").as_object()) append(message["content"].as_array().back().as_object()[name], piece);
    } else if (type == "tool-call-delta") {
      append(message["tool_calls"].as_array().back().at("function").as_object()["arguments"], delta.at("tool_calls").at("function").at("arguments"));
    }
  }
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cohere)

BOOST_AUTO_TEST_CASE(a_message_is_answered_and_more_tokens_are_counted_than_billed) {
  const sy::reply r = say(with(R"({"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hello"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]})"));
  const json::value v = body_of(r);
  BOOST_TEST(text(v.at("finish_reason")) == "COMPLETE");
  BOOST_TEST(!text(v.at("message").at("content").at(0).at("text")).empty());
  BOOST_TEST(!v.at("message").as_object().contains("tool_calls"));
  const json::value& billed = v.at("usage").at("billed_units");
  BOOST_TEST(billed.at("input_tokens").to_number<std::size_t>() == r.input_tokens);
  BOOST_TEST(billed.at("output_tokens").to_number<std::size_t>() == r.output_tokens);
  BOOST_TEST(v.at("usage").at("tokens").at("input_tokens").to_number<std::size_t>() > r.input_tokens);
  BOOST_TEST(text(v.at("id")).size() == 36u);
}

BOOST_AUTO_TEST_CASE(a_stream_says_what_the_whole_message_says) {
  for (const std::string& more : {std::string(), std::string(R"("thinking":{"type":"enabled","token_budget":100})"), std::string(two_tools)}) {
    const json::value whole = body_of(say(with(both, more)));
    const sy::reply streamed = say(with(both, more + (more.empty() ? "" : ",") + R"("stream":true)"));
    const auto events = events_of(streamed);
    BOOST_TEST(text(events.front().at("type")) == "message-start");
    BOOST_TEST(events.front().at("id") == whole.at("id"));
    json::value all(joined(events));
    BOOST_TEST((all == whole.at("message")), json::serialize(all) << " is not " << json::serialize(whole.at("message")));
    const json::value last = json::parse(streamed.last.substr(streamed.last.find("data: ") + 6));
    BOOST_TEST(text(last.at("type")) == "message-end");
    BOOST_TEST(last.at("delta").at("finish_reason") == whole.at("finish_reason"));
    BOOST_TEST((last.at("delta").at("usage") == whole.at("usage")));
  }
}

BOOST_AUTO_TEST_CASE(tools_are_called_after_a_plan_and_their_results_are_used) {
  const json::value v = body_of(say(with(both, two_tools)));
  BOOST_TEST(text(v.at("finish_reason")) == "TOOL_CALL");
  BOOST_TEST(v.at("message").at("tool_calls").as_array().size() == 2u);
  BOOST_TEST(!text(v.at("message").at("tool_plan")).empty());
  BOOST_TEST(!v.at("message").as_object().contains("content"));
  const json::value after = body_of(say(with(std::string(called) + R"(,{"role":"tool","tool_call_id":"get_weather_1","content":"seven degrees"})", two_tools)));
  BOOST_TEST(text(after.at("message").at("content").at(0).at("text")).find("seven degrees") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tool_choice_forces_or_forbids) {
  const auto chosen = [&](std::string_view choice) { return body_of(say(with(hello, std::string(two_tools) + ",\"tool_choice\":\"" + std::string(choice) + '"'))).at("finish_reason"); };
  BOOST_TEST(text(chosen("REQUIRED")) == "TOOL_CALL");
  BOOST_TEST(text(chosen("NONE")) == "COMPLETE");
}

BOOST_AUTO_TEST_CASE(stops_lengths_and_schemas_are_honoured) {
  BOOST_TEST(text(body_of(say(with(hello, R"("max_tokens":3)"))).at("finish_reason")) == "MAX_TOKENS");
  BOOST_TEST(text(body_of(say(with(hello, R"("stop_sequences":["."])"))).at("finish_reason")) == "STOP_SEQUENCE");
  const json::value v = body_of(say(with(hello, R"("response_format":{"type":"json_object","json_schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}})")));
  BOOST_TEST(json::parse(text(v.at("message").at("content").at(0).at("text"))).at("a").is_int64());
}

BOOST_AUTO_TEST_CASE(a_field_that_cohere_does_not_know_is_refused) {
  refuses(with(hello, R"("max_completion_tokens":5)"), "unknown field: parameter 'max_completion_tokens' is not a valid field", 422);
  refuses(with(R"({"role":"user","content":"x","name":"n"})"), "parameter 'name'", 422);
  refuses(with(hello, R"("tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object"}}}])"), "parameter 'strict'", 422);
  refuses(with(hello, R"("thinking":{"type":"enabled","budget_tokens":5})"), "parameter 'budget_tokens'", 422);
}

BOOST_AUTO_TEST_CASE(values_out_of_range_are_refused) {
  refuses(with(hello, R"("p":1)"), "p must be");
  refuses(with(hello, R"("frequency_penalty":1.5)"), "frequency_penalty must be");
  refuses(with(hello, R"("k":501)"), "k must be");
  refuses(with(hello, R"("stop_sequences":["a","b","c","d","e","f"])"), "stop_sequences");
  refuses(with(hello, R"("tool_choice":"REQUIRED")"), "tool_choice needs tools");
  refuses(with(hello, std::string(two_tools) + R"(,"tool_choice":"auto")"), "tool_choice must be");
  refuses(with(hello, R"("stream":"yes")"), "stream must be");
  refuses(with(hello, R"("response_format":{"type":"json_schema"})"), "response_format");
  refuses(with(hello, R"("tools":[{"type":"function","function":{"name":"f"}}])"), "parameters of tools");
}

BOOST_AUTO_TEST_CASE(conversations_that_do_not_hold_together_are_refused) {
  refuses(with(""), "messages must be");
  refuses(with(R"({"role":"developer","content":"x"})"), "role must be");
  refuses(with(R"({"role":"user","content":""})"), "at least 1 token");
  refuses(with(R"({"role":"assistant"})"), "content or tool_calls");
  refuses(with(R"({"role":"user","content":[{"type":"input_audio"}]})"), "content of type 'input_audio'");
  refuses(with(std::string(called), two_tools), "followed by its tool message");
  refuses(with(std::string(called) + "," + std::string(hello), two_tools), "followed by its tool message");
  refuses(with(std::string(called) + R"(,{"role":"tool","tool_call_id":"other","content":"x"})", two_tools), "tool_call_id 'other'");
  refuses(R"({"messages":[]})", "model is required");
  refuses("[]", "no JSON object");
}

BOOST_AUTO_TEST_CASE(texts_are_embedded_if_it_is_said_what_for) {
  const sy::reply r = embed(R"("texts":["one train","two trains"],"input_type":"search_query","embedding_types":["float"],"output_dimension":512)");
  const json::value v = body_of(r);
  BOOST_TEST(v.at("embeddings").at("float").as_array().size() == 2u);
  BOOST_TEST(v.at("embeddings").at("float").at(0).as_array().size() == 512u);
  BOOST_TEST(v.at("meta").at("billed_units").at("input_tokens").to_number<std::size_t>() == r.input_tokens);
  for (const std::string_view wrong : {R"("texts":["a"],"embedding_types":["float"])", R"("texts":[],"input_type":"search_query","embedding_types":["float"])",
                                       R"("texts":["a"],"input_type":"search_query")", R"("texts":["a"],"input_type":"search_query","embedding_types":["float"],"output_dimension":32)",
                                       R"("texts":["a"],"input_type":"search_query","embedding_types":["float"],"truncate":true)", R"("texts":[1],"input_type":"search_query","embedding_types":["float"])"})
    BOOST_TEST(embed(wrong).status == 400, wrong);
  BOOST_TEST(embed(R"("texts":["a"],"input_type":"search_query","embedding_types":["float"],"user":"u")").status == 422);
}

BOOST_AUTO_TEST_CASE(only_a_known_bearer_comes_in) {
  const sy::key_ring keys({"k"});
  const auto admitted = [&](std::vector<switchyard::header> headers) {
    static const sy::model_list models;
    const sy::call asked{"POST", "/v2/chat", "{}", models, now, {}, headers};
    return sy::find_route(asked).spoken->admit(asked, keys);
  };
  BOOST_TEST(!admitted({{"authorization", "Bearer k"}}));
  BOOST_TEST(admitted({{"authorization", "Bearer x"}})->status == 401);
  BOOST_TEST(admitted({{"x-api-key", "k"}})->status == 401);
}

BOOST_AUTO_TEST_SUITE_END()
