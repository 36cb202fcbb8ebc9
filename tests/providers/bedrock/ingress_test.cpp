#include "providers/bedrock/event_stream.hpp"
#include "providers/json_scan.hpp"
#include "tests/providers/bedrock/samples.hpp"

BOOST_AUTO_TEST_SUITE(bedrock_requests)

using namespace switchyard;
using namespace switchyard::providers;
using test::bedrock_golden;
using test::padded_body;

namespace {

result<api_request> parse(const std::string& body, bool stream = false, std::string model = "bedrock/amazon.nova-micro-v1:0") {
  static std::vector<std::unique_ptr<padded_body>> kept;   // requests point into their bodies
  const auto text = kept.emplace_back(std::make_unique<padded_body>(body))->view();
  return bedrock_ingress().parse({.operation = api::converse, .model = std::move(model), .stream = stream}, text);
}

error refusal(const std::string& body) {
  auto read = parse(body);
  BOOST_REQUIRE_MESSAGE(!read, "was accepted: " << body);
  return read.failure();
}

const std::string messages = R"("messages":[{"role":"user","content":[{"text":"Hello there"}]}])";

}  // namespace

BOOST_AUTO_TEST_CASE(model_and_stream_come_from_the_path) {
  const auto read = parse("{\"model\":7,\"stream\":\"x\"," + messages + "}", true);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->model == "bedrock/amazon.nova-micro-v1:0");
  BOOST_TEST(read->stream);
  BOOST_TEST(read->model_value.empty());
  BOOST_TEST((read->operation == api::converse));
}

BOOST_AUTO_TEST_CASE(the_facts_of_a_request_are_read) {
  const auto bare = parse("{" + messages + "}");
  const auto read = parse("{" + messages + R"(,"system":[{"text":"Be brief, be kind."}],"inferenceConfig":{"maxTokens":77},"fallbacks":["a/b"],)" +
                          R"("toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{}}}}]}})");
  BOOST_REQUIRE(bare);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->max_output_tokens == 77);
  BOOST_TEST(read->fallbacks.size() == 1u);
  BOOST_TEST(read->input.tokens() > bare->input.tokens() + 10);
}

BOOST_AUTO_TEST_CASE(inline_bytes_count_as_an_attachment) {
  const auto read = parse(R"({"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":")" + std::string(100000, 'A') + "\"}}}]}]}");
  BOOST_REQUIRE(read);
  BOOST_TEST(read->input.tokens() < 1000);
}

BOOST_AUTO_TEST_CASE(a_recorded_request_is_accepted) {
  const auto read = parse(bedrock_golden("converse_request.json"));
  BOOST_REQUIRE(read);
  BOOST_TEST(!read->stream);
}

BOOST_AUTO_TEST_CASE(messages_are_required_but_for_a_stored_prompt) {
  BOOST_TEST(refusal("{}").param == "messages");
  BOOST_TEST(refusal(R"({"messages":[]})").param == "messages");
  BOOST_TEST(refusal(R"({"messages":"hi"})").param == "messages");
  BOOST_TEST((refusal("{").code == error_code::invalid_json));
  BOOST_TEST(parse(R"({"promptVariables":{"a":{"text":"b"}}})").has_value());
}

BOOST_AUTO_TEST_CASE(an_error_is_what_an_aws_client_expects) {
  error what = client_error(error_code::unknown_model, "no \"such\" model", "model");
  BOOST_TEST(bedrock_ingress().error_body(what) == R"({"message":"no \"such\" model","code":"unknown_model"})");
  const auto type = [](const error& e) {
    const auto fields = bedrock_ingress().error_headers(e);
    BOOST_REQUIRE(fields.size() == 1u);
    BOOST_TEST(fields[0].first == "x-amzn-errortype");
    return fields[0].second;
  };
  BOOST_TEST(type(what) == "ResourceNotFoundException");
  BOOST_TEST(type(client_error(error_code::invalid_request, "")) == "ValidationException");
  BOOST_TEST(type(client_error(error_code::invalid_json, "")) == "ValidationException");
  BOOST_TEST(type(client_error(error_code::invalid_api_key, "")) == "UnrecognizedClientException");
  BOOST_TEST(type(client_error(error_code::model_not_allowed, "")) == "AccessDeniedException");
  BOOST_TEST(type(client_error(error_code::budget_exceeded, "")) == "ServiceQuotaExceededException");
  BOOST_TEST(type(client_error(error_code::rate_limited, "")) == "ThrottlingException");
  BOOST_TEST(type(upstream_failure(error_code::no_healthy_upstream, "")) == "ServiceUnavailableException");
  BOOST_TEST(type(upstream_failure(error_code::upstream_timeout, "")) == "ModelTimeoutException");
  BOOST_TEST(type(internal_error("")) == "InternalServerException");
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_in_an_exception_frame) {
  const auto text = bedrock_ingress().stream_error(api::converse, upstream_failure(error_code::rate_limited, "slow down"));
  frame_splitter splitter;
  splitter.feed(text);
  event_frame frame;
  BOOST_REQUIRE(splitter.next(frame));
  BOOST_TEST(frame.bytes.size() == text.size());
  BOOST_TEST(frame.message_type == "exception");
  BOOST_TEST(frame.event_type == "throttlingException");
  BOOST_TEST(frame.payload == R"({"message":"slow down","code":"rate_limited"})");
}

BOOST_AUTO_TEST_CASE(the_rest_of_the_format_is_bedrocks) {
  const ingress::model_row rows[] = {{"bedrock/m", "bedrock"}, {"auto", "switchyard"}};
  const auto list = bedrock_ingress().models_body(rows);
  BOOST_TEST(list.starts_with(R"({"modelSummaries":[{"modelId":"bedrock/m",)"));
  BOOST_TEST(json::skip_value(list, 0) == list.size());
  BOOST_TEST(bedrock_ingress().model_body(rows[1]).starts_with(R"({"modelDetails":{"modelId":"auto",)"));
  BOOST_TEST(bedrock_ingress().request_id_header() == "x-amzn-requestid");
  BOOST_TEST(bedrock_ingress().stream_content_type({}) == "application/vnd.amazon.eventstream");
  BOOST_TEST(bedrock_ingress().name() == "bedrock");
}

BOOST_AUTO_TEST_SUITE_END()
