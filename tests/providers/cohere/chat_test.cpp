// Cohere's own format: recorded answers and embeddings, streams as its documentation describes them, requests as it takes them.
#include "config/config.hpp"
#include "providers/embedding.hpp"
#include "providers/failure.hpp"
#include "providers/registry.hpp"
#include "tests/providers/recordings.hpp"
#include "tests/providers/translated.hpp"

BOOST_AUTO_TEST_SUITE(cohere_chat)

using namespace switchyard;
using namespace switchyard::providers;
using boost::json::parse;

namespace {

std::string cohere_golden(const std::string& file) {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/golden/cohere/" + file);
  BOOST_REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What a chat client's request becomes.
boost::json::object asked(const std::string& body, std::string* dropped = nullptr) {
  neutral::arena texts;
  auto request = chat_dialect().read_request(body, texts);
  BOOST_REQUIRE_MESSAGE(request, (request ? std::string() : request.failure().message));
  std::string out;
  neutral::dropped_fields names;
  BOOST_REQUIRE(cohere_dialect().write_request(*request, {.model = "command-a-03-2025"}, out, names).has_value());
  if (dropped != nullptr) *dropped = names.list();
  return parse(out).as_object();
}

std::string event(std::string_view type, std::string_view members) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"" + std::string(members.empty() ? "" : ",") + std::string(members) + "}\n\n";
}
const std::string started = event("message-start", R"("id":"c1","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}})");
const std::string billing = R"("usage":{"billed_units":{"input_tokens":7,"output_tokens":9},"tokens":{"input_tokens":500,"output_tokens":12}})";

test::translated follow(const std::string& stream, std::size_t piece) {
  std::vector<std::string_view> pieces;
  for (std::string_view rest = stream; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) pieces.push_back(rest.substr(0, piece));
  return test::translate(cohere_dialect(), chat_dialect(), pieces);
}

}  // namespace

BOOST_AUTO_TEST_CASE(recorded_answers_are_read_as_recorded) {
  neutral::arena texts;
  const auto text = cohere_golden("text.json"), call = cohere_golden("tool_call.json");
  const auto said = cohere_dialect().read_answer(text, texts);
  BOOST_REQUIRE(said);
  const auto heard = test::hear(said->choices.at(0).parts);
  BOOST_TEST(heard.text == parse(text).at("message").at("content").at(0).at("text").as_string().c_str());
  BOOST_TEST((said->choices[0].finish == neutral::finish_reason::stop));
  BOOST_TEST(said->usage.input.value() == 13);
  BOOST_TEST(said->usage.output.value() == 61);
  const auto called = cohere_dialect().read_answer(call, texts);
  BOOST_REQUIRE(called);
  const auto calls = test::hear(called->choices.at(0).parts);
  BOOST_TEST(calls.text == "");
  BOOST_TEST(calls.thoughts == "I will use one or more of the available tools to find the answer");
  BOOST_REQUIRE_EQUAL(calls.calls.size(), 1u);
  BOOST_TEST(calls.calls[0].id == "final_result_5ey6n45w0dgv");
  BOOST_TEST(calls.calls[0].arguments == R"({"city":"Paris","summary":"Sunny, 22C"})");
  BOOST_TEST((called->choices[0].finish == neutral::finish_reason::tool_calls));
}

BOOST_AUTO_TEST_CASE(every_recorded_answer_of_its_chat_and_embeddings_is_read) {
  std::size_t chats = 0, embeddings = 0;
  for (const auto& one : test::recordings()) {
    if (one.url.find("api.cohere.com/v2/") == std::string::npos || one.status != 200) continue;
    BOOST_TEST_CONTEXT(one.id) {
      neutral::arena texts;
      const auto recorded = parse(one.body);
      if (one.url.ends_with("/embed")) {
        const auto answer = cohere_embedding_dialect().read_answer(one.body, texts);
        BOOST_REQUIRE(answer);
        const auto& vectors = recorded.at("embeddings").at("float").as_array();
        BOOST_REQUIRE_EQUAL(answer->vectors.size(), vectors.size());
        for (std::size_t i = 0; i < vectors.size(); ++i) BOOST_TEST((parse(answer->vectors[i]) == vectors[i]));
        BOOST_TEST(answer->usage.input.value() == recorded.at("meta").at("billed_units").at("input_tokens").to_number<std::int64_t>());
        ++embeddings;
        continue;
      }
      const auto answer = cohere_dialect().read_answer(one.body, texts);
      BOOST_REQUIRE(answer);
      BOOST_TEST(answer->unknown.empty());
      const auto heard = test::hear(answer->choices.at(0).parts);
      const auto& message = recorded.at("message").as_object();
      std::string text;
      if (const auto* content = message.if_contains("content"))
        for (const auto& part : content->as_array()) text += part.at("text").as_string().c_str();
      BOOST_TEST(heard.text == text);
      const auto* calls = message.if_contains("tool_calls");
      BOOST_REQUIRE_EQUAL(heard.calls.size(), calls == nullptr ? 0u : calls->as_array().size());
      for (std::size_t i = 0; i < heard.calls.size(); ++i) {
        const auto& call = calls->as_array()[i];
        BOOST_TEST(heard.calls[i].id == call.at("id").as_string().c_str());
        BOOST_TEST(heard.calls[i].name == call.at("function").at("name").as_string().c_str());
        BOOST_TEST((parse(heard.calls[i].arguments) == parse(call.at("function").at("arguments").as_string())));
      }
      const auto& billed = recorded.at("usage").at("billed_units");
      BOOST_TEST(answer->usage.input.value() == billed.at("input_tokens").to_number<std::int64_t>());
      BOOST_TEST(answer->usage.output.value() == billed.at("output_tokens").to_number<std::int64_t>());
      BOOST_TEST((answer->choices[0].finish == (heard.calls.empty() ? neutral::finish_reason::stop : neutral::finish_reason::tool_calls)));
      ++chats;
    }
  }
  BOOST_TEST_MESSAGE(chats << " recorded chats, " << embeddings << " embeddings");
  BOOST_TEST(((chats == 7 && embeddings == 2) || chats + embeddings == 0));
}

BOOST_AUTO_TEST_CASE(answers_that_are_none_are_errors) {
  for (const char* body : {"[]", "{", R"({"message":"too many tokens"})", R"({"id":"x"})", R"({"id":"x","finish_reason":"ERROR","message":{"role":"assistant","content":[]}})"}) {
    neutral::arena texts;
    BOOST_TEST(!cohere_dialect().read_answer(body, texts).has_value(), body);
  }
}

BOOST_AUTO_TEST_CASE(what_stands_in_place_of_an_answer_is_quoted_without_the_key) {
  for (const char* body : {R"({"message":"no such key: co-secret"})", R"({"finish_reason":"co-secret","message":{"content":[]}})"}) {
    neutral::arena texts;
    const auto read = cohere_dialect().read_answer(body, texts);
    BOOST_REQUIRE(!read);
    BOOST_TEST(bad_answer(read.failure(), "co-secret").what.message.find("co-secret") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(streams_are_followed_however_they_are_cut) {
  const auto stream = started + event("content-start", R"("index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}})") +
                      event("content-delta", R"("index":0,"delta":{"message":{"content":{"thinking":"Hm"}}})") + event("content-end", R"("index":0)") +
                      event("content-start", R"("index":1,"delta":{"message":{"content":{"type":"text","text":""}}})") +
                      event("content-delta", R"("index":1,"delta":{"message":{"content":{"text":"It \"rains"}}})") +
                      event("content-delta", R"("index":1,"delta":{"message":{"content":{"text":"\" \u00fc"}}})") +
                      event("citation-start", R"("index":0,"delta":{"message":{"citations":{"start":3,"end":9,"text":"rains","sources":[{"type":"document","id":"doc:0","document":{"title":"T","url":"https://w"}}]}}})") +
                      event("citation-end", R"("index":0)") + event("content-end", R"("index":1)") +
                      event("message-end", R"("id":"c1","delta":{"finish_reason":"MAX_TOKENS",)" + billing + "}");
  for (std::size_t piece = 1; piece < 200; piece += piece < 20 ? 1 : 37) {
    const auto got = follow(stream, piece);
    BOOST_TEST(!got.problem);
    BOOST_TEST(got.complaint == "");
    BOOST_TEST(got.ended);
    BOOST_TEST(got.id == "c1");
    BOOST_REQUIRE_EQUAL(got.choices.size(), 1u);
    BOOST_TEST(got.choices[0].thoughts == "Hm");
    BOOST_TEST(got.choices[0].text == "It \"rains\" \xC3\xBC");
    BOOST_TEST(got.usage.input.value() == 7);
    BOOST_TEST(got.usage.output.value() == 9);
    BOOST_TEST(got.written.find(R"("finish_reason":"length")") != std::string::npos);
    BOOST_TEST(got.written.find(R"("url":"https://w")") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(plans_and_calls_of_a_stream_are_followed) {
  const auto call = [](int n, std::string_view name) {
    const auto at = R"("index":)" + std::to_string(n) + R"(,"delta":{"message":{"tool_calls":)";
    return event("tool-call-start", at + R"({"id":"id)" + std::to_string(n) + R"(","type":"function","function":{"name":")" + std::string(name) + R"(","arguments":""}}}})") +
           event("tool-call-delta", at + R"({"function":{"arguments":"{\"city\":"}}}})") + event("tool-call-delta", at + R"({"function":{"arguments":"\"Ulm\"}"}}}})") +
           event("tool-call-end", R"("index":)" + std::to_string(n));
  };
  const auto stream = started + event("tool-plan-delta", R"("delta":{"message":{"tool_plan":"I will "}})") + event("tool-plan-delta", R"("delta":{"message":{"tool_plan":"look"}})") +
                      call(0, "weather") + call(1, "wind") + event("message-end", R"("delta":{"finish_reason":"TOOL_CALL",)" + billing + "}") + "data: [DONE]\n\n";
  for (const std::size_t piece : {1u, 13u, 100u, 100'000u}) {
    const auto got = follow(stream, piece);
    BOOST_TEST(!got.problem);
    BOOST_TEST(got.complaint == "");
    BOOST_TEST(got.ended);
    BOOST_REQUIRE_EQUAL(got.choices.at(0).calls.size(), 2u);
    BOOST_TEST(got.choices[0].thoughts == "I will look");
    BOOST_TEST(got.choices[0].calls[0].name == "weather");
    BOOST_TEST(got.choices[0].calls[1].id == "id1");
    BOOST_TEST(got.choices[0].calls[1].arguments == R"({"city":"Ulm"})");
  }
}

BOOST_AUTO_TEST_CASE(streams_that_break_do_not_end_well) {
  const auto begun = started + event("content-start", R"("index":0,"delta":{"message":{"content":{"type":"text","text":"a"}}})");
  BOOST_TEST(!follow(begun, 1000).ended);
  for (const auto& bad : {std::string("data: [1]\n\n"), event("error", R"("message":"sorry")"), event("message-end", R"("delta":{"finish_reason":"ERROR","error":"sorry"})")}) {
    const auto got = follow(begun + bad, 1000);
    BOOST_TEST(got.problem.has_value(), bad);
    BOOST_TEST(!got.ended);
  }
}

BOOST_AUTO_TEST_CASE(requests_are_written_as_it_takes_them) {
  const auto recorded = parse(cohere_golden("request.json")).as_object();
  auto as_chat = recorded;
  as_chat["tool_choice"] = "required";
  std::string dropped;
  auto written = asked(boost::json::serialize(as_chat), &dropped);
  BOOST_TEST(dropped == "");
  written["model"] = recorded.at("model");
  BOOST_TEST((boost::json::value(written) == boost::json::value(recorded)), boost::json::serialize(written));
}

BOOST_AUTO_TEST_CASE(settings_have_its_names_and_bounds) {
  std::string dropped;
  const auto written = asked(R"({"model":"m","stream":true,"max_completion_tokens":4000,"temperature":0.5,"top_p":1,"seed":7,"stop":["a","b"],"frequency_penalty":-1,"presence_penalty":0.5,
      "reasoning_effort":"high","response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}},"user":"u","logit_bias":{"1":2},
      "messages":[{"role":"developer","content":"Be brief"},{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}]}]})", &dropped);
  BOOST_TEST(written.at("stream") == true);
  BOOST_TEST(written.at("max_tokens") == 4000);
  BOOST_TEST(written.at("p") == 0.99);
  BOOST_TEST(written.at("frequency_penalty") == 0);
  BOOST_TEST(written.at("presence_penalty") == 0.5);
  BOOST_TEST((written.at("stop_sequences") == parse(R"(["a","b"])")));
  BOOST_TEST((written.at("thinking") == parse(R"({"type":"enabled","token_budget":3000})")));
  BOOST_TEST((written.at("response_format") == parse(R"({"type":"json_object","json_schema":{"type":"object"}})")));
  BOOST_TEST(written.at("messages").at(0).at("role") == "system");
  BOOST_TEST(written.at("messages").at(1).at("content").at(1).at("image_url").at("url") == "data:image/png;base64,aGk=");
  for (const char* name : {"top_p", "frequency_penalty", "user", "logit_bias"}) BOOST_TEST(dropped.find(name) != std::string::npos, name);
}

BOOST_AUTO_TEST_CASE(a_chosen_tool_is_the_only_one_listed_and_plans_go_back_with_their_calls) {
  const auto written = asked(R"({"model":"m","tools":[{"type":"function","function":{"name":"a","strict":true}},{"type":"function","function":{"name":"b"}}],
      "tool_choice":{"type":"function","function":{"name":"a"}},"messages":[{"role":"user","content":"Go"},
      {"role":"assistant","reasoning_content":"I will look","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"a","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"c","content":"done"}]})");
  BOOST_REQUIRE_EQUAL(written.at("tools").as_array().size(), 1u);
  BOOST_TEST(written.at("tool_choice") == "REQUIRED");
  BOOST_TEST(written.at("strict_tools") == true);
  BOOST_TEST(written.at("messages").at(1).at("tool_plan") == "I will look");
  BOOST_TEST(written.at("messages").at(2).at("tool_call_id") == "c");
}

BOOST_AUTO_TEST_CASE(calls_are_addressed_whatever_the_base_url_ends_with) {
  const auto* wire = find_wire(config::wire_format::cohere);
  BOOST_REQUIRE(wire != nullptr);
  config::key_config key;
  key.value = secret("co-secret");
  config::provider_config provider;
  provider.name = "cohere";
  provider.wire = config::wire_format::cohere;
  for (const char* base : {"https://api.cohere.com", "https://api.cohere.com/v2", "https://api.cohere.ai/compatibility/v1"}) {
    upstream_request made;
    wire->address(made, purpose::generate, true, {.base_url = base, .model = "m", .key = &key, .provider = &provider});
    BOOST_TEST(made.path == "/v2/chat");
    BOOST_TEST(made.headers.at(0).second == "Bearer co-secret");
    upstream_request embedding;
    wire->address(embedding, purpose::embed, false, {.base_url = base, .model = "m", .key = &key, .provider = &provider});
    BOOST_TEST(embedding.path == "/v2/embed");
  }
  BOOST_TEST(!wire->takes(api::chat_completions, provider));
  const auto limited = wire->classify(429, {}, R"({"message":"trial key limit"})", {}, "co-secret");
  BOOST_TEST((limited.kind == failure_kind::rate_limited));
  const auto refused = wire->classify(400, {}, R"({"message":"no such tool co-secret"})", {}, "co-secret");
  BOOST_TEST((refused.kind == failure_kind::request_refused));
  BOOST_TEST(refused.what.message.find("co-secret") == std::string::npos);
  BOOST_TEST(refused.body_for_client == "");
}

BOOST_AUTO_TEST_CASE(embeddings_are_asked_for_texts) {
  const auto write = [](const std::string& body, std::string& dropped) {
    neutral::arena texts;
    const auto request = openai_embedding_dialect().read_request(body, texts);
    BOOST_REQUIRE(request);
    std::string out;
    neutral::dropped_fields names;
    const auto outcome = cohere_embedding_dialect().write_request(*request, {.model = "embed-v4.0"}, out, names);
    dropped = names.list();
    return outcome ? out : "refused: " + outcome.failure().param;
  };
  std::string dropped;
  BOOST_TEST(write(R"({"model":"m","input":["a","b"],"dimensions":256,"input_type":"query","truncation":true,"user":"u"})", dropped) ==
             R"({"model":"embed-v4.0","texts":["a","b"],"input_type":"search_query","embedding_types":["float"],"output_dimension":256,"truncate":"END"})");
  BOOST_TEST(dropped == "user");
  BOOST_TEST(write(R"({"model":"m","input":"a"})", dropped) == R"({"model":"embed-v4.0","texts":["a"],"input_type":"search_document","embedding_types":["float"]})");
  BOOST_TEST(write(R"({"model":"m","input":[1,2]})", dropped) == "refused: input");
}

BOOST_AUTO_TEST_SUITE_END()
