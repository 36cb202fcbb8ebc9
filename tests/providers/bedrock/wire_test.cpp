#include "tests/providers/bedrock/samples.hpp"

#include "providers/dialect.hpp"

BOOST_AUTO_TEST_SUITE(bedrock_wires)

using namespace switchyard;
using namespace switchyard::providers;
using test::bedrock_golden;
using test::joined;
using test::padded_body;

namespace {

const wire& bedrock() { return *find_wire(config::wire_format::bedrock); }
const wall_time at{std::chrono::seconds(1740787199)};   // 2025-02-28T23:59:59Z

config::key_config signing_key() {
  config::key_config key;
  key.access_key_id = secret("AKIDEXAMPLE");
  key.secret_access_key = secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  key.region = "eu-west-1";
  return key;
}

upstream_request encode(std::string_view body, const config::key_config& key, bool stream = false,
                        std::string_view base_url = "https://bedrock-runtime.eu-west-1.amazonaws.com",
                        std::string_view model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0") {
  auto read = bedrock_ingress().parse({.operation = api::converse, .model = "bedrock/x", .stream = stream}, body);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.failure().message));
  return bedrock().encode(*read, {base_url, model, &key, nullptr, at});
}

std::string header_of(const upstream_request& request, std::string_view name) {
  std::string found = "(none)";
  for (const auto& [n, value] : request.headers) {
    if (n != name) continue;
    BOOST_TEST(found == "(none)", name << " is there twice");
    found = value;
  }
  return found;
}

const std::string hello = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hello \xC3\xA9\"}]}]}";

}  // namespace

BOOST_AUTO_TEST_CASE(a_call_is_the_one_that_boto3_would_make) {
  const padded_body body(hello);
  const auto key = signing_key();
  const auto sent = encode(body.view(), key);
  BOOST_TEST(sent.method == "POST");
  BOOST_TEST(sent.path == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
  BOOST_TEST(header_of(sent, "content-type") == "application/json");
  BOOST_TEST(header_of(sent, "accept") == "application/json");
  BOOST_TEST(header_of(sent, "x-amz-date") == "20250228T235959Z");
  BOOST_TEST(header_of(sent, "authorization") ==   // as botocore computes it for these bytes
             "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250228/eu-west-1/bedrock/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date, "
             "Signature=0843b4c359e5a3ae02ad54facf7621feb0e11cb2aee27de8e9cb98e0801f49e9");
  BOOST_TEST(header_of(sent, "x-amz-security-token") == "(none)");
  BOOST_TEST(joined(sent) == hello);
  BOOST_TEST(sent.body.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_stream_is_asked_for_by_its_own_path) {
  const padded_body body(hello);
  const auto sent = encode(body.view(), signing_key(), true, "http://127.0.0.1:9000/prefix/", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x");
  BOOST_TEST(sent.path == "/prefix/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x/converse-stream");
  BOOST_TEST(header_of(sent, "accept") == "application/vnd.amazon.eventstream");
}

BOOST_AUTO_TEST_CASE(the_signed_host_is_the_one_that_is_sent) {
  const padded_body body(hello);
  const auto key = signing_key();
  const auto signature = [&](std::string_view base_url) { return header_of(encode(body.view(), key, false, base_url), "authorization"); };
  BOOST_TEST(signature("https://h") == signature("https://h:443"));
  BOOST_TEST(signature("http://h") == signature("http://h:80"));
  BOOST_TEST(signature("http://h") == signature("https://h"));
  BOOST_TEST(signature("https://h:80") != signature("https://h"));
  BOOST_TEST(signature("http://[::1]:80") == signature("http://[::1]"));
  BOOST_TEST(signature("http://[::1]:81") != signature("http://[::1]"));
}

BOOST_AUTO_TEST_CASE(temporary_credentials_send_their_token_signed) {
  const padded_body body(hello);
  auto key = signing_key();
  key.session_token = secret("IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ==");
  const auto sent = encode(body.view(), key);
  BOOST_TEST(header_of(sent, "x-amz-security-token") == "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ==");
  BOOST_TEST(header_of(sent, "authorization").ends_with("Signature=173cb1da7c477bb8f807b54aa0066fb929ba02bf6d3cf17d368a021dc18351ee"));
}

BOOST_AUTO_TEST_CASE(a_bedrock_api_key_is_sent_as_a_bearer_token) {
  const padded_body body(hello);
  config::key_config key;
  key.value = secret("bedrock-api-key-x");
  const auto sent = encode(body.view(), key);
  BOOST_TEST(header_of(sent, "authorization") == "Bearer bedrock-api-key-x");
  BOOST_TEST(header_of(sent, "x-amz-date") == "(none)");
  BOOST_TEST(header_of(encode(body.view(), {}), "authorization") == "(none)");
}

BOOST_AUTO_TEST_CASE(fallbacks_never_leave_the_house_and_are_not_signed) {
  const padded_body with(R"({"fallbacks":["a/b"],)" + hello.substr(1)), without(hello);
  const auto key = signing_key();
  const auto sent = encode(with.view(), key);
  BOOST_TEST(joined(sent) == hello);
  BOOST_TEST(header_of(sent, "authorization") == header_of(encode(without.view(), key), "authorization"));
  const std::string end = hello.substr(0, hello.size() - 1);
  const padded_body last(end + R"(,"fallbacks":["a/b"],"system":[]})");
  BOOST_TEST(joined(encode(last.view(), key)) == end + R"(,"system":[]})");
}

BOOST_AUTO_TEST_CASE(a_translated_body_is_signed_in_its_pieces) {
  const auto key = signing_key();
  upstream_request message;
  message.body = {std::string_view(hello).substr(0, 10), std::string_view(hello).substr(10)};
  bedrock().address(message, purpose::generate, false,
                    {"https://bedrock-runtime.eu-west-1.amazonaws.com", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", &key, nullptr, at});
  BOOST_TEST(header_of(message, "authorization").ends_with("0843b4c359e5a3ae02ad54facf7621feb0e11cb2aee27de8e9cb98e0801f49e9"));
}

BOOST_AUTO_TEST_CASE(it_takes_converse_and_nothing_else) {
  const config::provider_config provider;
  for (const auto operation : {api::chat_completions, api::messages, api::generate_content, api::embeddings, api::responses})
    BOOST_TEST(!bedrock().takes(operation, provider));
  BOOST_TEST(bedrock().takes(api::converse, provider));
  BOOST_TEST((bedrock().native_embedding() == nullptr));
  BOOST_TEST(bedrock().native({}).name() == "converse");
}

BOOST_AUTO_TEST_CASE(its_streams_are_known_by_their_type) {
  BOOST_TEST(bedrock().is_stream("application/vnd.amazon.eventstream"));
  BOOST_TEST(bedrock().is_stream("Application/Vnd.Amazon.Eventstream; x=y"));
  BOOST_TEST(!bedrock().is_stream("application/json"));
  BOOST_TEST(!bedrock().is_stream("text/event-stream"));
}

BOOST_AUTO_TEST_CASE(the_input_of_an_answer_includes_the_cache) {
  const auto read = bedrock().inspect(api::converse, bedrock_golden("converse_cached.json"));
  BOOST_REQUIRE(read);
  BOOST_TEST(read->input.value_or(-1) == 13 + 1504);
  BOOST_TEST(read->cached_input.value_or(-1) == 1504);
  BOOST_TEST(read->cache_write.value_or(-1) == 0);
  BOOST_TEST(read->output.value_or(-1) == 5);
  const auto plain = bedrock().inspect(api::converse, bedrock_golden("converse_tool_call.json"));
  BOOST_REQUIRE(plain);
  BOOST_TEST(!plain->cached_input.has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_refused) {
  for (const auto* body : {"", "[]", "{", "{}", R"({"output":null})", R"({"message":"no"})", "{\"output\":{}}x", "{\"output\":{\"a\":\"\xFF\"}}"})
    BOOST_TEST(!bedrock().inspect(api::converse, body), body);
  BOOST_TEST(bedrock().inspect(api::converse, R"({"output":{"message":{"role":"assistant","content":[]}}})").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
