#include "providers/mask.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(masking)

using namespace switchyard::providers;

BOOST_AUTO_TEST_CASE(keys_of_known_shapes_are_masked) {
  BOOST_TEST(mask_credentials("Incorrect API key provided: sk-abcd1234efgh5678.") == "Incorrect API key provided: ***.");
  BOOST_TEST(mask_credentials("Incorrect API key provided: sk-proj-********wxyz. See") == "Incorrect API key provided: ***. See");
  BOOST_TEST(mask_credentials("gsk_0123456789 and AIzaSyA0123456789 and xai-0123456789") == "*** and *** and ***");
  BOOST_TEST(mask_credentials("AKIAIOSFODNN7EXAMPLE") == "***");
}

BOOST_AUTO_TEST_CASE(bearer_tokens_and_named_values_are_masked) {
  BOOST_TEST(mask_credentials("sent Authorization: Bearer abc123def456") == "sent Authorization: Bearer ***");
  BOOST_TEST(mask_credentials("GET https://x/v1?key=abc&alt=sse") == "GET https://x/v1?key=***&alt=sse");
  BOOST_TEST(mask_credentials(R"({"api_key": "abc123def"})") == R"({"api_key": "***"})");
  BOOST_TEST(mask_credentials(R"({"m":"{\"x-api-key\":\"abc123def\"}"})") == R"({"m":"{\"x-api-key\":\"***\"}"})");
}

BOOST_AUTO_TEST_CASE(the_key_in_use_is_masked_whatever_it_looks_like) {
  BOOST_TEST(mask_credentials("you sent hunter2!, really hunter2!", "hunter2!") == "you sent ***, really ***");
  BOOST_TEST(mask_credentials(R"("you sent a\"b\\c")", "a\"b\\c") == R"("you sent ***")");
}

BOOST_AUTO_TEST_CASE(a_key_behind_an_escape_in_raw_json_is_masked) {
  BOOST_TEST(mask_credentials(R"("bad:\nsk-abcd1234efgh")") == R"("bad:\n***")");
  BOOST_TEST(mask_credentials(R"("bad \u0022sk-abcd1234efgh\u0022")") == R"("bad \u0022***\u0022")");
}

BOOST_AUTO_TEST_CASE(an_escape_whose_letter_begins_a_key_stays_whole) {
  BOOST_TEST(mask_credentials(R"({"error":"bad:\nvapi-0123456789"})") == R"({"error":"bad:\n***"})");
  BOOST_TEST(mask_credentials(R"({"error":"bad:\\nvapi-0123456789"})") == R"({"error":"bad:\\***"})");
  BOOST_TEST(mask_credentials(R"({"error":"bad:\rk-0123456789abcdef"})") == R"({"error":"bad:\r***"})");
  BOOST_TEST(mask_credentials(R"({"error":"bad:\nectar-of-gods"})", "nectar-of-gods") == R"({"error":"bad:\n***"})");
}

BOOST_AUTO_TEST_CASE(ordinary_text_and_json_stay_as_they_are) {
  for (const std::string_view text :
       {"The model `gpt-4o` does not exist or you do not have access to it.", "Bearer authentication is required", "sk-learn",
        R"({"usage":{"total_tokens":1234567,"token":12345678,"key":0.000015598027633743823},"key":null})", "the key: a short one",
        R"({"param":"messages[0].role","code":"unsupported_value"})", "disk-pressure and a task-oriented-risk-assessment", ""})
    BOOST_TEST(mask_credentials(text) == text);
}

BOOST_AUTO_TEST_SUITE_END()
