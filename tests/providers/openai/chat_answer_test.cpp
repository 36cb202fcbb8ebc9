#include "tests/providers/translated.hpp"

BOOST_AUTO_TEST_SUITE(chat_answers)

using namespace switchyard;
using namespace switchyard::providers;
using boost::json::parse;
using neutral::finish_reason;
using neutral::part_kind;

namespace {

/// What was read points into the body, which `texts` keeps.
neutral::answer read(const std::string& body, neutral::arena& texts) {
  auto answer = chat_dialect().read_answer(texts.keep(body), texts);
  BOOST_REQUIRE_MESSAGE(answer, (answer ? std::string() : answer.failure().message));
  return *answer;
}

/// One choice with this message.
std::string saying(const std::string& message, const std::string& finish = "stop") {
  return R"({"id":"x","model":"m","choices":[{"index":0,"message":)" + message + R"(,"finish_reason":")" + finish + R"("}]})";
}

boost::json::value write(const neutral::answer& answer) {
  std::string out;
  chat_dialect().write_answer(answer, {.request_id = "req\"1", .model = "asked", .created = 12}, out);
  return parse(out);
}

neutral::answer of_parts(std::vector<neutral::part> parts, finish_reason finish = finish_reason::stop) {
  neutral::answer out;
  out.choices.push_back({.parts = std::move(parts), .finish = finish});
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_has_everything_a_client_looks_for) {
  auto answer = of_parts({{.kind = part_kind::reasoning, .text = R"("think")", .signature = R"("sig")"},
                          {.kind = part_kind::redacted_reasoning, .data = R"("xx")"},
                          {.text = R"("a\n")", .citations = R"([{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":0,"end_index":1}},
                            {"type":"file_citation","file_citation":{"filename":"f"}}])"},
                          {.text = R"("b")"},
                          {.kind = part_kind::tool_call, .name = R"("f")", .id = R"("toolu_1")", .arguments = R"({"q": "\"x\""})", .signature = R"("gs")"},
                          {.kind = part_kind::tool_call, .name = R"("g")", .id = R"("toolu_2")", .arguments = R"("raw")"}},
                         finish_reason::tool_calls);
  answer.id = R"("msg_1")";
  answer.model = R"("claude")";
  answer.service_tier = R"("standard")";
  answer.usage = {.input = 10, .output = 5, .cached_input = 4, .cache_write = 2, .reasoning = 3};
  BOOST_TEST(write(answer) == parse(R"({"id":"chatcmpl-msg_1","object":"chat.completion","created":12,"model":"claude","choices":[{"index":0,
    "message":{"role":"assistant","content":"a\nb","refusal":null,"reasoning_content":"think",
      "reasoning_details":[{"type":"reasoning.text","text":"think","signature":"sig","index":0},{"type":"reasoning.encrypted","data":"xx","index":1}],
      "annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":0,"end_index":1}}],
      "tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{\"q\": \"\\\"x\\\"\"}"},"extra_content":{"google":{"thought_signature":"gs"}}},
                    {"id":"toolu_2","type":"function","function":{"name":"g","arguments":"raw"}}]},
    "logprobs":null,"finish_reason":"tool_calls"}],
    "usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0,"cache_write_tokens":2},
      "completion_tokens_details":{"reasoning_tokens":3,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},
    "service_tier":"default"})"));
}

BOOST_AUTO_TEST_CASE(what_the_family_sends_is_understood) {
  neutral::arena texts;
  const auto mistral_body = test::golden("mistral_thinking.json");
  const auto mistral = test::hear(read(mistral_body, texts).choices[0].parts);
  BOOST_TEST(mistral.thoughts.find("crossing a river") != std::string::npos);
  BOOST_TEST(mistral.text.starts_with("Crossing a river"));
  const auto google_body = test::golden("google_tool_call.json");
  const auto google = read(google_body, texts);
  BOOST_REQUIRE(google.choices[0].parts.size() == 1u);
  BOOST_TEST(google.choices[0].parts[0].id == R"("call_get_current_time_0")");
  BOOST_TEST(google.choices[0].parts[0].signature.size() > 50u);
  const auto encrypted_body = test::golden("openrouter_encrypted_reasoning.json");
  const auto encrypted = test::hear(read(encrypted_body, texts).choices[0].parts);
  BOOST_TEST(encrypted.thoughts.starts_with("**Crafting"));
  BOOST_TEST(encrypted.opaque.starts_with("gAAAAA"));
  const auto signed_body = test::golden("openrouter_signed_reasoning.json");
  const auto signed_one = test::hear(read(signed_body, texts).choices[0].parts);
  BOOST_TEST(signed_one.thoughts.starts_with("The user is asking"));
  BOOST_TEST(signed_one.signature.starts_with("EugC"));
  BOOST_TEST(signed_one.text == "ok");
  const auto groq_body = test::golden("groq_tool_calls.json");
  const auto groq = read(groq_body, texts);
  BOOST_TEST(test::hear(groq.choices[0].parts).calls.size() == 2u);
  BOOST_TEST((groq.choices[0].finish == finish_reason::tool_calls));
  BOOST_TEST(*groq.usage.input == 779);
}

BOOST_AUTO_TEST_CASE(a_provider_that_names_nothing_gets_our_names) {
  const auto out = write(of_parts({{.text = R"("a")"}}));
  BOOST_TEST(out.at("id") == "chatcmpl-req\"1");
  BOOST_TEST(out.at("model") == "asked");
  BOOST_TEST(!out.as_object().contains("usage"));
  BOOST_TEST(!out.at("choices").at(0).at("message").as_object().contains("tool_calls"));
  auto own = of_parts({});
  own.id = R"("chatcmpl-9")";
  BOOST_TEST(write(own).at("id") == "chatcmpl-9");
  BOOST_TEST(write(own).at("choices").at(0).at("message").at("content").is_null());
}

BOOST_AUTO_TEST_CASE(every_end_has_a_word_clients_know) {
  const std::pair<finish_reason, const char*> rows[] = {
      {finish_reason::none, "stop"},          {finish_reason::stop, "stop"},
      {finish_reason::stop_sequence, "stop"}, {finish_reason::length, "length"},
      {finish_reason::tool_calls, "tool_calls"}, {finish_reason::content_filter, "content_filter"},
      {finish_reason::refusal, "content_filter"}, {finish_reason::pause, "stop"},
      {finish_reason::context_exceeded, "length"}, {finish_reason::malformed_call, "stop"}, {finish_reason::other, "stop"}};
  for (const auto& [reason, word] : rows) BOOST_TEST(write(of_parts({{.text = R"("a")"}}, reason)).at("choices").at(0).at("finish_reason") == word, word);
  const neutral::part call{.kind = part_kind::tool_call, .name = R"("f")", .arguments = "{}"};
  BOOST_TEST(write(of_parts({call}, finish_reason::stop)).at("choices").at(0).at("finish_reason") == "tool_calls");
  BOOST_TEST(write(of_parts({call}, finish_reason::length)).at("choices").at(0).at("finish_reason") == "length");
}

BOOST_AUTO_TEST_CASE(pictures_sound_and_refusals_survive_the_round_trip) {
  const std::string body = saying(R"({"role":"assistant","content":null,"refusal":"no","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}],
    "audio":{"id":"audio_1","data":"QQ==","expires_at":99,"transcript":"hello"}})");
  neutral::arena texts;
  const auto answer = read(body, texts);
  const auto message = write(answer).at("choices").at(0).at("message");
  const auto original = parse(body).at("choices").at(0).at("message");
  for (const char* name : {"content", "refusal", "images", "audio"}) BOOST_TEST(message.at(name) == original.at(name), name);
}

BOOST_AUTO_TEST_CASE(several_choices_and_their_logprobs_survive_the_round_trip) {
  const std::string body = R"({"id":"chatcmpl-1","model":"m","created":3,"system_fingerprint":"fp","choices":[
    {"index":0,"message":{"role":"assistant","content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[]}],"refusal":null},"finish_reason":"stop"},
    {"index":1,"message":{"role":"assistant","content":"b"},"logprobs":null,"finish_reason":"length"}]})";
  neutral::arena texts;
  const auto out = write(read(body, texts));
  const auto original = parse(body);
  BOOST_TEST(out.at("created") == 3);
  BOOST_TEST(out.at("system_fingerprint") == "fp");
  for (std::size_t i : {0u, 1u}) {
    BOOST_TEST(out.at("choices").at(i).at("logprobs") == original.at("choices").at(i).at("logprobs"));
    BOOST_TEST(out.at("choices").at(i).at("finish_reason") == original.at("choices").at(i).at("finish_reason"));
    BOOST_TEST(out.at("choices").at(i).at("index") == i);
  }
}

BOOST_AUTO_TEST_CASE(calls_without_an_id_get_one_each) {
  neutral::arena texts;
  const auto answer = read(saying(R"({"tool_calls":[{"id":"","function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":{"a":1}}}],
    "extra_content":{"google":{"thought_signature":"s"}}})", "tool_calls"), texts);
  const auto& parts = answer.choices[0].parts;
  BOOST_REQUIRE(parts.size() == 2u);
  BOOST_TEST(parts[0].id == R"("call_f_0")");
  BOOST_TEST(parts[1].id == R"("call_f_1")");
  BOOST_TEST(parts[1].arguments == R"({"a":1})");
  BOOST_TEST(parts[0].signature == R"("s")");   // Google signs the message, not the call
}

BOOST_AUTO_TEST_CASE(caches_and_reasoning_are_counted_wherever_they_are_said) {
  neutral::arena texts;
  const auto usage = [&](const std::string& object) { return read(R"({"choices":[],"usage":)" + object + "}", texts).usage; };
  BOOST_TEST(*usage(R"({"prompt_tokens":5,"completion_tokens":1,"prompt_cache_hit_tokens":3})").cached_input == 3);
  BOOST_TEST(*usage(R"({"prompt_tokens":5,"completion_tokens":1,"num_cached_tokens":2})").cached_input == 2);
  BOOST_TEST(*usage(R"({"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":1}})").cache_write == 1);
  // xAI counts reasoning beside the completion, OpenAI within.
  BOOST_TEST(*usage(R"({"prompt_tokens":5,"completion_tokens":1,"total_tokens":13,"completion_tokens_details":{"reasoning_tokens":7}})").output == 8);
  BOOST_TEST(*usage(R"({"prompt_tokens":5,"completion_tokens":8,"total_tokens":13,"completion_tokens_details":{"reasoning_tokens":7}})").output == 8);
  BOOST_TEST(*read(R"({"choices":[],"x_groq":{"usage":{"prompt_tokens":5,"completion_tokens":1}}})", texts).usage.input == 5);
}

BOOST_AUTO_TEST_CASE(answers_that_are_none_are_failures) {
  for (const char* body : {"", "[]", "{}", R"({"choices":{}})", R"({"choices":[1]})",
                           R"({"error":{"message":"overloaded"}})", R"({"choices":[{"error":{"message":"upstream broke","code":502}}]})"}) {
    neutral::arena texts;
    const auto answer = chat_dialect().read_answer(body, texts);
    BOOST_REQUIRE_MESSAGE(!answer, body);
    BOOST_TEST((answer.failure().origin == error_origin::upstream), body);
  }
}

BOOST_AUTO_TEST_SUITE_END()
