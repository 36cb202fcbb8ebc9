#include "tests/sim/probe.hpp"
#include "tools/sim/event_frames.hpp"

BOOST_AUTO_TEST_SUITE(wires)

namespace json = boost::json;
namespace sy = switchyard::sim;
using namespace switchyard::sim::testing;

namespace {

sy::call a_call(std::string_view method, std::string_view path, std::span<const switchyard::header> headers = {}) {
  static const sy::model_list models;
  return {method, path, "{}", models, now, {}, headers};
}

std::string_view header_of(const sy::reply& r, std::string_view name) {
  for (const auto& [key, value] : r.headers) {
    if (key == name) return value;
  }
  return {};
}

const std::pair<std::string_view, std::string_view> a_path_of_each[] = {
    {"openai", "/v1/chat/completions"}, {"anthropic", "/v1/messages"}, {"gemini", "/v1beta/models/m:generateContent"}, {"bedrock", "/model/m/converse"}, {"cohere", "/v2/chat"}};

}  // namespace

BOOST_AUTO_TEST_CASE(every_path_finds_its_wire_and_unknown_ones_the_likeliest) {
  for (const auto& [name, path] : a_path_of_each) {
    const sy::found_route found = sy::find_route(a_call("POST", path));
    BOOST_TEST(found.spoken->name == name);
    BOOST_TEST(found.route != nullptr);
    BOOST_TEST(sy::find_route(a_call("DELETE", path)).known_path);
    BOOST_TEST(sy::find_route(a_call("DELETE", path)).route == nullptr);
  }
  const switchyard::header version[] = {{"anthropic-version", "2023-06-01"}};
  BOOST_TEST(sy::find_route(a_call("GET", "/v1/models", version)).spoken->name == "anthropic");
  BOOST_TEST(sy::find_route(a_call("GET", "/v1/models")).spoken->name == "openai");
  BOOST_TEST(sy::find_route(a_call("GET", "/v1/nowhere", version)).spoken->name == "anthropic");
  BOOST_TEST(sy::find_route(a_call("POST", "/v1beta/nowhere")).spoken->name == "gemini");
  BOOST_TEST(sy::find_route(a_call("POST", "/model/m/invoke")).spoken->name == "bedrock");
  BOOST_TEST(sy::find_route(a_call("POST", "/v2/rerank")).spoken->name == "cohere");
  BOOST_TEST(sy::find_route(a_call("POST", "/nowhere")).spoken->name == "openai");
  BOOST_TEST(sy::find_route(a_call("POST", "/model//converse")).route == nullptr);
}

BOOST_AUTO_TEST_CASE(each_wire_limits_rates_with_its_own_words_and_headers) {
  const auto limited = [](std::string_view path) {
    const sy::call asked = a_call("POST", path);
    return sy::find_route(asked).spoken->refuse({.what = sy::trouble::rate_limited, .retry_after_s = 7}, asked);
  };
  for (const auto& [name, path] : a_path_of_each) BOOST_TEST(limited(path).status == 429);
  BOOST_TEST(header_of(limited("/v1/chat/completions"), "x-ratelimit-reset-requests") == "7s");
  BOOST_TEST(header_of(limited("/v1/messages"), "retry-after") == "7");
  BOOST_TEST(header_of(limited("/v1/messages"), "anthropic-ratelimit-requests-reset") == "2015-08-30T12:36:07Z");
  BOOST_TEST(text(body_of(limited("/v1/messages")).at("error").at("type")) == "rate_limit_error");
  const json::value google = body_of(limited("/v1beta/models/m:generateContent")).at("error");
  BOOST_TEST(text(google.at("status")) == "RESOURCE_EXHAUSTED");
  BOOST_TEST(text(google.at("details").at(1).at("retryDelay")) == "7s");
  BOOST_TEST(header_of(limited("/model/m/converse"), "x-amzn-errortype").starts_with("ThrottlingException:"));
  BOOST_TEST(header_of(limited("/v2/chat"), "retry-after") == "7");
}

BOOST_AUTO_TEST_CASE(keys_and_quotas_are_refused_with_each_wires_own_status) {
  const auto status = [](std::string_view path, sy::trouble what) {
    const sy::call asked = a_call("POST", path);
    return sy::find_route(asked).spoken->refuse({.what = what, .message = "the words"}, asked);
  };
  const int unauthorized[] = {401, 401, 400, 403, 401}, out_of_quota[] = {429, 400, 429, 400, 402};
  for (std::size_t i = 0; i < std::size(a_path_of_each); ++i) {
    BOOST_TEST(status(a_path_of_each[i].second, sy::trouble::unauthorized).status == unauthorized[i]);
    BOOST_TEST(status(a_path_of_each[i].second, sy::trouble::out_of_quota).status == out_of_quota[i]);
    BOOST_TEST(status(a_path_of_each[i].second, sy::trouble::unauthorized).body.find("the words") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_breaks_off_in_its_wires_own_shape) {
  const auto break_off = [](std::string_view path, std::string_view body, std::string_view query = {}) {
    const switchyard::header version[] = {{"anthropic-version", "2023-06-01"}};
    static const sy::model_list models;
    const sy::call asked{"POST", path, body, models, now, query, version};
    const sy::found_route found = sy::find_route(asked);
    return found.spoken->break_off({.status = 503}, found.route->answer(asked), 2);
  };
  constexpr std::string_view chat = R"({"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"x"}]})";
  constexpr std::string_view contents = R"({"contents":[{"parts":[{"text":"x"}]}]})";
  BOOST_TEST(break_off("/v1/chat/completions", chat).starts_with("data: {\"error\":"));
  BOOST_TEST(break_off("/v1/responses", R"({"model":"m","stream":true,"input":"x"})").starts_with("event: error\ndata: {\"type\":\"error\""));
  BOOST_TEST(break_off("/v1/messages", chat).starts_with("event: error\ndata: {\"type\":\"error\""));
  BOOST_TEST(break_off("/v1beta/models/m:streamGenerateContent", contents, "alt=sse").starts_with("data: {\"error\":{\"code\":503"));
  BOOST_TEST(break_off("/v1beta/models/m:streamGenerateContent", contents).starts_with(",\r\n{\"error\""));
  const std::string ended = break_off("/v2/chat", R"({"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]})");
  BOOST_TEST(ended.find(R"("finish_reason":"ERROR")") != std::string::npos);
  BOOST_TEST(ended.find("Overloaded") != std::string::npos);
  const std::string frame = break_off("/model/m/converse-stream", R"({"messages":[{"role":"user","content":[{"text":"x"}]}]})");
  BOOST_TEST(frame == sy::exception_frame("serviceUnavailableException", R"({"message":"Overloaded"})"));
}

BOOST_AUTO_TEST_CASE(escapes_in_paths_and_queries_are_undone) {
  BOOST_TEST(sy::percent_decoded("us.a%3A0") == "us.a:0");
  BOOST_TEST(sy::percent_decoded("50%") == "50%");
  BOOST_TEST(sy::percent_decoded("%zz%4") == "%zz%4");
  BOOST_TEST(sy::query_value("a=1&key=x%20y&b", "key") == "x y");
  BOOST_TEST(sy::query_value("a=1&b", "b").empty());
}

BOOST_AUTO_TEST_SUITE_END()
