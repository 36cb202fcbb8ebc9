#include "tests/providers/openai/responses_samples.hpp"

BOOST_AUTO_TEST_SUITE(responses_streams_read)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::finish_reason;
using neutral::part_kind;
using test::events_of;
using test::golden;
using test::json_of;
using test::read_pieces;

namespace {

std::string sse(const std::string& data) { return "data: " + data + "\n\n"; }
const std::string created = sse(R"({"type":"response.created","sequence_number":0,"response":{"id":"r","model":"m",)"
    R"("created_at":5}})");
const std::string completed = sse(R"({"type":"response.completed","response":{"status":"completed","output":[],)"
    R"("usage":{"input_tokens":1,"output_tokens":2}}})");

}  // namespace

BOOST_AUTO_TEST_CASE(recorded_streams_are_read_whole_in_any_pieces) {
  const std::uint64_t seed = 5;
  BOOST_TEST_CONTEXT("seed " << seed) {
    random_source random(seed);
    for (const char* file : {"responses_function_call.sse", "responses_reasoning.sse", "openrouter_responses.sse"}) {
      const auto text = golden(file);
      const auto whole = read_pieces({text});
      BOOST_REQUIRE(!whole.problem);
      BOOST_TEST(whole.ended, file);
      BOOST_TEST(!whole.id.empty(), file);
      for (int round = 0; round < 20; ++round) {
        const auto split = read_pieces(test::random_pieces(text, random));
        BOOST_REQUIRE_EQUAL(split.parts.size(), whole.parts.size());
        for (std::size_t i = 0; i < split.parts.size(); ++i) {
          BOOST_REQUIRE_EQUAL(split.parts[i].text, whole.parts[i].text);
          BOOST_REQUIRE_EQUAL(split.parts[i].id, whole.parts[i].id);
          BOOST_REQUIRE_EQUAL(split.parts[i].signature, whole.parts[i].signature);
        }
        BOOST_REQUIRE(split.ended);
        BOOST_REQUIRE(split.usage.output == whole.usage.output);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(texts_that_only_come_when_they_are_done_are_read) {
  const auto read = read_pieces({created + sse(R"({"type":"response.output_text.done","output_index":0,)"
      R"("content_index":0,"text":"a"})") +
                                 sse(R"({"type":"response.output_item.done","output_index":0,)"
                                     R"("item":{"type":"message","content":[{"type":"output_text","text":"a"}]}})") +
                                 sse(R"({"type":"response.output_item.done","output_index":1,)"
                                     R"("item":{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}})") +
                                 completed});
  BOOST_REQUIRE_EQUAL(read.parts.size(), 2u);
  BOOST_TEST(read.parts[0].text == "a");
  BOOST_TEST(read.parts[1].text == R"({"a":1})");
  BOOST_TEST((read.finish == finish_reason::tool_calls));
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_only_with_its_end_is_read) {
  const auto read = read_pieces({created + sse(R"({"type":"response.completed","response":{"status":"completed",)"
      R"("output":[{"type":"message","content":[{"type":"output_text","text":"a"}]}]}})")});
  BOOST_REQUIRE_EQUAL(read.parts.size(), 1u);
  BOOST_TEST(read.parts[0].text == "a");
  BOOST_TEST(read.ended);
}

BOOST_AUTO_TEST_CASE(free_text_calls_are_read_as_arguments) {
  const auto read = read_pieces({created + sse(R"({"type":"response.output_item.added","output_index":0,)"
      R"("item":{"type":"custom_tool_call","call_id":"c","name":"t","input":""}})") +
                                 sse(R"({"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"a\n\"b\""})") +
                                 sse(R"({"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"c"})") +
                                 sse(R"({"type":"response.output_item.done","output_index":0,)"
                                     R"("item":{"type":"custom_tool_call","call_id":"c","name":"t","input":"a\n\"b\"c"}})") +
                                 sse(R"({"type":"response.output_item.added","output_index":1,)"
                                     R"("item":{"type":"custom_tool_call","call_id":"d","name":"t","input":""}})") +
                                 sse(R"({"type":"response.output_item.done","output_index":1,)"
                                     R"("item":{"type":"custom_tool_call","call_id":"d","name":"t","input":""}})") +
                                 completed});
  BOOST_REQUIRE_EQUAL(read.parts.size(), 2u);
  BOOST_TEST(json_of(read.parts[0].text) == json_of(R"({"input":"a\n\"b\"c"})"));
  BOOST_TEST(json_of(read.parts[1].text) == json_of(R"({"input":""})"));
}

BOOST_AUTO_TEST_CASE(summaries_are_parted_by_blank_lines_and_sealed) {
  const auto read = read_pieces({created + sse(R"({"type":"response.output_item.added","output_index":0,)"
      R"("item":{"type":"reasoning","id":"rs_1","summary":[]}})") +
                                 sse(R"({"type":"response.reasoning_summary_text.delta","output_index":0,)"
                                     R"("summary_index":0,"delta":"a"})") +
                                 sse(R"({"type":"response.reasoning_summary_text.delta","output_index":0,)"
                                     R"("summary_index":1,"delta":"b"})") +
                                 sse(R"({"type":"response.output_item.done","output_index":0,)"
                                     R"("item":{"type":"reasoning","id":"rs_1","encrypted_content":"SEAL"}})") + completed});
  BOOST_REQUIRE_EQUAL(read.parts.size(), 1u);
  BOOST_TEST(read.parts[0].id == R"("rs_1")");
  BOOST_TEST(read.parts[0].text == "a\n\nb");
  BOOST_TEST(read.parts[0].signature == R"("SEAL")");
}

BOOST_AUTO_TEST_CASE(hosted_items_come_whole) {
  const auto read = read_pieces({created + sse(R"({"type":"response.output_item.added","output_index":0,)"
      R"("item":{"type":"web_search_call","id":"ws"}})") +
                                 sse(R"({"type":"response.web_search_call.searching","output_index":0,"item_id":"ws"})") +
                                 sse(R"({"type":"response.output_item.done","output_index":0,)"
                                     R"("item":{"type":"web_search_call","id":"ws","status":"completed"}})") + completed});
  BOOST_REQUIRE_EQUAL(read.parts.size(), 1u);
  BOOST_TEST((read.parts[0].kind == part_kind::foreign));
  BOOST_TEST(json_of(read.parts[0].original).at("status") == "completed");
}

BOOST_AUTO_TEST_CASE(failures_inside_the_stream_are_told_and_nothing_ends_well) {
  const std::pair<std::string, std::string> cases[] = {
      {"event: error\n" + sse(R"({"type":"error","code":"rate_limit_exceeded","message":"slow down",)"
          R"("sequence_number":1})"), "slow down"},
      {sse(R"({"type":"error","error":{"type":"server_error","message":"boom"}})"), "boom"},
      {sse(R"({"type":"response.failed","response":{"status":"failed","error":{"code":"server_error",)"
          R"("message":"sorry"}}})"), "sorry"},
      {sse("[1]"), "the provider sent an event that is not a JSON object"}};
  for (const auto& [event, message] : cases) {
    const auto read = read_pieces({created + event + completed});
    BOOST_REQUIRE(read.problem);
    BOOST_TEST(read.problem->what.message == message);
    BOOST_TEST(!read.ended);
  }
  const auto cut = read_pieces({created + sse(R"({"type":"response.output_text.delta","output_index":0,)"
      R"("content_index":0,"delta":"a"})")});
  BOOST_TEST(!cut.problem.has_value());
  BOOST_TEST(!cut.ended);
}

BOOST_AUTO_TEST_CASE(incomplete_answers_end_with_their_reason) {
  const auto read = read_pieces({created + sse(R"({"type":"response.incomplete","response":{"status":"incomplete",)"
      R"("incomplete_details":{"reason":"max_output_tokens"}}})")});
  BOOST_TEST((read.finish == finish_reason::length));
  BOOST_TEST(read.ended);
}

BOOST_AUTO_TEST_CASE(a_failure_of_a_relayed_stream_is_told_with_the_next_number) {
  const auto decoder = find_wire(config::wire_format::openai)->open_stream(api::responses, false);
  (void)decoder->feed(created + sse(R"({"type":"response.output_text.delta","sequence_number":41,"delta":"a"})"));
  const auto events = events_of(decoder->failure_event(upstream_failure(error_code::upstream_timeout, "late")));
  BOOST_TEST(events.at(0).at("sequence_number") == 42);
  BOOST_TEST(events.at(0).at("error").at("code") == "upstream_timeout");
  const auto chat = find_wire(config::wire_format::openai)->open_stream(api::chat_completions, false);
  BOOST_TEST(chat->failure_event(upstream_failure(error_code::upstream_timeout, "late")).empty());
}

BOOST_AUTO_TEST_SUITE_END()
