// Every recorded answer into every format and back: text, reasoning, calls, usage and the way it ended must survive.
#include "providers/translation.hpp"

#include "providers/json_document.hpp"
#include "providers/registry.hpp"
#include "tests/providers/essence.hpp"
#include "tests/providers/recordings.hpp"
#include "tests/providers/samples.hpp"

#include <algorithm>

BOOST_AUTO_TEST_SUITE(translation)

using namespace switchyard;
using namespace switchyard::providers;
using test::essence;

namespace {

const dialect* const all_dialects[] = {&chat_dialect(), &responses_dialect(), &messages_dialect(), &generate_content_dialect(), &converse_dialect()};

/// nullptr: not a generation, or a format of its own.
const dialect* dialect_of_url(const std::string& url) {
  const auto has = [&](std::string_view part) { return url.find(part) != std::string::npos; };
  if (has("/chat/completions")) return &chat_dialect();
  if (has("/v2/chat")) return &cohere_dialect();
  if (has("/responses")) return &responses_dialect();
  if (has("/v1/messages")) return &messages_dialect();
  if (has("enerateContent")) return &generate_content_dialect();
  if (has("/converse")) return &converse_dialect();
  return nullptr;
}

answer_context some_context() { return {.request_id = "0197-request", .model = "asked-model", .created = 1'700'000'000}; }

/// What every format can tell apart: the others' finer reasons become the nearest.
neutral::finish_reason broad(neutral::finish_reason finish, bool has_calls) {
  using enum neutral::finish_reason;
  switch (finish) {
    case stop_sequence:
    case stop:
    case tool_calls: return has_calls ? tool_calls : stop;   // some report a plain stop when calls were made
    case context_exceeded: return length;
    case refusal: return content_filter;
    case pause:
    case malformed_call:
    case other: return other;
    default: return finish;
  }
}

/// A refusal is text where a format has no word for it; reasoning shows where it can.
essence comparable(essence e) {
  e.text += e.refusal;
  e.refusal.clear();
  e.finish = broad(e.finish, !e.calls.empty());
  if (e.cached.value_or(0) == 0) e.cached.reset();   // none said, none read
  if (e.output.value_or(0) == 0) e.output.reset();   // blocked before the first token
  return e;
}

template <class T>
std::string said_of(const result<T>& what) {
  return what.has_value() ? std::string() : what.failure().message;
}

/// "": it is valid JSON.
std::string fault_of(std::string_view text) {
  json::document document;
  return document.parse_copy(text) ? std::string() : document.fault();
}

/// Names of the function tools.
std::vector<std::string> functions_of(const neutral::request& asked) {
  std::vector<std::string> names;
  for (const auto& tool : asked.tools)
    if (tool.kind.empty()) names.push_back(json::unescape(tool.name));
  return names;
}

/// Nothing to translate: background jobs that were only queued, and a test server's echo.
bool is_no_answer(const test::recording& sample) {
  return sample.id.starts_with("openai_responses/test_background_mode") || sample.id == "openai/test_text_response#0";
}

struct read_back {
  essence what;
  std::optional<failure> problem;
};

template <class Sink>
std::optional<failure> follow_reader(stream_reader& reader, const std::vector<std::string_view>& pieces, Sink sink) {
  std::vector<neutral::event> events;
  std::optional<failure> problem;
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    events.clear();
    problem = reader.feed({copy.data(), copy.size()}, events);
    for (const auto& what : events) sink(what);
    if (problem) return problem;
  }
  events.clear();
  reader.close(events);
  for (const auto& what : events) sink(what);
  return std::nullopt;
}

read_back read_stream(const dialect& from, const std::vector<std::string_view>& pieces) {
  test::essence_gatherer gathered;
  const auto reader = from.open_reader({});
  auto problem = follow_reader(*reader, pieces, [&](const neutral::event& what) { gathered.take(what); });
  return {gathered.result(), std::move(problem)};
}

/// The bytes a client of `to` gets.
std::string rewrite_stream(const dialect& from, const dialect& to, const std::vector<std::string_view>& pieces) {
  std::string out;
  const auto reader = from.open_reader({});
  const auto writer = to.open_writer(some_context());
  (void)follow_reader(*reader, pieces, [&](const neutral::event& what) { writer->write(what, out); });
  return out;
}

bool data_are_there() {
  if (!test::recordings().empty()) return true;
  BOOST_TEST_MESSAGE("skipped: the recorded provider traffic is not beside the checkout");
  return false;
}

/// No format but that of the client writes it; each names the field.
void refused_for_all_but(const dialect& own, const neutral::request& asked, std::string_view param) {
  for (const auto* to : {&chat_dialect(), &messages_dialect(), &responses_dialect(), &generate_content_dialect(), &converse_dialect(), &cohere_dialect()}) {
    if (to == &own) continue;
    std::string out;
    neutral::dropped_fields dropped;
    const auto written = to->write_request(asked, {.model = "m"}, out, dropped);
    BOOST_REQUIRE_MESSAGE(!written, to->name() << ": " << out);
    BOOST_TEST(written.failure().param == param);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_recorded_answer_survives_every_format) {
  if (!data_are_there()) return;
  std::size_t checked = 0;
  for (const auto& sample : test::recordings()) {
    const auto* from = dialect_of_url(sample.url);
    if (from == nullptr || sample.streamed || sample.status != 200 || is_no_answer(sample)) continue;
    BOOST_TEST_CONTEXT(sample.id << " (" << from->name() << ")") {
      neutral::arena texts;
      const auto original = from->read_answer(sample.body, texts);
      BOOST_REQUIRE_MESSAGE(original.has_value(), said_of(original));
      const auto expected = comparable(test::essence_of(*original));
      for (const auto* to : all_dialects) {
        BOOST_TEST_CONTEXT("as " << to->name()) {
          std::string written;
          to->write_answer(*original, some_context(), written);
          BOOST_REQUIRE_MESSAGE(fault_of(written) == "", fault_of(written) << '\n' << written);
          neutral::arena again;
          const auto back = to->read_answer(written, again);
          BOOST_REQUIRE_MESSAGE(back.has_value(), said_of(back) << '\n' << written);
          BOOST_TEST(comparable(test::essence_of(*back)) == expected);
          ++checked;
        }
      }
    }
  }
  BOOST_TEST(checked >= 1335u);
}

BOOST_AUTO_TEST_CASE(an_answer_is_json_throughout_or_refused) {
  std::string body = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})";
  const auto size = body.size();
  body.append(json::padding, ' ');
  const auto request = ingress_of(api::chat_completions).parse(api::chat_completions, std::string_view(body).substr(0, size));
  BOOST_REQUIRE(request);
  neutral_view asked(*request);
  neutral::answer said;
  said.choices.push_back({.parts = {{.kind = neutral::part_kind::text, .text = R"("hello")"}}, .finish = neutral::finish_reason::stop});
  const std::string cohere = R"({"id":"c","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"hello"}]}})";
  using config::native_api;
  for (const auto& [format, native] : {std::pair(config::wire_format::openai, native_api::chat_completions), {config::wire_format::openai, native_api::responses},
                                       {config::wire_format::anthropic, native_api{}}, {config::wire_format::gemini, native_api{}}, {config::wire_format::bedrock, native_api{}},
                                       {config::wire_format::cohere, native_api{}}}) {
    config::provider_config provider;
    provider.wire = format;
    provider.native_api = native;
    const auto& from = *find_wire(format);
    std::string answer;
    if (format == config::wire_format::cohere) answer = cohere;
    else from.native(provider).write_answer(said, some_context(), answer);
    const auto is_taken = [&](std::string_view text) {
      const bool whole = translate_answer(*request, asked, from, provider, text, some_context()).has_value();
      BOOST_TEST(translate_answer_to_stream(*request, asked, from, provider, text, some_context()).has_value() == whole);
      return whole;
    };
    BOOST_TEST(is_taken(answer), answer);
    auto odd = answer;
    odd.replace(odd.find("hello"), 5, "\\x");
    BOOST_TEST(!is_taken(odd), odd);
    BOOST_TEST(!is_taken(answer + "}"), answer);
    BOOST_TEST(!is_taken(std::string_view(answer).substr(0, answer.size() - 1)), answer);
  }
}

BOOST_AUTO_TEST_CASE(a_call_in_the_history_without_a_name_is_written_with_an_empty_one_and_refused_for_gemini) {
  neutral::arena texts;
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"x"},)"
                           R"({"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"arguments":"{}"}}]},)"
                           R"({"role":"tool","tool_call_id":"c","content":"r"}]})";
  const auto asked = chat_dialect().read_request(body, texts);
  BOOST_REQUIRE(asked);
  for (const auto* to : {&responses_dialect(), &messages_dialect(), &generate_content_dialect(), &converse_dialect(), &cohere_dialect()}) {
    std::string out;
    neutral::dropped_fields dropped;
    const auto written = to->write_request(*asked, {.model = "m"}, out, dropped);
    BOOST_REQUIRE_MESSAGE(written.has_value() == (to != &generate_content_dialect()), to->name());
    if (written) BOOST_TEST(json::document().parse_copy(out), to->name() << ": " << out);
  }
}

BOOST_AUTO_TEST_CASE(a_tool_without_a_name_is_refused_and_written_for_nobody) {
  for (const std::string_view tool : {R"({"type":"custom"})", R"({"type":"function","parameters":{}})", R"({"type":"function","name":7})"}) {
    neutral::arena texts;
    const std::string body = R"({"model":"m","input":"x","tools":[{"type":"function","name":"f"},)" + std::string(tool) + "]}";
    const auto asked = responses_dialect().read_request(body, texts);
    BOOST_REQUIRE(asked);
    refused_for_all_but(responses_dialect(), *asked, "tools[1].name");
  }
}

BOOST_AUTO_TEST_CASE(a_tool_whose_parameters_are_no_object_is_refused_and_written_for_nobody) {
  const std::string body = R"({"contents":[{"role":"user","parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":[{}]}]}]})";
  neutral::arena texts;
  const auto asked = generate_content_dialect().read_request(body, texts);
  BOOST_REQUIRE(asked);
  refused_for_all_but(generate_content_dialect(), *asked, "tools[0].parameters");
}

BOOST_AUTO_TEST_CASE(another_formats_hosted_tool_named_custom_is_dropped) {
  const std::string converse = R"({"messages":[{"role":"user","content":[{"text":"x"}]}],"toolConfig":{"tools":[{"custom":"x"}]}})";
  const std::string gemini = R"({"contents":[{"role":"user","parts":[{"text":"x"}]}],"tools":[{"custom":{}}]})";
  const std::string chat = R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"custom","custom":{}}]})";
  for (const auto& [from, body] : {std::pair(&converse_dialect(), &converse), std::pair(&generate_content_dialect(), &gemini), std::pair(&chat_dialect(), &chat)}) {
    neutral::arena texts;
    const auto asked = from->read_request(*body, texts);
    BOOST_REQUIRE(asked);
    std::string out;
    neutral::dropped_fields dropped;
    BOOST_REQUIRE(chat_dialect().write_request(*asked, {.model = "m"}, out, dropped));
    BOOST_TEST(json::document().parse_copy(out), from->name() << ": " << out);
    BOOST_TEST(dropped.list().find("tools.custom") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(every_recorded_stream_survives_every_format_and_any_split) {
  if (!data_are_there()) return;
  random_source random(20261126);
  std::size_t checked = 0;
  for (const auto& sample : test::recordings()) {
    const auto* from = dialect_of_url(sample.url);
    if (from == nullptr || !sample.streamed || sample.status != 200 || is_no_answer(sample)) continue;
    BOOST_TEST_CONTEXT(sample.id << " (" << from->name() << ")") {
      const auto whole = read_stream(*from, {sample.body});
      if (whole.problem) continue;   // a recorded failure: its wire's tests hold it
      BOOST_TEST(whole.what.ended);
      BOOST_TEST(read_stream(*from, test::random_pieces(sample.body, random)).what == whole.what);
      for (const auto* to : all_dialects) {
        BOOST_TEST_CONTEXT("as " << to->name()) {
          const auto written = rewrite_stream(*from, *to, test::random_pieces(sample.body, random));
          BOOST_TEST(rewrite_stream(*from, *to, {sample.body}) == written);
          const auto back = read_stream(*to, {written});
          BOOST_TEST(!back.problem.has_value(), (back.problem ? back.problem->what.message : std::string()) << '\n' << written);
          BOOST_TEST(comparable(back.what) == comparable(whole.what));
          ++checked;
        }
      }
    }
  }
  BOOST_TEST(checked >= 150u);
}

BOOST_AUTO_TEST_CASE(every_recorded_request_can_be_asked_in_every_format) {
  if (!data_are_there()) return;
  std::size_t checked = 0;
  for (const auto& sample : test::recordings()) {
    const auto* from = dialect_of_url(sample.url);
    if (from == nullptr || from == &cohere_dialect() || sample.request.empty() || is_no_answer(sample)) continue;
    BOOST_TEST_CONTEXT(sample.id << " (" << from->name() << ")") {
      neutral::arena texts;
      const auto asked = from->read_request(sample.request, texts);
      const auto refused = asked ? std::string() : asked.failure().param;
      if (refused == "conversation" || refused == "previous_response_id") continue;   // state kept by OpenAI, as MAPPING.md says
      BOOST_REQUIRE_MESSAGE(asked.has_value(), said_of(asked));
      for (const auto* to : all_dialects) {
        BOOST_TEST_CONTEXT("as " << to->name()) {
          std::string written;
          neutral::dropped_fields dropped;
          const auto outcome = to->write_request(*asked, {.model = "some-model"}, written, dropped);
          // What can't be said at all is refused by the field's name (a linked image where only bytes are taken, provider-side state).
          if (!outcome) {
            BOOST_TEST(outcome.failure().param != "", outcome.failure().message);
            continue;
          }
          BOOST_REQUIRE_MESSAGE(fault_of(written) == "", fault_of(written) << '\n' << written);
          neutral::arena again;
          const auto back = to->read_request(written, again);
          BOOST_REQUIRE_MESSAGE(back.has_value(), said_of(back) << '\n' << written);
          // Bedrock wants a definition of every tool the history calls, hosted ones included.
          // Tools that the choice rules out may be left out instead.
          const auto kept = functions_of(*back);
          if (asked->choice != neutral::tool_mode::none && asked->chosen_tool.empty())
            for (const auto& name : functions_of(*asked))
              BOOST_TEST((std::find(kept.begin(), kept.end(), name) != kept.end()), name);
          ++checked;
        }
      }
    }
  }
  BOOST_TEST(checked >= 1400u);
}

BOOST_AUTO_TEST_SUITE_END()
