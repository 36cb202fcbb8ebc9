// Parts of an answer that the client's format has no place for: never gone without a word; and generated pictures are counted.
#include "providers/translation.hpp"
#include "tests/providers/samples.hpp"

BOOST_AUTO_TEST_SUITE(lost_parts)

using namespace switchyard;
using namespace switchyard::providers;
using test::padded_body;

namespace {

const std::string picture = R"({"inlineData":{"mimeType":"image/png","data":"aGVsbG8="}})";
const std::string gemini_answer = R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Look:"},)" + picture + "," + picture +
                                  R"(]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9}})";

config::provider_config provider(config::wire_format format) {
  config::provider_config out;
  out.name = "somebody";
  out.wire = format;
  return out;
}

struct client {
  client(api operation, const std::string& text, bool stream) : body(text) {
    operation_target target{.operation = operation};
    if (operation >= api::generate_content) target.model = "m", target.stream = stream;
    auto read = ingress_of(operation).parse(target, body.view());
    BOOST_REQUIRE(read.has_value());
    request = *std::move(read);
  }
  padded_body body;
  api_request request;
};

client messages_client() { return {api::messages, R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Draw"}]})", false}; }

}  // namespace

BOOST_AUTO_TEST_CASE(pictures_for_a_messages_client_are_named_and_counted) {
  const auto who = messages_client();
  neutral_view asked(who.request);
  const auto from = provider(config::wire_format::gemini);
  const auto whole = translate_answer(who.request, asked, gemini_wire(), from, gemini_answer, {.request_id = "r", .model = "m"});
  BOOST_REQUIRE(whole.has_value());
  BOOST_TEST(whole->lost.list() == "answer.image");
  BOOST_TEST(whole->counts.images == 2);
  BOOST_TEST(whole->body.find("Look:") != std::string::npos);

  const auto decoder = translate_stream(who.request, asked, gemini_wire(), from, {.request_id = "r", .model = "m"}, {});
  BOOST_TEST(decoder->lost().empty());
  (void)decoder->feed("data: " + gemini_answer + "\r\n\r\n");
  BOOST_TEST(decoder->close().finished);
  BOOST_TEST(decoder->lost() == "answer.image");
  BOOST_TEST(decoder->reported().images == 2);
}

BOOST_AUTO_TEST_CASE(a_client_that_can_be_shown_everything_hears_of_no_loss) {
  const client who(api::chat_completions, R"({"model":"m","messages":[{"role":"user","content":"Draw"}]})", false);
  neutral_view asked(who.request);
  const auto whole = translate_answer(who.request, asked, gemini_wire(), provider(config::wire_format::gemini), gemini_answer, {.request_id = "r", .model = "m"});
  BOOST_REQUIRE(whole.has_value());
  BOOST_TEST(whole->lost.list() == "");
  BOOST_TEST(whole->counts.images == 2);
}

BOOST_AUTO_TEST_CASE(a_hosted_tools_call_for_a_client_of_another_format_is_named) {
  const auto who = messages_client();
  neutral_view asked(who.request);
  auto from = provider(config::wire_format::openai);
  from.native_api = config::native_api::responses;
  const auto whole = translate_answer(who.request, asked, openai_wire(), from, test::golden("responses_web_search.json"), {.request_id = "r", .model = "m"});
  BOOST_REQUIRE(whole.has_value());
  BOOST_TEST(whole->lost.list() == "answer.web_search_call");
}

BOOST_AUTO_TEST_CASE(pictures_that_are_only_relayed_are_counted) {
  BOOST_TEST(gemini_wire().inspect(api::generate_content, gemini_answer)->images == 2);
  BOOST_TEST(openai_wire().inspect(api::chat_completions, R"({"choices":[{"message":{"content":"","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}}]})")->images == 1);
  const std::string output = R"("output":[{"type":"message","content":[]},{"type":"image_generation_call","result":"AAAA"},{"type":"image_generation_call","result":null}])";
  BOOST_TEST(openai_wire().inspect(api::responses, "{" + output + "}")->images == 1);
  BOOST_TEST(openai_wire().inspect(api::chat_completions, R"({"choices":[{"message":{"content":"an \"images\" member"}}]})")->images == 0);

  const auto followed = [](const wire& from, api operation, const std::string& text) {
    const auto decoder = from.open_stream(operation, false);
    (void)decoder->feed(text);
    (void)decoder->close();
    return decoder->reported().images;
  };
  BOOST_TEST(followed(gemini_wire(), api::generate_content, "data: " + gemini_answer + "\r\n\r\n") == 2);
  BOOST_TEST(followed(openai_wire(), api::chat_completions, R"(data: {"choices":[{"index":0,"delta":{"images":[{"type":"image_url"},{"type":"image_url"}]}}]})" "\n\n") == 2);
  BOOST_TEST(followed(openai_wire(), api::responses, R"(data: {"type":"response.completed","response":{)" + output + "}}\n\n") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
