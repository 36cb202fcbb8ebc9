// Streams of chat completions: read into events, written from events. What is relayed as it comes is tested in stream_test.cpp.
#include "tests/providers/translated.hpp"

BOOST_AUTO_TEST_SUITE(chat_streams)

using namespace switchyard;
using namespace switchyard::providers;
using boost::json::parse;
using neutral::event;
using neutral::event_kind;
using neutral::part_kind;
using test::golden;

namespace {

std::string chunk(const std::string& delta, const std::string& finish = "null", int choice = 0) {
  return R"(data: {"id":"chatcmpl-1","created":5,"model":"m","choices":[{"index":)" + std::to_string(choice) + R"(,"delta":)" + delta +
         R"(,"finish_reason":)" + finish + "}]}\n\n";
}
std::string call(const std::string& members) { return chunk(R"({"tool_calls":[{)" + members + "}]}"); }
const std::string done_line = "data: [DONE]\n\n";

test::translated read(const std::string& stream) { return test::translate(chat_dialect(), chat_dialect(), {stream}); }

/// What a writer makes of these events, with usage.
std::string written(const std::vector<event>& events, bool include_usage = true) {
  const auto writer = chat_dialect().open_writer({.request_id = "r", .model = "asked", .created = 7, .include_usage = include_usage});
  std::string out;
  for (const auto& what : events) writer->write(what, out);
  return out;
}
boost::json::value delta_of(const boost::json::object& chunk) { return chunk.at("choices").at(0).at("delta"); }

}  // namespace

BOOST_AUTO_TEST_CASE(recorded_streams_read_the_same_however_they_are_cut) {
  random_source random(4711);
  for (const char* file : {"chat_text.sse", "chat_tool_calls.sse", "chat_moderation.sse", "groq_tool_use_failed.sse", "openrouter_error.sse", "openrouter_reasoning.sse"}) {
    std::string text = golden(file);
    const auto whole = read(text);
    BOOST_TEST(whole.complaint == "", file);
    BOOST_TEST(whole.ended != whole.problem.has_value(), file);
    for (int round = 0; round < 30; ++round) {
      const auto split = test::translate(chat_dialect(), chat_dialect(), test::random_pieces(text, random));
      BOOST_REQUIRE_EQUAL(split.written, whole.written);
      BOOST_REQUIRE_EQUAL(split.complaint, "");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_recorded_call_arrives_with_its_arguments) {
  const auto seen = read(golden("chat_tool_calls.sse"));
  BOOST_REQUIRE(seen.choices.size() == 1u);
  BOOST_REQUIRE(seen.choices[0].calls.size() == 1u);
  BOOST_TEST(!seen.choices[0].calls[0].id.empty());
  BOOST_TEST(parse(seen.choices[0].calls[0].arguments).is_object());
}

BOOST_AUTO_TEST_CASE(a_signature_is_read_with_the_thoughts_it_proves) {
  const auto seen = read(golden("openrouter_reasoning.sse"));
  BOOST_TEST(seen.choices[0].thoughts.starts_with("This is a simple arithmetic"));
  BOOST_TEST(seen.choices[0].signature.size() > 50u);
  // And reaches the client where it looks for it.
  const auto again = read(seen.written);
  BOOST_TEST(again.choices[0].thoughts == seen.choices[0].thoughts);
  BOOST_TEST(again.choices[0].signature == seen.choices[0].signature);
}

BOOST_AUTO_TEST_CASE(what_is_written_has_the_order_clients_expect) {
  const std::vector<event> events = {
      {.kind = event_kind::start, .id = R"("msg_1")", .model = R"("claude")", .usage = {.input = 9}},
      {.kind = event_kind::part_begin, .index = 0, .part = {.kind = part_kind::reasoning}},
      {.kind = event_kind::delta, .index = 0, .text = R"("hm")"},
      {.kind = event_kind::delta, .index = 0, .text = R"("")", .signature = R"("sig")"},
      {.kind = event_kind::part_end, .index = 0},
      {.kind = event_kind::part_begin, .index = 1, .part = {.kind = part_kind::text}},
      {.kind = event_kind::delta, .index = 1, .text = R"("a\"b")", .logprobs = R"({"content":[]})"},
      {.kind = event_kind::part_end, .index = 1},
      {.kind = event_kind::part_begin, .index = 2, .part = {.kind = part_kind::tool_call, .name = R"("f")", .id = R"("c1")"}},
      {.kind = event_kind::part_begin, .index = 3, .part = {.kind = part_kind::tool_call, .name = R"("g")", .id = R"("c2")"}},
      {.kind = event_kind::delta, .index = 3, .text = R"("{\"x\":")"},
      {.kind = event_kind::delta, .index = 3, .text = R"("1}")"},
      {.kind = event_kind::part_end, .index = 2},
      {.kind = event_kind::part_end, .index = 3},
      {.kind = event_kind::finish, .finish = neutral::finish_reason::tool_calls},
      {.kind = event_kind::counts, .usage = {.input = 9, .output = 4}},
      {.kind = event_kind::end},
  };
  const auto out = written(events);
  BOOST_TEST(out.ends_with(done_line));
  const auto got = test::chunks(out);
  BOOST_REQUIRE(got.size() == 11u);
  for (const auto& one : got) {
    BOOST_TEST(one.at("id") == "chatcmpl-msg_1");
    BOOST_TEST(one.at("object") == "chat.completion.chunk");
    BOOST_TEST(one.at("model") == "claude");
    BOOST_TEST(one.at("created") == 7);
  }
  BOOST_TEST(delta_of(got[0]) == parse(R"({"role":"assistant","content":null})"));
  BOOST_TEST(delta_of(got[1]) == parse(R"({"reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}]})"));
  BOOST_TEST(delta_of(got[2]) == parse(R"({"reasoning_details":[{"type":"reasoning.text","signature":"sig","index":0}]})"));
  BOOST_TEST(delta_of(got[3]) == parse(R"({"content":"a\"b"})"));
  BOOST_TEST(got[3].at("choices").at(0).at("logprobs") == parse(R"({"content":[]})"));
  BOOST_TEST(delta_of(got[4]) == parse(R"({"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]})"));
  BOOST_TEST(delta_of(got[5]) == parse(R"({"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"g","arguments":""}}]})"));
  BOOST_TEST(delta_of(got[6]) == parse(R"({"tool_calls":[{"index":1,"function":{"arguments":"{\"x\":"}}]})"));
  BOOST_TEST(delta_of(got[8]) == parse(R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]})"));   // none were none
  BOOST_TEST(got[9].at("choices").at(0).at("finish_reason") == "tool_calls");
  BOOST_TEST(delta_of(got[9]) == parse("{}"));
  BOOST_TEST(got[9].at("usage").is_null());
  BOOST_TEST(got[10].at("choices") == parse("[]"));
  BOOST_TEST(got[10].at("usage").at("total_tokens") == 13);
  // Who did not ask for usage sees none.
  BOOST_TEST(written(events, false).find("usage") == std::string::npos);
  BOOST_TEST(test::chunks(written(events, false)).size() == 10u);
}

BOOST_AUTO_TEST_CASE(refusals_citations_and_pictures_are_written_and_read) {
  const std::string sources = R"([{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":0,"end_index":1}}])";
  const auto out = written({
      {.kind = event_kind::start},
      {.kind = event_kind::part_begin, .index = 0, .part = {.kind = part_kind::text}},
      {.kind = event_kind::delta, .index = 0, .text = R"("a")"},
      {.kind = event_kind::delta, .index = 0, .text = R"("")", .citations = sources},
      {.kind = event_kind::part_end, .index = 0},
      {.kind = event_kind::part_begin, .index = 1, .part = {.kind = part_kind::refusal}},
      {.kind = event_kind::delta, .index = 1, .text = R"("no")"},
      {.kind = event_kind::part_end, .index = 1},
      {.kind = event_kind::part_begin, .index = 2, .part = {.kind = part_kind::redacted_reasoning, .data = R"("zz")"}},
      {.kind = event_kind::part_end, .index = 2},
      {.kind = event_kind::part_begin, .index = 3, .part = {.kind = part_kind::image, .media_type = R"("image/png")", .data = R"("AA==")"}},
      {.kind = event_kind::part_end, .index = 3},
      {.kind = event_kind::finish, .finish = neutral::finish_reason::stop},
      {.kind = event_kind::end},
  });
  const auto seen = read(out);
  BOOST_TEST(seen.complaint == "");
  BOOST_TEST(seen.choices[0].text == "a");
  BOOST_TEST(seen.choices[0].refusal == "no");
  BOOST_TEST(seen.choices[0].opaque == "zz");
  BOOST_REQUIRE(seen.choices[0].citations.size() == 1u);
  BOOST_TEST(parse(seen.choices[0].citations[0]) == parse(sources));
  BOOST_TEST(out.find("data:image/png;base64,AA==") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(calls_that_interleave_keep_their_arguments_apart) {
  const auto seen = read(call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""})") + call(R"("index":1,"id":"b","function":{"name":"g","arguments":"{"})") +
                         call(R"("index":0,"function":{"arguments":":1}"})") + call(R"("index":1,"function":{"arguments":"}"})") + chunk("{}", "\"tool_calls\"") + done_line);
  BOOST_TEST(seen.complaint == "");
  BOOST_REQUIRE(seen.choices[0].calls.size() == 2u);
  BOOST_TEST(seen.choices[0].calls[0].arguments == R"({"x":1})");
  BOOST_TEST(seen.choices[0].calls[1].arguments == "{}");
}

BOOST_AUTO_TEST_CASE(a_call_ends_when_another_begins_and_it_is_whole) {
  const auto reader = chat_dialect().open_reader({});
  std::vector<event> events;
  const std::string text = call(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":\"}\\\"{\"}"})") + call(R"("index":1,"id":"b","function":{"name":"g","arguments":""})");
  BOOST_REQUIRE(!reader->feed(text, events));
  BOOST_REQUIRE(events.size() == 5u);   // start, begin, delta, end, begin
  BOOST_TEST((events[3].kind == event_kind::part_end));
  BOOST_TEST((events[4].kind == event_kind::part_begin));
}

BOOST_AUTO_TEST_CASE(calls_that_are_badly_numbered_are_told_apart_by_their_ids) {
  for (const char* index : {R"("index":0,)", ""}) {
    const std::string n = index;
    const auto seen = read(call(n + R"("id":"a","function":{"name":"f","arguments":"{\"x\":1}"})") + call(n + R"("id":"b","function":{"name":"f","arguments":"{\"x\":2}"})") +
                           call(n + R"("id":"","function":{"name":"f","arguments":"{}"})") + chunk("{}", "\"stop\"") + done_line);
    BOOST_TEST(seen.complaint == "");
    BOOST_REQUIRE(seen.choices[0].calls.size() == 3u);
    BOOST_TEST(seen.choices[0].calls[1].arguments == R"({"x":2})");
    BOOST_TEST(!seen.choices[0].calls[2].id.empty());
    BOOST_TEST(test::chunks(seen.written).size() > 3u);
    BOOST_TEST(seen.written.find(R"("finish_reason":"tool_calls")") != std::string::npos);   // whatever the provider called it
  }
}

BOOST_AUTO_TEST_CASE(dialects_of_the_family_are_understood) {
  const auto text = [](const std::string& delta) { return read(chunk(delta) + chunk("{}", "\"stop\"") + done_line); };
  const auto mistral = text(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"th"}]},{"type":"text","text":"tx"}]})");
  BOOST_TEST(mistral.choices[0].thoughts == "th");
  BOOST_TEST(mistral.choices[0].text == "tx");
  BOOST_TEST(text(R"({"reasoning":"a","reasoning_content":"a"})").choices[0].thoughts == "a");
  BOOST_TEST(text(R"({"content":null,"function_call":{"name":"f","arguments":"{}"}})").choices[0].calls.size() == 1u);
  const auto google = read(call(R"("index":0,"id":"a","extra_content":{"google":{"thought_signature":"sg"}},"function":{"name":"f","arguments":"{}"})") + chunk("{}", "\"stop\"") + done_line);
  BOOST_TEST(google.written.find(R"("extra_content":{"google":{"thought_signature":"sg"}})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(several_choices_are_kept_apart) {
  const auto seen = read(chunk(R"({"content":"a"})", "null", 0) + chunk(R"({"content":"b"})", "null", 1) + chunk(R"({"content":"c"})", "\"stop\"", 0) +
                         chunk("{}", "\"length\"", 1) + done_line);
  BOOST_TEST(seen.complaint == "");
  BOOST_REQUIRE(seen.choices.size() == 2u);
  BOOST_TEST(seen.choices[0].text == "ac");
  BOOST_TEST(seen.choices[1].text == "b");
  BOOST_TEST(read(seen.written).choices[1].text == "b");
}

BOOST_AUTO_TEST_CASE(a_clean_close_after_every_finish_is_an_end_and_before_is_none) {
  BOOST_TEST(read(chunk(R"({"content":"a"})") + chunk("{}", "\"stop\"")).ended);
  BOOST_TEST(!read(chunk(R"({"content":"a"})")).ended);
  BOOST_TEST(!read(chunk(R"({"content":"a"})", "\"stop\"", 0) + chunk(R"({"content":"b"})", "null", 1)).ended);
  BOOST_TEST(!read("").ended);
  // The last blank line may be missing, half an event may not.
  const auto whole = chunk(R"({"content":"a"})", "\"stop\"");
  BOOST_TEST(read(whole.substr(0, whole.size() - 2)).ended);
  BOOST_TEST(!read(whole.substr(0, whole.size() - 9)).ended);
  BOOST_TEST(read(whole + "data: [DONE]\n").ended);
  BOOST_TEST(!read(whole + "data: {\"id\"").ended);
}

BOOST_AUTO_TEST_CASE(a_failure_is_an_error_event_and_never_a_normal_end) {
  for (const std::string& bad : {std::string("data: {\"error\":{\"message\":\"key sk-secret refused\",\"code\":500}}\n\n"), std::string("event: error\ndata: {\"message\":\"m\"}\n\n"),
                                 std::string("data: {\"choices\":[}\n\n"), std::string("data: {\"choices\":[{\"index\":4000,\"delta\":{}}]}\n\n"),
                                 std::string("data: {\"x_groq\":{\"error\":\"over\"},\"choices\":[]}\n\n")}) {
    const auto seen = read(chunk(R"({"content":"a"})") + bad + done_line);
    BOOST_TEST_CONTEXT(bad) {
      BOOST_REQUIRE(seen.problem);
      BOOST_TEST(!seen.ended);
      BOOST_TEST(seen.written.find("[DONE]") == std::string::npos);
      BOOST_TEST(seen.written.find("sk-secret") == std::string::npos);
      BOOST_TEST(test::chunks(seen.written).back().contains("error"));
      BOOST_TEST(seen.choices[0].text == "a");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_event_that_never_ends_is_a_failure) {
  const auto reader = chat_dialect().open_reader({});
  std::vector<event> events;
  const std::string piece(1 << 20, 'x');
  std::optional<failure> problem;
  for (int i = 0; i < 10 && !problem; ++i) problem = reader->feed(piece, events);
  BOOST_REQUIRE(problem);
  BOOST_TEST((problem->kind == failure_kind::bad_response));
}

BOOST_AUTO_TEST_SUITE_END()
