#include "tests/providers/anthropic/samples.hpp"

BOOST_AUTO_TEST_SUITE(anthropic_streams)

using namespace switchyard;
using namespace switchyard::providers;
using test::anthropic::golden;

namespace {

test::followed follow(const std::vector<std::string_view>& pieces) {
  const auto decoder = find_wire(config::wire_format::anthropic)->open_stream(api::messages, false, "sk-ant-secret");
  test::followed out;
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());   // a view into an earlier piece would be noticed by a sanitizer
    const auto& step = decoder->feed(std::string_view(copy.data(), copy.size()));
    for (const auto part : step.forward) out.forwarded += part;
    out.content = step.content;
    out.finished = step.finished;
    out.problem = step.problem;
  }
  out.reported = decoder->reported();
  out.estimate = decoder->estimated_output_tokens();
  return out;
}

std::string event(const std::string& type, const std::string& members) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.empty() ? "" : ",") + members + "}\n\n";
}
bool is_content(const std::string& text) { return follow({text}).content; }

const std::string overloaded = event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"})");

}  // namespace

BOOST_AUTO_TEST_CASE(a_recorded_stream_is_forwarded_byte_for_byte_and_accounted) {
  const auto text = golden("text.sse");
  const auto seen = follow({text});
  BOOST_TEST(seen.forwarded == text);
  BOOST_TEST(seen.content);
  BOOST_TEST(seen.finished);
  BOOST_TEST(!seen.problem);
  BOOST_TEST(*seen.reported.input == 20);
  BOOST_TEST(*seen.reported.output == 5);
}

BOOST_AUTO_TEST_CASE(bytes_may_be_cut_anywhere) {
  random_source random(7);
  for (const auto* file : {"text.sse", "thinking_mcp.sse", "code_execution.sse"}) {
    const auto text = golden(file);
    const auto whole = follow({text});
    for (int round = 0; round < 40; ++round) {
      const auto seen = follow(test::random_pieces(text, random));
      BOOST_REQUIRE(seen.forwarded == text);
      BOOST_REQUIRE(seen.finished);
      BOOST_REQUIRE(*seen.reported.input == *whole.reported.input);
      BOOST_REQUIRE(*seen.reported.output == *whole.reported.output);
    }
  }
}

BOOST_AUTO_TEST_CASE(heartbeats_and_empty_beginnings_are_no_content) {
  BOOST_TEST(!is_content(event("message_start", R"("message":{"usage":{"input_tokens":3,"output_tokens":1}})")));
  BOOST_TEST(!is_content(event("ping", "")));
  BOOST_TEST(!is_content(event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})")));
  BOOST_TEST(!is_content(event("content_block_start", R"("index":0,"content_block":{"type":"thinking","thinking":"","signature":""})")));
  BOOST_TEST(!is_content(event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":""})")));
}

BOOST_AUTO_TEST_CASE(everything_the_model_made_is_content) {
  BOOST_TEST(is_content(event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":"a"})")));
  BOOST_TEST(is_content(event("content_block_delta", R"("index":0,"delta":{"type":"thinking_delta","thinking":"a"})")));
  BOOST_TEST(is_content(event("content_block_delta", R"("index":0,"delta":{"type":"signature_delta","signature":"a"})")));
  BOOST_TEST(is_content(event("content_block_start", R"("index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}})")));
  BOOST_TEST(is_content(event("message_delta", R"("delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1})")));
}

BOOST_AUTO_TEST_CASE(an_error_inside_a_stream_is_a_failure_and_is_not_forwarded) {
  const auto start = event("message_start", R"("message":{"usage":{"input_tokens":3,"output_tokens":1}})");
  const auto seen = follow({start, overloaded});
  BOOST_REQUIRE(seen.problem);
  BOOST_TEST((seen.problem->kind == failure_kind::server_error));
  BOOST_TEST(seen.problem->what.message == "Overloaded");
  BOOST_TEST(!seen.content);
  BOOST_TEST(!seen.finished);
  BOOST_TEST(seen.forwarded == start);
  BOOST_TEST((follow({"data: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\"}}\n\n"}).problem->kind ==
              failure_kind::rate_limited));
}

BOOST_AUTO_TEST_CASE(malformed_events_are_failures) {
  BOOST_TEST(follow({"data: nonsense\n\n"}).problem.has_value());
  BOOST_TEST(follow({"data: {\"type\":\n\n"}).problem.has_value());
}

BOOST_AUTO_TEST_CASE(a_stream_without_its_last_event_is_not_finished) {
  const auto text = golden("text.sse");
  BOOST_TEST(!follow({text.substr(0, text.find("event: message_stop"))}).finished);
}

BOOST_AUTO_TEST_CASE(the_last_blank_line_may_be_missing_but_nothing_else) {
  const auto decoder = find_wire(config::wire_format::anthropic)->open_stream(api::messages, false);
  const auto text = golden("text.sse");
  for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>(0, 100), std::pair<std::size_t, std::size_t>(100, text.size() - 2)}) {
    const std::vector<char> copy(text.data() + from, text.data() + to);
    (void)decoder->feed({copy.data(), copy.size()});   // gone when the stream is closed
  }
  const auto& last = decoder->close();
  BOOST_TEST(last.finished);
  BOOST_REQUIRE(last.forward.size() == 1u);
  BOOST_TEST(last.forward[0] == event("message_stop", ""));
  const auto cut = find_wire(config::wire_format::anthropic)->open_stream(api::messages, false);
  (void)cut->feed("event: message_stop\ndata: {\"type\":\"mess");
  BOOST_TEST(!cut->close().finished);
}

BOOST_AUTO_TEST_CASE(later_figures_replace_earlier_ones_but_not_with_nothing) {
  const auto seen = follow({event("message_start", R"("message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}})"),
                            event("message_delta", R"("delta":{},"usage":{"input_tokens":0,"output_tokens":8})")});
  BOOST_TEST(*seen.reported.input == 15);
  BOOST_TEST(*seen.reported.output == 8);
}

BOOST_AUTO_TEST_SUITE_END()
