#include "tests/providers/gemini/samples.hpp"

BOOST_AUTO_TEST_SUITE(gemini_requests)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::part_kind;
using test::gemini_golden;
using test::rewrite_gemini;
using test::write_gemini;

namespace {

/// Read and written again it is the same.
void stays(const std::string& body, std::string_view model = "gemini-2.5-flash") {
  const auto again = rewrite_gemini(body, model);
  BOOST_TEST(again.problem == "");
  BOOST_TEST(again.body == body);
  BOOST_TEST(again.dropped == "");
}

std::string content(const std::string& parts, const std::string& role = "user") { return R"({"role":")" + role + R"(",)"
    R"("parts":[)" + parts + "]}"; }
std::string contents(const std::string& list, const std::string& rest = "") { return R"({"contents":[)" + list + "]" + rest + "}"; }
const std::string hi = content(R"({"text":"hi"})");

neutral::part text_part(std::string_view text) {
  neutral::part out;
  out.text = text;
  return out;
}

neutral::request asking(std::vector<neutral::part> parts, neutral::role who = neutral::role::user) {
  neutral::request out;
  out.messages.push_back({who, {}, std::move(parts)});
  return out;
}

neutral::part part_of(part_kind kind) {
  neutral::part out;
  out.kind = kind;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_part_survives) {
  stays(contents(content(R"({"text":"a \u00e9 \n"},{"inlineData":{"mimeType":"image/png","data":"aGk="}},)"
      R"({"inlineData":{"mimeType":"audio/wav","data":"aGk="}})"
                         R"(,{"inlineData":{"mimeType":"application/pdf","data":"aGk="}},{"fileData":{"mimeType":"video/mp4",)"
                         R"("fileUri":"gs://b/v.mp4"}})"
                         R"(,{"fileData":{"mimeType":"image/png","fileUri":"https://x.example/i.png?a=1"}})"
                         R"(,{"fileData":{"mimeType":"application/pdf",)"
                         R"("fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc"}})") +
                 "," +
                 content(R"({"text":"hm","thought":true},{"text":"say","thoughtSignature":"c2ln"},)"
                     R"({"executableCode":{"code":"1","language":"PYTHON"}},)"
                         R"({"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}},{"functionCall":{"id":"a",)"
                         R"("name":"f","args":{"x":[1,{"y":null}]}},"thoughtSignature":"c2ln"},)"
                         R"({"functionCall":{"id":"b","name":"g","args":{}}},{"text":"","thoughtSignature":"c2ln"})", "model") +
                 "," +
                 content(R"({"functionResponse":{"id":"a","name":"f","response":{"result":"fine"}}},)"
                     R"({"functionResponse":{"id":"b","name":"g","response":{"error":"no"}}})")));
  stays(contents(content(R"({"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"c2ln"})", "model") + "," +
                 content(R"({"functionResponse":{"id":"a","name":"f","response":{"deg":7,"sky":"grey \"ish\""},)"
                     R"("parts":[{"inlineData":{"mimeType":"image/png","data":"aGk="}}]}})")),
        "gemini-3-pro-preview");
}

BOOST_AUTO_TEST_CASE(every_setting_survives) {
  stays(contents(hi, R"(,"systemInstruction":{"parts":[{"text":"be"},{"text":"brief"}]})"
                     R"(,"tools":[{"functionDeclarations":[{"name":"f","description":"d",)"
                     R"("parametersJsonSchema":{"type":"object","properties":{"x":{"$ref":"#/$defs/X"}}}},{"name":"g"}]},)"
                     R"({"googleSearch":{}},{"codeExecution":{}},{"urlContext":{}}],)"
                     R"("toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}})"
                     R"(,"generationConfig":{"temperature":0.50,"topP":0.9,"topK":40,"maxOutputTokens":9,"stopSequences":["a",)"
                     R"("b"],"candidateCount":2,"seed":7,)"
                     R"("presencePenalty":0.1,"frequencyPenalty":0.2,"responseLogprobs":true,"logprobs":3,)"
                     R"("responseModalities":["TEXT","IMAGE"],)"
                     R"("responseMimeType":"application/json","responseJsonSchema":{"type":"object"},)"
                     R"("thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}})"
                     R"(,"safetySettings":[{"category":"A","threshold":"B"}],"cachedContent":"cachedContents/x",)"
                     R"("labels":{"a":"b"},"serviceTier":"flex")"));
}

BOOST_AUTO_TEST_CASE(modes_of_calling_survive) {
  const std::string tools = R"(,"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],"toolConfig":{"functionCallingConfig":)";
  for (const std::string mode : {R"({"mode":"AUTO"})", R"({"mode":"NONE"})", R"({"mode":"ANY"})", R"({"mode":"ANY",)"
      R"("allowedFunctionNames":["f"]})",
                                 R"({"mode":"ANY","allowedFunctionNames":["f","g"]})"})
    stays(contents(hi, tools + mode + "}"));
  BOOST_TEST(rewrite_gemini(contents(hi, tools + R"({"mode":"VALIDATED"}})")).dropped == "toolConfig.functionCallingConfig.mode");
}

BOOST_AUTO_TEST_CASE(the_snake_case_spelling_and_lone_objects_are_read_as_well) {
  const auto snake = rewrite_gemini(
      R"({"system_instruction":{"parts":{"text":"s"}},"contents":{"parts":[{"inline_data":{"mime_type":"image/png",)"
      R"("data":"eA=="}},{"file_data":{"file_uri":"gs://a","mime_type":"audio/mp3"}}]},)"
      R"("tools":{"function_declarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a_b":{"type":"STRING",)"
      R"("nullable":true}}}}]},)"
      R"("tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f"]}},)"
      R"("generation_config":{"max_output_tokens":5,"thinking_config":{"thinking_budget":1,"include_thoughts":false}},)"
      R"("safety_settings":null})");
  BOOST_TEST(snake.body ==
             R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"eA=="}},)"
             R"({"fileData":{"mimeType":"audio/mp3","fileUri":"gs://a"}}]}],)"
             R"("systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f",)"
             R"("parametersJsonSchema":{"type":"object","properties":{"a_b":{"type":["string","null"]}}}}]}],)"
             R"("toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},)"
             R"("generationConfig":{"maxOutputTokens":5,"thinkingConfig":{"thinkingBudget":1,"includeThoughts":false}}})");
  BOOST_TEST(snake.dropped == "");
}

BOOST_AUTO_TEST_CASE(what_the_neutral_form_cannot_say_is_named) {
  BOOST_TEST(rewrite_gemini(R"({"contents":[{"parts":[{"fileData":{"fileUri":"https://youtu.be/x"},"videoMetadata":{"fps":2}}]}],"new":1,)"
                            R"("generationConfig":{"speechConfig":{},"mediaResolution":"X","newKey":2,"topK":null},)"
                            R"("toolConfig":{"retrievalConfig":{}}})").dropped ==
             "contents.parts.videoMetadata,new,generationConfig.speechConfig,generationConfig.mediaResolution,generationConfig.newKey,toolConfig.retrievalConfig");
}

BOOST_AUTO_TEST_CASE(results_without_ids_find_their_calls) {
  neutral::arena texts;
  const auto body =
      contents(content(R"({"functionCall":{"name":"f","args":{"n":1}}},{"functionCall":{"name":"g"}},)"
          R"({"functionCall":{"name":"f","args":{"n":2}}})", "model") + "," +
               content(R"({"functionResponse":{"name":"f","response":{"result":"1"}}},{"functionResponse":{"name":"f",)"
                   R"("response":{"result":"2"}}})", "function") + "," +
               content(R"({"functionResponse":{"name":"g","response":{}}})", "user"));
  const auto read = generate_content_dialect().read_request(body, texts);
  BOOST_REQUIRE(read);
  BOOST_REQUIRE(read->messages.size() == 2u);   // results of one turn stand in one message
  const auto& calls = read->messages[0].parts;
  const auto& results = read->messages[1].parts;
  BOOST_REQUIRE(results.size() == 3u);
  BOOST_TEST(calls[0].id != calls[2].id);
  BOOST_TEST(results[0].id == calls[0].id);
  BOOST_TEST(results[1].id == calls[2].id);
  BOOST_TEST(results[2].id == calls[1].id);
  BOOST_TEST(results[2].content.at(0).text == R"("{}")");
}

BOOST_AUTO_TEST_CASE(streamed_thoughts_given_back_in_pieces_are_one_with_their_signature) {
  neutral::arena texts;
  const auto body =
      contents(content(R"({"text":"a","thought":true},{"text":"b","thought":true},{"text":"","thought":true,)"
          R"("thoughtSignature":"c2ln"},{"text":"x"})", "model"));
  const auto read = generate_content_dialect().read_request(body, texts);
  BOOST_REQUIRE(read);
  BOOST_REQUIRE(read->messages[0].parts.size() == 2u);
  BOOST_TEST(read->messages[0].parts[0].text == R"("ab")");
  BOOST_TEST(read->messages[0].parts[0].signature == R"("c2ln")");
}

BOOST_AUTO_TEST_CASE(requests_that_make_no_sense_are_refused_by_name) {
  BOOST_TEST(rewrite_gemini(contents(content(R"({"text":"x"})", "assistant"))).problem == "Please use a valid role: user, model. @contents[0].role");
  BOOST_TEST(rewrite_gemini(contents(hi + ",1")).problem.ends_with("@contents[1]"));
  BOOST_TEST(rewrite_gemini(contents(content(R"({"functionCall":{}})", "model"))).problem.ends_with("@contents[0].parts[0].functionCall.name"));
  for (const std::string bad : {"true", "[null]", "\"TEXT\""})
    BOOST_TEST(rewrite_gemini(contents(hi, ",\"generationConfig\":{\"responseModalities\":" + bad + "}")).problem.ends_with("@generationConfig.responseModalities"));
  BOOST_TEST(rewrite_gemini(contents(hi, R"(,"generationConfig":[])")).problem.ends_with("@generationConfig"));
  BOOST_TEST(rewrite_gemini(contents(hi, R"(,"systemInstruction":"x")")).problem.ends_with("@systemInstruction"));
  BOOST_TEST(rewrite_gemini(contents(hi, R"(,"tools":[{"functionDeclarations":[{}]}])")).problem.ends_with("@tools.functionDeclarations.name"));
}

BOOST_AUTO_TEST_CASE(the_systems_words_have_one_place) {
  neutral::request what;
  what.messages = {{neutral::role::system, {}, {text_part(R"("a")")}},
                   {neutral::role::user, {}, {text_part(R"("b")")}},
                   {neutral::role::developer, {}, {text_part(R"("c")")}},
                   {neutral::role::user, {}, {text_part(R"("d")")}}};
  BOOST_TEST(write_gemini(what).body ==
             R"({"contents":[{"role":"user","parts":[{"text":"b"},{"text":"d"}]}],"systemInstruction":{"parts":[{"text":"a"},)"
             R"({"text":"c"}]}})");
  what.messages.resize(1);   // alone they are the user's
  BOOST_TEST(write_gemini(what).body == R"({"contents":[{"role":"user","parts":[{"text":"a"}]}]})");
  what.messages.clear();
  BOOST_TEST(write_gemini(what).problem.ends_with("@messages"));
}

BOOST_AUTO_TEST_CASE(calls_of_other_models_get_the_signature_that_gemini_3_wants) {
  auto call = part_of(part_kind::tool_call);
  call.id = R"("1")";
  call.name = R"("f")";
  call.arguments = R"("not an object")";
  auto result = part_of(part_kind::tool_result);
  result.id = R"("1")";
  result.content = {text_part(R"(" {\"a\":1}")")};
  neutral::request what;
  what.messages = {{neutral::role::assistant, {}, {call, call}}, {neutral::role::user, {}, {result}}};
  const std::string plain = R"({"functionCall":{"id":"1","name":"f","args":{"input":"not an object"}}})";
  const std::string answer = R"(]},{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response": {"a":1}}}]}]})";
  BOOST_TEST(write_gemini(what).body == R"({"contents":[{"role":"model","parts":[)" + plain + "," + plain + answer);
  BOOST_TEST(write_gemini(what, "gemini-3-flash-preview").body ==
             R"({"contents":[{"role":"model","parts":[)" + plain.substr(0, plain.size() - 1) +
                 R"(,"thoughtSignature":"c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="},)" + plain + answer);
  what.messages.erase(what.messages.begin());
  BOOST_TEST(write_gemini(what).problem.ends_with("@messages"));   // a result of no call
}

BOOST_AUTO_TEST_CASE(attachments_come_from_wherever_they_are) {
  const auto written = [](neutral::part part) { return write_gemini(asking({part})); };
  auto image = part_of(part_kind::image);
  image.url = R"("data:image\/png;base64,aGk=")";
  BOOST_TEST(written(image).body == R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image\/png","data":"aGk="}}]}]})");
  image.url = R"("https://x.example/a.webp?x#y")";
  BOOST_TEST(written(image).body.find(R"({"fileData":{"mimeType":"image/webp",)"
      R"("fileUri":"https://x.example/a.webp?x#y"}})") != std::string::npos);
  image.url = R"("https://x.example/a")";
  BOOST_TEST(written(image).body.find(R"("mimeType":"image/jpeg")") != std::string::npos);
  image.detail = R"("high")";
  BOOST_TEST(written(image).dropped == "messages.image.detail");
  auto file = part_of(part_kind::file);
  file.file_id = R"("file-123")";
  BOOST_TEST(written(file).problem.ends_with("@messages"));
  file.file_id = {};
  file.text = R"("plain")";
  file.name = R"("a.txt")";
  BOOST_TEST(written(file).body.find(R"({"text":"plain"})") != std::string::npos);
  BOOST_TEST(written(file).dropped == "messages.file.name");
}

BOOST_AUTO_TEST_CASE(what_gemini_cannot_say_is_dropped_by_name) {
  auto what = asking({text_part(R"("x")"), part_of(part_kind::cache_point), part_of(part_kind::redacted_reasoning)});
  auto foreign = part_of(part_kind::foreign);
  foreign.name = R"("web_search_call")";
  foreign.original = "{}";
  what.messages[0].parts.push_back(foreign);
  what.messages[0].name = R"("joe")";
  what.unknown = {"mystery"};
  what.parallel_tool_calls = false;
  what.logit_bias = {"{}", "logit_bias"};
  what.user = {R"("u")", "user"};
  what.metadata = {"{}", "metadata"};
  what.service_tier = {R"("flex")", "service_tier"};
  what.verbosity = {R"("low")", "verbosity"};
  what.prediction = {"{}", "prediction"};
  what.store = {"true", "store"};
  what.audio = {"{}", "audio"};
  what.guardrail = {"{}", "guardrailConfig"};
  what.performance = {"{}", "performanceConfig"};
  neutral::tool hosted;
  hosted.kind = "web_search";
  hosted.original = R"({"type":"web_search"})";
  what.tools = {hosted};
  what.choice = neutral::tool_mode::required;
  BOOST_TEST(write_gemini(what).dropped ==
             "mystery,messages.name,cache_control,messages.redacted_thinking,messages.web_search_call,tools.web_search,tool_choice,parallel_tool_calls,metadata,"
             "service_tier,logit_bias,user,verbosity,prediction,audio,guardrailConfig,performanceConfig,store");
  what.previous_response = {R"("resp_1")", "previous_response_id"};
  BOOST_TEST(write_gemini(what).problem.ends_with("@previous_response_id"));
}

BOOST_AUTO_TEST_CASE(an_effort_becomes_what_the_model_knows) {
  const auto thinking = [](std::string_view effort, std::optional<std::int64_t> budget, std::string_view model) {
    auto what = asking({text_part(R"("x")")});
    what.reasoning.effort = effort;
    what.reasoning.budget = budget;
    what.reasoning.name = "reasoning_effort";
    const auto written = write_gemini(what, model);
    const auto at = written.body.find("thinkingConfig\":");
    return written.dropped + (at == std::string::npos ? "-" : written.body.substr(at + 16, written.body.find('}', at) - at - 15));
  };
  BOOST_TEST(thinking(R"("low")", {}, "gemini-2.5-flash") == R"({"thinkingBudget":1024})");
  BOOST_TEST(thinking(R"("none")", {}, "gemini-2.5-flash") == R"({"thinkingBudget":0})");
  BOOST_TEST(thinking(R"("none")", {}, "gemini-2.5-pro") == R"({"thinkingBudget":128})");
  BOOST_TEST(thinking(R"("high")", 5000, "gemini-2.5-flash") == R"({"thinkingBudget":5000})");
  BOOST_TEST(thinking(R"("high")", 5000, "gemini-3-pro-preview") == R"({"thinkingLevel":"high"})");
  BOOST_TEST(thinking(R"("minimal")", {}, "gemini-3-pro-preview") == R"({"thinkingLevel":"low"})");
  BOOST_TEST(thinking(R"("minimal")", {}, "gemini-3.5-flash") == R"({"thinkingLevel":"minimal"})");
  BOOST_TEST(thinking({}, 5000, "gemini-3-pro-preview") == R"({"thinkingBudget":5000})");
  BOOST_TEST(thinking(R"("low")", {}, "gemini-2.0-flash") == "reasoning_effort-");
  BOOST_TEST(thinking(R"("none")", {}, "gemini-2.0-flash") == "-");
}

BOOST_AUTO_TEST_CASE(old_models_get_schemas_they_know) {
  const auto old = rewrite_gemini(
      contents(hi, R"(,"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"$schema":"x","type":"object",)"
          R"("properties":{"a":{"type":["integer","null"],"exclusiveMinimum":0}},"additionalProperties":false}},)"
                   R"({"name":"g","parametersJsonSchema":{"type":"object","properties":{}}}]}],)"
                   R"("generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"array",)"
                   R"("items":{"type":"string"}}})"),
      "gemini-1.5-pro");
  BOOST_TEST(old.body == contents(hi, R"(,"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT",)"
      R"("properties":{"a":{"type":"INTEGER","nullable":true}}}},{"name":"g"}]}],)"
                                      R"("generationConfig":{"responseMimeType":"application/json",)"
                                      R"("responseSchema":{"type":"ARRAY","items":{"type":"STRING"}}})"));
  BOOST_TEST(old.dropped == "tools.parameters.exclusiveMinimum");
}

BOOST_AUTO_TEST_CASE(recorded_requests_are_understood_and_written_again) {
  for (const auto& row : test::google_recordings()) {
    if (row.url.find("enerateContent") == std::string::npos) continue;
    BOOST_TEST_CONTEXT(row.id) {
      const auto once = rewrite_gemini(row.request);
      BOOST_TEST(once.problem == "");
      BOOST_TEST(test::is_json(once.body));
      const auto twice = rewrite_gemini(once.body);
      BOOST_TEST(twice.body == once.body);
      for (const std::string known : {"contents", "tools", "system", "safety"}) BOOST_TEST(("," + once.dropped + ",").find("," + known + ",") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
