#include "tests/providers/gemini/samples.hpp"

BOOST_AUTO_TEST_SUITE(gemini_wires)

using namespace switchyard;
using namespace switchyard::providers;
using test::gemini_golden;
using test::joined;
using test::padded_body;

namespace {

struct encoded {
  upstream_request request;
  std::string body;
};

struct target {
  std::string base_url = "https://generativelanguage.googleapis.com";
  std::string model = "gemini-2.5-flash";
  config::auth_form auth = config::auth_form::by_wire;
  std::string key = "AIzaSyTestTestTestTestTestTestTestTest0";
};

encoded encode(const std::string& body, const operation_target& where, const target& to = {}) {
  const padded_body text(body);
  auto read = gemini_ingress().parse(where, text.view());
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.failure().message));
  config::key_config key;
  key.value = secret(to.key);
  config::provider_config provider;
  provider.name = "gemini";
  provider.auth = to.auth;
  encoded out;
  out.request = gemini_wire().encode(*read, {to.base_url, to.model, &key, &provider});
  out.body = joined(out.request);
  return out;
}

std::string header_of(const upstream_request& request, std::string_view name) {
  for (const auto& [n, value] : request.headers)
    if (n == name) return value;
  return "(none)";
}

const operation_target generate{.operation = api::generate_content, .model = "gemini-2.5-flash"};
const std::string hello = R"({"contents":[{"parts":[{"text":"hi"}]}]})";

}  // namespace

BOOST_AUTO_TEST_CASE(a_body_is_sent_as_one_view_of_itself) {
  const std::string body = " {\n  \"contents\" : [ {\"parts\":{\"text\":\"hi\"}}],\t\"unknown\":{\"z\":1.50,\"a\":[ ]}, \"generation_config\":{\"top_k\":1e2} }\n";
  auto where = generate;
  where.model = "gemini/gemini-2.5-flash";
  const auto sent = encode(body, where);
  BOOST_TEST(sent.body == body);
  BOOST_TEST(sent.request.body.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_model_stands_in_the_path_and_streams_are_events) {
  const auto path = [&](operation_target where, const target& to = {}) {
    const auto body = where.operation == api::embed_content ? R"({"content":{"parts":[{"text":"x"}]}})"
                      : where.operation == api::batch_embed_contents ? R"({"requests":[{"content":{"parts":[{"text":"x"}]}}]})"
                                                                     : hello;
    return encode(body, where, to).request.path;
  };
  auto stream = generate;
  stream.stream = true;
  BOOST_TEST(path(generate) == "/v1beta/models/gemini-2.5-flash:generateContent");
  BOOST_TEST(path(stream) == "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  BOOST_TEST(path({.operation = api::count_content_tokens, .model = "m"}) == "/v1beta/models/gemini-2.5-flash:countTokens");
  BOOST_TEST(path({.operation = api::embed_content, .model = "m"}) == "/v1beta/models/gemini-2.5-flash:embedContent");
  BOOST_TEST(path({.operation = api::batch_embed_contents, .model = "m"}) == "/v1beta/models/gemini-2.5-flash:batchEmbedContents");
  const auto base = [&](const std::string& url, const std::string& model = "m") { return path(generate, {.base_url = url, .model = model}); };
  BOOST_TEST(base("http://127.0.0.1:9/v1") == "/v1/models/m:generateContent");
  BOOST_TEST(base("http://127.0.0.1:9/x/v1beta1/") == "/x/v1beta1/models/m:generateContent");
  BOOST_TEST(base("http://127.0.0.1:9/vault") == "/vault/v1beta/models/m:generateContent");
  BOOST_TEST(base("https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/google") ==
             "/v1/projects/p/locations/eu/publishers/google/models/m:generateContent");
  BOOST_TEST(base("http://h", "models/m") == "/v1beta/models/m:generateContent");
  BOOST_TEST(base("http://h", "tunedModels/m") == "/v1beta/tunedModels/m:generateContent");
  BOOST_TEST(base("http://h", "../a?b") == "/v1beta/models/..%2Fa%3Fb:generateContent");
}

BOOST_AUTO_TEST_CASE(keys_go_where_the_api_or_the_config_wants_them) {
  const auto by_key = encode(hello, generate).request;
  BOOST_TEST(header_of(by_key, "x-goog-api-key") == target{}.key);
  BOOST_TEST(header_of(by_key, "authorization") == "(none)");
  const auto by_token = encode(hello, generate, {.auth = config::auth_form::bearer, .key = "ya29.token"}).request;
  BOOST_TEST(header_of(by_token, "authorization") == "Bearer ya29.token");
  BOOST_TEST(header_of(by_token, "x-goog-api-key") == "(none)");
}

BOOST_AUTO_TEST_CASE(models_named_in_bodies_are_changed_and_nothing_else) {
  const operation_target batch{.operation = api::batch_embed_contents, .model = "gemini/e"};
  const std::string requests = R"({ "requests":[{"model": "models/gemini/e","content":{"parts":[{"text":"model"}]}},)"
      R"({"content":{"parts":[]},"model":"x" }],"fallbacks":["a/b"]})";
  BOOST_TEST(encode(requests, batch, {.model = "e-1"}).body ==
             R"({ "requests":[{"model": "models/e-1","content":{"parts":[{"text":"model"}]}},{"content":{"parts":[]},)"
             R"("model":"models/e-1" }]})");
  const operation_target count{.operation = api::count_content_tokens, .model = "a"};
  BOOST_TEST(encode(R"({"generateContentRequest":{"model":"models/a","contents":[]}})", count, {.model = "b"}).body ==
             R"({"generateContentRequest":{"model":"models/b","contents":[]}})");
  // The same model: as the client wrote it.
  BOOST_TEST(encode(R"({"generateContentRequest":{"model":"a"}})", count, {.model = "a"}).body == R"({"generateContentRequest":{"model":"a"}})");
}

BOOST_AUTO_TEST_CASE(usage_is_prompt_and_tools_against_candidates_and_thoughts) {
  const auto usage = gemini_wire().inspect(api::generate_content, gemini_golden("grounding.json"));
  BOOST_REQUIRE(usage);
  BOOST_TEST(*usage->input == 32 + 2395);
  BOOST_TEST(*usage->output == 41 + 47);
}

BOOST_AUTO_TEST_CASE(answers_that_are_none_are_refused) {
  for (const std::string body : {"", "[]", "{", "{\"a\":1}x", "{\"error\":{\"code\":500}}", "\"x\"", "{\"a\":\"\xFF\"}"})
    BOOST_TEST(!gemini_wire().inspect(api::generate_content, body), body);
  BOOST_TEST(gemini_wire().inspect(api::embed_content, R"({"embedding":{"values":[1]}})").has_value());
}

BOOST_AUTO_TEST_CASE(recorded_requests_reach_the_provider_as_they_were) {
  for (const auto& row : test::google_recordings()) {
    BOOST_TEST_CONTEXT(row.id) {
      const auto method = row.url.substr(row.url.rfind(':') + 1);
      operation_target where{.operation = api::generate_content, .model = "gemini-2.5-flash"};
      where.stream = method.starts_with("stream");
      if (method.starts_with("batch")) where.operation = api::batch_embed_contents;
      BOOST_TEST(encode(row.request, where).body == row.request);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
