#include "providers/failure.hpp"
#include "providers/openai/error.hpp"

#include "tests/providers/samples.hpp"

BOOST_AUTO_TEST_SUITE(openai_errors)

using namespace switchyard;
using namespace switchyard::providers;
using test::golden;

namespace {

failure classify(int status, const std::string& body, const std::vector<header>& headers = {}, std::string_view credential = {}) {
  return find_wire(config::wire_format::openai)->classify(status, headers, body, wall_time{}, credential);
}
failure_kind kind(int status, const std::string& body) { return classify(status, body).kind; }
std::string coded(const std::string& code) { return R"({"error":{"message":"m","type":"t","param":null,"code":")" + code + "\"}}"; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_refused_request_keeps_status_message_and_body) {
  const auto body = golden("error_400_unsupported_value.json");
  const auto seen = classify(400, body);
  BOOST_TEST((seen.kind == failure_kind::request_refused));
  BOOST_TEST((seen.what.code == error_code::invalid_request));
  BOOST_TEST((seen.what.origin == error_origin::upstream));
  BOOST_TEST(!seen.what.retryable);
  BOOST_TEST(http_status(seen.what) == 400);
  BOOST_TEST(seen.what.param == "messages[0].role");
  BOOST_TEST(seen.what.message == "Unsupported value: 'messages[0].role' does not support 'system' with this model.");
  BOOST_TEST(seen.body_for_client == body);
  for (const char* file : {"error_404_model_not_found.json", "groq_error_404.json"}) {
    const auto missing = classify(404, golden(file));
    BOOST_TEST((missing.kind == failure_kind::request_refused), file);
    BOOST_TEST(http_status(missing.what) == 404, file);
  }
}

BOOST_AUTO_TEST_CASE(an_error_in_a_200_is_shown_without_the_key_and_without_half_of_it) {
  const std::string key = "hunter2-of-no-known-shape";
  for (const std::size_t before : {std::size_t{10}, 2000 - key.size() / 2}) {
    neutral::arena texts;
    const auto read = chat_dialect().read_answer(R"({"error":{"message":")" + std::string(before, 'x') + key + R"( is not known"}})", texts);
    BOOST_REQUIRE(!read);
    const auto shown = bad_answer(read.failure(), key);
    BOOST_TEST(shown.what.message.find("hunter2") == std::string::npos, shown.what.message);
    BOOST_TEST(shown.what.message.starts_with("xxxxxxxxxx"));
    BOOST_TEST((shown.kind == failure_kind::server_error));
  }
}

BOOST_AUTO_TEST_CASE(near_shapes_are_read_and_given_no_body_of_their_own) {
  const auto voyage = classify(400, golden("voyage_error_400.json"));
  BOOST_TEST(voyage.what.message.starts_with("Model nonexistent is not supported."));
  BOOST_TEST(voyage.body_for_client.empty());
  const auto message = [](const std::string& body) { return classify(422, body).what.message; };
  BOOST_TEST(message(R"({"object":"error","message":"bad","type":"invalid_request_error","code":"1500"})") == "bad");
  BOOST_TEST(message(R"({"error":"just text"})") == "just text");
  BOOST_TEST(message(R"({"detail":[{"loc":["body","x"],"msg":"field required"},{"msg":"too long"}]})") == "field required; too long");
  BOOST_TEST(message(R"({"message":{"detail":[{"msg":"inner"}]}})") == "inner");
  BOOST_TEST(message(R"([{"error":{"code":400,"message":"google","status":"INVALID_ARGUMENT"}}])") == "google");
  BOOST_TEST(message("plain text") == "plain text");
  BOOST_TEST(message("<html><h1>Bad</h1></html>") == "the provider answered 422");
  BOOST_TEST(message("") == "the provider answered 422");
  BOOST_TEST(message("{\"error\":{\"message\":\"cut") == "the provider answered 422");
}

BOOST_AUTO_TEST_CASE(rate_limits_carry_how_long_to_wait) {
  const auto recorded = classify(429, golden("openrouter_error_429.json"));
  BOOST_TEST((recorded.kind == failure_kind::rate_limited));
  BOOST_TEST((recorded.what.code == error_code::rate_limited));
  BOOST_TEST(recorded.what.retryable);
  BOOST_TEST(recorded.what.message.find("temporarily rate-limited upstream") != std::string::npos);
  BOOST_TEST(recorded.body_for_client.empty());
  BOOST_TEST(classify(429, "{}", {{"retry-after", "7"}}).retry_after.count() == 7000);
  BOOST_TEST(classify(429, "{}", {{"retry-after", "7"}}).what.retry_after_s == 7);
  BOOST_TEST(classify(429, "{}", {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "1.5s"}}).retry_after.count() == 1500);
  BOOST_TEST(classify(429, R"({"error":{"message":"Rate limit reached. Please try again in 1.2s. Visit"}})").retry_after.count() == 1200);
  BOOST_TEST(classify(429, "{}").retry_after.count() == 0);
}

BOOST_AUTO_TEST_CASE(an_empty_account_is_not_a_rate_limit) {
  for (const std::string code : {"insufficient_quota", "billing_hard_limit_reached"}) {
    const auto seen = classify(429, coded(code));
    BOOST_TEST((seen.kind == failure_kind::quota_exhausted), code);
    BOOST_TEST((seen.what.code == error_code::rate_limited));
    BOOST_TEST(http_status(seen.what) == 429);
  }
  BOOST_TEST((kind(402, R"({"error":{"message":"Insufficient Balance"}})") == failure_kind::quota_exhausted));
  BOOST_TEST((kind(402, "") == failure_kind::quota_exhausted));
  BOOST_TEST((kind(429, R"({"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota"}})") ==
              failure_kind::quota_exhausted));
}

BOOST_AUTO_TEST_CASE(a_refused_key_is_ours_to_know_and_not_the_clients) {
  const auto seen = classify(401, R"({"error":{"message":"Incorrect API key provided: sk-abcd1234efgh","code":"invalid_api_key"}})");
  BOOST_TEST((seen.kind == failure_kind::unauthorized));
  BOOST_TEST((seen.what.code == error_code::upstream_error));
  BOOST_TEST(http_status(seen.what) == 502);
  BOOST_TEST(seen.what.retryable);
  BOOST_TEST(seen.what.message == "the provider refused the key");
  BOOST_TEST(seen.body_for_client.empty());
  BOOST_TEST((kind(403, R"({"error":{"message":"no permission"}})") == failure_kind::unauthorized));
  BOOST_TEST((kind(400, coded("invalid_api_key")) == failure_kind::unauthorized));
  BOOST_TEST((kind(400, R"([{"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}}])") == failure_kind::unauthorized));
}

BOOST_AUTO_TEST_CASE(a_403_about_the_model_or_the_content_is_the_requests_fault) {
  for (const std::string code : {"model_not_found", "content_policy_violation", "moderation_blocked"}) {
    const auto seen = classify(403, coded(code));
    BOOST_TEST((seen.kind == failure_kind::request_refused), code);
    BOOST_TEST(http_status(seen.what) == 403);
  }
}

BOOST_AUTO_TEST_CASE(what_another_try_may_cure_is_a_server_error) {
  for (const int status : {408, 409, 500, 502, 503, 504, 520, 529}) {
    const auto seen = classify(status, coded("whatever"));
    BOOST_TEST((seen.kind == failure_kind::server_error), status);
    BOOST_TEST((seen.what.code == error_code::upstream_error));
    BOOST_TEST(seen.what.retryable);
    BOOST_TEST(http_status(seen.what) == 502);
  }
  BOOST_TEST(classify(503, "", {{"retry-after", "3"}}).retry_after.count() == 3000);
}

BOOST_AUTO_TEST_CASE(redirects_and_senseless_answers_are_bad_responses) {
  for (const int status : {100, 204, 301, 302, 307, 308}) {
    const auto seen = classify(status, "");
    BOOST_TEST((seen.kind == failure_kind::bad_response), status);
    BOOST_TEST(seen.what.retryable);
  }
  BOOST_TEST((kind(200, "method=POST pathname=/bin/chat/completions") == failure_kind::bad_response));
}

BOOST_AUTO_TEST_CASE(an_error_inside_a_200_counts_as_what_it_says) {
  BOOST_TEST((kind(200, R"({"error":{"message":"slow down","code":429}})") == failure_kind::rate_limited));
  BOOST_TEST((kind(200, R"({"error":{"message":"boom","code":502}})") == failure_kind::server_error));
  BOOST_TEST((kind(200, R"({"error":{"message":"boom"}})") == failure_kind::server_error));
}

BOOST_AUTO_TEST_CASE(no_credential_survives_in_what_is_passed_on) {
  const std::string body = R"j({"error":{"message":"bad request with key hunter2! (Bearer abc123def456)","type":"invalid_request_error",)j"
                           R"j("param":"hunter2!","code":null},"request":{"api_key":"abc123def456"}})j";
  const auto seen = classify(400, body, {}, "hunter2!");
  BOOST_TEST(seen.what.message == "bad request with key *** (Bearer ***)");
  BOOST_TEST(seen.what.param == "***");
  BOOST_TEST(seen.body_for_client ==
             R"j({"error":{"message":"bad request with key *** (Bearer ***)","type":"invalid_request_error","param":"***","code":null},"request":{"api_key":"***"}})j");
}

BOOST_AUTO_TEST_CASE(a_key_at_the_cut_of_a_long_message_is_masked_first) {
  const auto seen = classify(400, R"({"error":{"message":")" + std::string(1995, 'x') + R"( hunter2!"}})", {}, "hunter2!");
  BOOST_TEST(seen.what.message.find("hunt") == std::string::npos);
  BOOST_TEST(seen.what.message.size() <= 2003u);
}

BOOST_AUTO_TEST_CASE(a_huge_error_body_is_not_carried_along) {
  const auto seen = classify(400, R"({"error":{"message":")" + std::string(1u << 20, 'x') + "\"}}");
  BOOST_TEST(seen.what.message == "the provider answered 400");
  BOOST_TEST(seen.body_for_client.empty());
}

BOOST_AUTO_TEST_CASE(a_status_named_in_the_body_does_not_outrank_the_real_one) {
  BOOST_TEST((kind(500, R"({"error":{"message":"x","code":400}})") == failure_kind::server_error));
}

BOOST_AUTO_TEST_SUITE_END()
