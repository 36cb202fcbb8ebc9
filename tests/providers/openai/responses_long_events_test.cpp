// Events of a responses stream that do not come whole: what is left out of their digests is missed by nobody.
#include "tests/providers/openai/responses_samples.hpp"

BOOST_AUTO_TEST_SUITE(responses_long_events)

using namespace switchyard;
using namespace switchyard::providers;
using test::read_pieces;

namespace {

std::string event(std::string_view type, std::string_view members) {
  return "event: response." + std::string(type) + "\ndata: {\"type\":\"response." + std::string(type) + "\"," + std::string(members) + "}\n\n";
}
const std::string text = [] {
  std::string out;
  for (int i = 0; out.size() < 150'000; ++i) out += "word" + std::to_string(i) + R"( \"\\ )";
  return out;
}();
const std::string deltas = [] {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto size = std::min<std::size_t>(30'000, rest.size());
    while (size < rest.size() && (rest[size] == '"' || rest[size] == '\\' || rest[size - 1] == '\\')) ++size;
    out += event("output_text.delta", R"("output_index":0,"content_index":0,"delta":")" + std::string(rest.substr(0, size)) + '"');
    rest.remove_prefix(size);
  }
  return out;
}();
const std::string begun = event("created", R"("response":{"id":"r","model":"m","created_at":5,"instructions":")" + text + R"(","tools":[{"name":"f"}]})");
const std::string part = R"({"type":"output_text","annotations":[],"logprobs":[],"text":")" + text + "\"}";
const std::string message = R"({"id":"msg","type":"message","content":[)" + part + R"(],"role":"assistant"})";
const std::string place = R"("output_index":0,"content_index":0,)";

std::string completed(const std::string& items) {
  return event("completed", R"("response":{"id":"r","status":"completed","instructions":")" + text + R"(","output":[)" + items + R"(],"usage":{"input_tokens":11,"output_tokens":22}})");
}
std::string item_event(std::string_view type, std::string_view item) { return event(type, R"("output_index":0,"item":)" + std::string(item)); }

struct sample {
  std::string name, stream, said;
};
std::vector<sample> samples() {
  const auto added = item_event("output_item.added", R"({"id":"msg","type":"message","content":[]})") + event("content_part.added", place + R"("part":{"type":"output_text","text":""})");
  const auto text_done = event("output_text.done", place + R"("text":")" + text + "\""), part_done = event("content_part.done", place + R"("part":)" + part);
  const auto item_done = item_event("output_item.done", message);
  const auto call = [&](std::string_view type, std::string_view member, bool with) {
    return R"({"id":"c","type":")" + std::string(type) + R"(","call_id":"c1","name":"f",")" + std::string(member) + "\":\"" + (with ? text : std::string()) + "\"}";
  };
  const auto arguments_done = event("function_call_arguments.done", R"("output_index":0,"arguments":")" + text + "\"");
  const auto arguments_delta = event("function_call_arguments.delta", R"("output_index":0,"delta":")" + text + "\"");
  const auto sealed = R"({"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"thought"}],"encrypted_content":")" + std::string(100'000, 'S') + "\"}";
  return {{"all is said by deltas", begun + added + deltas + text_done + part_done + item_done + completed(message), text},
          {"nothing is announced", begun + deltas + text_done + part_done + item_done + completed(message), text},
          {"no deltas", begun + added + text_done + part_done + item_done + completed(message), text},
          {"the item only", begun + item_done + completed(message), text},
          {"the end only", begun + completed(message), text},
          {"places come after the text", begun + deltas + event("output_text.done", R"("text":")" + text + R"(","output_index":0,"content_index":0)") + item_done + completed(message), text},
          {"the type comes last", begun + deltas + "data: {\"response\":{\"output\":[" + message + "],\"status\":\"completed\",\"usage\":{\"input_tokens\":11,\"output_tokens\":22}},\"type\":\"response.completed\"}\n\n", text},
          {"a call by deltas", begun + item_event("output_item.added", call("function_call", "arguments", false)) + arguments_delta + arguments_done + item_event("output_item.done", call("function_call", "arguments", true)) + completed(""), text},
          {"a call, done", begun + item_event("output_item.added", call("function_call", "arguments", false)) + arguments_done + item_event("output_item.done", call("function_call", "arguments", true)) + completed(""), text},
          {"a call's item only", begun + item_event("output_item.added", call("function_call", "arguments", false)) + item_event("output_item.done", call("function_call", "arguments", true)) + completed(""), text},
          {"a free call", begun + item_event("output_item.added", call("custom_tool_call", "input", false)) + item_event("output_item.done", call("custom_tool_call", "input", true)) + completed(""), ""},
          {"sealed thoughts", begun + event("reasoning_summary_text.delta", R"("output_index":0,"summary_index":0,"delta":"thought")") + item_event("output_item.done", sealed) + completed(sealed), "thought"},
          {"sealed thoughts, whole", begun + item_event("output_item.done", sealed) + completed(sealed), "thought"}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(events_in_pieces_are_read_like_whole_ones) {
  for (const auto& each : samples()) BOOST_TEST_CONTEXT(each.name) {
      const auto whole = read_pieces({each.stream});
      BOOST_REQUIRE(!whole.problem);
      BOOST_REQUIRE_EQUAL(whole.parts.size(), 1u);
      if (!each.said.empty()) BOOST_TEST((whole.parts[0].text == json::unescape('"' + each.said + '"')));
      for (const std::size_t size : {997u, 16'384u}) {
        std::vector<std::string_view> pieces;
        for (std::string_view rest = each.stream; !rest.empty(); rest.remove_prefix(std::min(size, rest.size()))) pieces.push_back(rest.substr(0, size));
        const auto split = read_pieces(pieces);
        BOOST_REQUIRE(!split.problem);
        BOOST_REQUIRE_EQUAL(split.parts.size(), 1u);
        BOOST_TEST((split.parts[0].text == whole.parts[0].text));
        BOOST_TEST((split.parts[0].signature == whole.parts[0].signature));
        BOOST_TEST(split.parts[0].ended);
        BOOST_TEST(split.ended);
        BOOST_TEST((split.finish == whole.finish));
        BOOST_TEST(split.usage.input.value_or(0) == 11);
        BOOST_TEST(split.usage.output.value_or(0) == 22);
      }
    }
}

BOOST_AUTO_TEST_CASE(events_in_pieces_are_relayed_byte_for_byte) {
  for (const auto& each : samples()) BOOST_TEST_CONTEXT(each.name) {
      const auto whole = test::follow(api::responses, {each.stream});
      for (const std::size_t size : {997u, 16'384u, 70'000u}) {
        std::vector<std::string_view> pieces;
        for (std::string_view rest = each.stream; !rest.empty(); rest.remove_prefix(std::min(size, rest.size()))) pieces.push_back(rest.substr(0, size));
        const auto split = test::follow(api::responses, pieces);
        BOOST_TEST((split.forwarded == each.stream));
        BOOST_TEST(split.finished);
        BOOST_TEST(split.content);
        BOOST_TEST(split.reported.input.value_or(0) == 11);
        BOOST_TEST(split.estimate == whole.estimate);
      }
    }
}

BOOST_AUTO_TEST_CASE(failures_in_long_events_are_told) {
  const auto failed = begun + event("failed", R"("response":{"instructions":")" + text + R"(","output":[)" + message + R"(],"error":{"code":"server_error","message":"sorry"}})");
  std::vector<std::string_view> pieces;
  for (std::string_view rest = failed; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(1000, rest.size()))) pieces.push_back(rest.substr(0, 1000));
  const auto read = read_pieces(pieces);
  BOOST_REQUIRE(read.problem);
  BOOST_TEST(read.problem->what.message == "sorry");
  const auto relayed = test::follow(api::responses, pieces);
  BOOST_REQUIRE(relayed.problem);
  BOOST_TEST(relayed.problem->what.message == "sorry");
  BOOST_TEST((relayed.forwarded == begun));
}

BOOST_AUTO_TEST_CASE(long_events_that_are_no_json_are_refused) {
  const auto cut = begun + "data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"text\":\"" + text + "\n\n";
  std::vector<std::string_view> pieces;
  for (std::string_view rest = cut; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(1000, rest.size()))) pieces.push_back(rest.substr(0, 1000));
  BOOST_TEST(read_pieces(pieces).problem.has_value());
  BOOST_TEST(test::follow(api::responses, pieces).problem.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
