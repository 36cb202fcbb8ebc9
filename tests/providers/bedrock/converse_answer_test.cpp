#include "tests/providers/bedrock/converse_support.hpp"

BOOST_AUTO_TEST_SUITE(converse_answer)

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::providers::test;
using neutral::finish_reason;
using neutral::part;
using neutral::part_kind;

namespace {

neutral::answer answering(std::vector<part> parts, finish_reason finish = finish_reason::stop) {
  neutral::answer out;
  out.choices.push_back({.parts = std::move(parts), .finish = finish});
  return out;
}
bj::value written_answer(const neutral::answer& what) {
  std::string out;
  converse_dialect().write_answer(what, {}, out);
  return bj::parse(out);
}
std::string content(const neutral::answer& what) { return bj::serialize(written_answer(what).at("output").at("message").at("content")); }
std::string stop_reason(finish_reason finish) { return std::string(written_answer(answering({}, finish)).at("stopReason").as_string()); }

}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_has_everything_clients_insist_on) {
  neutral::answer what;
  BOOST_TEST(written_answer(what) == bj::parse(R"({"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn",)"
                                               R"("usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0},"metrics":{"latencyMs":0}})"));
}

BOOST_AUTO_TEST_CASE(every_part_an_answer_may_have_is_said) {
  const auto what = answering({{.kind = part_kind::reasoning, .text = "\"hm\"", .signature = "\"s\""},
                               {.kind = part_kind::reasoning, .text = "\"unsigned\""},
                               {.kind = part_kind::redacted_reasoning, .data = "\"c2VhbGVk\""},
                               text("\"a\""),
                               text("\"\""),
                               {.kind = part_kind::refusal, .text = "\"no\""},
                               {.kind = part_kind::image, .media_type = "\"image/png\"", .data = "\"AAAA\""},
                               {.kind = part_kind::tool_call, .name = "\"f\"", .id = "\"t\"", .arguments = R"({"x":1})"}});
  BOOST_TEST(content(what) == R"([{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"reasoningContent":{"reasoningText":{"text":"unsigned"}}},)"
                              R"({"reasoningContent":{"redactedContent":"c2VhbGVk"}},{"text":"a"},{"text":"no"},)"
                              R"({"image":{"format":"png","source":{"bytes":"AAAA"}}},{"toolUse":{"toolUseId":"t","name":"f","input":{"x":1}}}])");
  BOOST_TEST(written_answer(what).at("stopReason").as_string() == "tool_use");
}

BOOST_AUTO_TEST_CASE(every_end_has_its_word) {
  BOOST_TEST(stop_reason(finish_reason::stop) == "end_turn");
  BOOST_TEST(stop_reason(finish_reason::none) == "end_turn");
  BOOST_TEST(stop_reason(finish_reason::length) == "max_tokens");
  BOOST_TEST(stop_reason(finish_reason::stop_sequence) == "stop_sequence");
  BOOST_TEST(stop_reason(finish_reason::tool_calls) == "tool_use");
  BOOST_TEST(stop_reason(finish_reason::content_filter) == "content_filtered");
  BOOST_TEST(stop_reason(finish_reason::refusal) == "content_filtered");
  BOOST_TEST(stop_reason(finish_reason::context_exceeded) == "model_context_window_exceeded");
  BOOST_TEST(stop_reason(finish_reason::malformed_call) == "malformed_tool_use");
  for (const auto& [theirs, ours] : {std::pair{"guardrail_intervened", finish_reason::content_filter}, {"content_filtered", finish_reason::content_filter},
                                     {"malformed_model_output", finish_reason::other}, {"something_new", finish_reason::other}}) {
    neutral::arena texts;
    const auto read = converse_dialect().read_answer(R"({"output":{"message":{"content":[]}},"stopReason":")" + std::string(theirs) + "\"}", texts);
    BOOST_REQUIRE(read);
    BOOST_TEST((read->choices[0].finish == ours), theirs);
  }
}

BOOST_AUTO_TEST_CASE(counts_are_taken_apart_again) {
  auto what = answering({text("\"a\"")});
  what.usage = {.input = 100, .output = 20, .cached_input = 60, .cache_write = 30};
  BOOST_TEST(bj::serialize(written_answer(what).at("usage")) ==
             R"({"inputTokens":10,"outputTokens":20,"totalTokens":120,"cacheReadInputTokens":60,"cacheWriteInputTokens":30})");
}

BOOST_AUTO_TEST_CASE(citations_of_every_format_become_bedrocks) {
  auto cited = text("\"a\"");
  cited.citations = R"([{"type":"url_citation","url_citation":{"url":"http://u","title":"t"}},{"type":"web_search_result_location","url":"http://v","cited_text":"q"},)"
                    R"({"title":"own","location":{"documentPage":{"documentIndex":0,"start":1,"end":2}}}])";
  BOOST_TEST(content(answering({cited})) ==
             R"([{"citationsContent":{"content":[{"text":"a"}],"citations":[{"title":"t","location":{"web":{"url":"http://u"}}},)"
             R"({"sourceContent":[{"text":"q"}],"location":{"web":{"url":"http://v"}}},{"title":"own","location":{"documentPage":{"documentIndex":0,"start":1,"end":2}}}]}}])");
  const std::string own = R"({"output":{"message":{"role":"assistant","content":[{"citationsContent":{"content":[{"text":"a"},{"text":"b"}],"citations":[{"title":"x","location":{"web":{"url":"u"}}}]}}]}}})";
  neutral::arena texts;
  const auto read = converse_dialect().read_answer(own, texts);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->choices[0].parts[0].text == "\"ab\"");
  BOOST_TEST(read->choices[0].parts[0].citations == R"([{"title":"x","location":{"web":{"url":"u"}}}])");
}

BOOST_AUTO_TEST_CASE(sealed_thoughts_of_others_survive_a_clients_base64) {
  const std::string_view sealed = "\"gAAAAABo-_x=.no base64\\n\"";
  const auto out = written_answer(answering({{.kind = part_kind::redacted_reasoning, .data = sealed}}));
  const auto data = std::string(out.at("output").at("message").at("content").at(0).at("reasoningContent").at("redactedContent").as_string());
  BOOST_TEST(data.size() % 4 == 0u);
  BOOST_TEST(data.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") == std::string::npos);
  neutral::arena texts;
  const auto body = R"({"messages":[{"role":"assistant","content":[{"reasoningContent":{"redactedContent":")" + data + "\"}}]}]}";
  const auto read = converse_dialect().read_request(body, texts);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->messages[0].parts[0].data == sealed);
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_refused) {
  neutral::arena texts;
  for (const auto* body : {"", "[]", "{}", "{\"output\":{}}", R"({"output":{"message":{"content":[7]}}})", R"({"message":"no"})", "{\"output\":{\"message\":{}}"})
    BOOST_TEST(!converse_dialect().read_answer(body, texts), body);
}

BOOST_AUTO_TEST_SUITE_END()
