// Streams as neutral events, read and written.
#include "tests/providers/anthropic/samples.hpp"
#include "tests/providers/anthropic/stream_check.hpp"

BOOST_AUTO_TEST_SUITE(anthropic_streams_translated)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::event;
using neutral::event_kind;
using neutral::finish_reason;
using neutral::part_kind;
using test::anthropic::check_stream;
using test::anthropic::golden;
using test::anthropic::read_stream;

namespace {

event begin(std::uint32_t index, part_kind kind, std::string_view id = {}, std::string_view name = {}) {
  event e;
  e.kind = event_kind::part_begin;
  e.index = index;
  e.part.kind = kind;
  e.part.id = id;
  e.part.name = name;
  return e;
}
event call(std::uint32_t index, std::string_view id) { return begin(index, part_kind::tool_call, id, R"("f")"); }
event more(std::uint32_t index, std::string_view json) {
  event e;
  e.index = index;
  e.text = json;
  return e;
}
event over(std::uint32_t index) {
  event e;
  e.kind = event_kind::part_end;
  e.index = index;
  return e;
}
event plain(event_kind kind) {
  event e;
  e.kind = kind;
  return e;
}
event finished(finish_reason why = finish_reason::stop) {
  event e = plain(event_kind::finish);
  e.finish = why;
  return e;
}
event counted(std::int64_t input, std::int64_t output) {
  event e = plain(event_kind::counts);
  e.usage.input = input;
  e.usage.output = output;
  return e;
}

std::string write(std::vector<event> events) {
  const auto writer = messages_dialect().open_writer({.request_id = "req", .model = "auto"});
  std::string out;
  events.insert(events.begin(), plain(event_kind::start));
  for (const auto& e : events) writer->write(e, out);
  return out;
}
/// With its ending.
test::anthropic::seen_stream written(std::vector<event> events, finish_reason why = finish_reason::stop) {
  events.push_back(finished(why));
  events.push_back(counted(10, 5));
  events.push_back(plain(event_kind::end));
  return check_stream(write(std::move(events)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(recorded_streams_are_read_and_written_alike) {
  for (const auto* file : {"text.sse", "thinking_mcp.sse", "code_execution.sse"}) {
    const auto text = golden(file);
    const auto before = check_stream(text);
    const auto after = check_stream(test::anthropic::rewrite(text));
    BOOST_TEST(after.blocks == before.blocks, file);
    BOOST_TEST(after.stop_reason == before.stop_reason, file);
    BOOST_TEST(after.input == before.input, file);
    BOOST_TEST(after.output == before.output, file);
    BOOST_TEST(after.id == before.id, file);
  }
}

BOOST_AUTO_TEST_CASE(bytes_may_be_cut_anywhere) {
  random_source random(11);
  for (const auto* file : {"text.sse", "thinking_mcp.sse", "code_execution.sse"}) {
    const auto text = golden(file);
    const auto whole = test::anthropic::rewrite(text);
    for (int round = 0; round < 40; ++round) BOOST_REQUIRE(test::anthropic::rewrite(test::random_pieces(text, random)) == whole);
  }
}

BOOST_AUTO_TEST_CASE(parts_begin_and_end_around_what_they_hold) {
  const auto events = read_stream(golden("code_execution.sse"));
  std::vector<std::uint32_t> open;
  bool finish_seen = false;
  for (const auto& e : events) {
    if (e.kind == event_kind::part_begin) open.push_back(e.index);
    if (e.kind == event_kind::delta) BOOST_REQUIRE((open.size() == 1 && open[0] == e.index));
    if (e.kind == event_kind::part_end) open.pop_back();
    if (e.kind == event_kind::finish) finish_seen = open.empty();
  }
  BOOST_TEST(finish_seen);
  BOOST_TEST((events.front().kind == event_kind::start));
  BOOST_TEST((events.back().kind == event_kind::end));
}

BOOST_AUTO_TEST_CASE(an_error_event_is_a_failure_and_the_last_thing) {
  const auto reader = messages_dialect().open_reader("sk-ant-secret");
  std::vector<event> out;
  const auto problem = reader->feed("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"sk-ant-secret\"}}\n\n", out);
  BOOST_REQUIRE(problem);
  BOOST_TEST((problem->kind == failure_kind::server_error));
  BOOST_TEST(problem->what.message == "***");
  BOOST_TEST(out.empty());
}

BOOST_AUTO_TEST_CASE(malformed_events_are_failures) {
  for (const auto* bad : {"data: nonsense\n\n", "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"}) {
    const auto reader = messages_dialect().open_reader({});
    std::vector<event> out;
    BOOST_TEST(reader->feed(bad, out).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_cut_stream_has_no_end) {
  const auto text = golden("text.sse");
  const auto events = read_stream(text.substr(0, text.find("event: message_stop")));
  BOOST_TEST((events.back().kind != event_kind::end));
}

BOOST_AUTO_TEST_CASE(the_last_blank_line_may_be_missing) {
  const auto text = golden("text.sse");
  const auto reader = messages_dialect().open_reader({});
  std::vector<event> out;
  for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>(0, 100), std::pair<std::size_t, std::size_t>(100, text.size() - 2)}) {
    const std::vector<char> copy(text.data() + from, text.data() + to);
    BOOST_TEST(!reader->feed({copy.data(), copy.size()}, out));   // gone when the stream is closed
  }
  BOOST_TEST((out.back().kind != event_kind::end));
  reader->close(out);
  BOOST_TEST((out.back().kind == event_kind::end));
}

// For the sanitizers: whatever a provider sends, nothing is read outside of it, and a failure stays the last word.
BOOST_AUTO_TEST_CASE(damaged_streams_do_no_damage) {
  random_source random(5);
  for (int round = 0; round < 400; ++round) {
    auto text = golden(round % 2 == 0 ? "thinking_mcp.sse" : "code_execution.sse");
    for (std::uint64_t hits = 1 + random.below(4); hits > 0; --hits) {
      constexpr std::string_view bytes = "\"{}[]\\,:0\n\x80 a";
      text[random.below(text.size())] = bytes[random.below(bytes.size())];
    }
    const auto reader = messages_dialect().open_reader("sk-ant-secret");
    const auto writer = messages_dialect().open_writer({.model = "m"});
    std::string written_text;
    bool failed = false;
    for (const auto piece : test::random_pieces(text, random)) {
      const std::vector<char> copy(piece.begin(), piece.end());
      std::vector<event> events;
      const bool problem = reader->feed({copy.data(), copy.size()}, events).has_value();
      BOOST_REQUIRE((!failed || events.empty()));
      failed |= problem;
      for (const auto& e : events) writer->write(e, written_text);
    }
    if (failed) BOOST_REQUIRE(written_text.find("message_stop") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(an_input_given_whole_at_the_start_is_not_lost) {
  const auto events = read_stream("data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
                                  "\"input\":{\"a\":\"b\"}}}\n\n");
  BOOST_REQUIRE(events.size() == 2u);
  BOOST_TEST(events[1].text == R"("{\"a\":\"b\"}")");
}

BOOST_AUTO_TEST_CASE(a_plain_answer_has_the_shape_the_clients_know) {
  BOOST_TEST(write({begin(0, part_kind::text), more(0, R"("Hi")"), over(0), finished(), counted(10, 5), plain(event_kind::end)}) ==
             "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_req\",\"type\":\"message\",\"role\":\"assistant\","
             "\"model\":\"auto\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,"
             "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}}\n\n"
             "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
             "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n"
             "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
             "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":"
             "{\"input_tokens\":10,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":5}}\n\n"
             "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

BOOST_AUTO_TEST_CASE(interleaved_calls_come_one_after_the_other) {
  const auto seen = written({call(0, R"("a")"), call(1, R"("b")"), more(0, R"("{\"x\":")"), more(1, R"("{\"y\":")"), more(0, R"("1}")"),
                             more(1, R"("2}")"), over(0), over(1)},
                            finish_reason::tool_calls);
  BOOST_TEST(seen.blocks == (std::vector<std::string>{R"(tool_use a f {"x":1})", R"(tool_use b f {"y":2})"}), boost::test_tools::per_element());
  BOOST_TEST(seen.stop_reason == "tool_use");
}

BOOST_AUTO_TEST_CASE(a_whole_call_does_not_hold_up_the_next) {
  const auto text = write({call(0, R"("a")"), more(0, R"("{\"x\":\"}\\\"\"}")"), call(1, R"("b")"), more(1, R"("{\"y\"")")});
  BOOST_TEST(text.find(R"("partial_json":"{\"y\"")") != std::string::npos);
  const auto waiting = write({call(0, R"("a")"), more(0, R"("{\"x\":\"}\\\"")"), call(1, R"("b")"), more(1, R"("{\"y\"")")});
  BOOST_TEST(waiting.find(R"("partial_json":"{\"y\"")") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(text_and_thoughts_give_way_and_go_on) {
  const auto seen = written({begin(0, part_kind::reasoning), more(0, R"("h")"), begin(1, part_kind::text), more(1, R"("a")"),
                             more(0, R"("m")"), call(2, R"("c")"), more(2, R"("{}")"), more(1, R"("b")"), over(2), over(1), over(0)});
  BOOST_TEST(seen.blocks == (std::vector<std::string>{"thinking h", "text a", "thinking m", "tool_use c f {}", "text b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(text_that_comes_while_a_call_is_open_waits_for_it) {
  const auto seen = written({begin(0, part_kind::text), more(0, R"("a")"), call(1, R"("c")"), more(1, R"("{\"x\"")"), more(0, R"("b")"),
                             more(1, R"(":1}")"), more(0, R"("c")")});
  BOOST_TEST(seen.blocks == (std::vector<std::string>{"text a", R"(tool_use c f {"x":1})", "text bc"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_waits_is_bounded) {
  const std::string much = "\"" + std::string(1u << 20, 'x') + "\"";
  std::vector<event> events = {call(0, R"("a")"), more(0, R"("{")"), call(1, R"("b")")};
  for (int i = 0; i < 9; ++i) events.push_back(more(1, much));
  events.push_back(plain(event_kind::end));
  const auto text = write(events);
  BOOST_TEST(text.find("event: error\n") != std::string::npos);
  BOOST_TEST(text.find("message_stop") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(signatures_and_citations_have_their_own_deltas) {
  event sign;
  sign.index = 0;
  sign.signature = R"("s")";
  event cite;
  cite.index = 1;
  cite.citations = R"([{"type":"url_citation","url_citation":{"url":"u","title":"t"},"anthropic":{"type":"web_search_result_location"}},{"type":"x"}])";
  const auto text = write({begin(0, part_kind::reasoning), more(0, R"("h")"), sign, over(0), begin(1, part_kind::text), more(1, R"("a")"), cite});
  BOOST_TEST(text.find(R"("delta":{"type":"signature_delta","signature":"s"})") != std::string::npos);
  BOOST_TEST(text.find(R"("delta":{"type":"citations_delta","citation":{"type":"web_search_result_location"}})") != std::string::npos);
  BOOST_TEST(text.ends_with("}}\n\n"));
}

BOOST_AUTO_TEST_CASE(usage_known_at_the_start_is_said_at_the_start) {
  event start = plain(event_kind::start);
  start.usage.input = 12;
  start.usage.cached_input = 2;
  const auto writer = messages_dialect().open_writer({.model = "auto"});
  std::string out;
  writer->write(start, out);
  BOOST_TEST(out.find(R"("usage":{"input_tokens":10,)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(other_choices_and_pictures_have_no_place) {
  event other = more(0, R"("z")");
  other.choice = 1;
  const auto seen = written({begin(0, part_kind::image), over(0), begin(1, part_kind::text), other, more(1, R"("a")"), over(1)});
  BOOST_TEST(seen.blocks == (std::vector<std::string>{"text a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_failure_is_never_a_normal_end) {
  const auto writer = messages_dialect().open_writer({.model = "auto"});
  std::string out;
  writer->write(plain(event_kind::start), out);
  writer->write(begin(0, part_kind::text), out);
  writer->fail(upstream_failure(error_code::upstream_error, "gone"), out);
  const auto size = out.size();
  writer->write(plain(event_kind::end), out);
  BOOST_TEST(out.size() == size);
  BOOST_TEST(out.find("event: error\n") != std::string::npos);
  BOOST_TEST(out.find("message_stop") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(pieces_tell_when_an_object_is_whole) {
  const auto text = write({call(0, R"("a")"), more(0, R"("[{]")"), call(1, R"("b")"), more(1, R"("{\"y\"")")});
  BOOST_TEST(text.find(R"("{\"y\"")") == std::string::npos);   // broken arguments are waited for, not guessed
}

BOOST_AUTO_TEST_SUITE_END()
