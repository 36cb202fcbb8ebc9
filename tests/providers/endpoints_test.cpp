#include "providers/endpoints.hpp"

#include "providers/registry.hpp"
#include "tests/providers/samples.hpp"

BOOST_AUTO_TEST_SUITE(endpoints)

using namespace switchyard::providers;

namespace {

struct row {
  std::string_view path;
  std::string_view query;
  api operation;
  std::string_view model;
  bool stream = false;
  bool as_array = false;
};

const row operations[] = {
    {"/v1/chat/completions", "", api::chat_completions, ""},
    {"/openai/v1/chat/completions", "", api::chat_completions, ""},
    {"/openai/chat/completions", "", api::chat_completions, ""},
    {"/v1/responses", "", api::responses, ""},
    {"/openai/responses", "", api::responses, ""},
    {"/v1/completions", "", api::completions, ""},
    {"/v1/embeddings", "", api::embeddings, ""},
    {"/v1/messages", "beta=true", api::messages, ""},
    {"/anthropic/v1/messages", "", api::messages, ""},
    {"/v1/messages/count_tokens", "", api::count_message_tokens, ""},
    {"/v1beta/models/gemini-2.5-flash:generateContent", "", api::generate_content, "gemini-2.5-flash"},
    {"/v1beta/models/openai/gpt-4o:generateContent", "key=x", api::generate_content, "openai/gpt-4o"},
    {"/v1beta/models/openai%2Fgpt-oss%3A20b:generateContent", "", api::generate_content, "openai/gpt-oss:20b"},
    {"/v1beta/models/ollama/qwen3:8b:generateContent", "", api::generate_content, "ollama/qwen3:8b"},
    {"/genai/v1beta/openai/gpt-4o:generateContent", "", api::generate_content, "openai/gpt-4o"},
    {"/v1beta/models/m:streamGenerateContent", "alt=sse", api::generate_content, "m", true, false},
    {"/v1beta/models/m:streamGenerateContent", "key=k&alt=sse", api::generate_content, "m", true, false},
    {"/v1beta/models/m:streamGenerateContent", "xalt=sse", api::generate_content, "m", true, true},
    {"/v1/models/m:generateContent", "", api::generate_content, "m"},
    {"/genai/v1/models/m:generateContent", "", api::generate_content, "m"},
    {"/genai/v1beta/models/m:countTokens", "", api::count_content_tokens, "m"},
    {"/v1beta/models/m:embedContent", "", api::embed_content, "m"},
    {"/v1beta/models/m:batchEmbedContents", "", api::batch_embed_contents, "m"},
    {"/model/us.amazon.nova-micro-v1%3A0/converse", "", api::converse, "us.amazon.nova-micro-v1:0"},
    {"/model/openai%2Fgpt-4o/converse-stream", "", api::converse, "openai/gpt-4o", true},
    {"/bedrock/model/sim/small/converse", "", api::converse, "sim/small"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_operation_is_found_at_its_paths) {
  for (const auto& expected : operations) {
    BOOST_TEST_CONTEXT(expected.path << '?' << expected.query) {
      const auto found = find_endpoint(expected.path, expected.query, false);
      BOOST_REQUIRE(found.has_value());
      BOOST_TEST((found->kind == endpoint_kind::operation));
      BOOST_TEST((found->target.operation == expected.operation));
      BOOST_TEST(found->target.model == expected.model);
      BOOST_TEST(found->target.stream == expected.stream);
      BOOST_TEST(found->target.as_array == expected.as_array);
      BOOST_TEST(found->method == "POST");
      BOOST_TEST(found->format == &ingress_of(expected.operation));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_in_the_table_does_not_exist) {
  for (const std::string_view path :
       {"/", "/v1", "/v1/", "//v1/chat/completions", "/v1/chat/completions/", "/V1/chat/completions", "/v1/chat", "/openai", "/openai/", "/openai//v1/embeddings",
        "/openai/v1/messages", "/anthropic/v1/chat/completions", "/anthropic/messages", "/anthropicv1/messages", "/genai/v1beta/models/m:unknownVerb", "/genaiv1beta/models",
        "/v1beta/models/:generateContent", "/v1beta/models/m", "/v1beta/m:generateContent", "/v1beta//m:generateContent", "/model//converse", "/model/m/invoke", "/model/converse", "/bedrock/v1/embeddings",
        "/genai/model/m/converse", "/v1/models/", "/admin/v1/status", "/v2/chat/completions", "/openai/v1/v1/embeddings"}) {
    const auto found = find_endpoint(path, "", false);
    BOOST_TEST((!found || found->kind == endpoint_kind::one_model), path << " was found");
  }
}

BOOST_AUTO_TEST_CASE(a_shared_path_lists_models_in_the_shape_of_who_asks) {
  BOOST_TEST(find_endpoint("/v1/models", "", false)->format == &openai_ingress());
  BOOST_TEST(find_endpoint("/v1/models", "", true)->format == &anthropic_ingress());
  BOOST_TEST(find_endpoint("/anthropic/v1/models", "", false)->format == &anthropic_ingress());
  BOOST_TEST(find_endpoint("/v1beta/models", "", false)->format == &gemini_ingress());
  BOOST_TEST(find_endpoint("/genai/v1/models", "", false)->format == &gemini_ingress());
  const auto one = find_endpoint("/v1/models/openai%2Fgpt-4o", "", false);
  BOOST_REQUIRE(one.has_value());
  BOOST_TEST((one->kind == endpoint_kind::one_model));
  BOOST_TEST(one->target.model == "openai/gpt-4o");
  BOOST_TEST(one->method == "GET");
}

BOOST_AUTO_TEST_CASE(an_unknown_path_is_answered_in_its_neighbours_format) {
  BOOST_TEST(&format_of_path("/v1/nothing", false) == &openai_ingress());
  BOOST_TEST(&format_of_path("/v1/nothing", true) == &anthropic_ingress());
  BOOST_TEST(&format_of_path("/v1/messages/batches", false) == &anthropic_ingress());
  BOOST_TEST(&format_of_path("/v1beta/files", false) == &gemini_ingress());
  BOOST_TEST(&format_of_path("/model/m/invoke", false) == &bedrock_ingress());
}

BOOST_AUTO_TEST_SUITE_END()
