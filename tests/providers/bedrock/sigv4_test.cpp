// The expected signatures of "example.amazonaws.com" are those of AWS's published test suite for Signature Version 4 (get-vanilla,
// post-vanilla, ...); those of bedrock were computed by botocore 1.44.8, which signs what boto3 sends.
#include "providers/bedrock/sigv4.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(bedrock_sigv4)

using namespace switchyard;
using namespace switchyard::providers;

namespace {

constexpr aws_credential example{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const wall_time in_2015{std::chrono::seconds(1440938160)};   // 2015-08-30T12:36:00Z
const wall_time in_2025 = wall_time{std::chrono::seconds(1740787199)} + std::chrono::milliseconds(999);   // 2025-02-28T23:59:59.999Z

struct call {
  std::string_view method = "GET";
  std::string_view host = "example.amazonaws.com";
  std::string_view target = "/";
  field_list headers = {};
  std::vector<std::string_view> body = {};
};

std::string header_of(const field_list& headers, std::string_view name) {
  for (const auto& [n, value] : headers)
    if (n == name) return value;
  return "(none)";
}

std::string signature(call what, const aws_credential& credential = example, signing_scope scope = {"us-east-1", "service", in_2015}) {
  sign_v4(what.method, what.host, what.target, what.body, credential, scope, what.headers);
  const auto value = header_of(what.headers, "authorization");
  return value.substr(value.find("Signature=") + 10);
}

constexpr std::string_view bedrock_body = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hello \xC3\xA9\"}]}]}";
const field_list json_fields{{"content-type", "application/json"}, {"accept", "application/json"}};

}  // namespace

BOOST_AUTO_TEST_CASE(the_published_vectors_are_met) {
  BOOST_TEST(signature({}) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  BOOST_TEST(signature({.method = "POST"}) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  BOOST_TEST(signature({.target = "/?Param2=value2&Param1=value1"}) == "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  BOOST_TEST(signature({.method = "POST", .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}, .body = {"Param1=value1"}}) ==
             "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
  BOOST_TEST(signature({.target = "/example1/example2/../.."}) == signature({}));
  BOOST_TEST(signature({.target = "//example//"}) == "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84");
}

BOOST_AUTO_TEST_CASE(the_whole_authorization_is_as_published) {
  call what;
  sign_v4(what.method, what.host, what.target, what.body, example, {"us-east-1", "service", in_2015}, what.headers);
  BOOST_TEST(header_of(what.headers, "authorization") ==
             "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
             "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  BOOST_TEST(header_of(what.headers, "x-amz-date") == "20150830T123600Z");
  BOOST_TEST(header_of(what.headers, "x-amz-security-token") == "(none)");
}

BOOST_AUTO_TEST_CASE(a_converse_call_is_signed_as_botocore_signs_it) {
  const call what{"POST", "bedrock-runtime.eu-west-1.amazonaws.com", "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
                  json_fields, {bedrock_body}};
  const signing_scope scope{"eu-west-1", "bedrock", in_2025};
  BOOST_TEST(signature(what, example, scope) == "0843b4c359e5a3ae02ad54facf7621feb0e11cb2aee27de8e9cb98e0801f49e9");
  auto temporary = example;
  temporary.session_token = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ==";
  BOOST_TEST(signature(what, temporary, scope) == "173cb1da7c477bb8f807b54aa0066fb929ba02bf6d3cf17d368a021dc18351ee");
}

BOOST_AUTO_TEST_CASE(an_arn_behind_a_port_and_a_prefix_is_signed_as_botocore_signs_it) {
  const call what{"POST", "127.0.0.1:9000",
                  "/prefix/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x/converse-stream",
                  {{"content-type", "application/json"}, {"accept", "application/vnd.amazon.eventstream"}}, {bedrock_body}};
  BOOST_TEST(signature(what, example, {"us-east-1", "bedrock", in_2025}) == "e603e19f55731f87cd31021418edcec75f90626c2f66680215db9b7854f3492b");
}

BOOST_AUTO_TEST_CASE(a_body_in_pieces_has_the_signature_of_the_whole) {
  call what{"POST", "example.amazonaws.com", "/", {}, {bedrock_body}};
  const auto whole = signature(what);
  for (std::size_t cut = 0; cut <= bedrock_body.size(); ++cut) {
    what.body = {bedrock_body.substr(0, cut), "", bedrock_body.substr(cut)};
    BOOST_TEST(signature(what) == whole);
  }
  what.body = {bedrock_body.substr(1)};
  BOOST_TEST(signature(what) != whole);
}

BOOST_AUTO_TEST_CASE(blanks_in_a_value_count_as_one) {
  const auto with = [](std::string value) { return signature({.headers = {{"My-Header1", std::move(value)}}}); };
  BOOST_TEST(with("  a   b \t c  ") == with("a b c"));
  BOOST_TEST(with("a b c") != with("abc"));
}

BOOST_AUTO_TEST_CASE(everything_said_is_signed) {
  const auto plain = signature({});
  BOOST_TEST(signature({.method = "PUT"}) != plain);
  BOOST_TEST(signature({.host = "example.amazonaws.com:8443"}) != plain);
  BOOST_TEST(signature({.target = "/a"}) != plain);
  BOOST_TEST(signature({.target = "/?a"}) != plain);
  BOOST_TEST(signature({.headers = {{"a", "b"}}}) != plain);
  BOOST_TEST(signature({}, example, {"us-east-2", "service", in_2015}) != plain);
  BOOST_TEST(signature({}, example, {"us-east-1", "bedrock", in_2015}) != plain);
  BOOST_TEST(signature({}, example, {"us-east-1", "service", in_2025}) != plain);
}

BOOST_AUTO_TEST_SUITE_END()
