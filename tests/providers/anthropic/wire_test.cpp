#include "tests/providers/anthropic/samples.hpp"

BOOST_AUTO_TEST_SUITE(anthropic_wires)

using namespace switchyard;
using namespace switchyard::providers;
using test::padded_body;

namespace {

const wire& format() { return *find_wire(config::wire_format::anthropic); }

const std::string hello = R"("max_tokens":9,"messages":[{"role":"user","content":"hi"}])";

struct sent {
  upstream_request request;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const {
    for (const auto& [n, value] : request.headers)
      if (n == name) return value;
    return "(none)";
  }
};

sent encode(const std::string& body, const std::string& base_url = "https://api.anthropic.com", const std::string& key = "sk-ant-api03-x",
            api operation = api::messages) {
  const padded_body text(body);
  auto read = anthropic_ingress().parse(operation, text.view());
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.failure().message));
  config::key_config with;
  with.value = secret(key);
  sent out;
  out.request = format().encode(*read, {base_url, "claude-opus-4-8", &with, nullptr});
  out.body = test::joined(out.request);
  return out;
}

failure judge(int status, const std::string& body, std::vector<header> headers = {}) {
  return format().classify(status, headers, body, wall_time{}, "sk-ant-api03-secret");
}
std::string error_of(const std::string& type, const std::string& message) {
  return R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message + R"("},"request_id":"req_1"})";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_body_that_needs_no_change_is_sent_as_one_view_of_itself) {
  const std::string body = " {\"model\" : \"claude-opus-4-8\",\t\"betas_of_tomorrow\":{\"z\":1.50}, " + hello + " }\n";
  const auto out = encode(body);
  BOOST_TEST(out.body == body);
  BOOST_TEST(out.request.body.size() == 1u);
}

BOOST_AUTO_TEST_CASE(only_the_models_bytes_and_our_fallbacks_change) {
  BOOST_TEST(encode(R"({"model": "anthropic/claude-opus-4-8","fallbacks":["a/b"],)" + hello + "}").body ==
             R"({"model": "claude-opus-4-8",)" + hello + "}");
}

BOOST_AUTO_TEST_CASE(paths_begin_with_the_version_once) {
  const auto body = R"({"model":"claude-opus-4-8",)" + hello + "}";
  BOOST_TEST(encode(body).request.path == "/v1/messages");
  BOOST_TEST(encode(body, "https://api.anthropic.com/v1/").request.path == "/v1/messages");
  BOOST_TEST(encode(body, "https://api.deepseek.com/anthropic").request.path == "/anthropic/v1/messages");
  BOOST_TEST(encode(body, "https://h", "k", api::count_message_tokens).request.path == "/v1/messages/count_tokens");
}

BOOST_AUTO_TEST_CASE(a_key_and_an_oauth_token_go_where_they_belong) {
  const auto body = R"({"model":"claude-opus-4-8","stream":true,)" + hello + "}";
  const auto with_key = encode(body);
  BOOST_TEST(with_key.header("x-api-key") == "sk-ant-api03-x");
  BOOST_TEST(with_key.header("authorization") == "(none)");
  BOOST_TEST(with_key.header("anthropic-version") == "2023-06-01");
  BOOST_TEST(with_key.header("accept") == "text/event-stream");
  const auto with_token = encode(body, "https://h", "sk-ant-oat01-y");
  BOOST_TEST(with_token.header("authorization") == "Bearer sk-ant-oat01-y");
  BOOST_TEST(with_token.header("x-api-key") == "(none)");
  BOOST_TEST(with_token.header("anthropic-beta") == "oauth-2025-04-20");
}

BOOST_AUTO_TEST_CASE(errors_mean_what_anthropic_says_they_mean) {
  const auto kind = [](int status, const std::string& type, const std::string& message = "m") {
    return judge(status, error_of(type, message)).kind;
  };
  BOOST_TEST((kind(429, "rate_limit_error") == failure_kind::rate_limited));
  BOOST_TEST((kind(529, "overloaded_error") == failure_kind::server_error));
  BOOST_TEST((kind(500, "api_error") == failure_kind::server_error));
  BOOST_TEST((kind(504, "timeout_error") == failure_kind::server_error));
  BOOST_TEST((kind(401, "authentication_error") == failure_kind::unauthorized));
  BOOST_TEST((kind(403, "permission_error") == failure_kind::unauthorized));
  BOOST_TEST((kind(403, "permission_error", "no access to this model") == failure_kind::request_refused));
  BOOST_TEST((kind(402, "billing_error") == failure_kind::quota_exhausted));
  BOOST_TEST((kind(400, "invalid_request_error", "Your credit balance is too low to access the API") == failure_kind::quota_exhausted));
  BOOST_TEST((kind(400, "invalid_request_error") == failure_kind::request_refused));
  BOOST_TEST((kind(404, "not_found_error") == failure_kind::request_refused));
  BOOST_TEST((kind(413, "request_too_large") == failure_kind::request_refused));
  BOOST_TEST((kind(302, "x") == failure_kind::bad_response));
  BOOST_TEST(judge(404, error_of("not_found_error", "model: x")).what.status == 404);
  BOOST_TEST(judge(529, error_of("overloaded_error", "Overloaded")).what.retryable);
}

BOOST_AUTO_TEST_CASE(a_recorded_refusal_goes_on_as_it_came_and_keys_never_do) {
  const auto body = test::anthropic::golden("error_400_effort.json");
  const auto refused = judge(400, body);
  BOOST_TEST(refused.body_for_client == body);
  BOOST_TEST(refused.what.message.starts_with("This model does not support effort level 'xhigh'."));
  const auto masked = judge(400, error_of("invalid_request_error", "bad key sk-ant-api03-secret"));
  BOOST_TEST(masked.what.message.find("secret") == std::string::npos);
  BOOST_TEST(masked.body_for_client.find("secret") == std::string::npos);
  BOOST_TEST(judge(502, "<html>bad gateway</html>").what.message == "the provider answered 502");
}

BOOST_AUTO_TEST_CASE(retry_after_is_obeyed) {
  BOOST_TEST(judge(429, error_of("rate_limit_error", "m"), {{"retry-after", "7"}}).retry_after.count() == 7000);
}

BOOST_AUTO_TEST_CASE(input_counts_what_caches_gave_and_took) {
  const auto read = format().inspect(api::messages, R"({"type":"message","content":[],"usage":{"input_tokens":3,
      "cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":5}})");
  BOOST_REQUIRE(read);
  BOOST_TEST(*read->input == 123);
  BOOST_TEST(*read->cached_input == 100);
  BOOST_TEST(*read->cache_write == 20);
  BOOST_TEST(*read->output == 5);
}

BOOST_AUTO_TEST_CASE(answers_that_are_none_are_refused) {
  BOOST_TEST(!format().inspect(api::messages, error_of("api_error", "m")));
  BOOST_TEST(!format().inspect(api::messages, "[]"));
  BOOST_TEST(!format().inspect(api::messages, R"({"content":[)"));
  const auto counted = format().inspect(api::count_message_tokens, R"({"input_tokens":12})");
  BOOST_REQUIRE(counted);
  BOOST_TEST(!counted->input);
}

BOOST_AUTO_TEST_CASE(the_clients_version_and_betas_may_go_along) {
  const auto names = format().client_headers();
  BOOST_TEST(std::vector<std::string_view>(names.begin(), names.end()) == (std::vector<std::string_view>{"anthropic-version", "anthropic-beta"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
