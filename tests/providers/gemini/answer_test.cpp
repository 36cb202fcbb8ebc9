#include "providers/gemini/citations.hpp"
#include "tests/providers/gemini/samples.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using neutral::event;
using neutral::event_kind;
using neutral::part_kind;
using test::gemini_golden;
using test::read_gemini_stream;

namespace {

const dialect& gemini_format() { return generate_content_dialect(); }

struct seen_answer {
  std::string body;   // what the answer's views point into
  neutral::arena texts;
  result<neutral::answer> answer{neutral::answer{}};
};

std::unique_ptr<seen_answer> read(std::string body) {
  auto out = std::make_unique<seen_answer>();
  out->body = std::move(body);
  out->answer = gemini_format().read_answer(out->body, out->texts);
  return out;
}

std::string write(const neutral::answer& what) {
  std::string out;
  gemini_format().write_answer(what, {.request_id = "req-1", .model = "provider/model"}, out);
  BOOST_TEST(test::is_json(out), out);
  return out;
}

/// Text, thoughts and calls of an answer as read_stream has them.
test::read_stream flat(const neutral::answer& what) {
  test::read_stream out;
  for (const auto& part : what.choices.at(0).parts) {
    if (part.kind == part_kind::text) out.text += json::unescape(part.text), out.citations += part.citations;
    if (part.kind == part_kind::reasoning) out.reasoning += json::unescape(part.text);
    if (part.kind == part_kind::tool_call) out.calls += json::unescape(part.name) + "(" + std::string(part.arguments) + ")";
    out.signature += json::unescape(part.signature);
  }
  out.finish = what.choices.at(0).finish;
  return out;
}

/// What a body says, read by another parser: text, thoughts, calls, last finishReason and last counts.
struct expected {
  std::string text, reasoning, calls, finish;
  std::int64_t input = 0, output = 0;
};

void expect_from(const std::string& body, expected& out) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::dom::element root;
  BOOST_REQUIRE(parser.parse(padded).get(root) == simdjson::SUCCESS);
  simdjson::dom::array parts;
  if (root.at_pointer("/candidates/0/content/parts").get(parts) == simdjson::SUCCESS) {
    for (const auto part : parts) {
      std::string_view text;
      bool thought = false;
      if (part["thought"].get(thought) != simdjson::SUCCESS) thought = false;
      if (part["text"].get(text) == simdjson::SUCCESS) (thought ? out.reasoning : out.text) += text;
      simdjson::dom::element call;
      if (part["functionCall"].get(call) == simdjson::SUCCESS) {
        out.calls += std::string(call["name"].get_string().value());
        simdjson::dom::element args;
        out.calls += "(" + (call["args"].get(args) == simdjson::SUCCESS ? simdjson::minify(args) : std::string("{}")) + ")";
      }
    }
  }
  std::string_view finish;
  if (root.at_pointer("/candidates/0/finishReason").get(finish) == simdjson::SUCCESS) out.finish = finish;
  const auto count = [&](const char* name) {
    std::int64_t value = 0;
    return root.at_pointer(name).get(value) == simdjson::SUCCESS ? value : 0;
  };
  out.input = count("/usageMetadata/promptTokenCount") + count("/usageMetadata/toolUsePromptTokenCount");
  out.output = count("/usageMetadata/candidatesTokenCount") + count("/usageMetadata/thoughtsTokenCount");
}

std::string minified(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::padded_string padded(text);
  return parser.parse(padded).get(root) == simdjson::SUCCESS ? simdjson::minify(root) : text;
}

void same(const test::read_stream& seen, const neutral::token_counts& usage, const expected& wanted) {
  BOOST_TEST(seen.text == wanted.text);
  BOOST_TEST(seen.reasoning == wanted.reasoning);
  // name(args): white space in the arguments is the provider's.
  std::string calls = seen.calls;
  if (const auto open = calls.find('('); open != std::string::npos && std::count(calls.begin(), calls.end(), '(') == 1)
    calls = calls.substr(0, open + 1) + minified(calls.substr(open + 1, calls.size() - open - 2)) + ")";
  BOOST_TEST(calls == wanted.calls);
  BOOST_TEST(usage.input.value_or(0) == wanted.input);
  BOOST_TEST(usage.output.value_or(0) == wanted.output);
  if (wanted.finish == "STOP") BOOST_TEST((seen.finish == (wanted.calls.empty() ? neutral::finish_reason::stop : neutral::finish_reason::tool_calls)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gemini_answers)

BOOST_AUTO_TEST_CASE(recorded_answers_are_read_as_recorded) {
  for (const auto& row : test::google_recordings()) {
    if (row.url.find("enerateContent") == std::string::npos) continue;
    BOOST_TEST_CONTEXT(row.id) {
      expected wanted;
      if (row.url.find(":stream") == std::string::npos) {
        expect_from(row.response, wanted);
        const auto seen = read(row.response);
        BOOST_REQUIRE(seen->answer);
        same(flat(*seen->answer), seen->answer->usage, wanted);
        // Written for a client it says the same.
        expected again;
        expect_from(write(*seen->answer), again);
        BOOST_TEST(again.text == wanted.text);
        BOOST_TEST(again.calls == wanted.calls);
        BOOST_TEST(again.output == wanted.output);
        if (!wanted.finish.empty()) BOOST_TEST(again.finish == wanted.finish);
      } else {
        sse_splitter splitter;
        splitter.feed(row.response);
        std::string storage;
        for (sse_piece piece; splitter.next(piece);)
          if (const auto fields = read_sse_fields(piece.bytes, storage); fields.has_data && !fields.data.empty()) expect_from(std::string(fields.data), wanted);
        random_source random(5);
        const auto seen = read_gemini_stream(test::random_pieces(row.response, random));
        BOOST_TEST(seen.ended);
        BOOST_TEST(seen.well_formed);
        same(seen, seen.usage, wanted);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(sources_are_citations_that_count_characters) {
  const auto seen = read(gemini_golden("grounding.json"));
  BOOST_TEST(flat(*seen->answer).citations ==
             R"([{"type":"url_citation","url_citation":{"url":"https://ai.pydantic.dev","title":"Pydantic AI","start_index":0,)"
             R"("end_index":131}}])");
  const auto written = write(*seen->answer);
  BOOST_TEST(written.find(R"("groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://ai.pydantic.dev",)"
      R"("title":"Pydantic AI"}}],"groundingSupports":[{"segment":{"startIndex":0,"endIndex":131},)"
      R"("groundingChunkIndices":[0]}]})") != std::string::npos);
  const auto accents = read(R"({"candidates":[{"content":{"parts":[{"text":"\u00e9\n"},{"text":"日本 ok"}]},)"
      R"("finishReason":"STOP","citationMetadata":{"citationSources":[{"startIndex":3,"endIndex":9,"uri":"u"}]}}]})");
  BOOST_TEST(flat(*accents->answer).citations == R"([{"type":"url_citation","url_citation":{"url":"u","title":"",)"
      R"("start_index":2,"end_index":4}}])");
  BOOST_TEST(write(*accents->answer).find(R"("startIndex":3,"endIndex":9)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(places_are_the_same_in_bytes_and_characters_and_back) {
  gemini::text_index index;
  std::vector<std::size_t> starts;   // bytes
  random_source random(9);
  std::size_t bytes = 0;
  for (int i = 0; i < 3000; ++i) {
    static constexpr std::string_view texts[] = {R"("a")", R"("\n")", R"("é")", R"("\u00e9")", R"("日")", R"("😀")", R"("\ud83d\ude00")", R"("\u0041")"};
    static constexpr std::size_t sizes[] = {1, 1, 2, 2, 3, 4, 4, 1};
    const auto pick = i < 200 ? 0 : random.below(8);
    index.add(texts[pick]);
    starts.push_back(bytes);
    bytes += sizes[pick];
  }
  BOOST_TEST(index.bytes() == bytes);
  BOOST_TEST(index.characters() == starts.size());
  for (std::size_t n = 0; n < starts.size(); ++n) {
    BOOST_REQUIRE(index.bytes_before(n) == starts[n]);
    BOOST_REQUIRE(index.characters_before(starts[n]) == n);
  }
  BOOST_TEST(index.bytes_before(1u << 30) == bytes);
}

BOOST_AUTO_TEST_CASE(log_probabilities_have_openais_form_and_come_back) {
  const auto seen = read(gemini_golden("logprobs.json"));
  const auto logprobs = seen->answer->choices.at(0).logprobs;
  BOOST_TEST(logprobs.starts_with(R"({"content":[{"token":"2","logprob":-0.0066939937,"bytes":null,"top_logprobs":[]},)"));
  BOOST_TEST(write(*seen->answer).find(R"("logprobsResult":{"chosenCandidates":[{"token":"2",)"
      R"("logProbability":-0.0066939937},)") != std::string::npos);
  BOOST_TEST(seen->answer->created.value_or(0) == 1771141839);
}

BOOST_AUTO_TEST_CASE(ids_of_calls_are_the_providers_or_unique_to_the_answer) {
  BOOST_TEST(read(gemini_golden("call.json"))->answer->choices.at(0).parts.at(0).id == R"("vcyiitct")");
  const auto seen = read(R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"f",)"
      R"("args":null}}]},"finishReason":"STOP"}],"responseId":"r/1"})");
  const auto& parts = seen->answer->choices.at(0).parts;
  BOOST_TEST(parts.at(0).id == R"("call_r_1_0")");
  BOOST_TEST(parts.at(1).id == R"("call_r_1_1")");
  BOOST_TEST(parts.at(1).arguments == "{}");
  BOOST_TEST((seen->answer->choices.at(0).finish == neutral::finish_reason::tool_calls));
}

BOOST_AUTO_TEST_CASE(a_blocked_prompt_is_an_answer_that_was_filtered) {
  const auto seen = read(R"({"promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":"no"},"usageMetadata":{"promptTokenCount":3}})");
  BOOST_REQUIRE(seen->answer);
  BOOST_TEST((seen->answer->choices.at(0).finish == neutral::finish_reason::content_filter));
  BOOST_TEST((seen->answer->choices.at(0).parts.at(0).kind == part_kind::refusal));
  BOOST_TEST(!read(R"({"error":{"code":503,"status":"UNAVAILABLE","message":"m"}})")->answer);
}

BOOST_AUTO_TEST_CASE(finish_reasons_are_mapped) {
  using enum neutral::finish_reason;
  const std::pair<const char*, neutral::finish_reason> rows[] = {{"STOP", stop}, {"MAX_TOKENS", length}, {"SAFETY", content_filter}, {"RECITATION", content_filter},
      {"PROHIBITED_CONTENT", content_filter}, {"SPII", content_filter}, {"MALFORMED_FUNCTION_CALL", malformed_call}, {"OTHER", other}, {"BRAND_NEW", other}};
  for (const auto& [name, reason] : rows) {
    const auto seen = read(R"({"candidates":[{"content":{"role":"model"},"finishReason":")" + std::string(name) + "\"}]}");
    BOOST_TEST((seen->answer->choices.at(0).finish == reason), name);
  }
}

BOOST_AUTO_TEST_CASE(answers_of_other_formats_are_written_in_full) {
  neutral::answer what;
  auto& choice = what.choices.emplace_back();
  choice.finish = neutral::finish_reason::tool_calls;
  const auto add = [&](part_kind kind) -> neutral::part& {
    auto& part = choice.parts.emplace_back();
    part.kind = kind;
    return part;
  };
  auto& thought = add(part_kind::reasoning);
  thought.text = R"("hm")";
  thought.signature = R"("c2ln")";
  add(part_kind::text).text = R"("hi")";
  auto& call = add(part_kind::tool_call);
  call.id = R"("call_1")";
  call.name = R"("f")";
  call.arguments = R"({"a":1})";
  call.signature = R"("not base64!")";   // clients' parsers would fail
  add(part_kind::refusal).text = R"("no")";
  what.usage = {.input = 10, .output = 7, .cached_input = 4, .cache_write = {}, .reasoning = 2, .input_audio = {}, .output_audio = {}};
  BOOST_TEST(write(what) ==
             R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true,"thoughtSignature":"c2ln"},{"text":"hi"},)"
             R"({"functionCall":{"id":"call_1","name":"f","args":{"a":1}}},{"text":"no"}],"role":"model"},)"
             R"("finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,)"
             R"("candidatesTokenCount":5,"thoughtsTokenCount":2,"totalTokenCount":17},"modelVersion":"provider/model",)"
             R"("responseId":"req-1"})");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gemini_stream_dialect)

BOOST_AUTO_TEST_CASE(a_stream_reads_the_same_however_it_is_cut) {
  random_source random(31);
  for (const std::string name : {"text.sse", "call_signature.sse", "file_search.sse", "thinking.sse"}) {
    const auto stream = gemini_golden(name);
    const auto whole = read_gemini_stream({stream});
    BOOST_TEST(whole.ended);
    for (int round = 0; round < 20; ++round) {
      const auto seen = read_gemini_stream(test::random_pieces(stream, random));
      BOOST_TEST(seen.well_formed);
      BOOST_TEST(seen.text == whole.text);
      BOOST_TEST(seen.reasoning == whole.reasoning);
      BOOST_TEST(seen.calls == whole.calls);
      BOOST_TEST(seen.kinds == whole.kinds);
      BOOST_TEST(seen.signature == whole.signature);
      BOOST_TEST(seen.citations == whole.citations);
    }
  }
}

BOOST_AUTO_TEST_CASE(parts_of_recorded_streams_are_what_they_were) {
  const auto call = read_gemini_stream({gemini_golden("call_signature.sse")});
  BOOST_TEST(call.calls == "get_country({})");
  BOOST_TEST(call.kinds == "tool_call");
  BOOST_TEST((call.finish == neutral::finish_reason::tool_calls));
  BOOST_TEST(call.signature.starts_with("EpwICpkI"));
  const auto search = read_gemini_stream({gemini_golden("file_search.sse")});
  BOOST_TEST(search.kinds.starts_with("foreign text"));
  BOOST_TEST(search.citations.starts_with(R"([{"type":"file_citation","file_citation":{)"));
  BOOST_TEST(read_gemini_stream({gemini_golden("thinking.sse")}).kinds == "reasoning text");
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_off_has_no_end) {
  const auto stream = gemini_golden("text.sse");
  const auto cut = read_gemini_stream({std::string_view(stream).substr(0, stream.find("\r\n\r\n") + 4)});
  BOOST_TEST(cut.text == "The");
  BOOST_TEST(!cut.ended);
  const auto failed = read_gemini_stream({"data: {\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"m\"}}\n\n"});
  BOOST_REQUIRE(failed.problem.has_value());
  BOOST_TEST((failed.problem->kind == failure_kind::rate_limited));
  BOOST_TEST(read_gemini_stream({"{\n \"error\": {\"code\": 503}\n}\n\n"}).problem.has_value());
  // The last event without its blank line, after one that came in two pieces.
  const auto open = std::string_view(stream).substr(0, stream.size() - 4);
  BOOST_TEST(read_gemini_stream({open.substr(0, 20), open.substr(20)}).ended);
  const auto blocked = read_gemini_stream({"data: {\"promptFeedback\":{\"blockReason\":\"OTHER\"}}\n\n"});
  BOOST_TEST(blocked.ended);
  BOOST_TEST((blocked.finish == neutral::finish_reason::content_filter));
}

BOOST_AUTO_TEST_CASE(a_stream_written_again_reads_the_same) {
  for (const bool as_array : {false, true}) {
    for (const std::string name : {"text.sse", "call_signature.sse", "file_search.sse", "thinking.sse"}) {
      BOOST_TEST_CONTEXT(name) {
        const auto stream = gemini_golden(name);
        const auto writer = gemini_format().open_writer({.request_id = "r", .model = "m", .as_array = as_array});
        std::string again;
        const auto first = read_gemini_stream({stream}, writer.get(), &again);
        if (as_array) {
          BOOST_TEST(test::is_json(again));
          continue;
        }
        const auto second = read_gemini_stream({again});
        BOOST_TEST(second.ended);
        BOOST_TEST(second.text == first.text);
        BOOST_TEST(second.reasoning == first.reasoning);
        BOOST_TEST(second.calls == first.calls);
        BOOST_TEST(second.signature == first.signature);
        BOOST_TEST(second.citations == first.citations);
        BOOST_TEST(second.id == first.id);
        BOOST_TEST((second.finish == first.finish));
        BOOST_TEST((second.usage.output == first.usage.output));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(parallel_calls_come_whole_and_in_the_order_they_end) {
  const auto writer = gemini_format().open_writer({.request_id = "r", .model = "m"});
  std::string out;
  const auto send = [&](event_kind kind, std::uint32_t index, std::string_view text = {}) {
    event e;
    e.kind = kind;
    e.index = index;
    e.text = text;
    if (kind == event_kind::part_begin) {
      e.part.kind = part_kind::tool_call;
      e.part.id = R"("x")";
      e.part.name = index == 0 ? R"("f")" : R"("g")";
    }
    e.finish = neutral::finish_reason::tool_calls;
    const auto before = out.size();
    writer->write(e, out);
    return out.size() - before;
  };
  send(event_kind::part_begin, 0);
  send(event_kind::part_begin, 1);
  BOOST_TEST(send(event_kind::delta, 0, R"("{\"a\"")") == 0u);
  BOOST_TEST(send(event_kind::delta, 1, R"("not json")") == 0u);
  BOOST_TEST(send(event_kind::delta, 0, R"(":\"\\u00e9\\n\"}")") == 0u);
  send(event_kind::part_end, 1);
  send(event_kind::part_end, 0);
  BOOST_TEST(out.find(R"({"functionCall":{"id":"x","name":"g",)"
      R"("args":{"input":"not json"}}})") < out.find(R"({"functionCall":{"id":"x","name":"f","args":{"a":"\u00e9\n"}}})"));
  send(event_kind::finish, 0);
  send(event_kind::end, 0);
  BOOST_TEST(out.find(R"("finishReason":"STOP")") != std::string::npos);
  BOOST_TEST(send(event_kind::delta, 0, R"("late")") == 0u);
}

BOOST_AUTO_TEST_CASE(a_failure_ends_a_stream_and_nothing_comes_after) {
  for (const bool as_array : {false, true}) {
    const auto writer = gemini_format().open_writer({.request_id = "r", .model = "m", .as_array = as_array});
    std::string out;
    event text;
    text.kind = event_kind::part_begin;
    writer->write(text, out);
    text.kind = event_kind::delta;
    text.text = R"("x")";
    writer->write(text, out);
    writer->fail(upstream_failure(error_code::upstream_error, "gone"), out);
    const auto size = out.size();
    text.kind = event_kind::end;
    writer->write(text, out);
    BOOST_TEST(out.size() == size);
    BOOST_TEST(out.find("finishReason") == std::string::npos);
    if (as_array) BOOST_TEST(test::is_json(out));
    else BOOST_TEST(read_gemini_stream({out}).problem.has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
