#include "tests/providers/bedrock/converse_support.hpp"

BOOST_AUTO_TEST_SUITE(converse_stream)

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::providers::test;
using neutral::event;
using neutral::event_kind;
using neutral::finish_reason;
using neutral::part;
using neutral::part_kind;

namespace {

event begin(std::uint32_t index, part what) { return {.kind = event_kind::part_begin, .index = index, .part = std::move(what)}; }
event call(std::uint32_t index, std::string_view id, std::string_view name) {
  return begin(index, {.kind = part_kind::tool_call, .name = name, .id = id});
}
event delta(std::uint32_t index, std::string_view quoted) { return {.kind = event_kind::delta, .index = index, .text = quoted}; }
event end_of(std::uint32_t index) { return {.kind = event_kind::part_end, .index = index}; }
event finish(finish_reason why) { return {.kind = event_kind::finish, .finish = why}; }
const event started{.kind = event_kind::start};
const event ended{.kind = event_kind::end};

std::string write(const std::vector<event>& events) {
  const auto writer = converse_dialect().open_writer({});
  std::string out;
  for (const auto& event : events) writer->write(event, out);
  return out;
}

std::string frame(std::string_view type, std::string_view payload, std::string_view message_type = "event") {
  std::string out;
  frame_writer writer(out, message_type, type);
  out += payload;
  writer.end();
  return out;
}

/// Events in a short notation.
std::string read(std::string_view stream, std::optional<failure>* problem = nullptr) {
  const auto reader = converse_dialect().open_reader("my-own-credential");
  std::vector<event> events;
  auto found = reader->feed(stream, events);
  if (problem != nullptr) *problem = std::move(found);
  reader->close(events);
  std::string out;
  for (const auto& e : events) {
    const auto at = std::to_string(e.index);
    switch (e.kind) {
      case event_kind::start: out += "start "; break;
      case event_kind::part_begin: out += "begin" + at + (e.part.kind == part_kind::tool_call ? ":" + std::string(e.part.name) : "") + " "; break;
      case event_kind::delta: out += at + std::string(e.text) + std::string(e.signature) + std::string(e.citations) + " "; break;
      case event_kind::part_end: out += "end" + at + " "; break;
      case event_kind::finish: out += "finish "; break;
      case event_kind::counts: out += "counts "; break;
      case event_kind::end: out += "END"; break;
    }
  }
  return out;
}

const std::string start_frame = frame("messageStart", R"({"role":"assistant"})");
const std::string stop_frame = frame("messageStop", R"({"stopReason":"end_turn"})");
std::string delta_frame(int index, const std::string& what) {
  return frame("contentBlockDelta", R"({"contentBlockIndex":)" + std::to_string(index) + R"(,"delta":)" + what + "}");
}

}  // namespace

BOOST_AUTO_TEST_CASE(text_then_calls_then_the_bill) {
  const auto got = assemble(write({started, begin(0, {.kind = part_kind::text}), delta(0, "\"Hel\""), delta(0, "\"lo\""), end_of(0),
                                   call(1, "\"t1\"", "\"f\""), delta(1, R"("{\"a\"")"), delta(1, "\":1}\""), end_of(1), call(2, "\"t2\"", "\"g\""), end_of(2),
                                   finish(finish_reason::tool_calls), {.kind = event_kind::counts, .usage = {.input = 9, .output = 2, .cached_input = 4}}, ended}));
  BOOST_TEST(got.blocks == (std::vector<std::string>{"text:Hello", "call:t1:f:{\"a\":1}", "call:t2:g:{}"}), boost::test_tools::per_element());
  BOOST_TEST(got.stop_reason == "tool_use");
  BOOST_TEST(bj::serialize(got.usage) == R"({"inputTokens":5,"outputTokens":2,"totalTokens":11,"cacheReadInputTokens":4})");
}

BOOST_AUTO_TEST_CASE(thoughts_carry_their_signature) {
  event signature = delta(0, "");
  signature.signature = "\"sig\"";
  const auto got = assemble(write({started, begin(0, {.kind = part_kind::reasoning}), delta(0, "\"hm\""), signature, end_of(0),
                                   begin(1, {.kind = part_kind::redacted_reasoning, .data = "\"c2VhbGVk\""}), end_of(1),
                                   begin(2, {.kind = part_kind::text}), delta(2, "\"a\""), end_of(2), finish(finish_reason::stop), ended}));
  BOOST_TEST(got.blocks == (std::vector<std::string>{"thought:hm:sig", "sealed:c2VhbGVk", "text:a"}), boost::test_tools::per_element());
  BOOST_TEST(got.stop_reason == "end_turn");
}

BOOST_AUTO_TEST_CASE(interleaved_calls_come_one_after_the_other) {
  const auto got = assemble(write({started, begin(0, {.kind = part_kind::text}), delta(0, "\"x\""), call(1, "\"a\"", "\"f\""), call(2, "\"b\"", "\"g\""),
                                   delta(1, "\"{\\\"n\\\"\""), delta(2, "\"{\\\"m\""), delta(0, "\"y\""), delta(1, "\":1}\""), delta(2, "\"\\\":2}\""), end_of(2),
                                   end_of(1), end_of(0), finish(finish_reason::tool_calls), ended}));
  // The text that came on later stands behind the calls that were open then.
  BOOST_TEST(got.blocks == (std::vector<std::string>{"text:x", "call:a:f:{\"n\":1}", "call:b:g:{\"m\":2}", "text:y"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(calls_that_end_only_with_the_answer_are_written_whole) {
  const auto got = assemble(write({started, call(0, "\"a\"", "\"f\""), delta(0, "\"{}\""), call(1, "\"b\"", "\"g\""), delta(1, "\"{}\""), finish(finish_reason::stop), ended}));
  BOOST_TEST(got.blocks == (std::vector<std::string>{"call:a:f:{}", "call:b:g:{}"}), boost::test_tools::per_element());
  BOOST_TEST(got.stop_reason == "tool_use");
}

BOOST_AUTO_TEST_CASE(text_and_thoughts_may_take_turns) {
  const auto got = assemble(write({started, begin(0, {.kind = part_kind::reasoning}), begin(1, {.kind = part_kind::text}), delta(0, "\"t1\""), delta(1, "\"a\""),
                                   delta(0, "\"t2\""), delta(1, "\"b\""), end_of(0), end_of(1), finish(finish_reason::stop), ended}));
  BOOST_TEST(got.blocks == (std::vector<std::string>{"thought:t1:", "text:a", "thought:t2:", "text:b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_said_is_nothing_written_and_still_an_answer) {
  const auto got = assemble(write({started, begin(0, {.kind = part_kind::text}), delta(0, "\"\""), end_of(0), finish(finish_reason::length), ended}));
  BOOST_TEST(got.blocks.empty());
  BOOST_TEST(got.stop_reason == "max_tokens");
}

BOOST_AUTO_TEST_CASE(citations_are_deltas_of_their_text) {
  event cited = delta(0, "");
  cited.citations = R"([{"type":"url_citation","url":"u","title":"t"},{"title":"own","location":{"web":{"url":"v"}}}])";
  const auto got = assemble(write({started, begin(0, {.kind = part_kind::text}), delta(0, "\"a\""), cited, end_of(0), finish(finish_reason::stop), ended}));
  BOOST_TEST(got.citations == 2u);
}

BOOST_AUTO_TEST_CASE(a_failure_ends_in_an_exception_and_never_in_a_normal_end) {
  const auto writer = converse_dialect().open_writer({});
  std::string out;
  for (const auto& event : {started, begin(0, {.kind = part_kind::text}), delta(0, "\"a\"")}) writer->write(event, out);
  writer->fail(upstream_failure(error_code::upstream_error, "it broke"), out);
  const auto before = out.size();
  for (const auto& event : {end_of(0), finish(finish_reason::stop), ended}) writer->write(event, out);
  writer->fail(internal_error("again"), out);
  BOOST_TEST(out.size() == before);
  const auto got = assemble(out);
  BOOST_TEST(got.failure == "!modelStreamErrorException");
  BOOST_TEST(got.stop_reason == "");
}

BOOST_AUTO_TEST_CASE(what_waits_is_bounded) {
  const auto writer = converse_dialect().open_writer({});
  std::string out;
  for (const auto& event : {started, call(0, "\"a\"", "\"f\""), call(1, "\"b\"", "\"g\"")}) writer->write(event, out);
  const std::string piece = "\"" + std::string(1 << 20, 'x') + "\"";
  for (int i = 0; i < 9; ++i) writer->write(delta(1, piece), out);
  BOOST_TEST(frames_of(out).back().type == "!modelStreamErrorException");
}

BOOST_AUTO_TEST_CASE(a_ten_thousand_chunk_answer_holds_nothing_back) {
  const auto writer = converse_dialect().open_writer({});
  std::string out;
  writer->write(started, out);
  writer->write(begin(0, {.kind = part_kind::text}), out);
  for (int i = 0; i < 10000; ++i) {
    out.clear();
    writer->write(delta(0, "\"a chunk of one hundred bytes or so\""), out);
    BOOST_REQUIRE(!out.empty());
  }
}

BOOST_AUTO_TEST_CASE(parts_begin_with_what_they_are) {
  BOOST_TEST(read(start_frame + delta_frame(0, R"({"text":""})") + delta_frame(0, R"({"reasoningContent":{"text":"hm"}})") +
                  delta_frame(0, R"({"reasoningContent":{"signature":"s"}})") + frame("contentBlockStop", R"({"contentBlockIndex":0})") +
                  delta_frame(1, R"({"text":"a"})") + delta_frame(1, R"({"citation":{"title":"t"}})") +
                  frame("contentBlockStart", R"({"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"i","name":"f"}}})") +
                  delta_frame(2, R"({"toolUse":{"input":"{}"}})") + stop_frame + frame("metadata", R"({"usage":{"inputTokens":1}})")) ==
             R"(start begin0 0"hm" 0"s" end0 begin1 1"a" 1[{"title":"t"}] end1 begin2:"f" 2"{}" end2 finish counts END)");
}

BOOST_AUTO_TEST_CASE(the_end_is_the_metadata_or_a_clean_close_after_the_stop) {
  BOOST_TEST(read(start_frame + stop_frame) == "start finish END");
  BOOST_TEST(read(start_frame) == "start ");
  BOOST_TEST(read(start_frame + stop_frame + start_frame.substr(0, 9)) == "start finish ");
  BOOST_TEST(read(start_frame + stop_frame + frame("metadata", "{}") + start_frame) == "start finish counts END");
}

BOOST_AUTO_TEST_CASE(calls_that_bedrock_makes_itself_are_foreign) {
  BOOST_TEST(read(frame("contentBlockStart", R"({"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"i","name":"f","type":"server_tool_use"}}})") +
                  delta_frame(0, R"({"toolUse":{"input":"{}"}})") + frame("contentBlockStop", R"({"contentBlockIndex":0})") + delta_frame(1, R"({"text":"a"})") +
                  stop_frame) == R"(start begin0 end0 begin1 1"a" end1 finish END)");
}

BOOST_AUTO_TEST_CASE(an_exception_is_a_failure_and_the_last_of_it) {
  std::optional<failure> problem;
  BOOST_TEST(read(start_frame + delta_frame(0, R"({"text":"a"})") + frame("throttlingException", R"({"message":"slow my-own-credential"})", "exception") + stop_frame,
                  &problem) == R"(start begin0 0"a" )");
  BOOST_REQUIRE(problem.has_value());
  BOOST_TEST((problem->kind == failure_kind::rate_limited));
  BOOST_TEST(problem->what.message == "slow ***");
  read(start_frame + delta_frame(0, "{").substr(0, 20) + std::string(200, 'x'), &problem);
  BOOST_REQUIRE(problem.has_value());
  BOOST_TEST((problem->kind == failure_kind::bad_response));
}

BOOST_AUTO_TEST_CASE(any_bytes_are_survived) {
  random_source random(99);
  const auto stream = bedrock_golden("converse_tool_call.eventstream");
  for (int round = 0; round < 500; ++round) {
    std::string bytes = stream.substr(0, random.below(stream.size()));
    for (int i = 0; i < 3 && !bytes.empty(); ++i) bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    const auto reader = converse_dialect().open_reader({});
    std::vector<event> events;
    for (const auto piece : random_pieces(bytes, random)) {
      events.clear();
      if (reader->feed(piece, events)) break;
    }
    reader->close(events);
    BOOST_TEST((events.empty() || events.back().kind != event_kind::end));
  }
}

BOOST_AUTO_TEST_SUITE_END()
