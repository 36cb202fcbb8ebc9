#include "tests/sim/probe.hpp"
#include "tools/sim/tokens.hpp"

#include <cmath>

BOOST_AUTO_TEST_SUITE(openai)

namespace json = boost::json;
namespace sy = switchyard::sim;
namespace testing = switchyard::sim::testing;
using testing::body_of;
using testing::events_of;

namespace {

sy::reply ask(std::string_view path, std::string_view body, std::string_view method = "POST") {
  return testing::ask({.path = path, .body = body, .method = method});
}

constexpr std::string_view chat = "/v1/chat/completions";
constexpr std::string_view weather = R"("tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object",
  "properties":{"city":{"type":"string"},"unit":{"enum":["c","f"]}},"required":["city"]}}}])";

}  // namespace

BOOST_AUTO_TEST_CASE(a_chat_answer_has_usage_that_adds_up) {
  const auto v = body_of(ask(chat, R"({"model":"small","messages":[{"role":"user","content":"Hello signals"}]})"));
  BOOST_TEST(v.at("object").as_string() == "chat.completion");
  BOOST_TEST(v.at("choices").at(0).at("finish_reason").as_string() == "stop");
  const auto& usage = v.at("usage");
  BOOST_TEST(usage.at("total_tokens").to_number<int>() == usage.at("prompt_tokens").to_number<int>() + usage.at("completion_tokens").to_number<int>());
  BOOST_TEST(usage.at("completion_tokens").to_number<std::size_t>() == sy::count_tokens(v.at("choices").at(0).at("message").at("content").as_string()));
}

BOOST_AUTO_TEST_CASE(a_stream_says_what_the_whole_answer_says) {
  const auto whole = body_of(ask(chat, R"({"model":"m","messages":[{"role":"user","content":"Hello signals"}]})"));
  const auto streamed = ask(chat, R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hello signals"}]})");
  std::string text;
  const auto events = events_of(streamed);
  for (const auto& e : events) {
    for (const auto& c : e.at("choices").as_array()) {
      if (c.at("delta").as_object().contains("content")) text += c.at("delta").at("content").as_string();
    }
  }
  BOOST_TEST(text == std::string(whole.at("choices").at(0).at("message").at("content").as_string()));
  BOOST_TEST(events.back().at("usage") == whole.at("usage"));
  BOOST_TEST(events.back().at("choices").as_array().empty());
  BOOST_TEST(streamed.last == "data: [DONE]\n\n");
}

BOOST_AUTO_TEST_CASE(max_tokens_cuts_and_says_length) {
  const auto v = body_of(ask(chat, R"({"model":"m","max_tokens":3,"messages":[{"role":"user","content":"Hello"}]})"));
  BOOST_TEST(v.at("choices").at(0).at("finish_reason").as_string() == "length");
  BOOST_TEST(v.at("usage").at("completion_tokens").to_number<int>() == 3);
}

BOOST_AUTO_TEST_CASE(n_choices_differ_and_stop_cuts_before_the_stop) {
  const auto v = body_of(ask(chat, R"({"model":"m","n":3,"stop":["."],"messages":[{"role":"user","content":"Hello wide world"}]})"));
  BOOST_TEST(v.at("choices").as_array().size() == 3u);
  for (const auto& c : v.at("choices").as_array()) BOOST_TEST(c.at("message").at("content").as_string().find('.') == json::string::npos);
}

BOOST_AUTO_TEST_CASE(a_prompt_that_mentions_a_tool_gets_a_call) {
  const auto v = body_of(ask(chat, R"({"model":"m","messages":[{"role":"user","content":"What is the weather in Oslo?"}],)" + std::string(weather) + "}"));
  const auto& choice = v.at("choices").at(0);
  BOOST_TEST(choice.at("finish_reason").as_string() == "tool_calls");
  const auto& function = choice.at("message").at("tool_calls").at(0).at("function");
  BOOST_TEST(function.at("name").as_string() == "get_weather");
  BOOST_TEST(json::parse(function.at("arguments").as_string()).at("city").as_string() == "Oslo");
}

BOOST_AUTO_TEST_CASE(tools_unmentioned_are_left_alone_unless_required) {
  const std::string plain = R"({"model":"m","messages":[{"role":"user","content":"Say hello"}],)" + std::string(weather);
  BOOST_TEST(body_of(ask(chat, plain + "}")).at("choices").at(0).at("finish_reason").as_string() == "stop");
  BOOST_TEST(body_of(ask(chat, plain + R"(,"tool_choice":"required"})")).at("choices").at(0).at("finish_reason").as_string() == "tool_calls");
  BOOST_TEST(ask(chat, plain + R"(,"tool_choice":{"type":"function","function":{"name":"other"}}})").status == 400);
}

BOOST_AUTO_TEST_CASE(a_tools_result_is_answered_in_text) {
  const auto v = body_of(ask(chat, R"({"model":"m","messages":[{"role":"user","content":"weather in Oslo?"},
    {"role":"assistant","tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"call_1","content":"7 degrees"}],)" + std::string(weather) + "}"));
  BOOST_TEST(v.at("choices").at(0).at("message").at("content").as_string() == "get_weather says: 7 degrees");
}

BOOST_AUTO_TEST_CASE(a_call_without_its_result_is_refused) {
  const std::string called = R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[
    {"id":"call_1","type":"function","function":{"name":"a","arguments":"{}"}},{"id":"call_2","type":"function","function":{"name":"b","arguments":"{}"}}]})";
  const std::string one = called + R"(,{"role":"tool","tool_call_id":"call_1","content":"x"})";
  BOOST_TEST(ask(chat, one + "]}").status == 400);
  BOOST_TEST(ask(chat, one + R"(,{"role":"user","content":"and?"}]})").status == 400);
  BOOST_TEST(ask(chat, one + R"(,{"role":"tool","tool_call_id":"call_3","content":"x"}]})").status == 400);
  BOOST_TEST(ask(chat, one + R"(,{"role":"tool","tool_call_id":"call_2","content":"y"}]})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_prompt_that_names_two_tools_gets_two_calls_that_grow_side_by_side) {
  const auto r = ask(chat, R"({"model":"m","stream":true,"messages":[{"role":"user","content":"Compare the weather and the stock in Oslo"}],"tools":[
    {"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},
    {"type":"function","function":{"name":"get_stock","parameters":{"type":"object","properties":{"place":{"type":"string"}}}}}]})");
  std::string arguments[2];
  std::vector<std::int64_t> order;
  for (const auto& e : events_of(r)) {
    const auto& delta = e.at("choices").at(0).at("delta").as_object();
    if (!delta.contains("tool_calls")) continue;
    const auto& piece = delta.at("tool_calls").at(0);
    order.push_back(piece.at("index").as_int64());
    arguments[order.back()] += piece.at("function").at("arguments").as_string();
  }
  for (const std::string& each : arguments) BOOST_TEST(json::parse(each).is_object());
  const std::vector<std::int64_t> begun(order.begin(), order.begin() + 6);
  BOOST_TEST(begun == (std::vector<std::int64_t>{0, 1, 0, 1, 0, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(structured_output_fits_its_schema) {
  const auto v = body_of(ask(chat, R"({"model":"m","messages":[{"role":"user","content":"Plan a trip"}],"response_format":{"type":"json_schema",
    "json_schema":{"name":"trip","strict":true,"schema":{"type":"object","required":["days","place"],"properties":{"days":{"type":"integer"},"place":{"type":"string"}}}}}})"));
  const auto made = json::parse(v.at("choices").at(0).at("message").at("content").as_string());
  BOOST_TEST(made.at("days").is_int64());
  BOOST_TEST(made.at("place").is_string());
}

BOOST_AUTO_TEST_CASE(bad_bodies_are_refused_in_openais_shape) {
  for (const std::string_view body : {"", "{", "[]", R"({"messages":[]})", R"({"model":"m"})", R"({"model":"m","messages":[]})", R"({"model":"m","messages":"hi"})",
                                      R"({"model":"m","messages":[{"role":"ghost","content":"x"}]})", R"({"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]})"}) {
    const sy::reply r = ask(chat, body);
    BOOST_TEST(r.status == 400);
    BOOST_TEST(body_of(r).at("error").at("type").as_string() == "invalid_request_error");
  }
}

BOOST_AUTO_TEST_CASE(responses_events_are_numbered_and_end_with_the_response) {
  const auto r = ask("/v1/responses", R"({"model":"m","input":"Hello signals","stream":true})");
  const auto events = events_of(r);
  for (std::size_t i = 0; i < events.size(); ++i) BOOST_TEST(events[i].at("sequence_number").to_number<std::size_t>() == i);
  BOOST_TEST(events.front().at("type").as_string() == "response.created");
  BOOST_TEST(events.back().at("type").as_string() == "response.completed");
  std::string text;
  for (const auto& e : events) {
    if (e.at("type").as_string() == "response.output_text.delta") text += e.at("delta").as_string();
  }
  BOOST_TEST(std::string(events.back().at("response").at("output").at(0).at("content").at(0).at("text").as_string()) == text);
  BOOST_TEST(r.last.empty());
}

BOOST_AUTO_TEST_CASE(embeddings_are_unit_vectors_and_near_for_like_texts) {
  const auto v = body_of(ask("/v1/embeddings", R"({"model":"e","input":["the red train stops here","the red train stops there","quantum chromodynamics"],"dimensions":64})"));
  std::vector<std::vector<double>> vectors;
  for (const auto& entry : v.at("data").as_array()) {
    std::vector<double> vector;
    for (const auto& x : entry.at("embedding").as_array()) vector.push_back(x.to_number<double>());
    vectors.push_back(std::move(vector));
  }
  const auto dot = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < 64; ++i) sum += vectors[a][i] * vectors[b][i];
    return sum;
  };
  BOOST_TEST(std::abs(dot(0, 0) - 1) < 1e-5);
  BOOST_TEST(dot(0, 1) > dot(0, 2) + 0.3);
}

BOOST_AUTO_TEST_CASE(base64_embeddings_carry_four_bytes_a_dimension) {
  const auto v = body_of(ask("/v1/embeddings", R"({"model":"e","input":"x","dimensions":3,"encoding_format":"base64"})"));
  BOOST_TEST(v.at("data").at(0).at("embedding").as_string().size() == 16u);
}

BOOST_AUTO_TEST_CASE(models_are_listed_and_unknown_ones_are_404) {
  BOOST_TEST(body_of(ask("/v1/models", "", "GET")).at("data").as_array().size() == 3u);
  BOOST_TEST(ask("/v1/models/small", "", "GET").status == 200);
  BOOST_TEST(ask("/v1/models/ghost", "", "GET").status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
