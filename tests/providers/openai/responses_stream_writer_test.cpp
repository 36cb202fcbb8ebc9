#include "tests/providers/openai/responses_samples.hpp"

#include <map>

BOOST_AUTO_TEST_SUITE(responses_streams_written)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::event_kind;
using neutral::finish_reason;
using neutral::part_kind;
using test::events_of;
using test::json_of;
using test::read_responses;

namespace {

/// Writes a stream event by event.
class script {
 public:
  explicit script(const neutral::request* asked = nullptr)
      : writer_(responses_dialect().open_writer({.request_id = "req-1", .model = "auto", .created = 17, .asked = asked})) {}

  script& put(const neutral::event& e) {
    writer_->write(e, out_);
    return *this;
  }
  script& start() {
    neutral::event e;
    e.kind = event_kind::start;
    e.id = R"("msg_01/x")";
    e.model = R"("claude")";
    return put(e);
  }
  script& begin(std::uint32_t index, neutral::part part) {
    neutral::event e;
    e.kind = event_kind::part_begin;
    e.index = index;
    e.part = part;
    return put(e);
  }
  script& begin(std::uint32_t index, part_kind kind) {
    neutral::part part;
    part.kind = kind;
    return begin(index, part);
  }
  script& call(std::uint32_t index, std::string_view id, std::string_view name, std::string_view signature = {}) {
    neutral::part part;
    part.kind = part_kind::tool_call;
    part.id = id;
    part.name = name;
    part.signature = signature;
    return begin(index, part);
  }
  script& more(std::uint32_t index, std::string_view text) {
    neutral::event e;
    e.index = index;
    e.text = text;
    return put(e);
  }
  script& done(std::uint32_t index) {
    neutral::event e;
    e.kind = event_kind::part_end;
    e.index = index;
    return put(e);
  }
  script& finish(finish_reason reason) {
    neutral::event e;
    e.kind = event_kind::finish;
    e.finish = reason;
    put(e);
    neutral::event counts;
    counts.kind = event_kind::counts;
    counts.usage.input = 10;
    counts.usage.output = 5;
    counts.usage.cached_input = 4;
    counts.usage.reasoning = 2;
    put(counts);
    neutral::event end;
    end.kind = event_kind::end;
    return put(end);
  }
  script& fail(const error& what) {
    writer_->fail(what, out_);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] std::vector<boost::json::object> events() const { return events_of(out_); }

 private:
  std::unique_ptr<stream_writer> writer_;
  std::string out_;
};

std::vector<std::string> types_of(const std::vector<boost::json::object>& events) {
  std::vector<std::string> out;
  for (const auto& e : events) {
    const std::string type(e.at("type").as_string());
    out.push_back(type.substr(type.starts_with("response.") ? 9 : 0));
  }
  return out;
}

/// What holds of every stream: figures count up, items come once and in order, deltas add up to what is said to be done, and the
/// final response repeats all items.
void check_shape(const std::vector<boost::json::object>& events) {
  std::int64_t next = 0;
  std::map<std::int64_t, std::string> ids, texts;
  std::map<std::int64_t, boost::json::value> done;
  for (const auto& e : events) {
    BOOST_REQUIRE_EQUAL(e.at("sequence_number").as_int64(), next++);
    const std::string type(e.at("type").as_string());
    if (!e.contains("output_index")) continue;
    const auto at = e.at("output_index").as_int64();
    if (type == "response.output_item.added") {
      BOOST_REQUIRE_EQUAL(at, static_cast<std::int64_t>(ids.size()));
      ids[at] = e.at("item").at("id").as_string();
      continue;
    }
    BOOST_REQUIRE(ids.contains(at));
    BOOST_REQUIRE(!done.contains(at));
    if (type == "response.output_item.done") {
      BOOST_REQUIRE(e.at("item").at("id").as_string() == ids[at]);
      done[at] = e.at("item");
      continue;
    }
    BOOST_REQUIRE(e.at("item_id").as_string() == ids[at]);
    const auto part = at * 100 + (e.contains("content_index") ? e.at("content_index").as_int64() : 0);
    if (e.contains("delta")) texts[part] += e.at("delta").as_string();
    for (const char* name : {"text", "arguments", "input", "refusal"})
      if (e.contains(name)) BOOST_REQUIRE(e.at(name).as_string() == texts[part]);
  }
  if (events.back().at("type") == "response.failed") return;
  BOOST_REQUIRE_EQUAL(done.size(), ids.size());
  const auto& output = events.back().at("response").at("output").as_array();
  BOOST_REQUIRE_EQUAL(output.size(), done.size());
  for (std::size_t i = 0; i < output.size(); ++i) BOOST_REQUIRE(output[i] == done[static_cast<std::int64_t>(i)]);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_text_is_written_with_the_whole_sequence_of_events) {
  script s;
  s.start().begin(0, part_kind::text).more(0, R"("Hel\n")").more(0, R"("lo \ud83d\ude00")").done(0).finish(finish_reason::stop);
  const auto events = s.events();
  check_shape(events);
  const std::vector<std::string> expected = {"created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
                                             "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
                                             "completed"};
  BOOST_TEST(types_of(events) == expected, boost::test_tools::per_element());
  const auto& response = events.back().at("response");
  BOOST_TEST(response.at("id") == "resp_msg_01_x");
  BOOST_TEST(response.at("model") == "claude");
  BOOST_TEST(response.at("created_at") == 17);
  BOOST_TEST(response.at("status") == "completed");
  BOOST_TEST(response.at("output").at(0).at("content").at(0).at("text") == "Hel\nlo \xF0\x9F\x98\x80");
  BOOST_TEST(response.at("usage") == json_of(R"({"input_tokens":10,"input_tokens_details":{"cached_tokens":4,)"
      R"("cache_write_tokens":0},)"
                                             R"("output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},)"
                                             R"("total_tokens":15})"));
  BOOST_TEST(events[0].at("response").at("status") == "in_progress");
  BOOST_TEST(events[0].at("response").at("usage").is_null());
}

BOOST_AUTO_TEST_CASE(thoughts_text_and_parallel_calls_keep_their_order) {
  script s;
  s.start().begin(0, part_kind::reasoning).more(0, R"("hm")");
  neutral::event sealed;
  sealed.index = 0;
  sealed.signature = R"("SIG")";
  s.put(sealed).done(0).begin(1, part_kind::text).more(1, R"("a")");
  s.call(2, R"("c1")", R"("f")").call(3, R"("c2")", R"("g")").more(3, R"("{\"x\":")").more(2, R"("{}")");
  s.more(1, R"("b")").more(3, R"("1}")");
  s.done(1).done(3).done(2).finish(finish_reason::tool_calls);
  const auto events = s.events();
  check_shape(events);
  const auto& output = events.back().at("response").at("output");
  BOOST_TEST(output.at(0).at("summary").at(0).at("text") == "hm");
  BOOST_TEST(output.at(0).at("encrypted_content") == "switchyard.signature.SIG");
  BOOST_TEST(output.at(1).at("content").at(0).at("text") == "ab");
  BOOST_TEST(output.at(2).at("call_id") == "c1");
  BOOST_TEST(output.at(2).at("arguments") == "{}");
  BOOST_TEST(output.at(3).at("name") == "g");
  BOOST_TEST(output.at(3).at("arguments") == R"({"x":1})");
}

BOOST_AUTO_TEST_CASE(texts_that_follow_one_another_are_parts_of_one_message) {
  script s;
  s.start().begin(0, part_kind::text).more(0, R"("a")").done(0).begin(1, part_kind::text).more(1, R"("b")").done(1);
  s.begin(2, part_kind::refusal).more(2, R"("no")").done(2).finish(finish_reason::refusal);
  const auto events = s.events();
  check_shape(events);
  const auto& output = events.back().at("response").at("output").as_array();
  BOOST_REQUIRE_EQUAL(output.size(), 1u);
  BOOST_TEST(output[0].at("content").at(1).at("text") == "b");
  BOOST_TEST(output[0].at("content").at(2) == json_of(R"({"type":"refusal","refusal":"no"})"));
  BOOST_TEST(events.back().at("type") == "response.completed");
}

BOOST_AUTO_TEST_CASE(a_call_without_arguments_has_an_empty_object) {
  script s;
  s.start().call(0, R"("c")", R"("f")").done(0).finish(finish_reason::tool_calls);
  check_shape(s.events());
  BOOST_TEST(s.events().back().at("response").at("output").at(0).at("arguments") == "{}");
}

BOOST_AUTO_TEST_CASE(an_answer_cut_short_is_incomplete_and_says_why) {
  const std::map<finish_reason, std::string> reasons = {{finish_reason::length, "max_output_tokens"},
                                                        {finish_reason::context_exceeded, "max_output_tokens"},
                                                        {finish_reason::content_filter, "content_filter"},
                                                        {finish_reason::refusal, "content_filter"},
                                                        {finish_reason::malformed_call, "malformed_function_call"}};
  for (const auto& [reason, name] : reasons) {
    script s;
    s.start().begin(0, part_kind::text).more(0, R"("a")").done(0).finish(reason);
    const auto events = s.events();
    check_shape(events);
    BOOST_TEST(events.back().at("type") == "response.incomplete");
    BOOST_TEST(events.back().at("response").at("incomplete_details").at("reason").as_string() == name);
    BOOST_TEST(events.back().at("response").at("output").at(0).at("status") == "incomplete");
  }
}

BOOST_AUTO_TEST_CASE(a_failure_is_told_with_the_next_number_and_nothing_follows) {
  script s;
  s.start().begin(0, part_kind::text).more(0, R"("a")");
  s.fail(upstream_failure(error_code::upstream_error, "gone \"away\"")).finish(finish_reason::stop);
  const auto events = s.events();
  check_shape(events);
  const auto& failed = events.back().at("response");
  BOOST_TEST(events[events.size() - 2].at("type") == "error");
  BOOST_TEST(events[events.size() - 2].at("error").at("message") == "gone \"away\"");
  BOOST_TEST(events.back().at("type") == "response.failed");
  BOOST_TEST(failed.at("status") == "failed");
  BOOST_TEST(failed.at("error").at("code") == "server_error");
  BOOST_TEST(failed.at("output").at(0).at("status") == "incomplete");
}

BOOST_AUTO_TEST_CASE(the_request_is_repeated_in_one_line) {
  const auto asked = read_responses("{\"model\":\"auto\",\"input\":\"x\",\"instructions\":\"i\",\"temperature\":0.25,\n"
                                    "\"tools\":[\n{\"type\":\"function\",\r\n"
                                    "\"name\":\"f\",\"parameters\":{}}],\"metadata\":{\"k\":\"v\"},\"tool_choice\":\"required\","
                                    "\"text\":{\"verbosity\":\"low\"}}");
  script s(&asked.request);
  s.start().finish(finish_reason::stop);
  const auto events = s.events();
  for (const auto* response : {&events.front().at("response"), &events.back().at("response")}) {
    BOOST_TEST(response->at("instructions") == "i");
    BOOST_TEST(response->at("temperature") == 0.25);
    BOOST_TEST(response->at("tools").at(0).at("name") == "f");
    BOOST_TEST(response->at("metadata").at("k") == "v");
    BOOST_TEST(response->at("tool_choice") == "required");
    BOOST_TEST(response->at("text").at("verbosity") == "low");
    BOOST_TEST(response->at("top_p") == 1.0);
    BOOST_TEST(response->at("parallel_tool_calls") == true);
  }
}

BOOST_AUTO_TEST_CASE(a_call_of_a_free_text_tool_streams_its_text) {
  const auto asked = read_responses(R"({"model":"auto","input":"x","tools":[{"type":"custom","name":"apply_patch"}]})");
  const std::string arguments = R"({"note": {"input": "no"}, "input": "*** Begin\n+\"q\" \u00e4 \\ \u001b[0m*** End" })";
  const std::string wanted = "*** Begin\n+\"q\" \xC3\xA4 \\ \x1b[0m*** End";
  // Cut at every place, since escapes may be cut anywhere.
  for (std::size_t cut = 0; cut <= arguments.size(); ++cut) {
    neutral::arena texts;
    script s(&asked.request);
    s.start().call(0, R"("c")", R"("apply_patch")");
    s.more(0, texts.quote(std::string_view(arguments).substr(0, cut))).more(0, texts.quote(std::string_view(arguments).substr(cut)));
    s.done(0).finish(finish_reason::tool_calls);
    const auto events = s.events();
    check_shape(events);
    const auto& item = events.back().at("response").at("output").at(0);
    BOOST_REQUIRE(item.at("type") == "custom_tool_call");
    BOOST_REQUIRE(item.at("name") == "apply_patch");
    BOOST_REQUIRE_EQUAL(std::string(item.at("input").as_string()), wanted);
  }
}

BOOST_AUTO_TEST_CASE(free_text_that_is_not_where_it_should_be_is_not_lost) {
  const auto asked = read_responses(R"({"model":"auto","input":"x","tools":[{"type":"custom","name":"t"}]})");
  const std::pair<std::string, std::string> cases[] = {{R"({"patch":"p"})", R"({"patch":"p"})"}, {"plain", "plain"}, {"", ""},
                                                       {"{\"input\":\"a\nb\\q\"}", "a\nb\\q"},
                                                       {R"({"input":{"a":1}})", R"({"input":{"a":1}})"}};
  for (const auto& [arguments, wanted] : cases) {
    neutral::arena texts;
    script s(&asked.request);
    s.start().call(0, R"("c")", R"("t")").more(0, texts.quote(arguments)).done(0).finish(finish_reason::tool_calls);
    check_shape(s.events());
    BOOST_TEST(std::string(s.events().back().at("response").at("output").at(0).at("input").as_string()) == wanted);
  }
}

BOOST_AUTO_TEST_CASE(calls_of_shaped_tools_are_items_of_their_own_shape) {
  const auto asked = read_responses(
      R"({"model":"auto","input":"x","tools":[{"type":"local_shell"},{"type":"shell"},{"type":"apply_patch"},)"
      R"({"type":"tool_search","execution":"client"},)"
      R"({"type":"namespace","name":"crew","tools":[{"type":"function","name":"spawn","parameters":{}},)"
      R"({"type":"custom","name":"exec"}]}]})");
  script s(&asked.request);
  s.start();
  s.call(0, R"("c0")", R"("local_shell")").more(0, R"("{\"command\":\n[\"ls\"],\"timeout_ms\":5}")").done(0);
  s.call(1, R"("c1")", R"("shell")").more(1, R"("{\"commands\":\"ls\"}")").done(1);
  s.call(2, R"("c2")", R"("apply_patch")").more(2, R"("{\"operation\":{\"type\":\"delete_file\",\"path\":\"a\"}}")").done(2);
  s.call(3, R"("c3")", R"("tool_search")").more(3, R"("{\"query\":\"q\"}")").done(3);
  s.call(4, R"("c4")", R"("crew__spawn")").more(4, R"("{}")").done(4);
  s.call(5, R"("c5")", R"("crew__exec")").more(5, R"("{\"input\":\"x\"}")").done(5);
  s.call(6, R"("c6")", R"("local_shell")").more(6, R"("{\"command\":[")").done(6);
  s.finish(finish_reason::tool_calls);
  const auto events = s.events();
  check_shape(events);
  const auto& output = events.back().at("response").at("output");
  BOOST_TEST(output.at(0).at("action") == json_of(R"({"type":"exec","command":["ls"],"timeout_ms":5,"env":{}})"));
  BOOST_TEST(output.at(1).at("action") == json_of(R"({"commands":["ls"]})"));
  BOOST_TEST(output.at(2).at("operation") == json_of(R"({"type":"delete_file","path":"a"})"));
  BOOST_TEST(output.at(3).at("arguments") == json_of(R"({"query":"q"})"));
  BOOST_TEST(output.at(3).at("execution") == "client");
  BOOST_TEST(output.at(4).at("name") == "spawn");
  BOOST_TEST(output.at(4).at("namespace") == "crew");
  BOOST_TEST(output.at(5).at("type") == "custom_tool_call");
  BOOST_TEST(output.at(5).at("input") == "x");
  BOOST_TEST(output.at(6).at("action").at("command") == json_of("[]"));   // what is no JSON cannot stand there
}

BOOST_AUTO_TEST_CASE(signatures_and_secrets_of_other_providers_travel_in_reasoning_items) {
  script s;
  neutral::part redacted;
  redacted.kind = part_kind::redacted_reasoning;
  redacted.data = R"("XYZ")";
  s.start().begin(0, redacted).done(0);
  s.call(1, R"("c:1")", R"("f")", R"("G==")").more(1, R"("{}")").done(1).finish(finish_reason::tool_calls);
  const auto events = s.events();
  check_shape(events);
  const auto& output = events.back().at("response").at("output");
  BOOST_TEST(output.at(0).at("encrypted_content") == "switchyard.redacted.XYZ");
  BOOST_TEST(output.at(2).at("encrypted_content") == "switchyard.call.c:1:G==");
  // The client sends them back.
  const auto read = read_responses(R"({"model":"auto","input":)" + boost::json::serialize(output) + "}");
  const auto& parts = read.request.messages.at(0).parts;
  BOOST_REQUIRE_EQUAL(parts.size(), 2u);
  BOOST_TEST(parts[0].data == R"("XYZ")");
  BOOST_TEST(parts[1].signature == R"("G==")");
}

BOOST_AUTO_TEST_CASE(citations_take_this_formats_form) {
  script s;
  s.start().begin(0, part_kind::text).more(0, R"("a")");
  for (const std::string_view citation :
       {R"([{"type":"url_citation","url_citation":{"url":"https://a","title":"A","start_index":1,"end_index":2}}])",
        R"({"type":"web_search_result_location","url":"https://b","title":"B",)"
        R"("cited_text":"x"})", R"([{"type":"char_location","document_index":0}])"}) {
    neutral::event e;
    e.citations = citation;
    s.put(e);
  }
  s.done(0).finish(finish_reason::stop);
  const auto events = s.events();
  check_shape(events);
  BOOST_TEST(events.back().at("response").at("output").at(0).at("content").at(0).at("annotations") ==
             json_of(R"([{"type":"url_citation","url":"https://a","title":"A","start_index":1,"end_index":2},)"
                     R"({"type":"url_citation","url":"https://b","title":"B","start_index":0,"end_index":0}])"));
}

BOOST_AUTO_TEST_CASE(a_stream_without_a_start_or_a_finish_still_has_its_form) {
  script s;
  s.begin(0, part_kind::text).more(0, R"("a")");
  neutral::event end;
  end.kind = event_kind::end;
  s.put(end);
  const auto events = s.events();
  check_shape(events);
  BOOST_TEST(events.front().at("response").at("id") == "resp_req-1");
  BOOST_TEST(events.front().at("response").at("model") == "auto");
  BOOST_TEST(events.back().at("type") == "response.completed");
}

BOOST_AUTO_TEST_SUITE_END()
