// Complete answers, read and written.
#include "tests/providers/anthropic/samples.hpp"

BOOST_AUTO_TEST_SUITE(anthropic_answers)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::finish_reason;
using neutral::part;
using neutral::part_kind;
using test::anthropic::golden;
using test::anthropic::parsed;

namespace {

std::string written(const neutral::answer& what) {
  std::string out;
  messages_dialect().write_answer(what, {.request_id = "req-7", .model = "auto"}, out);
  return out;
}
neutral::answer saying(part_kind kind, std::string_view json, finish_reason finish = finish_reason::stop) {
  neutral::answer out;
  auto& choice = out.choices.emplace_back();
  choice.finish = finish;
  choice.parts.emplace_back().kind = kind;
  choice.parts[0].text = json;
  return out;
}
std::string stop_reason(finish_reason finish) {
  return std::string(parsed(written(saying(part_kind::text, R"("a")", finish))).at("stop_reason").as_string());
}

}  // namespace

BOOST_AUTO_TEST_CASE(recorded_answers_come_back_as_they_were) {
  for (const auto* file : {"tool_use.json", "tool_with_thinking.json", "redacted.json"}) {
    const auto body = golden(file);
    neutral::arena texts;
    const auto read = messages_dialect().read_answer(body, texts);
    BOOST_REQUIRE(read);
    const auto before = parsed(body), after = parsed(written(*read));
    for (const auto* member : {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence"})
      BOOST_TEST(after.at(member) == before.at(member), file << ": " << member);
    for (const auto* member : {"input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"})
      BOOST_TEST(after.at("usage").at(member) == before.at("usage").at(member), file << ": " << member);
  }
}

BOOST_AUTO_TEST_CASE(parts_of_an_answer_are_told_apart) {
  const auto body = golden("tool_with_thinking.json");
  neutral::arena texts;
  const auto read = messages_dialect().read_answer(body, texts);
  BOOST_REQUIRE(read);
  const auto& choice = read->choices.at(0);
  BOOST_REQUIRE(choice.parts.size() == 3u);
  BOOST_TEST((choice.parts[0].kind == part_kind::reasoning));
  BOOST_TEST(!choice.parts[0].signature.empty());
  BOOST_TEST((choice.parts[2].kind == part_kind::tool_call));
  BOOST_TEST(choice.parts[2].name == R"("get_user_country")");
  BOOST_TEST((choice.finish == finish_reason::tool_calls));
  BOOST_TEST(*read->usage.input == 398);
}

BOOST_AUTO_TEST_CASE(input_is_divided_again_into_fresh_and_cached) {
  auto what = saying(part_kind::text, R"("a")");
  what.usage = {.input = 100, .output = 7, .cached_input = 60, .cache_write = 10, .reasoning = 3, .input_audio = {}, .output_audio = {}};
  BOOST_TEST(parsed(written(what)).at("usage") == parsed(R"({"input_tokens":30,"cache_creation_input_tokens":10,
      "cache_read_input_tokens":60,"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}})"));
}

BOOST_AUTO_TEST_CASE(ids_and_models_are_always_there) {
  auto what = saying(part_kind::text, R"("a")");
  BOOST_TEST(parsed(written(what)).at("id") == "msg_req-7");
  BOOST_TEST(parsed(written(what)).at("model") == "auto");
  what.id = R"("chatcmpl-Ab.1")";
  what.model = R"("gpt-4o")";
  BOOST_TEST(parsed(written(what)).at("id") == "msg_chatcmpl-Ab1");
  BOOST_TEST(parsed(written(what)).at("model") == "gpt-4o");
}

BOOST_AUTO_TEST_CASE(an_answer_ends_for_a_reason_anthropic_has) {
  BOOST_TEST(stop_reason(finish_reason::stop) == "end_turn");
  BOOST_TEST(stop_reason(finish_reason::length) == "max_tokens");
  BOOST_TEST(stop_reason(finish_reason::tool_calls) == "tool_use");
  BOOST_TEST(stop_reason(finish_reason::stop_sequence) == "stop_sequence");
  BOOST_TEST(stop_reason(finish_reason::content_filter) == "refusal");
  BOOST_TEST(stop_reason(finish_reason::refusal) == "refusal");
  BOOST_TEST(stop_reason(finish_reason::pause) == "pause_turn");
  BOOST_TEST(stop_reason(finish_reason::context_exceeded) == "model_context_window_exceeded");
  BOOST_TEST(stop_reason(finish_reason::other) == "end_turn");
}

BOOST_AUTO_TEST_CASE(a_call_makes_it_tool_use_whatever_the_provider_says) {
  auto what = saying(part_kind::tool_call, {});
  what.choices[0].parts[0].id = R"("call_1")";
  what.choices[0].parts[0].name = R"("f")";
  what.choices[0].parts[0].arguments = R"({"a":1})";
  BOOST_TEST(parsed(written(what)).at("stop_reason") == "tool_use");
  BOOST_TEST(parsed(written(what)).at("content") == parsed(R"([{"type":"tool_use","id":"call_1","name":"f","input":{"a":1}}])"));
}

BOOST_AUTO_TEST_CASE(thoughts_and_refusals_of_others_have_a_place) {
  BOOST_TEST(parsed(written(saying(part_kind::reasoning, R"("hm")"))).at("content") ==
             parsed(R"([{"type":"thinking","thinking":"hm","signature":""}])"));
  BOOST_TEST(parsed(written(saying(part_kind::refusal, R"("no")", finish_reason::refusal))).at("content") ==
             parsed(R"([{"type":"text","text":"no"}])"));
}

BOOST_AUTO_TEST_CASE(annotations_of_others_become_citations) {
  auto what = saying(part_kind::text, R"("a")");
  what.choices[0].parts[0].citations =
      R"([{"type":"url_citation","url_citation":{"url":"https://x","title":"t","start_index":0,"end_index":1}}])";
  BOOST_TEST(parsed(written(what)).at("content").at(0).at("citations") ==
             parsed(R"([{"type":"web_search_result_location","cited_text":"","url":"https://x","title":"t","encrypted_index":""}])"));
}

BOOST_AUTO_TEST_CASE(results_nested_without_end_do_not_exhaust_the_stack) {
  std::string body = R"({"content":[)";
  constexpr int deep = 200'000;
  for (int i = 0; i < deep; ++i) body += R"({"type":"tool_result","content":[)";
  for (int i = 0; i < deep; ++i) body += "]}";
  body += "]}";
  neutral::arena texts;
  BOOST_TEST(messages_dialect().read_answer(body, texts).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_an_error) {
  neutral::arena texts;
  BOOST_TEST(!messages_dialect().read_answer(R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})", texts));
  BOOST_TEST(!messages_dialect().read_answer(R"({"id":"x"})", texts));
  BOOST_TEST(!messages_dialect().read_answer("[]", texts));
}

BOOST_AUTO_TEST_SUITE_END()
