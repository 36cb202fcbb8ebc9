#include "tests/providers/bedrock/converse_support.hpp"

BOOST_AUTO_TEST_SUITE(converse_request)

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::providers::test;
using neutral::part;
using neutral::part_kind;
using neutral::role;

namespace {

/// The content of the n-th message.
std::string content(const written& what, std::size_t n = 0) { return bj::serialize(what.json().at("messages").at(n).at("content")); }
std::string roles(const written& what) {
  std::string out;
  const auto json = what.json();
  for (const auto& message : json.at("messages").as_array()) out += message.at("role").as_string()[0];
  return out;
}
std::string member(const written& what, const char* name) {
  const auto json = what.json();
  const auto* value = json.as_object().if_contains(name);
  return value != nullptr ? bj::serialize(*value) : "(none)";
}
std::string refusal(const std::string& body) {
  const auto got = through(body);
  BOOST_REQUIRE_MESSAGE(got.refused, "was accepted: " << body);
  BOOST_TEST((got.refused->code == error_code::invalid_request));
  return got.refused->param;
}

part tool_call(std::string_view id, std::string_view arguments) {
  return {.kind = part_kind::tool_call, .name = "\"f\"", .id = id, .arguments = arguments};
}
part tool_result(std::string_view id, std::vector<part> parts) { return {.kind = part_kind::tool_result, .id = id, .content = std::move(parts)}; }

neutral::request thinking(std::string_view effort, std::optional<std::int64_t> budget = {}) {
  auto out = asking({text("\"hi\"")});
  out.reasoning.effort = effort;
  out.reasoning.budget = budget;
  out.reasoning.name = "reasoning_effort";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_member_survives_the_round_trip) {
  const std::string body = R"({"messages":[{"role":"user","content":[{"text":"a\u00e9\n"},{"cachePoint":{"type":"default","ttl":"1h"}},)"
                           R"({"image":{"format":"jpeg","source":{"bytes":"AAAA"}}},{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k"}}}},)"
                           R"({"document":{"format":"pdf","name":"Report 1","source":{"bytes":"AAAA"}}},)"
                           R"({"video":{"format":"three_gp","source":{"bytes":"AAAA"}}},{"audio":{"format":"mp3","source":{"bytes":"AAAA"}}},)"
                           R"({"searchResult":{"source":"s","title":"t","content":[{"text":"x"}]}}]},)"
                           R"({"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"sig"}}},)"
                           R"({"reasoningContent":{"redactedContent":"c2VhbGVk"}},{"toolUse":{"toolUseId":"t-1","name":"f","input":{"x":[1,2.50]}}}]},)"
                           R"({"role":"user","content":[{"toolResult":{"toolUseId":"t-1","content":[{"text":"r"},{"image":{"format":"gif","source":)"
                           R"({"bytes":"AAAA"}}}],"status":"error"}}]}],)"
                           R"("system":[{"text":"Be kind."},{"cachePoint":{"type":"default"}}],)"
                           R"("inferenceConfig":{"maxTokens":100,"temperature":0.5,"topP":0.9,"stopSequences":["END"]},)"
                           R"("toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"type":"object"}}}},)"
                           R"({"cachePoint":{"type":"default"}},{"systemTool":{"name":"nova_grounding"}}],"toolChoice":{"tool":{"name":"f"}}},)"
                           R"("guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1"},"additionalModelRequestFields":{"top_k":20},)"
                           R"("requestMetadata":{"team":"a b"},"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"},)"
                           R"("outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}",)"
                           R"("name":"n","description":"d"}}}}})";
  const auto again = through(body);
  BOOST_TEST(again.json() == bj::parse(body));
  BOOST_TEST(again.dropped == "");
}

BOOST_AUTO_TEST_CASE(what_bedrock_alone_knows_is_named_and_not_lost_silently) {
  const auto got = through(R"({"messages":[{"role":"user","content":[{"text":"a"},{"document":{"format":"txt","name":"d","context":"c",)"
                           R"("citations":{"enabled":true},"source":{"text":"x"}}}]}],"promptVariables":{},"inferenceConfig":{"new":1},)"
                           R"("additionalModelResponseFieldPaths":["/a"],"additionalModelRequestFields":{"anthropic_beta":["x"]},"fallbacks":["a/b"]})");
  BOOST_TEST(got.dropped == "promptVariables,inferenceConfig.new,additionalModelResponseFieldPaths,additionalModelRequestFields.anthropic_beta,"
                            "document.context,document.citations");
  BOOST_TEST(got.json().as_object().size() == 1u);
}

BOOST_AUTO_TEST_CASE(guarded_text_stays_text_for_others_and_guarded_for_bedrock) {
  const std::string body = R"({"messages":[{"role":"user","content":[{"guardContent":{"text":{"text":"q","qualifiers":["query"]}}}]}]})";
  neutral::arena texts;
  const auto read = converse_dialect().read_request(body, texts);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->messages[0].parts[0].text == "\"q\"");
  BOOST_TEST(bj::parse(write(*read).body) == bj::parse(body));
}

BOOST_AUTO_TEST_CASE(nonsense_is_refused_by_the_fields_name) {
  BOOST_TEST(refusal(R"({})") == "messages");
  BOOST_TEST(refusal(R"({"messages":[{"content":[]}]})") == "messages[0].role");
  BOOST_TEST(refusal(R"({"messages":[{"role":"user","content":"hi"}]})") == "messages[0].content");
  BOOST_TEST(refusal(R"({"messages":[{"role":"user","content":[{"text":"a"},"b"]}]})") == "messages[0].content[1]");
  BOOST_TEST(refusal(R"({"messages":[{"role":"user","content":[{}]}]})") == "messages[0].content[0]");
  BOOST_TEST(refusal(R"({"messages":[{"role":"user","content":[{"text":1}]}]})") == "messages[0].content[0]");
  BOOST_TEST(refusal(R"({"messages":[{"role":"user","content":[{"text":"a","image":{}}]}]})") == "messages[0].content[0]");
  BOOST_TEST(refusal(R"({"messages":[],"system":["x"]})") == "system[0]");
  BOOST_TEST(refusal(R"({"messages":[],"toolConfig":{"tools":[{"toolSpec":{}}]}})") == "toolConfig.tools[0].toolSpec.name");
  BOOST_TEST(refusal(R"({"messages":[],"toolConfig":{"toolChoice":{"tool":{}}}})") == "toolConfig.toolChoice.tool.name");
  BOOST_TEST(refusal(R"({"messages":[],"outputConfig":{"textFormat":{"structure":{"jsonSchema":{"schema":"{"}}}}})") ==
             "outputConfig.textFormat.structure.jsonSchema.schema");
}

BOOST_AUTO_TEST_CASE(system_text_stands_apart_and_neighbours_become_one_turn) {
  neutral::request what;
  const auto add = [&](role who, std::string_view said) { what.messages.push_back(says(who, {text(said)})); };
  add(role::system, "\"s1\""), add(role::developer, "\"s2\""), add(role::user, "\"u1\""), add(role::user, "\"u2\"");
  add(role::system, "\"s3\""), add(role::user, "\"u3\""), add(role::assistant, "\"a\"");
  const auto got = write(what);
  BOOST_TEST(roles(got) == "ua");
  BOOST_TEST(content(got) == R"([{"text":"u1"},{"text":"u2"},{"text":"u3"}])");
  BOOST_TEST(member(got, "system") == R"([{"text":"s1"},{"text":"s2"},{"text":"s3"}])");
}

BOOST_AUTO_TEST_CASE(blank_text_is_left_out) {
  neutral::request what = asking({text("\"\""), text(R"(" \n\t ")"), text("\"x \"")});
  what.messages.push_back(says(role::assistant, {text("\"\"")}));
  what.messages.push_back(says(role::user, {text("\"y\"")}));
  const auto got = write(what);
  BOOST_TEST(roles(got) == "u");
  BOOST_TEST(content(got) == R"([{"text":"x "},{"text":"y"}])");
}

BOOST_AUTO_TEST_CASE(the_user_begins_where_the_model_wants_that) {
  neutral::request what;
  what.messages = {says(role::assistant, {text("\"a\"")}), says(role::user, {text("\"u\"")})};
  BOOST_TEST(roles(write(what, claude)) == "au");
  BOOST_TEST(roles(write(what, nova)) == "uau");
  what.messages = {says(role::system, {text("\"s\"")})};
  BOOST_TEST(content(write(what)) == R"([{"text":"."}])");
}

BOOST_AUTO_TEST_CASE(media_are_named_as_bedrock_names_them) {
  const auto one = [](part what) { return content(write(asking({std::move(what)}))); };
  BOOST_TEST(one({.kind = part_kind::image, .media_type = "\"image/jpg\"", .data = "\"AAAA\""}) == R"([{"image":{"format":"jpeg","source":{"bytes":"AAAA"}}}])");
  BOOST_TEST(one({.kind = part_kind::image, .url = "\"data:image/webp;base64,AAAA\""}) == R"([{"image":{"format":"webp","source":{"bytes":"AAAA"}}}])");
  BOOST_TEST(one({.kind = part_kind::image, .url = "\"s3://b/k.PNG\""}) == R"([{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k.PNG"}}}}])");
  BOOST_TEST(one({.kind = part_kind::audio, .media_type = "\"audio/mpeg\"", .data = "\"AAAA\""}) == R"([{"audio":{"format":"mp3","source":{"bytes":"AAAA"}}}])");
  BOOST_TEST(one({.kind = part_kind::video, .media_type = "\"video/quicktime\"", .data = "\"AAAA\""}) == R"([{"video":{"format":"mov","source":{"bytes":"AAAA"}}}])");
  BOOST_TEST(one({.kind = part_kind::file, .media_type = "\"image/png\"", .data = "\"AAAA\""}) == R"([{"image":{"format":"png","source":{"bytes":"AAAA"}}}])");
  BOOST_TEST(one({.kind = part_kind::file, .text = "\"h\\u00e9\"", .name = "\"notes.md\""}) ==
             R"([{"document":{"format":"md","name":"notes","source":{"bytes":"aMOp"}}},{"text":"."}])");
}

BOOST_AUTO_TEST_CASE(document_names_are_made_acceptable_and_unique) {
  const auto file = [](std::string_view name) {
    return part{.kind = part_kind::file, .media_type = "\"application/pdf\"", .data = "\"AAAA\"", .name = name};
  };
  const auto got = write(asking({text("\"?\""), file(R"("Q3__report (final)!!.pdf")"), file("\"a.pdf\""), file("\"a.pdf\""), file(""), file("\"\xC3\xA9\xC3\xA8\"")}));
  std::string names;
  const auto json = got.json();
  for (const auto& block : json.at("messages").at(0).at("content").as_array())
    if (const auto* document = block.as_object().if_contains("document")) names += std::string(document->at("name").as_string()) + "|";
  BOOST_TEST(names == "Q3 report (final)|a|a 2|document|document 2|");
}

BOOST_AUTO_TEST_CASE(what_bedrock_cannot_fetch_or_open_is_refused_not_dropped) {
  const auto message = [](part what) {
    const auto got = write(asking({text("\"look\""), std::move(what)}));
    BOOST_REQUIRE(got.refused.has_value());
    BOOST_TEST(got.refused->param == "messages");
    BOOST_TEST((got.refused->code == error_code::invalid_request));
    return got.refused->message;
  };
  BOOST_TEST(message({.kind = part_kind::image, .url = "\"https://x/y.png\""}).find("not by URL") != std::string::npos);
  BOOST_TEST(message({.kind = part_kind::file, .file_id = "\"file-1\""}).find("file id") != std::string::npos);
  BOOST_TEST(message({.kind = part_kind::image, .media_type = "\"image/heic\"", .data = "\"AAAA\""}).find("not image/heic") != std::string::npos);
  BOOST_TEST(message({.kind = part_kind::file, .data = "\"AAAA\""}).find("media type is missing") != std::string::npos);
  BOOST_TEST(message(tool_result("\"t\"", {{.kind = part_kind::image, .url = "\"https://x\""}})).find("not by URL") != std::string::npos);
  auto stateful = asking({text("\"go on\"")});
  auto many = asking({text("\"hi\"")});
  many.choices = {"2", "n"};
  BOOST_TEST(write(many).refused->param == "n");
  stateful.previous_response = {"\"resp_1\"", "previous_response_id"};
  BOOST_TEST(write(stateful).refused->param == "previous_response_id");
}

BOOST_AUTO_TEST_CASE(calls_and_results_find_each_other_under_ids_bedrock_takes) {
  neutral::request what = asking({text("\"?\"")});
  what.messages.push_back(says(role::assistant, {tool_call("\"call:1/\\u00e9\"", ""), tool_call("\"plain_2-x\"", "\"not json\"")}));
  what.messages.push_back(says(role::user, {tool_result("\"call:1/\\u00e9\"", {}), tool_result("\"plain_2-x\"", {text("\"r\"")})}));
  const auto json = write(what).json();
  const auto& calls = json.at("messages").at(1).at("content");
  const auto& results = json.at("messages").at(2).at("content");
  const auto made = std::string(calls.at(0).at("toolUse").at("toolUseId").as_string());
  BOOST_TEST(made.starts_with("tooluse_"));
  BOOST_TEST(made.size() == 24u);
  BOOST_TEST(results.at(0).at("toolResult").at("toolUseId").as_string() == made);
  BOOST_TEST(bj::serialize(calls.at(0).at("toolUse").at("input")) == "{}");
  BOOST_TEST(calls.at(1).at("toolUse").at("toolUseId").as_string() == "plain_2-x");
  BOOST_TEST(bj::serialize(calls.at(1).at("toolUse").at("input")) == R"({"input":"not json"})");
  BOOST_TEST(bj::serialize(results.at(0).at("toolResult").at("content")) == "[]");
  // Bedrock wants tools declared that stand in the history.
  BOOST_TEST(bj::serialize(json.at("toolConfig")) ==
             R"({"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]})");
}

BOOST_AUTO_TEST_CASE(results_share_their_message_only_with_what_the_model_takes) {
  neutral::request what = asking({text("\"?\"")});
  what.messages.push_back(says(role::assistant, {tool_call("\"t\"", "{}")}));
  what.messages.push_back(says(role::user, {tool_result("\"t\"", {text("\"r\"")}), text("\"and?\"")}));
  BOOST_TEST(roles(write(what, claude)) == "uau");
  BOOST_TEST(roles(write(what, nova)) == "uau");
  BOOST_TEST(roles(write(what, llama)) == "uauau");
  what.messages[2].parts.push_back({.kind = part_kind::file, .media_type = "\"application/pdf\"", .data = "\"AAAA\""});
  const auto got = write(what, claude);
  BOOST_TEST(roles(got) == "uauau");
  BOOST_TEST(content(got, 3) == R"([{"text":"."}])");
  BOOST_TEST(roles(write(what, nova)) == "uau");
}

BOOST_AUTO_TEST_CASE(a_results_status_says_failure_only) {
  auto result = tool_result("\"t\"", {text("\"r\"")});
  BOOST_TEST(content(write(asking({result}))) == R"([{"toolResult":{"toolUseId":"t","content":[{"text":"r"}]}}])");
  result.is_error = true;
  BOOST_TEST(content(write(asking({result}))) == R"([{"toolResult":{"toolUseId":"t","content":[{"text":"r"}],"status":"error"}}])");
  BOOST_TEST(content(write(asking({result}), "writer.palmyra-x5-v1:0")) == R"([{"toolResult":{"toolUseId":"t","content":[{"text":"r"}]}}])");
}

BOOST_AUTO_TEST_CASE(tool_choice_says_what_bedrock_can_say) {
  using neutral::tool_mode;
  auto what = asking({text("\"?\"")});
  what.tools = {{.name = "\"f\"", .description = "\"\"", .parameters = R"({"properties":{}})"}, {.name = "\"g\""}, {.kind = "web_search"}};
  const auto config = [&] { return member(write(what), "toolConfig"); };
  const std::string f = R"({"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}})";
  const std::string g = R"({"toolSpec":{"name":"g","inputSchema":{"json":{"type":"object","properties":{}}}}})";
  BOOST_TEST(config() == "{\"tools\":[" + f + "," + g + "]}");
  BOOST_TEST(write(what).dropped == "tools.web_search");
  what.tools.pop_back();
  what.choice = tool_mode::automatic;
  BOOST_TEST(config() == "{\"tools\":[" + f + "," + g + R"(],"toolChoice":{"auto":{}}})");
  what.choice = tool_mode::required;
  BOOST_TEST(config() == "{\"tools\":[" + f + "," + g + R"(],"toolChoice":{"any":{}}})");
  what.chosen_tool = R"(["g"])";
  BOOST_TEST(config() == "{\"tools\":[" + g + R"(],"toolChoice":{"any":{}}})");
  what.choice = tool_mode::named;
  what.chosen_tool = "\"g\"";
  BOOST_TEST(config() == "{\"tools\":[" + f + "," + g + R"(],"toolChoice":{"tool":{"name":"g"}}})");
  what.choice = tool_mode::none;
  BOOST_TEST(config() == "(none)");
  BOOST_TEST(write(what).dropped == "");
  what.messages.push_back(says(role::assistant, {tool_call("\"t\"", "{}")}));
  BOOST_TEST(config() == "{\"tools\":[" + f + "," + g + "]}");
  BOOST_TEST(write(what).dropped == "tool_choice");
  what.choice = tool_mode::automatic;
  what.parallel_tool_calls = false;
  what.tools[0].strict = "true";
  BOOST_TEST(write(what, nova).dropped == "parallel_tool_calls,tools.strict");
}

BOOST_AUTO_TEST_CASE(claude_thinks_within_a_budget) {
  const auto fields = [](const neutral::request& what, std::string_view model = claude) { return member(write(what, model), "additionalModelRequestFields"); };
  BOOST_TEST(fields(thinking("\"low\"")) == R"({"thinking":{"type":"enabled","budget_tokens":2048}})");
  BOOST_TEST(fields(thinking("", 5000)) == R"({"thinking":{"type":"enabled","budget_tokens":5000}})");
  BOOST_TEST(fields(thinking("", 10)) == R"({"thinking":{"type":"enabled","budget_tokens":1024}})");
  BOOST_TEST(fields(thinking("", -1)) == R"({"thinking":{"type":"enabled","budget_tokens":10000}})");
  BOOST_TEST(fields(thinking("", 0)) == "(none)");
  BOOST_TEST(fields(thinking("\"none\"")) == "(none)");
  BOOST_TEST(fields(thinking("\"high\""), new_claude) == R"({"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}})");
  BOOST_TEST(fields(thinking("", 5000), new_claude) == R"({"thinking":{"type":"enabled","budget_tokens":5000}})");

  auto limited = thinking("\"high\"");
  limited.max_output_tokens = {"4000", "max_tokens"};
  BOOST_TEST(fields(limited) == R"({"thinking":{"type":"enabled","budget_tokens":2000}})");
  limited.max_output_tokens = {"500", "max_tokens"};
  BOOST_TEST(fields(limited) == "(none)");
  BOOST_TEST(write(limited).dropped == "reasoning_effort");
}

BOOST_AUTO_TEST_CASE(a_thinking_claude_takes_no_sampling_and_no_forced_tool) {
  auto what = thinking("\"low\"");
  what.temperature = {"0.5", "temperature"};
  what.top_p = {"0.5", "top_p"};
  what.top_k = {"40", "top_k"};
  const auto got = write(what);
  BOOST_TEST(got.dropped == "temperature,top_p,top_k");
  BOOST_TEST(member(got, "inferenceConfig") == "(none)");
  auto forced = thinking("\"low\"");
  forced.tools = {{.name = "\"f\""}};
  forced.choice = neutral::tool_mode::required;
  BOOST_TEST(write(forced).dropped == "reasoning_effort");
  BOOST_TEST(member(write(forced), "additionalModelRequestFields") == "(none)");
}

BOOST_AUTO_TEST_CASE(other_families_think_in_their_own_words_or_not_at_all) {
  const auto fields = [](const neutral::request& what, std::string_view model) { return member(write(what, model), "additionalModelRequestFields"); };
  BOOST_TEST(fields(thinking("\"minimal\""), "openai.gpt-oss-120b-1:0") == R"({"reasoning_effort":"low"})");
  BOOST_TEST(fields(thinking("", 5000), "openai.gpt-oss-120b-1:0") == R"({"reasoning_effort":"medium"})");
  BOOST_TEST(fields(thinking("\"high\""), "qwen.qwen3-32b-v1:0") == R"({"reasoning_config":"high"})");
  BOOST_TEST(fields(thinking("\"high\""), llama) == "(none)");
  BOOST_TEST(write(thinking("\"high\""), llama).dropped == "reasoning_effort");
}

BOOST_AUTO_TEST_CASE(settings_go_where_bedrock_has_them) {
  auto what = asking({text("\"hi\"")});
  what.max_output_tokens = {"7", "max_tokens"};
  what.temperature = {"1.5", "temperature"};
  what.stop = {R"(["a","","b"])", "stop"};
  what.top_k = {"40", "top_k"};
  what.service_tier = {"\"priority\"", "service_tier"};
  what.metadata = {R"({"a":"b c","bad":"\u00e9","n":1})", "metadata"};
  const auto got = write(what, nova);
  BOOST_TEST(member(got, "inferenceConfig") == R"({"maxTokens":7,"temperature":1,"stopSequences":["a","b"]})");
  BOOST_TEST(member(got, "additionalModelRequestFields") == R"({"inferenceConfig":{"topK":40}})");
  BOOST_TEST(member(got, "serviceTier") == R"({"type":"priority"})");
  BOOST_TEST(member(got, "requestMetadata") == R"({"a":"b c"})");
  BOOST_TEST(got.dropped == "temperature,metadata.bad,metadata.n");
  auto both = asking({text("\"hi\"")});
  both.temperature = {"0.5", "temperature"}, both.top_p = {"0.5", "top_p"};
  BOOST_TEST(write(both, new_claude).dropped == "top_p");
  BOOST_TEST(write(both, claude).dropped == "");
}

BOOST_AUTO_TEST_CASE(whatever_bedrock_has_no_word_for_is_named) {
  auto what = asking({text("\"hi\"")});
  what.messages[0].name = "\"bob\"";
  what.messages[0].parts[0].cache_control = R"({"type":"ephemeral"})";
  what.unknown = {"x.y"};
  what.seed = {"1", "seed"}, what.frequency_penalty = {"0.1", "frequency_penalty"};
  what.presence_penalty = {"0.1", "presence_penalty"}, what.logprobs = {"true", "logprobs"}, what.top_logprobs = {"2", "top_logprobs"};
  what.logit_bias = {"{}", "logit_bias"}, what.user = {"\"u\"", "user"}, what.verbosity = {"\"low\"", "verbosity"};
  what.prediction = {"{}", "prediction"}, what.store = {"true", "store"}, what.modalities = {R"(["text","audio"])", "modalities"};
  what.audio = {"{}", "audio"}, what.safety_settings = {"[]", "safetySettings"}, what.service_tier = {"\"scale\"", "service_tier"};
  what.top_k = {"1", "top_k"};
  what.format.shape = neutral::output_shape::json_object;
  BOOST_TEST(write(what, llama).dropped ==
             "x.y,messages.name,cache_control,top_k,response_format,service_tier,seed,frequency_penalty,presence_penalty,top_logprobs,"
             "logit_bias,user,verbosity,prediction,audio,safetySettings,logprobs,store,modalities");
  auto harmless = asking({text("\"hi\"")});
  harmless.choices = {"1", "n"}, harmless.logprobs = {"false", "logprobs"}, harmless.store = {"false", "store"};
  harmless.modalities = {R"(["text"])", "modalities"}, harmless.service_tier = {"\"auto\"", "service_tier"};
  BOOST_TEST(write(harmless).dropped == "");
}

BOOST_AUTO_TEST_CASE(thoughts_go_back_only_to_who_can_check_them) {
  neutral::request what = asking({text("\"?\"")});
  what.messages.push_back(says(role::assistant, {{.kind = part_kind::reasoning, .text = "\"mine\"", .signature = "\"sig\""},
                                     {.kind = part_kind::reasoning, .text = "\"unsigned\""},
                                     {.kind = part_kind::redacted_reasoning, .data = "\"gAAA_-no\""},
                                     {.kind = part_kind::foreign, .name = "\"web_search_call\"", .original = R"({"type":"web_search_call"})"},
                                     text("\"a\"")}));
  const auto got = write(what);
  BOOST_TEST(content(got, 1) == R"([{"reasoningContent":{"reasoningText":{"text":"mine","signature":"sig"}}},{"text":"a"}])");
  BOOST_TEST(got.dropped == "messages.reasoning,web_search_call");
}

BOOST_AUTO_TEST_CASE(a_cache_mark_becomes_a_cache_point_where_the_model_takes_one) {
  auto marked = text("\"long\"");
  marked.cache_control = R"({"type":"ephemeral","ttl":"1h"})";
  auto what = asking({marked, text("\"short\"")});
  BOOST_TEST(content(write(what, claude)) == R"([{"text":"long"},{"cachePoint":{"type":"default","ttl":"1h"}},{"text":"short"}])");
  BOOST_TEST(write(what, claude).dropped == "");
  BOOST_TEST(content(write(what, llama)) == R"([{"text":"long"},{"text":"short"}])");
}

BOOST_AUTO_TEST_SUITE_END()
