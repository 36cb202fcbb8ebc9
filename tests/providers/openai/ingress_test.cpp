#include "tests/providers/samples.hpp"

BOOST_AUTO_TEST_SUITE(openai_ingress_format)

using namespace switchyard;
using namespace switchyard::providers;

BOOST_AUTO_TEST_CASE(errors_have_openais_shape_and_the_contracts_code) {
  const auto& format = openai_ingress();
  BOOST_TEST(format.error_body(client_error(error_code::invalid_request, "say \"what\"", "model")) ==
             R"({"error":{"message":"say \"what\"","type":"invalid_request_error","param":"model","code":"invalid_request"}})");
  BOOST_TEST(format.error_body(client_error(error_code::invalid_api_key, "no")) ==
             R"({"error":{"message":"no","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})");
  const auto has_type = [&](error_code code, std::string_view type) {
    return format.error_body(client_error(code, "x")).find("\"type\":\"" + std::string(type) + '"') != std::string::npos;
  };
  BOOST_TEST(has_type(error_code::rate_limited, "rate_limit_error"));
  BOOST_TEST(has_type(error_code::budget_exceeded, "insufficient_quota"));
  BOOST_TEST(has_type(error_code::unknown_model, "invalid_request_error"));
  BOOST_TEST(has_type(error_code::upstream_error, "server_error"));
  BOOST_TEST(has_type(error_code::internal, "server_error"));
}

BOOST_AUTO_TEST_CASE(a_broken_chat_stream_ends_with_an_error_event) {
  BOOST_TEST(openai_ingress().stream_error(api::chat_completions, upstream_failure(error_code::upstream_error, "gone")) ==
             "data: {\"error\":{\"message\":\"gone\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream_error\"}}\n\n");
}

BOOST_AUTO_TEST_CASE(a_broken_response_stream_ends_with_its_own_error_event) {
  const auto event = openai_ingress().stream_error(api::responses, upstream_failure(error_code::upstream_timeout, "gone"));
  BOOST_TEST(event ==
             "event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_timeout\",\"message\":\"gone\",\"param\":null,\"sequence_number\":0,"
             "\"error\":{\"message\":\"gone\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream_timeout\"}}\n\n");
}

BOOST_AUTO_TEST_CASE(an_error_event_of_ours_is_an_error_to_our_own_decoder) {
  for (const auto operation : {api::chat_completions, api::completions, api::responses}) {
    const auto event = openai_ingress().stream_error(operation, upstream_failure(error_code::upstream_error, "gone\nfor good"));
    const auto seen = test::follow(operation, {event});
    BOOST_REQUIRE(seen.problem);
    BOOST_TEST(seen.problem->what.message == "gone\nfor good");
    BOOST_TEST(!seen.finished);
  }
}

BOOST_AUTO_TEST_CASE(models_are_listed_as_openai_lists_them) {
  const std::vector<ingress::model_row> rows = {{"openai/gpt-4o", "openai"}, {"auto", "switchyard"}};
  BOOST_TEST(openai_ingress().models_body(rows) ==
             R"({"object":"list","data":[{"id":"openai/gpt-4o","object":"model","created":0,"owned_by":"openai"},)"
             R"({"id":"auto","object":"model","created":0,"owned_by":"switchyard"}]})");
  BOOST_TEST(openai_ingress().models_body({}) == R"({"object":"list","data":[]})");
  BOOST_TEST(openai_ingress().model_body(rows[1]) == R"({"id":"auto","object":"model","created":0,"owned_by":"switchyard"})");
}

BOOST_AUTO_TEST_CASE(the_registry_knows_what_it_speaks) {
  BOOST_REQUIRE(find_wire(config::wire_format::openai) != nullptr);
  BOOST_TEST((find_wire(config::wire_format::openai)->format() == config::wire_format::openai));
  BOOST_TEST(openai_ingress().name() == "openai");
  BOOST_TEST(to_string(api::embeddings) == "embeddings");
}

BOOST_AUTO_TEST_SUITE_END()
