#include "tests/providers/samples.hpp"

#include <algorithm>

BOOST_AUTO_TEST_SUITE(openai_wires)

using namespace switchyard;
using namespace switchyard::providers;
using test::golden;
using test::joined;
using test::padded_body;

namespace {

const wire& openai() { return *find_wire(config::wire_format::openai); }

struct encoded {
  upstream_request request;
  std::string body;
};

struct target {
  std::string base_url = "https://api.openai.com";
  std::string model = "gpt-4o";
  std::string provider = "openai";
  std::string key = "sk-test-key-0123456789";
  std::string api_version = {};
};

encoded encode(const std::string& body, const target& to = {}, api operation = api::chat_completions) {
  const padded_body text(body);
  auto read = openai_ingress().parse(operation, text.view());
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.failure().message));
  config::key_config key;
  key.value = secret(to.key);
  config::provider_config provider;
  provider.name = to.provider;
  provider.base_url = to.base_url;
  provider.api_version = to.api_version;
  encoded out;
  out.request = openai().encode(*read, {to.base_url, to.model, &key, &provider});
  out.body = joined(out.request);
  return out;
}

std::string header_of(const upstream_request& request, std::string_view name) {
  for (const auto& [n, value] : request.headers)
    if (n == name) return value;
  return "(none)";
}

const std::string hello = R"("messages":[{"role":"user","content":"hi"}])";

}  // namespace

BOOST_AUTO_TEST_CASE(thoughts_that_another_provider_proved_are_not_sent_to_openai) {
  const auto reasoning = [](const std::string& sealed) {
    return R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":")" + sealed + "\"}";
  };
  const auto body = [](const std::string& items) { return R"({"model":"gpt-4o","input":[)" + items + R"(],"store":false})"; };
  const auto sent = [](const std::string& text) { return encode(text, {}, api::responses).body; };
  const std::string user = R"({"role":"user","content":"say \"switchyard.signature.x\""})", own = reasoning("gAAAAA");
  const auto signature = reasoning("switchyard.signature.EqQB"), redacted = reasoning("switchyard.redacted.AA"), call = reasoning("switchyard.call.c:S");
  BOOST_TEST(sent(body(user + ", " + own)) == body(user + ", " + own));
  BOOST_TEST(sent(body(user + " , " + signature + ", " + own)) == body(user + " , " + own));
  BOOST_TEST(sent(body(signature + ",\n" + redacted + "," + user)) == body(user));
  BOOST_TEST(sent(body(user + "," + own + " , " + call + "," + signature)) == body(user + "," + own));
  BOOST_TEST(sent(body(user + "," + call + "," + own + "," + redacted + "," + user + "," + call)) == body(user + "," + own + "," + user));
  BOOST_TEST(sent(body(signature)) == body(""));
  BOOST_TEST(encode(R"({"fallbacks":["a/b"],"model":"x/gpt-4o","input":[)" + signature + "," + user + "]}", {}, api::responses).body ==
             R"({"model":"gpt-4o","input":[)" + user + "]}");
}

BOOST_AUTO_TEST_CASE(a_body_that_needs_no_change_is_sent_as_one_view_of_itself) {
  const std::string body = " {\n  \"model\" : \"gpt-4o\",\t\"unknown\":{\"z\":1.50,\"a\":[ ]}, " + hello + ", \"n\":1e2 }\n";
  const auto sent = encode(body);
  BOOST_TEST(sent.body == body);
  BOOST_TEST(sent.request.body.size() == 1u);
  BOOST_TEST(sent.request.storage.empty());
  BOOST_TEST(!sent.request.hide_usage);
}

BOOST_AUTO_TEST_CASE(only_the_models_bytes_change) {
  BOOST_TEST(encode("{\"model\" : \"openai/gpt-4o\" , \"x\":{\"model\":\"openai/gpt-4o\"}," + hello + "}").body ==
             "{\"model\" : \"gpt-4o\" , \"x\":{\"model\":\"openai/gpt-4o\"}," + hello + "}");
  BOOST_TEST(encode("{\"model\":\"a\"," + hello + "}", {.model = "we\"ird\\\xC3\xA9\n"}).body ==
             "{\"model\":\"we\\\"ird\\\\\xC3\xA9\\n\"," + hello + "}");
  // The same name in another spelling stays as the client wrote it.
  BOOST_TEST(encode(R"({"model":"gpt\u002d4o",)" + hello + "}").body == R"({"model":"gpt\u002d4o",)" + hello + "}");
}

BOOST_AUTO_TEST_CASE(fallbacks_never_leave_the_house) {
  const std::string fallbacks = R"("fallbacks":["a/b","c/d"])";
  const std::string expected = "{\"model\":\"gpt-4o\"," + hello + "}";
  BOOST_TEST(encode("{" + fallbacks + ",\"model\":\"openai/gpt-4o\"," + hello + "}").body == expected);
  BOOST_TEST(encode("{\"model\":\"openai/gpt-4o\"," + fallbacks + "," + hello + "}").body == expected);
  BOOST_TEST(encode("{\"model\":\"openai/gpt-4o\"," + hello + "," + fallbacks + "}").body == expected);
}

BOOST_AUTO_TEST_CASE(a_stream_is_asked_for_its_usage) {
  const auto sent = encode("{\"model\":\"gpt-4o\",\"stream\":true," + hello + "}");
  BOOST_TEST(sent.body == "{\"stream_options\":{\"include_usage\":true},\"model\":\"gpt-4o\",\"stream\":true," + hello + "}");
  BOOST_TEST(sent.request.hide_usage);
  BOOST_TEST(header_of(sent.request, "accept") == "text/event-stream");
  const auto all = encode("{ \"fallbacks\":[\"a/b\"],\"model\":\"x/gpt-4o\",\"stream\":true," + hello + "}");
  BOOST_TEST(all.body == "{\"stream_options\":{\"include_usage\":true}, \"model\":\"gpt-4o\",\"stream\":true," + hello + "}");
}

BOOST_AUTO_TEST_CASE(a_client_that_chose_its_stream_options_keeps_them) {
  for (const std::string options : {R"({"include_usage":true})", R"({"include_usage":false})", "{}", "null"}) {
    const std::string body = "{\"model\":\"gpt-4o\",\"stream\":true,\"stream_options\":" + options + "," + hello + "}";
    const auto sent = encode(body);
    BOOST_TEST(sent.body == body);
    BOOST_TEST(!sent.request.hide_usage);
  }
}

BOOST_AUTO_TEST_CASE(usage_is_not_forced_where_it_is_not_understood) {
  const std::string chat = "{\"model\":\"gpt-4o\",\"stream\":true," + hello + "}";
  for (const std::string provider : {"groq", "mistral", "cohere", "perplexity"})
    BOOST_TEST(encode(chat, {.provider = provider}).body == chat);
  BOOST_TEST(encode(chat, {.provider = "somebody"}).request.hide_usage);
  const std::string response = R"({"model":"gpt-4o","stream":true,"input":"hi"})";
  BOOST_TEST(encode(response, {}, api::responses).body == response);
}

BOOST_AUTO_TEST_CASE(paths_follow_the_operation_and_the_base_url) {
  const std::string chat = "{\"model\":\"gpt-4o\"," + hello + "}";
  const auto path = [&](const std::string& base, const std::string& provider = "openai") {
    return encode(chat, {.base_url = base, .provider = provider}).request.path;
  };
  BOOST_TEST(path("https://api.openai.com") == "/v1/chat/completions");
  BOOST_TEST(path("http://127.0.0.1:9000/") == "/v1/chat/completions");
  BOOST_TEST(path("https://api.groq.com/openai") == "/openai/v1/chat/completions");
  BOOST_TEST(path("https://openrouter.ai/api/v1") == "/api/v1/chat/completions");
  BOOST_TEST(path("https://open.example/api/paas/v4/") == "/api/paas/v4/chat/completions");
  BOOST_TEST(path("https://host.example/vault") == "/vault/v1/chat/completions");
  BOOST_TEST(path("https://api.perplexity.ai", "perplexity") == "/chat/completions");
  BOOST_TEST(encode(R"({"model":"m","input":"x"})", {}, api::embeddings).request.path == "/v1/embeddings");
  BOOST_TEST(encode(R"({"model":"m","input":"x"})", {}, api::responses).request.path == "/v1/responses");
  BOOST_TEST(encode(R"({"model":"m","prompt":"x"})", {}, api::completions).request.path == "/v1/completions");
}

BOOST_AUTO_TEST_CASE(azure_has_paths_and_a_header_of_its_own) {
  const std::string chat = "{\"model\":\"gpt-4o\"," + hello + "}";
  const auto path = [&](const std::string& base, const std::string& version = "", const std::string& model = "gpt-4o") {
    return encode(chat, {.base_url = base, .model = model, .provider = "azure", .api_version = version}).request.path;
  };
  for (const std::string base : {"https://east.openai.azure.com", "https://east.openai.azure.com/openai", "https://east.openai.azure.com/openai/v1"}) {
    BOOST_TEST(path(base) == "/openai/v1/chat/completions");
    BOOST_TEST(path(base, "2024-10-21") == "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
  }
  BOOST_TEST(path("https://gate.azure-api.net/ai") == "/ai/openai/v1/chat/completions");
  BOOST_TEST(path("https://east.openai.azure.com", "v", "my model/\xC3\xA9?") ==
             "/openai/deployments/my%20model%2F%C3%A9%3F/chat/completions?api-version=v");
  const target dated{.base_url = "https://east.openai.azure.com", .provider = "azure", .api_version = "2024-10-21"};
  BOOST_TEST(encode(R"({"model":"gpt-4o","input":"x"})", dated, api::embeddings).request.path ==
             "/openai/deployments/gpt-4o/embeddings?api-version=2024-10-21");
  BOOST_TEST(encode(R"({"model":"gpt-4o","input":"x"})", dated, api::responses).request.path == "/openai/responses?api-version=2024-10-21");
  const auto sent = encode(chat, dated).request;
  BOOST_TEST(header_of(sent, "api-key") == "sk-test-key-0123456789");
  BOOST_TEST(header_of(sent, "authorization") == "(none)");
  BOOST_TEST(header_of(encode(chat, {.base_url = "https://west.openai.azure.com", .provider = "azure-west"}).request, "api-key") ==
             "sk-test-key-0123456789");
}

BOOST_AUTO_TEST_CASE(a_provider_under_its_own_name_speaks_its_hosts_dialect) {
  const std::string chat = "{\"model\":\"gpt-4o\",\"stream\":true," + hello + "}";
  BOOST_TEST(encode(chat, {.base_url = "https://api.groq.com/openai", .provider = "groq-eu"}).body == chat);
  BOOST_TEST(encode(chat, {.base_url = "https://api.perplexity.ai", .provider = "search"}).request.path == "/chat/completions");
  BOOST_TEST(encode(chat, {.base_url = "http://127.0.0.1:8000", .provider = "mine"}).request.path == "/v1/chat/completions");
}

BOOST_AUTO_TEST_CASE(the_key_is_the_only_credential_sent) {
  const std::string chat = "{\"model\":\"gpt-4o\"," + hello + "}";
  const auto sent = encode(chat);
  BOOST_TEST(header_of(sent.request, "authorization") == "Bearer sk-test-key-0123456789");
  BOOST_TEST(header_of(sent.request, "content-type") == "application/json");
  BOOST_TEST(header_of(sent.request, "accept") == "application/json");
  BOOST_TEST(sent.request.headers.size() == 3u);
  BOOST_TEST(header_of(encode(chat, {.key = ""}).request, "authorization") == "(none)");
  BOOST_TEST(sent.request.method == "POST");
}

BOOST_AUTO_TEST_CASE(usage_is_read_from_recorded_answers) {
  const auto chat = openai().inspect(api::chat_completions, golden("chat_completion.json"));
  BOOST_REQUIRE(chat);
  BOOST_TEST(*chat->input == 13);
  BOOST_TEST(*chat->output == 11);
  const auto cached = openai().inspect(api::chat_completions, golden("deepseek_chat_completion.json"));
  BOOST_REQUIRE(cached);
  BOOST_TEST(*cached->cached_input == 896);
  const auto response = openai().inspect(api::responses, golden("response.json"));
  BOOST_REQUIRE(response);
  BOOST_TEST(*response->input == 10);
  BOOST_TEST(*response->output == 1);
  const auto vectors = openai().inspect(api::embeddings, golden("embeddings.json"));
  BOOST_REQUIRE(vectors);
  BOOST_TEST(*vectors->input == 4);
  BOOST_TEST(!vectors->output);
  const auto total_only = openai().inspect(api::embeddings, R"({"data":[],"usage":{"total_tokens":7}})");
  BOOST_REQUIRE(total_only);
  BOOST_TEST(*total_only->input == 7);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_no_json_object_is_an_upstream_error) {
  for (const std::string body : {"", "[]", "null", "<html>", "{", "{\"a\":bogus}", "{\"a\":\"\xFF\"}", "{} {}", "{\"choices\":[]"}) {
    const auto seen = openai().inspect(api::chat_completions, body);
    BOOST_REQUIRE_MESSAGE(!seen, body);
    BOOST_TEST((seen.failure().code == error_code::upstream_error));
    BOOST_TEST(seen.failure().retryable);
  }
}

BOOST_AUTO_TEST_CASE(an_error_in_a_200_is_an_upstream_error) {
  BOOST_TEST(!openai().inspect(api::chat_completions, R"({"error":{"message":"x","code":502}})"));
  BOOST_TEST(openai().inspect(api::responses, R"({"id":"r","error":null,"output":[]})").has_value());
  BOOST_TEST(openai().inspect(api::responses, R"({"id":"r","error":{"code":"x"},"output":[]})").has_value());
}

BOOST_AUTO_TEST_CASE(a_large_answer_is_inspected_too) {
  std::string numbers = "0.01";
  while (numbers.size() < (1u << 20)) numbers += ",-0.0123456";
  const std::string body = "{\"data\":[{\"embedding\":[" + numbers + "]}],\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}";
  const auto seen = openai().inspect(api::embeddings, body);
  BOOST_REQUIRE(seen);
  BOOST_TEST(*seen->input == 9);
  BOOST_TEST(!openai().inspect(api::embeddings, body.substr(0, body.size() - 1)));
  BOOST_TEST(!openai().inspect(api::embeddings, body + "x"));
}

BOOST_AUTO_TEST_SUITE_END()
