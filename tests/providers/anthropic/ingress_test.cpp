#include "tests/providers/anthropic/samples.hpp"

BOOST_AUTO_TEST_SUITE(anthropic_ingresses)

using namespace switchyard;
using namespace switchyard::providers;
using test::padded_body;
using test::anthropic::parsed;

namespace {

result<api_request> parse(const std::string& text, api operation = api::messages) {
  static std::vector<std::unique_ptr<padded_body>> kept;   // requests point into their bodies
  return anthropic_ingress().parse(operation, kept.emplace_back(std::make_unique<padded_body>(text))->view());
}
const std::string hello = R"("messages":[{"role":"user","content":"hi"}])";

std::string type_at(int status) {
  error what = client_error(error_code::invalid_request, "m");
  what.status = status;
  return std::string(parsed(anthropic_ingress().error_body(what)).at("error").at("type").as_string());
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_facts_are_read) {
  const auto read = parse(R"({"model":"claude-opus-4-8","max_tokens":64000,"stream":true,"fallbacks":["a/b"],)" + hello + "}");
  BOOST_REQUIRE(read);
  BOOST_TEST(read->model == "claude-opus-4-8");
  BOOST_TEST(read->stream);
  BOOST_TEST(read->max_output_tokens == 64000);
  BOOST_TEST(read->fallbacks.size() == 1u);
}

BOOST_AUTO_TEST_CASE(max_tokens_is_demanded_by_its_name) {
  const auto without = parse(R"({"model":"m",)" + hello + "}");
  BOOST_REQUIRE(!without);
  BOOST_TEST(without.failure().param == "max_tokens");
  BOOST_TEST(without.failure().message == "max_tokens: Field required");
  BOOST_TEST(!parse(R"({"model":"m","max_tokens":null,)" + hello + "}"));
  BOOST_TEST(!parse(R"({"model":"m","max_tokens":-1,)" + hello + "}"));
  BOOST_TEST(!parse(R"({"model":"m","max_tokens":"9",)" + hello + "}"));
  BOOST_TEST(parse(R"({"model":"m","max_tokens":0,)" + hello + "}").has_value());   // warms a cache
  BOOST_TEST(parse(R"({"model":"m",)" + hello + "}", api::count_message_tokens).has_value());
}

BOOST_AUTO_TEST_CASE(system_and_tools_count_as_input) {
  const auto few = parse(R"({"model":"m","max_tokens":1,)" + hello + "}");
  const auto system = parse(R"({"model":"m","max_tokens":1,"system":")" + std::string(400, 'x') + "\"," + hello + "}");
  const auto tools = parse(R"({"model":"m","max_tokens":1,"tools":[{"name":")" + std::string(400, 'x') + "\"}]," + hello + "}");
  BOOST_REQUIRE((few && system && tools));
  BOOST_TEST(system->input.tokens() >= few->input.tokens() + 40);
  BOOST_TEST(tools->input.tokens() >= few->input.tokens() + 40);
}

BOOST_AUTO_TEST_CASE(errors_have_anthropics_shape_and_types) {
  const auto body = parsed(anthropic_ingress().error_body(client_error(error_code::unknown_model, "no \"x\"", "model")));
  BOOST_TEST(body.at("type") == "error");
  BOOST_TEST(body.at("error").at("type") == "not_found_error");
  BOOST_TEST(body.at("error").at("message") == "no \"x\"");
  BOOST_TEST(body.at("error").at("code") == "unknown_model");
  BOOST_TEST(type_at(400) == "invalid_request_error");
  BOOST_TEST(type_at(401) == "authentication_error");
  BOOST_TEST(type_at(402) == "billing_error");
  BOOST_TEST(type_at(403) == "permission_error");
  BOOST_TEST(type_at(413) == "request_too_large");
  BOOST_TEST(type_at(415) == "invalid_request_error");
  BOOST_TEST(type_at(429) == "rate_limit_error");
  BOOST_TEST(type_at(500) == "api_error");
  BOOST_TEST(type_at(502) == "api_error");
  BOOST_TEST(type_at(503) == "overloaded_error");
  BOOST_TEST(type_at(504) == "timeout_error");
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_in_an_error_event) {
  const auto event = anthropic_ingress().stream_error(api::messages, upstream_failure(error_code::upstream_error, "gone"));
  BOOST_TEST(event.starts_with("event: error\ndata: {\"type\":\"error\","));
  BOOST_TEST(event.ends_with("}\n\n"));
}

BOOST_AUTO_TEST_CASE(models_are_listed_as_anthropic_lists_them) {
  const std::vector<ingress::model_row> rows = {{"anthropic/claude-opus-4-8", "anthropic"}, {"auto", "switchyard"}};
  const auto list = parsed(anthropic_ingress().models_body(rows));
  BOOST_TEST(list.at("has_more") == false);
  BOOST_TEST(list.at("first_id") == "anthropic/claude-opus-4-8");
  BOOST_TEST(list.at("last_id") == "auto");
  BOOST_TEST(list.at("data").at(1).at("type") == "model");
  BOOST_TEST(list.at("data").at(1).at("display_name") == "auto");
  BOOST_TEST(list.at("data").at(1).at("created_at") == "1970-01-01T00:00:00Z");
  BOOST_TEST(parsed(anthropic_ingress().models_body({})).at("first_id").is_null());
  BOOST_TEST(parsed(anthropic_ingress().model_body(rows[1])).at("id") == "auto");
  BOOST_TEST(anthropic_ingress().count_body(12) == R"({"input_tokens":12})");
  BOOST_TEST(anthropic_ingress().request_id_header() == "request-id");
}

BOOST_AUTO_TEST_SUITE_END()
