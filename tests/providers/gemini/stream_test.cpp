#include "tests/providers/gemini/samples.hpp"

BOOST_AUTO_TEST_SUITE(gemini_streams)

using namespace switchyard;
using namespace switchyard::providers;
using test::gemini_golden;

namespace {

test::followed follow(const std::vector<std::string_view>& pieces, bool as_array = false) {
  const auto decoder = gemini_wire().open_stream(api::generate_content, as_array, "AIzaSecret");
  test::followed out;
  const auto take = [&](const stream_step& step) {
    for (const auto part : step.forward) out.forwarded += part;
    out.content = step.content;
    out.finished = step.finished;
    out.problem = step.problem;
  };
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    take(decoder->feed(std::string_view(copy.data(), copy.size())));
  }
  if (!out.problem) take(decoder->close());
  out.reported = decoder->reported();
  out.estimate = decoder->estimated_output_tokens();
  return out;
}

const std::string begun = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\r\n\r\n";
const std::string ended = "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n";

}  // namespace

BOOST_AUTO_TEST_CASE(events_pass_as_they_came_however_they_are_cut) {
  random_source random(20);
  for (const std::string name : {"text.sse", "call_signature.sse", "file_search.sse", "thinking.sse"}) {
    const auto stream = gemini_golden(name);
    for (int round = 0; round < 20; ++round) {
      const auto seen = follow(test::random_pieces(stream, random));
      BOOST_TEST(seen.forwarded == stream);
      BOOST_TEST(seen.content);
      BOOST_TEST(seen.finished);
      BOOST_TEST(!seen.problem);
    }
  }
  const auto seen = follow({gemini_golden("text.sse")});
  BOOST_TEST(*seen.reported.input == 13);   // the last figures, not the first
  BOOST_TEST(*seen.reported.output == 8);
}

BOOST_AUTO_TEST_CASE(bare_json_in_an_array_ends_with_itself_wherever_its_blank_line_was_cut) {
  const std::string bare = "{\"candidates\":[{\"finishReason\":\"STOP\"}]}";
  for (const auto& pieces : {std::vector<std::string_view>{bare, "\r\n\r\n"}, {bare, "\r\n\r", "\n"}, {bare}}) BOOST_TEST(follow(pieces, true).forwarded == "[" + bare + "]");
}

BOOST_AUTO_TEST_CASE(clients_that_did_not_ask_for_events_get_one_array) {
  random_source random(21);
  for (const std::string name : {"text.sse", "call_signature.sse", "file_search.sse"}) {
    const auto stream = gemini_golden(name);
    const auto whole = follow({stream}, true);
    BOOST_TEST(test::is_json(whole.forwarded));
    BOOST_TEST(whole.forwarded.starts_with("[{\"candidates\""));
    for (int round = 0; round < 10; ++round) BOOST_TEST(follow(test::random_pieces(stream, random), true).forwarded == whole.forwarded);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_is_whole_when_it_closes_after_every_candidate_finished) {
  BOOST_TEST(follow({begun, ended}).finished);
  BOOST_TEST(!follow({begun}).finished);
  BOOST_TEST(!follow({}).finished);
  BOOST_TEST(follow({"data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n"}).finished);
  BOOST_TEST(!follow({begun, "data: {\"candidates\":[{\"index\":1,\"finishReason\":\"STOP\"}]}\n\n"}).finished);
  // The last event without its blank line.
  BOOST_TEST(follow({begun, std::string_view(ended).substr(0, ended.size() - 4)}).finished);
  // The same after an event that came in two pieces: what is left must not be looked for in bytes that are gone.
  const auto both = begun + ended.substr(0, ended.size() - 4);
  BOOST_TEST(follow({std::string_view(both).substr(0, 20), std::string_view(both).substr(20)}).finished);
  BOOST_TEST(follow({begun}, true).forwarded.back() != ']');
}

BOOST_AUTO_TEST_CASE(an_error_in_a_stream_is_a_problem_and_not_passed_on) {
  const auto seen = follow({begun, "data: {\"error\":{\"code\":503,\"message\":\"overloaded AIzaSecret\",\"status\":\"UNAVAILABLE\"}}\r\n\r\n"});
  BOOST_REQUIRE(seen.problem.has_value());
  BOOST_TEST((seen.problem->kind == failure_kind::server_error));
  BOOST_TEST(seen.problem->what.message.find("AIza") == std::string::npos);
  BOOST_TEST(seen.forwarded == begun);
  BOOST_TEST(follow({"data: [{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\"}}]\n\n"}).problem.has_value());
  // As it stands, without "data:", and perhaps the last there is.
  BOOST_TEST(follow({begun, "{\n  \"error\": {\n    \"code\": 503\n  }\n}\n"}).problem.has_value());
  BOOST_TEST(follow({"[{\n  \"error\": {\"code\": 503}}]\n\n"}).problem.has_value());
  for (const std::string bad : {"data: {\"candidates\":[\n\n", "data: nothing\n\n"}) BOOST_TEST(follow({bad}).problem.has_value(), bad);
}

BOOST_AUTO_TEST_CASE(a_failure_fits_the_open_array) {
  const auto what = upstream_failure(error_code::upstream_error, "gone");
  auto decoder = gemini_wire().open_stream(api::generate_content, true, {});
  BOOST_TEST(test::is_json(decoder->failure_event(what)));
  std::string sent;
  for (const auto part : decoder->feed(begun).forward) sent += part;
  sent += decoder->failure_event(what);
  BOOST_TEST(test::is_json(sent));
  BOOST_TEST(sent.find("\"error\"") != std::string::npos);
  BOOST_TEST(gemini_wire().open_stream(api::generate_content, false, {})->failure_event(what).empty());
}

BOOST_AUTO_TEST_CASE(recorded_streams_pass_whole) {
  for (const auto& row : test::google_recordings()) {
    if (row.url.find(":stream") == std::string::npos) continue;
    BOOST_TEST_CONTEXT(row.id) {
      const auto seen = follow({row.response});
      BOOST_TEST(seen.forwarded == row.response);
      BOOST_TEST(seen.finished);
      BOOST_TEST(seen.reported.output.has_value());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
