#include "tests/providers/samples.hpp"

BOOST_AUTO_TEST_SUITE(openai_streams)

using namespace switchyard;
using namespace switchyard::providers;
using test::follow;
using test::golden;

namespace {

struct recording {
  const char* file;
  api operation;
};
constexpr recording recordings[] = {
    {"chat_text.sse", api::chat_completions},          {"chat_tool_calls.sse", api::chat_completions},
    {"chat_moderation.sse", api::chat_completions},    {"groq_tool_use_failed.sse", api::chat_completions},
    {"openrouter_error.sse", api::chat_completions},   {"openrouter_reasoning.sse", api::chat_completions},
    {"responses_function_call.sse", api::responses},   {"responses_reasoning.sse", api::responses},
    {"openrouter_responses.sse", api::responses},
};

std::string chunk(const std::string& choices_and_more) { return "data: {\"id\":\"x\"," + choices_and_more + "}\n\n"; }
std::string delta(const std::string& members) {
  return chunk("\"choices\":[{\"index\":0,\"delta\":{" + members + "},\"finish_reason\":null}],\"usage\":null");
}
bool is_content(const std::string& event, api operation = api::chat_completions) { return follow(operation, {event}).content; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_recorded_chat_stream_is_forwarded_byte_for_byte_and_accounted) {
  const auto text = golden("chat_text.sse");
  const auto seen = follow(api::chat_completions, {text});
  BOOST_TEST(seen.forwarded == text);
  BOOST_TEST(seen.content);
  BOOST_TEST(seen.finished);
  BOOST_TEST(!seen.problem);
  BOOST_TEST(*seen.reported.input == 78);
  BOOST_TEST(*seen.reported.output == 9);
  BOOST_TEST(*seen.reported.cached_input == 0);
  BOOST_TEST(seen.estimate > 4);
  BOOST_TEST(seen.estimate < 20);
}

BOOST_AUTO_TEST_CASE(recorded_responses_streams_are_followed_to_their_end) {
  for (const char* file : {"responses_function_call.sse", "responses_reasoning.sse", "openrouter_responses.sse"}) {
    const auto text = golden(file);
    const auto seen = follow(api::responses, {text});
    BOOST_TEST(seen.forwarded == text, file);
    BOOST_TEST(seen.content, file);
    BOOST_TEST(seen.finished, file);
    BOOST_TEST(!seen.problem, file);
    BOOST_TEST(seen.reported.input.has_value(), file);
  }
  const auto seen = follow(api::responses, {golden("responses_reasoning.sse")});
  BOOST_TEST(*seen.reported.input == 53);
  BOOST_TEST(*seen.reported.output == 469);
}

BOOST_AUTO_TEST_CASE(any_split_of_the_bytes_gives_the_same_stream) {
  const std::uint64_t seed = 20240607;
  BOOST_TEST_CONTEXT("seed " << seed) {
    random_source random(seed);
    for (const auto& [file, operation] : recordings) {
      std::string text = golden(file);
      for (const bool crlf : {false, true}) {
        if (crlf) {
          std::string with_cr;
          for (const char c : text) with_cr += c == '\n' ? "\r\n" : std::string(1, c);
          text = with_cr;
        }
        for (const bool hide : {false, true}) {
          const auto whole = follow(operation, {text}, hide);
          for (int round = 0; round < 20; ++round) {
            const auto split = follow(operation, test::random_pieces(text, random), hide);
            BOOST_REQUIRE_EQUAL(split.forwarded, whole.forwarded);
            BOOST_REQUIRE_EQUAL(split.content, whole.content);
            BOOST_REQUIRE_EQUAL(split.finished, whole.finished);
            BOOST_REQUIRE_EQUAL(split.problem.has_value(), whole.problem.has_value());
            BOOST_REQUIRE_EQUAL(split.reported.output.value_or(-1), whole.reported.output.value_or(-1));
            BOOST_REQUIRE_EQUAL(split.estimate, whole.estimate);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_chunk_of_whole_events_is_forwarded_as_one_view) {
  const std::string text = golden("chat_text.sse");
  const auto decoder = find_wire(config::wire_format::openai)->open_stream(api::chat_completions, false);
  const auto& step = decoder->feed(text);
  BOOST_REQUIRE_EQUAL(step.forward.size(), 1u);
  BOOST_TEST(static_cast<const void*>(step.forward[0].data()) == static_cast<const void*>(text.data()));
  BOOST_TEST(step.forward[0].size() == text.size());
}

BOOST_AUTO_TEST_CASE(usage_we_asked_for_is_hidden_and_nothing_else) {
  const std::string usage_event =
      chunk(R"("choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}})");
  const std::string text = delta(R"("content":"hi")") + usage_event + "data: [DONE]\n\n";
  const auto hidden = follow(api::chat_completions, {text}, true);
  BOOST_TEST(hidden.forwarded == delta(R"("content":"hi")") + "data: [DONE]\n\n");
  BOOST_TEST(*hidden.reported.input == 5);
  BOOST_TEST(*hidden.reported.output == 2);
  BOOST_TEST(*hidden.reported.cached_input == 3);
  BOOST_TEST(follow(api::chat_completions, {text}, false).forwarded == text);
  const auto moderation = golden("chat_moderation.sse");
  const auto kept = follow(api::chat_completions, {moderation}, true).forwarded;
  BOOST_TEST(kept.find("omni-moderation-latest") != std::string::npos);
  BOOST_TEST(kept.find("\"completion_tokens\":11") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(usage_beside_choices_stays) {
  const std::string text =
      chunk(R"("choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":343,"completion_tokens":180}})");
  const auto seen = follow(api::chat_completions, {text}, true);
  BOOST_TEST(seen.forwarded == text);
  BOOST_TEST(*seen.reported.input == 343);
  BOOST_TEST(*seen.reported.output == 180);
}

BOOST_AUTO_TEST_CASE(opening_events_are_no_content) {
  BOOST_TEST(!is_content(delta(R"("role":"assistant","content":"","refusal":null)")));
  BOOST_TEST(!is_content(delta(R"("role":"assistant","content":null,"tool_calls":[],"reasoning":null)")));
  BOOST_TEST(!is_content(": OPENROUTER PROCESSING\n\n"));
  BOOST_TEST(!is_content(chunk(R"("choices":[])")));
  for (const std::string type : {"response.created", "response.queued", "response.in_progress", "ping"})
    BOOST_TEST(!is_content("event: " + type + "\ndata: {\"type\":\"" + type + "\",\"response\":{\"error\":null}}\n\n", api::responses), type);
}

BOOST_AUTO_TEST_CASE(everything_the_model_says_is_content) {
  for (const std::string members :
       {R"("content":"x")", R"("content": "x")", R"("tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}])", R"("refusal":"no")",
        R"("reasoning":"hm")", R"("reasoning_content":"hm")", R"("function_call":{"name":"f"})", R"("content":[{"type":"text","text":"x"}])"})
    BOOST_TEST(is_content(delta(members)), members);
  BOOST_TEST(is_content(chunk(R"("choices":[{"delta":{},"finish_reason":"stop"}])")));
  BOOST_TEST(is_content(chunk(R"("choices":[{"text":"x","finish_reason":null}])"), api::completions));
  BOOST_TEST(!is_content(chunk(R"("choices":[{"text":"","finish_reason":null}])"), api::completions));
  for (const std::string type : {"response.output_text.delta", "response.function_call_arguments.delta", "response.output_item.added"})
    BOOST_TEST(is_content("data: {\"type\":\"" + type + "\",\"delta\":\"x\"}\n\n", api::responses), type);
}

BOOST_AUTO_TEST_CASE(words_of_the_protocol_inside_a_text_mean_nothing) {
  const auto event = delta(R"("role":"assistant","note":"\"content\":\"x\",\"error\":{\"a\":1} [DONE]","content":"")");
  const auto seen = follow(api::chat_completions, {event});
  BOOST_TEST(!seen.content);
  BOOST_TEST(!seen.problem);
  BOOST_TEST(!seen.finished);
}

BOOST_AUTO_TEST_CASE(an_error_in_the_stream_is_a_problem_and_is_not_forwarded) {
  const std::string before = delta(R"("role":"assistant","content":"")");
  const std::string bad = "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":null}}\n\n";
  const auto seen = follow(api::chat_completions, {before + bad + "data: [DONE]\n\n", "data: [DONE]\n\n"});
  BOOST_TEST(seen.forwarded == before);
  BOOST_REQUIRE(seen.problem);
  BOOST_TEST((seen.problem->kind == failure_kind::server_error));
  BOOST_TEST(seen.problem->what.message == "boom");
  BOOST_TEST(seen.problem->what.retryable);
  BOOST_TEST(!seen.finished);
  BOOST_TEST(!seen.content);
}

BOOST_AUTO_TEST_CASE(recorded_stream_errors_are_judged_by_what_they_say) {
  const auto groq = follow(api::chat_completions, {golden("groq_tool_use_failed.sse")});
  BOOST_REQUIRE(groq.problem);
  BOOST_TEST((groq.problem->kind == failure_kind::request_refused));
  BOOST_TEST(groq.problem->what.status == 400);
  BOOST_TEST(groq.problem->what.message == "Tool choice is required, but model did not call a tool");
  BOOST_TEST(groq.problem->body_for_client.find("tool_use_failed") != std::string::npos);
  const auto openrouter = follow(api::chat_completions, {golden("openrouter_error.sse")});
  BOOST_REQUIRE(openrouter.problem);
  BOOST_TEST(openrouter.problem->what.message == "Token limit reached");
  BOOST_TEST(openrouter.problem->body_for_client == R"({"error":{"code":400,"message":"Token limit reached"}})");
  BOOST_TEST(openrouter.forwarded.find("[DONE]") == std::string::npos);
  BOOST_TEST(*openrouter.reported.output == 10);
}

BOOST_AUTO_TEST_CASE(the_responses_api_has_its_own_errors) {
  const auto flat = follow(api::responses, {"event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"m\",\"param\":null}\n\n"});
  BOOST_REQUIRE(flat.problem);
  BOOST_TEST(flat.problem->what.message == "m");
  const auto nested = follow(
      api::responses, {"data: {\"type\":\"error\",\"sequence_number\":2,\"error\":{\"type\":\"too_many_requests\",\"code\":\"too_many_requests\",\"message\":\"slow\"}}\n\n"});
  BOOST_REQUIRE(nested.problem);
  BOOST_TEST((nested.problem->kind == failure_kind::rate_limited));
  const auto failed = follow(api::responses, {"data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n",
                                              "data: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\","
                                              "\"message\":\"slow\"},\"usage\":{\"input_tokens\":4,\"output_tokens\":1}}}\n\n"});
  BOOST_REQUIRE(failed.problem);
  BOOST_TEST((failed.problem->kind == failure_kind::rate_limited));
  BOOST_TEST(failed.content);
  BOOST_TEST(!failed.finished);
  BOOST_TEST(*failed.reported.input == 4);
  const auto silent = follow(api::responses, {"data: {\"type\":\"response.failed\",\"response\":{\"error\":null}}\n\n"});
  BOOST_REQUIRE(silent.problem);
  BOOST_TEST((silent.problem->kind == failure_kind::server_error));
}

BOOST_AUTO_TEST_CASE(an_incomplete_response_is_an_end) {
  const auto seen = follow(api::responses, {"data: {\"type\":\"response.incomplete\",\"response\":{\"usage\":{\"input_tokens\":4,\"output_tokens\":16,"
                                            "\"input_tokens_details\":{\"cached_tokens\":2}}}}\n\n"});
  BOOST_TEST(seen.finished);
  BOOST_TEST(!seen.problem);
  BOOST_TEST(*seen.reported.output == 16);
  BOOST_TEST(*seen.reported.cached_input == 2);
}

BOOST_AUTO_TEST_CASE(an_end_marker_without_its_blank_line_is_an_end) {
  const std::string text = delta(R"("content":"x")") + "data: [DONE]\n";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const auto seen = follow(api::chat_completions, {std::string_view(text).substr(0, at), std::string_view(text).substr(at)});
    BOOST_TEST(seen.finished);
    BOOST_TEST(seen.forwarded == text);
  }
}

BOOST_AUTO_TEST_CASE(what_follows_the_end_marker_is_passed_on_unread) {
  const std::string text = "data: [DONE]\n)\n\ndata: nonsense\n\ndata: half";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const auto seen = follow(api::chat_completions, {std::string_view(text).substr(0, at), std::string_view(text).substr(at)});
    BOOST_TEST(seen.finished);
    BOOST_TEST(!seen.problem);
    BOOST_TEST(seen.forwarded == text);
  }
}

BOOST_AUTO_TEST_CASE(malformed_events_are_a_bad_response) {
  for (const std::string text : {"data: nonsense\n\n", "data: {\"choices\":[\n\n", "data: [1]\n\n", "data: {\"a\":1 \"b\"}\n\n"}) {
    const auto seen = follow(api::chat_completions, {text});
    BOOST_REQUIRE_MESSAGE(seen.problem, text);
    BOOST_TEST((seen.problem->kind == failure_kind::bad_response));
    BOOST_TEST(seen.forwarded.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_event_of_more_than_16_mib_is_a_bad_response) {
  const std::string piece(1u << 20, 'x');
  const auto decoder = find_wire(config::wire_format::openai)->open_stream(api::chat_completions, false);
  for (int i = 0; i < 17; ++i) (void)decoder->feed(piece);
  const auto& step = decoder->feed("\n\n");
  BOOST_REQUIRE(step.problem);
  BOOST_TEST((step.problem->kind == failure_kind::bad_response));
  BOOST_TEST(step.forward.empty());
}

BOOST_AUTO_TEST_CASE(a_key_in_a_stream_error_is_masked) {
  const auto seen = follow(api::chat_completions, {"data: {\"error\":{\"message\":\"key hunter2! and sk-abcd1234efgh\",\"type\":\"invalid_request_error\"}}\n\n"},
                           false, "hunter2!");
  BOOST_REQUIRE(seen.problem);
  BOOST_TEST(seen.problem->what.message == "key *** and ***");
  BOOST_TEST(seen.problem->body_for_client.find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_event_shaped_like_the_last_one_is_judged_as_if_it_came_alone) {
  const auto text = [](const std::string& value) { return delta("\"content\":\"" + value + "\""); };
  const std::string last = text("Hello");
  const std::vector<std::string> events = {
      text("b"), text(""), text("caf\xC3\xA9"), text("a\\\"b"), text("\\u00e9\\u00e8"), text("\\\\"), text("data: [DONE]"),
      text("x\",\"refusal\":\"y"),                                        // more members between the same ends
      text("x\"},\"finish_reason\":\"stop\",\"delta\":{\"content\":\""),
      text("x\\"),                                                      // the closing quote is escaped: no JSON
      text("x\\u12\""), text("x\\u\"00\""), text("\\n\\t"),
      chunk("\"error\":{\"message\":\"no\"},\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":null}],\"usage\":null"),
      delta("\"role\":\"assistant\""), "data: [DONE]\n\n"};
  const auto first = follow(api::chat_completions, {last, text("there")});
  BOOST_TEST(first.forwarded == last + text("there"));
  for (const auto& event : events) {
    BOOST_TEST_CONTEXT(event) {
      const auto alone = follow(api::chat_completions, {event});
      const auto behind = follow(api::chat_completions, {last, text("12345678"), event});
      BOOST_TEST(behind.forwarded == last + text("12345678") + alone.forwarded);
      BOOST_TEST(behind.problem.has_value() == alone.problem.has_value());
      BOOST_TEST(behind.finished == alone.finished);
      // 13 characters before it; a quarter, rounded up once in all, is what is estimated.
      BOOST_TEST(std::abs(behind.estimate - (alone.estimate + 13 / 4)) <= 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(output_is_estimated_from_what_was_said) {
  const auto seen = follow(api::chat_completions, {delta(R"("content":"The capital of France is Paris")")});
  BOOST_TEST(seen.estimate == 6);
  BOOST_TEST(!seen.reported.output);
  const auto pieces = follow(api::chat_completions, {delta(R"("content":"The")"), delta(R"("content":" capital")"), delta(R"("content":" of")")});
  BOOST_TEST(pieces.estimate == 3);
  const auto twice = follow(api::chat_completions, {delta(R"("reasoning":"The capital","reasoning_content":"The capital")")});
  BOOST_TEST(twice.estimate == 2);
}

BOOST_AUTO_TEST_CASE(a_clean_close_after_every_choices_finish_reason_is_an_end) {
  const auto ends = [](const std::string& stream, api operation = api::chat_completions, bool hide_usage = false) {
    const auto decoder = find_wire(config::wire_format::openai)->open_stream(operation, hide_usage);
    (void)decoder->feed(stream);
    const auto& step = decoder->close();
    std::string out;
    for (const auto piece : step.forward) out += piece;
    return std::make_pair(step.finished && !step.problem, out);
  };
  const auto said = [](int choice, const std::string& finish) {
    return chunk("\"choices\":[{\"index\":" + std::to_string(choice) + ",\"delta\":{\"content\":\"a\"},\"finish_reason\":" + finish + "}]");
  };
  const std::string done = "data: [DONE]\n\n";
  // The client is told by the marker its format promises.
  BOOST_TEST((ends(said(0, "\"stop\"")) == std::make_pair(true, done)));
  BOOST_TEST((ends(said(0, "null") + said(0, "\"stop\"") + said(1, "\"length\"")) == std::make_pair(true, done)));
  BOOST_TEST((ends(chunk("\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\"}]"), api::completions).first));
  // The last blank line may be missing.
  const auto unterminated = said(0, "\"stop\"");
  BOOST_TEST((ends(unterminated.substr(0, unterminated.size() - 2)) == std::make_pair(true, unterminated + done)));
  const auto usage = chunk("\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}");
  BOOST_TEST((ends(unterminated + usage.substr(0, usage.size() - 2), api::chat_completions, true) == std::make_pair(true, done)));
  // Nothing else is an end.
  BOOST_TEST(!ends("").first);
  BOOST_TEST(!ends(": comment\n\n").first);
  BOOST_TEST(!ends(said(0, "null")).first);
  BOOST_TEST(!ends(said(0, "\"stop\"") + said(1, "null")).first);
  BOOST_TEST(!ends(unterminated.substr(0, unterminated.size() - 6)).first);
  BOOST_TEST(!ends(said(0, "\"stop\"") + "data: {\"error\":{\"message\":\"m\"}}\n\n").first);
  BOOST_TEST(!ends("data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n", api::responses).first);
  // A stream that has its marker needs no second one.
  BOOST_TEST((ends(said(0, "\"stop\"") + done) == std::make_pair(true, std::string())));
}

BOOST_AUTO_TEST_SUITE_END()
