#include "providers/bedrock/error.hpp"
#include "tests/providers/bedrock/samples.hpp"

BOOST_AUTO_TEST_SUITE(bedrock_errors)

using namespace switchyard;
using namespace switchyard::providers;
using test::bedrock_golden;

namespace {

failure judge(int status, std::string_view type, std::string_view body, std::string_view credential = {}) {
  std::vector<header> headers;
  if (!type.empty()) headers.push_back({"X-Amzn-ErrorType", type});
  return find_wire(config::wire_format::bedrock)->classify(status, headers, body, wall_time{}, credential);
}

constexpr std::string_view why = R"({"message":"why"})";

}  // namespace

BOOST_AUTO_TEST_CASE(every_exception_has_its_meaning) {
  const auto kind = [](int status, std::string_view type) { return judge(status, type, why).kind; };
  BOOST_TEST((kind(429, "ThrottlingException") == failure_kind::rate_limited));
  BOOST_TEST((kind(400, "ServiceQuotaExceededException") == failure_kind::quota_exhausted));
  BOOST_TEST((kind(400, "ValidationException") == failure_kind::request_refused));
  BOOST_TEST((kind(404, "ResourceNotFoundException") == failure_kind::request_refused));
  BOOST_TEST((kind(403, "AccessDeniedException") == failure_kind::unauthorized));
  BOOST_TEST((kind(403, "UnrecognizedClientException") == failure_kind::unauthorized));
  BOOST_TEST((kind(403, "ExpiredTokenException") == failure_kind::unauthorized));
  BOOST_TEST((kind(403, "InvalidSignatureException") == failure_kind::unauthorized));
  BOOST_TEST((kind(403, "MissingAuthenticationTokenException") == failure_kind::unauthorized));
  BOOST_TEST((kind(429, "ModelNotReadyException") == failure_kind::server_error));
  BOOST_TEST((kind(503, "ServiceUnavailableException") == failure_kind::server_error));
  BOOST_TEST((kind(408, "ModelTimeoutException") == failure_kind::server_error));
  BOOST_TEST((kind(500, "InternalServerException") == failure_kind::server_error));
  BOOST_TEST((kind(424, "ModelErrorException") == failure_kind::server_error));
}

BOOST_AUTO_TEST_CASE(the_name_is_found_wherever_it_is_written) {
  BOOST_TEST((judge(400, "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/", why).kind == failure_kind::rate_limited));
  BOOST_TEST((judge(400, "", R"({"__type":"com.amazon.coral.service#ThrottlingException","Message":"slow"})").kind == failure_kind::rate_limited));
  BOOST_TEST(judge(400, "", R"({"__type":"com.amazon.coral.service#ThrottlingException","Message":"slow"})").what.message == "slow");
  BOOST_TEST((judge(400, "", R"({"code":"ThrottlingException","message":"slow"})").kind == failure_kind::rate_limited));
  BOOST_TEST((judge(200, "", R"({"__type":"ThrottlingException"})").kind == failure_kind::rate_limited));
}

BOOST_AUTO_TEST_CASE(without_a_name_the_status_decides) {
  const auto kind = [](int status) { return judge(status, "", why).kind; };
  BOOST_TEST((kind(200) == failure_kind::bad_response));
  BOOST_TEST((kind(302) == failure_kind::bad_response));
  BOOST_TEST((kind(400) == failure_kind::request_refused));
  BOOST_TEST((kind(401) == failure_kind::unauthorized));
  BOOST_TEST((kind(403) == failure_kind::unauthorized));
  BOOST_TEST((kind(408) == failure_kind::server_error));
  BOOST_TEST((kind(424) == failure_kind::server_error));
  BOOST_TEST((kind(429) == failure_kind::rate_limited));
  BOOST_TEST((kind(503) == failure_kind::server_error));
  BOOST_TEST((judge(0, "", "what?").kind == failure_kind::bad_response));
}

BOOST_AUTO_TEST_CASE(a_recorded_refusal_goes_through_as_it_came) {
  const auto body = bedrock_golden("error_400.json");
  const auto got = judge(400, "", body);
  BOOST_TEST((got.kind == failure_kind::request_refused));
  BOOST_TEST(got.what.message == "The provided model identifier is invalid.");
  BOOST_TEST(got.what.status == 400);
  BOOST_TEST(!got.what.retryable);
  BOOST_TEST(got.body_for_client == body);
}

BOOST_AUTO_TEST_CASE(a_model_that_is_not_open_to_the_account_is_about_the_model) {
  const auto got = judge(403, "AccessDeniedException", R"({"message":"You don't have access to the model with the specified model ID."})");
  BOOST_TEST((got.kind == failure_kind::request_refused));
  BOOST_TEST(got.what.status == 403);
  const auto caller = judge(403, "AccessDeniedException",
                            R"({"message":"User: arn:aws:iam::123456789012:user/x is not authorized to perform: bedrock:InvokeModel on model id y"})");
  BOOST_TEST((caller.kind == failure_kind::unauthorized));
  BOOST_TEST(caller.what.message == "the provider refused the key");
}

BOOST_AUTO_TEST_CASE(a_daily_quota_is_no_short_throttle) {
  BOOST_TEST((judge(429, "ThrottlingException", R"({"message":"Too many tokens per day, please wait before trying again."})").kind ==
              failure_kind::quota_exhausted));
}

BOOST_AUTO_TEST_CASE(what_was_signed_is_never_repeated) {
  const auto got = judge(403, "InvalidSignatureException",
                         R"({"message":"The Canonical String for this request should have been 'POST x-amz-security-token:IQoJb3JpZ2luX2VjSECRET'"})");
  BOOST_TEST(got.what.message.find("IQoJ") == std::string::npos);
  BOOST_TEST(got.body_for_client.empty());
}

BOOST_AUTO_TEST_CASE(credentials_are_masked) {
  const auto got = judge(400, "ValidationException", R"({"message":"the key AKIAIOSFODNN7EXAMPLE or my-own-credential is odd"})", "my-own-credential");
  BOOST_TEST(got.what.message == "the key *** or *** is odd");
  BOOST_TEST(got.body_for_client.find("AKIA") == std::string::npos);
  BOOST_TEST(got.body_for_client.find("my-own") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(retry_after_is_read) {
  const header fields[] = {{"x-amzn-errortype", "ThrottlingException"}, {"retry-after", "7"}};
  const auto got = find_wire(config::wire_format::bedrock)->classify(429, fields, why, wall_time{});
  BOOST_TEST(got.retry_after.count() == 7000);
  BOOST_TEST(got.what.retry_after_s == 7);
}

BOOST_AUTO_TEST_CASE(a_page_of_a_proxy_says_nothing) {
  BOOST_TEST(judge(502, "", "<html><body>Bad gateway</body></html>").what.message == "the provider answered 502");
  BOOST_TEST(judge(500, "", "plain words").what.message == "plain words");
  BOOST_TEST(judge(500, "", R"({"message":)" + std::string(R"("\u00e9)") + std::string(3000, 'x') + "\"}").what.message.size() < 2100u);
}

BOOST_AUTO_TEST_SUITE_END()
