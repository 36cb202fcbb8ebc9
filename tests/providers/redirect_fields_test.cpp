#include "providers/redirect_fields.hpp"

#include "providers/json_document.hpp"
#include "providers/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(redirect_fields)

using namespace switchyard;
using namespace switchyard::providers;

namespace {

/// The field a chat request with these members is refused for; "" when it is taken.
std::string refused_for(const std::string& members) {
  std::string body = R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],)" + members + "}";
  const auto size = body.size();
  body.append(64, ' ');
  const auto parsed = openai_ingress().parse(api::chat_completions, std::string_view(body).substr(0, size));
  if (parsed) return {};
  BOOST_TEST(http_status(parsed.failure()) == 400);
  return parsed.failure().param;
}

}  // namespace

BOOST_AUTO_TEST_CASE(forty_spellings_of_another_endpoint_or_credential_are_refused_by_name) {
  const std::vector<std::string> names = {
      "api_base", "apiBase", "API_BASE", "api-base", "api.base", "base_url", "baseURL", "baseUrl", "base-url", "BASE_URL",
      "custom_host", "customHost", "custom-host", "x-portkey-custom-host", "api_url", "apiUrl", "api_host", "api_endpoint",
      "openai_api_base", "OPENAI_BASE_URL", "azure_endpoint", "azureEndpoint", "litellm_api_base", "endpoint_url", "aws_bedrock_runtime_endpoint",
      "upstream_url", "upstream_host", "custom_url", "custom_endpoint", "provider_url", "target_url",
      "api_key", "apiKey", "API_KEY", "api-key", "openai_api_key", "anthropic_api_key", "aws_access_key_id", "aws_secret_access_key",
      "azure_ad_token", "vertex_credentials", "aws_session_token", "api_keys"};
  BOOST_TEST(names.size() >= 40u);
  for (const auto& name : names) {
    BOOST_TEST(refused_for('"' + name + R"(":"http://127.0.0.1:1")") == name);
    BOOST_TEST(refused_for('"' + name + R"(":null)") == name);
  }
}

BOOST_AUTO_TEST_CASE(they_are_refused_within_other_members_too) {
  BOOST_TEST(refused_for(R"("litellm_params":{"api_base":"http://x"})") == "litellm_params.api_base");
  BOOST_TEST(refused_for(R"("extra_body":{"options":{"baseURL":"http://x"}})") == "extra_body.options.baseURL");
  BOOST_TEST(refused_for(R"("user_config":{"model_list":[{"model_name":"m"},{"litellm_params":{"api_key":"sk"}}]})") ==
             "user_config.model_list[1].litellm_params.api_key");
  BOOST_TEST(refused_for(R"("config":[[{"custom_host":"x"}]])") == "config[0][0].custom_host");
  BOOST_TEST(refused_for(R"("metadata":{"api_base":"http://x"})") == "metadata.api_base");
}

BOOST_AUTO_TEST_CASE(content_may_speak_of_them) {
  for (const std::string members :
       {R"("tools":[{"type":"function","function":{"name":"call","parameters":{"type":"object","properties":{"base_url":{"type":"string"},"api_key":{}}}}}])",
        R"("response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"properties":{"api_base":{}}}}})",
        R"("temperature":1,"metadata":{"note":"api_base"},"user":"api_key","stop":["base_url"])", R"("logit_bias":{"50256":-100})",
        R"("stream_options":{"include_usage":true},"reasoning":{"effort":"low"},"web_search_options":{"user_location":{"type":"approximate"}})",
        R"("prompt_cache_key":"a","safety_identifier":"b","base":1,"url":"c","key":"d","database_url_count":2)"})
    BOOST_TEST(refused_for(members) == "", members);
  std::string body = R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}],"api_base":"x"}]})";
  const auto size = body.size();
  body.append(64, ' ');
  BOOST_TEST(openai_ingress().parse(api::chat_completions, std::string_view(body).substr(0, size)).has_value());
}

BOOST_AUTO_TEST_CASE(header_fields_and_the_query_are_held_to_the_same) {
  const auto in_header = [](std::string_view name) {
    const std::vector<header> fields{{"host", "a"}, {name, "http://x"}};
    return refuse_redirect(fields, {}).has_value();
  };
  for (const std::string_view name : {"x-api-base", "api-base", "X-Portkey-Custom-Host", "x-base-url", "openai-base-url", "x-litellm-api-base", "x-upstream-url"})
    BOOST_TEST(in_header(name), name);
  for (const std::string_view name : {"authorization", "x-api-key", "api-key", "x-goog-api-key", "host", "x-forwarded-host", "content-location", "openai-organization"})
    BOOST_TEST(!in_header(name), name);
  BOOST_TEST(refuse_redirect({}, "a=1&api_base=http%3A%2F%2Fx").has_value());
  BOOST_TEST(refuse_redirect({}, "base_url").has_value());
  BOOST_TEST(refuse_redirect({}, "api-key=x").has_value());
  BOOST_TEST(!refuse_redirect({}, "key=x&limit=2&after=api_base").has_value());
  BOOST_TEST(!refuse_redirect({}, "").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
