// Neutral requests of other formats, written for Anthropic.
#include "tests/providers/anthropic/samples.hpp"

BOOST_AUTO_TEST_SUITE(anthropic_requests_written)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::part;
using neutral::part_kind;
using neutral::role;
using test::anthropic::parsed;
using test::anthropic::write;

namespace {

part text(std::string_view json) {
  part out;
  out.text = json;
  return out;
}
part call(std::string_view id, std::string_view arguments) {
  part out;
  out.kind = part_kind::tool_call;
  out.id = id;
  out.name = R"("f")";
  out.arguments = arguments;
  return out;
}
part result_of(std::string_view id, std::string_view json) {
  part out;
  out.kind = part_kind::tool_result;
  out.id = id;
  out.content.push_back(text(json));
  return out;
}
part of_kind(part_kind kind) {
  part out;
  out.kind = kind;
  return out;
}
void say(neutral::request& to, role who, std::vector<part> parts) { to.messages.push_back({who, {}, std::move(parts)}); }
neutral::request hello() {
  neutral::request out;
  say(out, role::user, {text(R"("hi")")});
  return out;
}
boost::json::value messages_of(const neutral::request& what) { return write(what).json().at("messages"); }
neutral::tool function() {
  neutral::tool out;
  out.name = R"("f")";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_limit_is_always_there) {
  BOOST_TEST(write(hello()).body == R"({"model":"claude-sonnet-4-5","max_tokens":32000,"messages":[{"role":"user","content":"hi"}]})");
  BOOST_TEST(write(hello(), "claude-3-5-haiku-20241022").json().at("max_tokens") == 8192);
  BOOST_TEST(write(hello(), "claude-3-haiku-20240307").json().at("max_tokens") == 4096);
  BOOST_TEST(write(hello(), "deepseek-chat").json().at("max_tokens") == 4096);
  auto limited = hello();
  limited.max_output_tokens = {"77", "max_completion_tokens"};
  BOOST_TEST(write(limited).json().at("max_tokens") == 77);
  limited.max_output_tokens = {"0", "max_completion_tokens"};
  BOOST_TEST(write(limited).problem == "max_completion_tokens");
}

BOOST_AUTO_TEST_CASE(neighbours_become_one_turn_with_results_first) {
  neutral::request what;
  say(what, role::developer, {text(R"("Be brief.")")});
  say(what, role::user, {text(R"("a")")});
  say(what, role::user, {text(R"("b")")});
  say(what, role::assistant, {text(R"("c")")});
  say(what, role::assistant, {call(R"("call_1")", R"({"x":1})")});
  say(what, role::user, {text(R"("d")"), result_of(R"("call_1")", R"("r")")});
  const auto made = write(what).json();
  BOOST_TEST(made.at("system") == "Be brief.");
  BOOST_TEST(made.at("messages") == parsed(R"([
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
      {"role":"assistant","content":[{"type":"text","text":"c"},{"type":"tool_use","id":"call_1","name":"f","input":{"x":1}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"r"},{"type":"text","text":"d"}]}])"));
}

BOOST_AUTO_TEST_CASE(text_without_words_is_left_out_and_its_turn_with_it) {
  neutral::request what;
  say(what, role::user, {text(R"("a")"), text(R"("")"), text(R"(" \n")")});
  say(what, role::assistant, {text(R"("")")});
  say(what, role::user, {text(R"("b")")});
  BOOST_TEST(messages_of(what) == parsed(R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])"));
}

BOOST_AUTO_TEST_CASE(the_last_assistant_turn_ends_without_white_space) {
  neutral::request what = hello();
  say(what, role::assistant, {text(R"("a \\n \n\t ")")});
  BOOST_TEST(messages_of(what).at(1).at("content").at(0).at("text") == "a \\n");
}

BOOST_AUTO_TEST_CASE(there_is_always_a_turn) {
  neutral::request what;
  say(what, role::assistant, {text(R"("hello")")});
  say(what, role::user, {text(R"("hi")")});
  BOOST_TEST(messages_of(what).at(0) == parsed(R"({"role":"assistant","content":"hello"})"));   // Anthropic takes it
  neutral::request only_system;
  say(only_system, role::system, {text(R"("haiku")")});
  BOOST_TEST(messages_of(only_system) == parsed(R"([{"role":"user","content":"Continue."}])"));
  BOOST_TEST(write(neutral::request{}).problem == "messages");
}

BOOST_AUTO_TEST_CASE(ids_that_anthropic_refuses_are_mapped_alike_for_call_and_result) {
  neutral::request what = hello();
  say(what, role::assistant, {call(R"("call:1/\u00e9")", "")});
  say(what, role::user, {result_of("\"call:1\\/\xC3\xA9\"", R"("r")")});
  const auto made = messages_of(what);
  const auto id = made.at(1).at("content").at(0).at("id").as_string();
  BOOST_TEST(id.starts_with("toolu_"));
  BOOST_TEST(made.at(2).at("content").at(0).at("tool_use_id").as_string() == id);
  BOOST_TEST(made.at(1).at("content").at(0).at("input") == parsed("{}"));
}

BOOST_AUTO_TEST_CASE(arguments_that_are_no_object_are_wrapped) {
  neutral::request what = hello();
  say(what, role::assistant, {call(R"("c")", R"("{broken")")});
  BOOST_TEST(messages_of(what).at(1).at("content").at(0).at("input") == parsed(R"({"input":"{broken"})"));
}

BOOST_AUTO_TEST_CASE(files_become_documents) {
  neutral::request what;
  part csv = of_kind(part_kind::file);
  csv.media_type = R"("text/csv")";
  csv.data = R"("YSxiCjEsMg==")";
  csv.name = R"("t.csv")";
  part jpeg = of_kind(part_kind::image);
  jpeg.data = R"("/9j/4AAQ")";
  part pdf = of_kind(part_kind::file);
  pdf.data = R"("JVBERi0=")";
  say(what, role::user, {csv, jpeg, pdf});
  BOOST_TEST(messages_of(what).at(0).at("content") == parsed(R"([
      {"type":"document","source":{"type":"text","media_type":"text/plain","data":"a,b\n1,2"},"title":"t.csv"},
      {"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/4AAQ"}},
      {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}])"));
}

BOOST_AUTO_TEST_CASE(a_cache_point_marks_what_stands_before_it) {
  neutral::request what;
  say(what, role::system, {text(R"("s")"), of_kind(part_kind::cache_point)});
  say(what, role::user, {text(R"("a")"), of_kind(part_kind::cache_point), text(R"("b")")});
  const auto made = write(what).json();
  BOOST_TEST(made.at("system") == parsed(R"([{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}])"));
  BOOST_TEST(made.at("messages").at(0).at("content") ==
             parsed(R"([{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}])"));
}

BOOST_AUTO_TEST_CASE(a_thought_goes_along_only_with_its_proof) {
  neutral::request what = hello();
  part signed_thought = of_kind(part_kind::reasoning);
  signed_thought.text = R"("hm")";
  signed_thought.signature = R"("s")";
  part unsigned_thought = of_kind(part_kind::reasoning);
  unsigned_thought.text = R"("hm")";
  say(what, role::assistant, {signed_thought, unsigned_thought, text(R"("a")")});
  say(what, role::user, {text(R"("b")")});
  const auto made = write(what);
  BOOST_TEST(made.dropped == "messages.reasoning");
  BOOST_TEST(made.json().at("messages").at(1).at("content") ==
             parsed(R"([{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"a"}])"));
}

BOOST_AUTO_TEST_CASE(an_effort_becomes_what_the_model_understands) {
  const auto asked = [](std::string_view effort, std::string_view model, const char* limit = "32000") {
    auto what = hello();
    what.reasoning.effort = effort;
    what.reasoning.name = "reasoning_effort";
    what.max_output_tokens = {limit, "max_tokens"};
    return write(what, model);
  };
  BOOST_TEST(asked(R"("low")", "claude-sonnet-4-5").json().at("thinking") == parsed(R"({"type":"enabled","budget_tokens":1024})"));
  BOOST_TEST(asked(R"("high")", "claude-sonnet-4-5").json().at("thinking").at("budget_tokens") == 16384);
  BOOST_TEST(asked(R"("high")", "claude-sonnet-4-5", "4000").json().at("thinking").at("budget_tokens") == 3000);
  BOOST_TEST(asked(R"("high")", "claude-sonnet-4-5", "1024").dropped == "reasoning_effort");
  BOOST_TEST(asked(R"("high")", "claude-3-5-sonnet-20241022").dropped == "reasoning_effort");
  BOOST_TEST(asked(R"("none")", "claude-sonnet-4-5").json().at("thinking").at("type") == "disabled");
  const auto adaptive = asked(R"("minimal")", "claude-opus-4-8").json();
  BOOST_TEST(adaptive.at("thinking") == parsed(R"({"type":"adaptive"})"));
  BOOST_TEST(adaptive.at("output_config").at("effort") == "low");
  BOOST_TEST(asked(R"("xhigh")", "claude-opus-4-6").json().at("output_config").at("effort") == "high");
  BOOST_TEST(asked(R"("xhigh")", "claude-opus-4-7").json().at("output_config").at("effort") == "xhigh");
}

BOOST_AUTO_TEST_CASE(a_budget_becomes_an_effort_where_the_model_wants_one) {
  auto what = hello();
  what.reasoning.budget = 8000;
  BOOST_TEST(write(what, "claude-opus-5").json().at("output_config").at("effort") == "medium");
  BOOST_TEST(write(what, "claude-sonnet-4-5").json().at("thinking").at("budget_tokens") == 8000);
  what.reasoning.budget = -1;
  BOOST_TEST(!write(what, "claude-opus-5").json().as_object().contains("output_config"));
}

BOOST_AUTO_TEST_CASE(budgets_give_way_to_what_anthropic_refuses_beside_them) {
  auto what = hello();
  what.reasoning.effort = R"("high")";
  what.reasoning.name = "reasoning_effort";
  what.tools.push_back(function());
  what.choice = neutral::tool_mode::required;
  BOOST_TEST(write(what).dropped == "reasoning_effort");
  what.choice = neutral::tool_mode::automatic;
  BOOST_TEST(write(what).dropped == "");
  // The calling turn came back from a client that shows no thoughts.
  say(what, role::assistant, {call(R"("c")", "{}")});
  say(what, role::user, {result_of(R"("c")", R"("r")")});
  BOOST_TEST(write(what).dropped == "reasoning_effort");
  BOOST_TEST(write(what, "claude-opus-4-8").dropped == "");
}

BOOST_AUTO_TEST_CASE(sampling_stays_within_what_the_model_takes) {
  auto what = hello();
  what.temperature = {"1.5", "temperature"};
  BOOST_TEST(write(what).json().at("temperature") == 1);
  BOOST_TEST(write(what).dropped == "temperature");
  what.temperature = {"0.3", "temperature"};
  what.top_p = {"0.9", "top_p"};
  BOOST_TEST(write(what, "claude-sonnet-4-20250514").dropped == "");
  BOOST_TEST(write(what, "claude-sonnet-4-5").dropped == "top_p");
  BOOST_TEST(write(what, "claude-opus-4-8").dropped == "temperature,top_p");
  what.reasoning.effort = R"("low")";
  BOOST_TEST(write(what, "claude-sonnet-4-20250514").dropped == "temperature,top_p");
}

BOOST_AUTO_TEST_CASE(schemas_and_tools_are_made_to_fit) {
  auto what = hello();
  what.format.shape = neutral::output_shape::json_schema;
  what.format.schema = R"({"type":"object"})";
  neutral::tool tool = function();
  tool.parameters = R"({"properties":{"a":{}}})";
  tool.strict = "true";
  what.tools = {function(), tool};
  what.parallel_tool_calls = false;
  const auto made = write(what).json();
  BOOST_TEST(made.at("output_config") == parsed(R"({"format":{"type":"json_schema","schema":{"type":"object"}}})"));
  BOOST_TEST(made.at("tools").at(0) == parsed(R"({"name":"f","input_schema":{"type":"object","properties":{}}})"));
  BOOST_TEST(made.at("tools").at(1) == parsed(R"({"name":"f","input_schema":{"type":"object","properties":{"a":{}}},"strict":true})"));
  BOOST_TEST(made.at("tool_choice") == parsed(R"({"type":"auto","disable_parallel_tool_use":true})"));
  BOOST_TEST(write(what, "claude-sonnet-4-20250514").dropped == "tools.strict,response_format");
  what.format.shape = neutral::output_shape::json_object;
  BOOST_TEST(write(what).dropped == "response_format");
}

BOOST_AUTO_TEST_CASE(only_allowed_tools_are_offered) {
  auto what = hello();
  neutral::tool other = function();
  other.name = R"("g")";
  what.tools = {function(), other};
  what.choice = neutral::tool_mode::required;
  what.chosen_tool = R"(["g"])";
  const auto made = write(what).json();
  BOOST_TEST(made.at("tools").as_array().size() == 1u);
  BOOST_TEST(made.at("tool_choice") == parsed(R"({"type":"any"})"));
}

BOOST_AUTO_TEST_CASE(each_thing_that_cannot_be_said_is_named) {
  const auto dropped = [](auto&& change) {
    auto what = hello();
    change(what);
    return write(what).dropped;
  };
  const auto part_dropped = [&](part p) { return dropped([&](auto& r) { r.messages[0].parts.push_back(p); }); };
  BOOST_TEST(dropped([](auto& r) { r.seed = {"1", "seed"}; }) == "seed");
  BOOST_TEST(dropped([](auto& r) { r.frequency_penalty = {"0.5", "frequency_penalty"}; }) == "frequency_penalty");
  BOOST_TEST(dropped([](auto& r) { r.presence_penalty = {"0.0", "presence_penalty"}; }) == "");
  BOOST_TEST(dropped([](auto& r) { r.logprobs = {"true", "logprobs"}; }) == "logprobs");
  BOOST_TEST(dropped([](auto& r) { r.logit_bias = {"{}", "logit_bias"}; }) == "logit_bias");
  BOOST_TEST(dropped([](auto& r) { r.metadata = {R"({"a":"b"})", "metadata"}; }) == "metadata");
  BOOST_TEST(dropped([](auto& r) { r.verbosity = {R"("low")", "verbosity"}; }) == "verbosity");
  BOOST_TEST(dropped([](auto& r) { r.prediction = {"{}", "prediction"}; }) == "prediction");
  BOOST_TEST(dropped([](auto& r) { r.store = {"true", "store"}; }) == "store");
  BOOST_TEST(dropped([](auto& r) { r.modalities = {R"(["audio"])", "modalities"}; }) == "modalities");
  BOOST_TEST(dropped([](auto& r) { r.safety_settings = {"[]", "safetySettings"}; }) == "safetySettings");
  BOOST_TEST(dropped([](auto& r) { r.cached_content = {R"("c")", "cachedContent"}; }) == "cachedContent");
  BOOST_TEST(dropped([](auto& r) { r.guardrail = {"{}", "guardrailConfig"}; }) == "guardrailConfig");
  BOOST_TEST(dropped([](auto& r) { r.service_tier = {R"("flex")", "service_tier"}; }) == "service_tier");
  BOOST_TEST(dropped([](auto& r) { r.stop = {R"(["\n","x"])", "stop"}; }) == "stop");
  BOOST_TEST(dropped([](auto& r) { r.messages[0].name = R"("bob")"; }) == "messages.name");
  BOOST_TEST(dropped([](auto& r) { r.tools.push_back({.original = R"({"type":"web_search"})", .kind = "web_search"}); }) == "tools.web_search");
  BOOST_TEST(dropped([](auto& r) { r.unknown = {"parallel_universe"}; }) == "parallel_universe");
  BOOST_TEST(part_dropped(of_kind(part_kind::audio)) == "messages.audio");
  BOOST_TEST(part_dropped(of_kind(part_kind::video)) == "messages.video");
  part strange = of_kind(part_kind::file);
  strange.file_id = R"("file-abc")";
  BOOST_TEST(part_dropped(strange) == "messages.file");
  part hosted = of_kind(part_kind::foreign);
  hosted.name = R"("web_search_call")";
  hosted.original = R"({"type":"web_search_call"})";
  BOOST_TEST(part_dropped(hosted) == "messages.web_search_call");
}

BOOST_AUTO_TEST_CASE(what_would_change_the_meaning_is_refused) {
  auto many = hello();
  many.choices = {"2", "n"};
  BOOST_TEST(write(many).problem == "n");
  many.choices = {"1", "n"};
  BOOST_TEST(write(many).problem == "");
  auto stateful = hello();
  stateful.previous_response = {R"("resp_1")", "previous_response_id"};
  BOOST_TEST(write(stateful).problem == "previous_response_id");
}

BOOST_AUTO_TEST_SUITE_END()
