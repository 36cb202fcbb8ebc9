#include "providers/gemini/error.hpp"
#include "tests/providers/gemini/samples.hpp"

using namespace switchyard;
using namespace switchyard::providers;

namespace {

const std::string key = "AIzaSyD-0123456789abcdefghijklmnopqrstu";

failure judge(int status, const std::string& body) { return gemini_wire().classify(status, {}, body, wall_time{}, key); }

std::string error_of(int code, const std::string& status, const std::string& message, const std::string& details = "[]") {
  return R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message + R"(","status":")" + status + R"(",)"
      R"("details":)" + details + "}}";
}

const std::string retry_7s = R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"})";
std::string quota(const std::string& id) {
  return R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure",)"
      R"("violations":[{"quotaMetric":"generativelanguage.googleapis.com/x","quotaId":")" + id + R"("}]})";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gemini_errors)

BOOST_AUTO_TEST_CASE(a_quota_of_the_minute_comes_back_after_the_delay_named) {
  const auto judged = judge(429, error_of(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.",
                                          "[" + quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier") + "," + retry_7s + "]"));
  BOOST_TEST((judged.kind == failure_kind::rate_limited));
  BOOST_TEST(judged.retry_after.count() == 7000);
  BOOST_TEST(judged.what.retry_after_s == 7);
  BOOST_TEST((judged.what.code == error_code::rate_limited));
}

BOOST_AUTO_TEST_CASE(a_quota_of_the_day_is_exhausted_whatever_delay_is_named) {
  const auto judged = judge(429, error_of(429, "RESOURCE_EXHAUSTED", "quota", "[" + quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier") + "," + retry_7s + "]"));
  BOOST_TEST((judged.kind == failure_kind::quota_exhausted));
  BOOST_TEST(judged.retry_after.count() == 0);
}

BOOST_AUTO_TEST_CASE(a_bad_key_is_a_400_to_google_and_unauthorized_to_us) {
  const auto judged = judge(400, error_of(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                                          R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID",)"
                                          R"("domain":"googleapis.com"}])"));
  BOOST_TEST((judged.kind == failure_kind::unauthorized));
  BOOST_TEST(judged.body_for_client.empty());
  BOOST_TEST((judge(401, error_of(401, "UNAUTHENTICATED", "x")).kind == failure_kind::unauthorized));
  BOOST_TEST((judge(403, error_of(403, "PERMISSION_DENIED", "The caller does not have permission")).kind == failure_kind::unauthorized));
  BOOST_TEST((judge(400, error_of(400, "FAILED_PRECONDITION", "User location is not supported for the API use.")).kind == failure_kind::unauthorized));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_request_goes_to_the_client_with_its_key_masked) {
  const auto body = error_of(400, "INVALID_ARGUMENT", "Invalid value " + key, R"([{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents[0].role","description":"d"}]}])");
  const auto judged = judge(400, body);
  BOOST_TEST((judged.kind == failure_kind::request_refused));
  BOOST_TEST(judged.what.status == 400);
  BOOST_TEST(judged.what.param == "contents[0].role");
  BOOST_TEST(judged.what.message.find("AIza") == std::string::npos);
  BOOST_TEST(judged.body_for_client.find("AIza") == std::string::npos);
  BOOST_TEST(test::is_json(judged.body_for_client));
  const auto listed = judge(404, "[" + error_of(404, "NOT_FOUND", "models/x is not found") + "\n]");
  BOOST_TEST((listed.kind == failure_kind::request_refused));
  BOOST_TEST(listed.what.status == 404);
  BOOST_TEST(listed.body_for_client.starts_with("{\"error\""));
  BOOST_TEST((judge(403, error_of(403, "PERMISSION_DENIED", "You do not have permission to access the File abc or it may not exist.")).kind ==
              failure_kind::request_refused));
}

BOOST_AUTO_TEST_CASE(trouble_of_googles_own_is_a_server_error) {
  for (const int status : {408, 499, 500, 502, 503, 504})
    BOOST_TEST((judge(status, "upstream connect error").kind == failure_kind::server_error));
  BOOST_TEST(judge(503, error_of(503, "UNAVAILABLE", "The model is overloaded.")).what.message == "The model is overloaded.");
}

BOOST_AUTO_TEST_CASE(without_a_status_the_body_decides) {
  BOOST_TEST((gemini::judge_error(0, error_of(429, "RESOURCE_EXHAUSTED", "x"), {}, {}, {}).kind == failure_kind::rate_limited));
  BOOST_TEST((gemini::judge_error(0, R"({"error":{"status":"UNAVAILABLE"}})", {}, {}, {}).kind == failure_kind::server_error));
  BOOST_TEST((gemini::judge_error(200, R"({"error":{}})", {}, {}, {}).kind == failure_kind::server_error));
  BOOST_TEST((judge(200, "<html>").kind == failure_kind::bad_response));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gemini_ingresses)

BOOST_AUTO_TEST_CASE(errors_have_googles_shape_and_our_code) {
  auto what = client_error(error_code::invalid_request, "say \"what\"", "contents");
  BOOST_TEST(gemini_ingress().error_body(what) ==
             R"({"error":{"code":400,"message":"say \"what\"","status":"INVALID_ARGUMENT","details":[)"
             R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"invalid_request","domain":"switchyard"},)"
             R"({"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents",)"
             R"("description":"say \"what\""}]}]}})");
  what = upstream_failure(error_code::rate_limited, "slow");
  what.retry_after_s = 9;
  BOOST_TEST(gemini_ingress().error_body(what).find(R"("status":"RESOURCE_EXHAUSTED","details":[)") != std::string::npos);
  BOOST_TEST(gemini_ingress().error_body(what).find(R"("retryDelay":"9s")") != std::string::npos);
  BOOST_TEST(gemini_ingress().stream_error(api::generate_content, what) == "data: " + gemini_ingress().error_body(what) + "\r\n\r\n");
  const std::pair<error_code, std::string> names[] = {
      {error_code::invalid_api_key, "UNAUTHENTICATED"},     {error_code::model_not_allowed, "PERMISSION_DENIED"},
      {error_code::unknown_model, "NOT_FOUND"},             {error_code::internal, "INTERNAL"},
      {error_code::no_healthy_upstream, "UNAVAILABLE"},     {error_code::deadline_exceeded, "DEADLINE_EXCEEDED"},
      {error_code::upstream_error, "UNAVAILABLE"}};
  for (const auto& [code, name] : names)
    BOOST_TEST(gemini_ingress().error_body(client_error(code, "x")).find("\"status\":\"" + name + "\"") != std::string::npos, name);
}

BOOST_AUTO_TEST_CASE(a_request_is_read_in_both_spellings) {
  const auto facts = [](const std::string& body, operation_target where = {.operation = api::generate_content, .model = "m"}) {
    const test::padded_body text(body);
    auto read = gemini_ingress().parse(where, text.view());
    return read ? std::to_string(read->max_output_tokens) + "/" + std::to_string(read->input.tokens()) : read.failure().param;
  };
  BOOST_TEST(facts(R"({"contents":[{"parts":[{"text":"12345678"}]}],"generationConfig":{"maxOutputTokens":7}})") == "7/3");
  BOOST_TEST(facts(R"({"contents":{"parts":{"text":"12345678"}},"generation_config":{"max_output_tokens":7}})") == "7/3");
  BOOST_TEST(facts(R"({"system_instruction":{"parts":[{"text":"1234"}]},"contents":[{"parts":[{"text":"12345678"}]}]})") == "0/5");
  BOOST_TEST(facts(R"({})") == "contents");
  BOOST_TEST(facts(R"({"contents":"hi"})") == "contents");
  BOOST_TEST(facts(R"({"contents":[]})") == "contents");
  BOOST_TEST(facts("{}", {.operation = api::embed_content, .model = "m"}) == "content");
  BOOST_TEST(facts(R"({"requests":[]})", {.operation = api::batch_embed_contents, .model = "m"}) == "requests");
  BOOST_TEST(facts(R"({"generateContentRequest":{"contents":[{"parts":[{"text":"12345678"}]}]}})", {.operation = api::count_content_tokens, .model = "m"}) == "0/3");
}

BOOST_AUTO_TEST_CASE(models_counts_and_stream_types_are_googles) {
  const ingress::model_row row{"openai/gpt-4o", "openai"};
  BOOST_TEST(gemini_ingress().models_body(std::span(&row, 1)) == "{\"models\":[" + gemini_ingress().model_body(row) + "]}");
  BOOST_TEST(gemini_ingress().model_body(row).starts_with(R"({"name":"models/openai/gpt-4o",)"));
  BOOST_TEST(gemini_ingress().count_body(31) == R"({"totalTokens":31})");
  api_request request;
  BOOST_TEST(gemini_ingress().stream_content_type(request).starts_with("text/event-stream"));
  request.as_array = true;
  BOOST_TEST(gemini_ingress().stream_content_type(request).starts_with("application/json"));
}

BOOST_AUTO_TEST_SUITE_END()
