#include "tests/providers/openai/responses_samples.hpp"

BOOST_AUTO_TEST_SUITE(responses_requests)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::part_kind;
using neutral::role;
using neutral::tool_mode;
using test::json_of;
using test::read_responses;
using test::refusal_of;
using test::written_request;

namespace {

std::string with_input(const std::string& items, const std::string& more = {}) { return R"({"model":"auto",)"
    R"("input":[)" + items + "]" + more + "}"; }
std::string with_tools(const std::string& tools, const std::string& more = {}) { return R"({"model":"auto",)"
    R"("input":"x","tools":[)" + tools + "]" + more + "}"; }

/// What comes out when a body is read and written again, and the fields this loses.
boost::json::object again(const std::string& body, std::string* dropped = nullptr) {
  const auto read = read_responses(body);
  return written_request(read.request, dropped).as_object();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_text_is_a_message_of_the_user_and_instructions_come_first) {
  const auto read = read_responses(R"({"model":"auto","input":"Hi \u00e4","instructions":"Be \"brief\"","stream":true})");
  BOOST_REQUIRE_EQUAL(read.request.messages.size(), 2u);
  BOOST_TEST((read.request.messages[0].role == role::system));
  BOOST_TEST(read.request.messages[0].parts[0].text == R"("Be \"brief\"")");
  BOOST_TEST((read.request.messages[1].role == role::user));
  BOOST_TEST(read.request.messages[1].parts[0].text == R"("Hi \u00e4")");
  BOOST_TEST(read.request.stream);
  BOOST_TEST(read.request.unknown.empty());
}

BOOST_AUTO_TEST_CASE(every_setting_finds_its_place_and_goes_back_to_it) {
  const std::string settings =
      R"("instructions":"Be brief","max_output_tokens":100,"temperature":0.5,"top_p":0.9,"metadata":{"a":"b"},)"
      R"("service_tier":"flex","store":true,)"
      R"("user":"u","parallel_tool_calls":false,"top_logprobs":3,"include":["reasoning.encrypted_content",)"
      R"("message.output_text.logprobs"],)"
      R"("text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"description":"d",)"
      R"("strict":true},"verbosity":"low"},)"
      R"("reasoning":{"effort":"high","summary":"auto"},"truncation":"auto","prompt_cache_key":"k","max_tool_calls":3)";
  std::string dropped;
  auto out = again(R"({"model":"auto","input":[{"role":"user","content":[{"type":"input_text",)"
      R"("text":"x"}]}],)" + settings + "}", &dropped);
  auto expected = json_of("{" + settings + "}").as_object();
  expected["model"] = "m";
  expected["input"] = json_of(R"([{"role":"user","content":[{"type":"input_text","text":"x"}]}])");
  BOOST_TEST(out == expected);
  BOOST_TEST(dropped == "");
}

BOOST_AUTO_TEST_CASE(what_a_neutral_request_cannot_say_is_named) {
  const auto read = read_responses(R"({"model":"auto","input":"x","truncation":"auto","prompt_cache_key":"k",)"
      R"("client_metadata":{"a":1},)"
                                   R"("reasoning":{"effort":"low","context":"all_turns"},"include":["file_search_call.results"]})");
  const std::vector<std::string_view> expected = {"truncation", "prompt_cache_key", "client_metadata", "reasoning.context",
                                                  "include.file_search_call.results"};
  BOOST_TEST(read.request.unknown == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nulls_and_defaults_count_as_absent) {
  const auto read = read_responses(R"({"model":"auto","input":"x","tools":null,"text":null,"reasoning":null,)"
      R"("temperature":null,"store":null,)"
                                   R"("truncation":"disabled","background":false,"previous_response_id":null,)"
                                   R"("stream_options":{"include_obfuscation":false}})");
  BOOST_TEST(!read.request.temperature);
  BOOST_TEST(!read.request.store);
  BOOST_TEST(read.request.unknown.empty());
}

BOOST_AUTO_TEST_CASE(state_that_only_openai_keeps_is_refused_by_name) {
  BOOST_TEST(refusal_of(R"({"model":"m","input":"x","previous_response_id":"resp_1"})").param == "previous_response_id");
  BOOST_TEST(refusal_of(R"({"model":"m","input":"x","conversation":{"id":"conv_1"}})").param == "conversation");
  BOOST_TEST(refusal_of(R"({"model":"m","prompt":{"id":"pmpt_1"}})").param == "prompt");
  BOOST_TEST(refusal_of(R"({"model":"m","input":"x","background":true})").param == "background");
  BOOST_TEST(refusal_of(with_input(R"({"role":"user","content":"a"},{"type":"item_reference","id":"msg_1"})")).param == "input[1]");
  BOOST_TEST((refusal_of(with_input(R"({"id":"msg_1"})")).code == error_code::invalid_request));
}

BOOST_AUTO_TEST_CASE(malformed_conversations_are_refused_by_place) {
  BOOST_TEST(refusal_of(with_input("1")).param == "input[0]");
  BOOST_TEST(refusal_of(with_input(R"({"role":"robot","content":"x"})")).param == "input[0].role");
  BOOST_TEST(refusal_of(with_input(R"({"role":"user"})")).param == "input[0].content");
  BOOST_TEST(refusal_of(with_input("{}")).param == "input[0].type");
  BOOST_TEST(refusal_of(R"({"model":"m","input":7})").param == "input");
  BOOST_TEST(refusal_of(R"({"model":"m","input":"x","tools":{}})").param == "tools");
  BOOST_TEST(refusal_of(R"({"model":"m","input":"x","text":"json"})").param == "text");
  BOOST_TEST(refusal_of(R"({"model":"m","input":"x","reasoning":"high"})").param == "reasoning");
  BOOST_TEST(refusal_of(R"({"model":"m","input":"x","instructions":[]})").param == "instructions");
}

BOOST_AUTO_TEST_CASE(content_parts_of_every_kind_are_read) {
  const auto read = read_responses(with_input(
      R"({"role":"user","content":[{"type":"input_text","text":"t"},{"type":"input_image",)"
      R"("image_url":"data:image/png;base64,AAAA","detail":"low"},)"
      R"({"type":"input_image","image_url":"https://x/y.png"},{"type":"input_image","file_id":"file-1"},)"
      R"({"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,BBBB"},)"
      R"({"type":"input_file","file_url":"https://x/a.pdf"},)"
      R"({"type":"input_file","filename":"b.pdf","file_data":"CCCC"},{"type":"input_audio",)"
      R"("input_audio":{"data":"DDDD","format":"mp3"}},)"
      R"({"type":"input_hologram","x":1}]})"));
  const auto& parts = read.request.messages.at(0).parts;
  BOOST_REQUIRE_EQUAL(parts.size(), 9u);
  BOOST_TEST(parts[1].media_type == R"("image/png")");
  BOOST_TEST(parts[1].data == R"("AAAA")");
  BOOST_TEST(parts[1].detail == R"("low")");
  BOOST_TEST(parts[2].url == R"("https://x/y.png")");
  BOOST_TEST(parts[3].file_id == R"("file-1")");
  BOOST_TEST(parts[4].data == R"("BBBB")");
  BOOST_TEST(parts[4].name == R"("a.pdf")");
  BOOST_TEST(parts[5].url == R"("https://x/a.pdf")");
  BOOST_TEST(parts[6].data == R"("CCCC")");
  BOOST_TEST((parts[7].kind == part_kind::audio));
  BOOST_TEST(parts[7].media_type == R"("audio/mpeg")");
  BOOST_TEST((parts[8].kind == part_kind::foreign));
  std::string dropped;
  const auto out = written_request(read.request, &dropped).as_object();
  BOOST_TEST(dropped == "input_hologram");
  BOOST_TEST(out.at("input").at(0).at("content").at(1) == json_of(R"({"type":"input_image",)"
      R"("image_url":"data:image/png;base64,AAAA","detail":"low"})"));
  BOOST_TEST(out.at("input").at(0).at("content").at(4) ==
             json_of(R"({"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,BBBB"})"));
}

BOOST_AUTO_TEST_CASE(a_turn_of_the_assistant_is_one_message_and_results_stand_together) {
  const std::string items =
      R"({"role":"user","content":"go"},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text",)"
      R"("text":"think"}],"encrypted_content":"gAAA"},)"
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"on it","annotations":[]}]},)"
      R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\": 1}"},{"type":"function_call",)"
      R"("call_id":"c2","name":"g","arguments":""},)"
      R"({"type":"function_call_output","call_id":"c1","output":"one"},)"
      R"({"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"},)"
      R"({"type":"input_image","image_url":"https://x"}]},)"
      R"({"role":"user","content":"next"})";
  const auto read = read_responses(with_input(items));
  const auto& messages = read.request.messages;
  BOOST_REQUIRE_EQUAL(messages.size(), 4u);
  BOOST_TEST((messages[1].role == role::assistant));
  BOOST_REQUIRE_EQUAL(messages[1].parts.size(), 4u);
  BOOST_TEST((messages[1].parts[0].kind == part_kind::reasoning));
  BOOST_TEST(messages[1].parts[0].text == R"("think")");
  BOOST_TEST(messages[1].parts[0].signature.empty());   // no other provider could check OpenAI's seal
  BOOST_TEST(messages[1].parts[0].data == R"("gAAA")");
  BOOST_TEST(messages[1].parts[2].arguments == R"({"a": 1})");
  BOOST_TEST(messages[1].parts[3].arguments == "{}");
  BOOST_REQUIRE_EQUAL(messages[2].parts.size(), 2u);
  BOOST_TEST(messages[2].parts[1].id == R"("c2")");
  BOOST_TEST(messages[2].parts[1].content.size() == 2u);
  const auto out = written_request(read.request).at("input").as_array();
  BOOST_REQUIRE_EQUAL(out.size(), 8u);
  BOOST_TEST(out[1].at("encrypted_content") == "gAAA");
  BOOST_TEST(out[3] == json_of(R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\": 1}"})"));
  BOOST_TEST(out[5] == json_of(R"({"type":"function_call_output","call_id":"c1","output":"one"})"));
}

BOOST_AUTO_TEST_CASE(arguments_that_are_no_object_are_kept_as_they_are) {
  const auto read = read_responses(with_input(R"({"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\": tru"})"));
  BOOST_TEST(read.request.messages.at(0).parts.at(0).arguments == R"("{\"a\": tru")");
}

BOOST_AUTO_TEST_CASE(reasoning_of_other_providers_comes_back_through_the_client) {
  const auto read = read_responses(with_input(
      R"({"role":"user","content":"go"},{"type":"reasoning","summary":[{"type":"summary_text","text":"a"},)"
      R"({"type":"summary_text","text":"b"}],)"
      R"("encrypted_content":"switchyard.signature.EqQB"},{"type":"reasoning","summary":[],)"
      R"("encrypted_content":"switchyard.redacted.XYZ"},)"
      R"({"type":"function_call","call_id":"call:1","name":"f","arguments":"{}"},)"
      R"({"type":"reasoning","summary":[],"encrypted_content":"switchyard.call.call:1:SIG="})"));
  const auto& parts = read.request.messages.at(1).parts;
  BOOST_REQUIRE_EQUAL(parts.size(), 3u);
  BOOST_TEST(parts[0].text == R"("a\n\nb")");
  BOOST_TEST(parts[0].signature == R"("EqQB")");
  BOOST_TEST((parts[1].kind == part_kind::redacted_reasoning));
  BOOST_TEST(parts[1].data == R"("XYZ")");
  BOOST_TEST(parts[2].signature == R"("SIG=")");
}

BOOST_AUTO_TEST_CASE(hosted_items_stay_whole_and_are_named) {
  const auto read = read_responses(with_input(R"({"role":"user","content":"x"},{"type":"web_search_call","id":"ws_1",)"
      R"("status":"completed"})"));
  const auto& part = read.request.messages.at(1).parts.at(0);
  BOOST_TEST((part.kind == part_kind::foreign));
  BOOST_TEST(part.name == R"("web_search_call")");
  BOOST_TEST(written_request(read.request).at("input").at(1).at("id") == "ws_1");
}

BOOST_AUTO_TEST_CASE(free_text_tools_become_functions_of_one_string) {
  const auto read = read_responses(with_tools(
      R"({"type":"custom","name":"apply_patch","description":"Edits files.","format":{"type":"grammar",)"
      R"("syntax":"lark","definition":"start: \"x\"\n"}})",
      R"(,"tool_choice":{"type":"custom","name":"apply_patch"})"));
  const auto& tool = read.request.tools.at(0);
  BOOST_TEST(tool.kind == "");
  BOOST_TEST(tool.name == R"("apply_patch")");
  BOOST_TEST(json_of(tool.parameters).at("properties").at("input").at("type") == "string");
  BOOST_TEST(json::unescape(tool.description).ends_with("It must match this lark grammar:\nstart: \"x\"\n"));
  BOOST_TEST((read.request.choice == tool_mode::named));
  BOOST_TEST(read.request.chosen_tool == R"("apply_patch")");
  const auto out = written_request(read.request);
  BOOST_TEST(out.at("tools").at(0).at("type") == "custom");
  BOOST_TEST(out.at("tool_choice") == json_of(R"({"type":"custom","name":"apply_patch"})"));
}

BOOST_AUTO_TEST_CASE(calls_and_outputs_of_shaped_tools_are_read_as_calls_of_functions) {
  const auto read = read_responses(with_input(
      R"({"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** Begin\n"},)"
      R"({"type":"local_shell_call","id":"l","call_id":"c2","status":"completed","action":{"type":"exec",)"
      R"("command":["ls"],"env":{},"timeout_ms":null}},)"
      R"({"type":"shell_call","call_id":"c3","action":{"commands":["ls"],"timeout_ms":5}},)"
      R"({"type":"apply_patch_call","call_id":"c4","status":"completed","operation":{"type":"delete_file","path":"a"}},)"
      R"({"type":"tool_search_call","call_id":"c5","execution":"client","status":"completed","arguments":{"query":"q"}},)"
      R"({"type":"custom_tool_call_output","call_id":"c1","output":"ok"},{"type":"local_shell_call_output","id":"c2",)"
      R"("output":"out"},)"
      R"({"type":"shell_call_output","call_id":"c3","output":[{"stdout":"s","stderr":"","outcome":{"type":"exit",)"
      R"("exit_code":0}}]},)"
      R"({"type":"apply_patch_call_output","call_id":"c4","status":"failed","output":"no"},)"
      R"({"type":"tool_search_output","call_id":"c5","execution":"client","status":"completed",)"
      R"("tools":[{"type":"function","name":"found","parameters":{}}]})",
      R"(,"tools":[{"type":"custom","name":"apply_patch_text"},{"type":"local_shell"},{"type":"shell",)"
      R"("environment":{"type":"local"}},)"
      R"({"type":"tool_search","execution":"client","parameters":{"type":"object","properties":{"query":{}}}}])"));
  const auto& calls = read.request.messages.at(0).parts;
  BOOST_REQUIRE_EQUAL(calls.size(), 5u);
  BOOST_TEST(calls[0].arguments == R"({"input":"*** Begin\n"})");
  BOOST_TEST(calls[1].name == R"("local_shell")");
  BOOST_TEST(calls[1].arguments == R"({"command":["ls"]})");
  BOOST_TEST(calls[2].arguments == R"({"commands":["ls"],"timeout_ms":5})");
  BOOST_TEST(calls[3].arguments == R"({"operation":{"type":"delete_file","path":"a"}})");
  BOOST_TEST(calls[4].arguments == R"({"query":"q"})");
  const auto& results = read.request.messages.at(1).parts;
  BOOST_REQUIRE_EQUAL(results.size(), 5u);
  BOOST_TEST(results[1].id == R"("c2")");
  BOOST_TEST(json::unescape(results[2].content.at(0).text).starts_with("[{\"stdout\":\"s\""));
  BOOST_TEST(results[3].is_error);
  BOOST_REQUIRE_EQUAL(read.request.tools.size(), 5u);
  BOOST_TEST(read.request.tools[4].name == R"("found")");   // what a search found can be called
}

BOOST_AUTO_TEST_CASE(tools_of_a_namespace_get_its_name_in_front) {
  const auto read = read_responses(with_input(
      R"({"type":"additional_tools","role":"developer","tools":[{"type":"namespace","name":"crew","description":"d","tools":[)"
      R"({"type":"function","name":"spawn","parameters":{"type":"object"}},{"type":"custom","name":"exec"}]}]},)"
      R"({"type":"function_call","call_id":"c","namespace":"crew","name":"spawn","arguments":"{}"})"));
  BOOST_REQUIRE_EQUAL(read.request.tools.size(), 2u);
  BOOST_TEST(read.request.tools[0].name == R"("crew__spawn")");
  BOOST_TEST(read.request.messages.at(0).parts.at(0).name == R"("crew__spawn")");
  const auto out = written_request(read.request);
  BOOST_TEST(out.at("tools").as_array().size() == 1u);
  BOOST_TEST(out.at("input").at(0).at("namespace") == "crew");
  BOOST_TEST(out.at("input").at(0).at("name") == "spawn");
}

BOOST_AUTO_TEST_CASE(long_names_of_a_namespace_fit_every_provider_and_stay_apart) {
  const std::string long_name(60, 'n');
  const auto read = read_responses(with_tools(R"({"type":"namespace","name":"some_space","tools":[{"type":"function",)"
      R"("name":")" + long_name +
                                              R"(a","parameters":{}},{"type":"function",)"
                                              R"("name":")" + long_name + R"(b","parameters":{}}]})"));
  BOOST_REQUIRE_EQUAL(read.request.tools.size(), 2u);
  BOOST_TEST(read.request.tools[0].name.size() == 66u);
  BOOST_TEST(read.request.tools[0].name != read.request.tools[1].name);
}

BOOST_AUTO_TEST_CASE(hosted_tools_keep_their_kind) {
  const auto read = read_responses(with_tools(R"({"type":"web_search","search_context_size":"low"},{"type":"shell",)"
      R"("environment":{"type":"container_auto"}})",
                                              R"(,"tool_choice":{"type":"web_search"})"));
  BOOST_TEST(read.request.tools.at(0).kind == "web_search");
  BOOST_TEST(read.request.tools.at(1).kind == "shell");
  BOOST_TEST((read.request.choice == tool_mode::unset));
  BOOST_TEST(read.request.unknown.at(0) == "tool_choice");
}

BOOST_AUTO_TEST_CASE(allowed_tools_are_the_only_ones_left) {
  const auto read = read_responses(with_tools(
      R"({"type":"function","name":"a","parameters":{}},{"type":"function","name":"b","parameters":{}},{"type":"web_search"})",
      R"(,"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"b"},)"
      R"({"type":"web_search"}]})"));
  BOOST_REQUIRE_EQUAL(read.request.tools.size(), 2u);
  BOOST_TEST(read.request.tools[0].name == R"("b")");
  BOOST_TEST((read.request.choice == tool_mode::required));
}

BOOST_AUTO_TEST_CASE(tool_choices_go_back_as_they_came) {
  for (const std::string choice : {R"("auto")", R"("none")", R"("required")", R"({"type":"function","name":"a"})"}) {
    const auto out = again(with_tools(R"({"type":"function","name":"a","parameters":{"type":"object"},"strict":true,)"
        R"("description":"d"})", ",\"tool_choice\":" + choice));
    BOOST_TEST(out.at("tool_choice") == json_of(choice));
    BOOST_TEST(out.at("tools") == json_of(R"([{"type":"function","name":"a","parameters":{"type":"object"},)"
        R"("strict":true,"description":"d"}])"));
  }
}

BOOST_AUTO_TEST_CASE(what_the_responses_api_cannot_say_is_dropped_by_name) {
  neutral::request request;
  auto& user = request.messages.emplace_back();
  auto& video = user.parts.emplace_back();
  video.kind = part_kind::video;
  auto& text = user.parts.emplace_back();
  text.text = R"("x")";
  text.cache_control = R"({"type":"ephemeral"})";
  user.name = R"("me")";
  request.stop = {R"(["a"])", "stop_sequences"};
  request.top_k = {"4", "top_k"};
  request.seed = {"1", "seed"};
  request.logit_bias = {"{}", "logit_bias"};
  request.unknown.push_back("thinking.display");
  auto& hosted = request.tools.emplace_back();
  hosted.kind = "web_search_20250305";
  hosted.original = R"({"type":"web_search_20250305","name":"web_search"})";
  std::string dropped;
  (void)written_request(request, &dropped);
  BOOST_TEST(dropped ==
             "thinking.display,messages.name,messages.video,cache_control,tools.web_search_20250305,top_k,"
             "stop_sequences,seed,logit_bias");
}

BOOST_AUTO_TEST_CASE(a_thinking_budget_becomes_an_effort_and_reasoning_is_asked_back_sealed) {
  neutral::request request;
  request.messages.emplace_back().parts.emplace_back().text = R"("x")";
  request.reasoning.budget = 4096;
  request.reasoning.show = true;
  const auto out = written_request(request).as_object();
  BOOST_TEST(out.at("reasoning") == json_of(R"({"effort":"medium","summary":"auto"})"));
  BOOST_TEST(out.at("include") == json_of(R"(["reasoning.encrypted_content"])"));
  BOOST_TEST(out.at("store") == json_of("false"));
}

BOOST_AUTO_TEST_SUITE_END()
