// Vectors: the AWS Signature Version 4 test suite, and a request to Bedrock signed by botocore.
#include "tools/sim/aws_signature.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(aws_signature)

namespace sy = switchyard::sim;

namespace {

constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

std::string sign(std::string_view method, std::string_view path, std::string_view query, std::string_view host, std::string_view service, std::string_view body = {}, std::string_view names = "host;x-amz-date") {
  static const sy::model_list models;
  const switchyard::header headers[] = {{"Host", host}, {"Content-Type", "application/json"}, {"X-Amz-Date", "20150830T123600Z"}};
  const sy::aws_authorization by{"AKIDEXAMPLE", "20150830", "us-east-1", service, names, {}};
  return sy::aws_signature({method, path, body, models, 0, query, headers}, by, secret);
}

}  // namespace

BOOST_AUTO_TEST_CASE(signatures_are_those_of_the_test_suite) {
  BOOST_TEST(sign("GET", "/", "", "example.amazonaws.com", "service") == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  BOOST_TEST(sign("POST", "/", "", "example.amazonaws.com", "service") == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  BOOST_TEST(sign("GET", "/", "Param2=value2&Param1=value1", "example.amazonaws.com", "service") == "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

BOOST_AUTO_TEST_CASE(an_escaped_path_is_escaped_once_more) {
  BOOST_TEST(sign("POST", "/model/us.amazon.nova-micro-v1%3A0/converse", "", "bedrock-runtime.us-east-1.amazonaws.com", "bedrock", R"({"messages":[]})", "content-type;host;x-amz-date") ==
             "4162f09f80a7e1200f7cf7cf32b5fc972bd5ce02773d2e04332ff84d3c3d40ce");
}

BOOST_AUTO_TEST_CASE(a_header_is_read_only_when_it_is_whole) {
  const std::string sixty_four(64, 'a');
  const std::string whole = "AWS4-HMAC-SHA256 Credential=AK/20150830/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + sixty_four;
  const auto by = sy::parse_aws_authorization(whole);
  BOOST_REQUIRE(by.has_value());
  BOOST_TEST(by->access_key == "AK");
  BOOST_TEST(by->region == "us-east-1");
  BOOST_TEST(by->signed_headers == "host;x-amz-date");
  BOOST_TEST(by->signature == sixty_four);
  for (const std::string& bad : {std::string("Bearer x"), std::string("AWS4-HMAC-SHA256 "), "AWS4-HMAC-SHA256 Credential=AK/20150830/us-east-1/bedrock, SignedHeaders=host, Signature=" + sixty_four,
                                 std::string("AWS4-HMAC-SHA256 Credential=AK/20150830/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=ab")}) {
    BOOST_TEST(!sy::parse_aws_authorization(bad).has_value());
  }
}

BOOST_AUTO_TEST_CASE(dates_are_read_or_refused) {
  BOOST_TEST(sy::parse_amz_date("20150830T123600Z").value_or(0) == 1440938160);
  for (const char* bad : {"", "2015-08-30T12:36:00Z", "20151330T123600Z", "20150830T12360aZ"}) BOOST_TEST(!sy::parse_amz_date(bad).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
