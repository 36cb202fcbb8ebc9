#include "tests/providers/translated.hpp"

BOOST_AUTO_TEST_SUITE(chat_requests)

using namespace switchyard;
using namespace switchyard::providers;
using boost::json::parse;
using neutral::part_kind;

namespace {

struct written {
  boost::json::value body;
  std::string dropped;
};

written write(const neutral::request& request, const std::string& provider_name) {
  config::provider_config provider;
  provider.name = provider_name;
  std::string out;
  neutral::dropped_fields dropped;
  BOOST_REQUIRE(chat_dialect().write_request(request, {.model = "m", .provider = &provider}, out, dropped));
  return {parse(out), dropped.list()};
}

/// What was read points into the body, which `texts` keeps.
result<neutral::request> read(const std::string& body, neutral::arena& texts) { return chat_dialect().read_request(texts.keep(body), texts); }

written rewrite(const std::string& body, const std::string& provider = "openai") {
  neutral::arena texts;
  const auto request = read(body, texts);
  BOOST_REQUIRE_MESSAGE(request, (request ? std::string() : request.failure().message));
  return write(*request, provider);
}

/// A body of one user message and these members.
std::string with(const std::string& members) { return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + members + "}"; }
std::string talk(const std::string& messages) { return R"({"model":"m","messages":[)" + messages + "]}"; }

error refused(const std::string& body) {
  neutral::arena texts;
  const auto request = read(body, texts);
  BOOST_REQUIRE(!request);
  return request.failure();
}

neutral::request user_says(std::vector<neutral::part> parts) {
  neutral::request out;
  out.messages.push_back({.role = neutral::role::user, .parts = std::move(parts)});
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_documented_field_comes_back_as_it_was) {
  const std::string body = R"({"model":"m","messages":[
    {"role":"system","content":"be brief"},{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b\n\u00e9"}]},
    {"role":"user","name":"ann","content":[{"type":"text","text":"look"},
      {"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBOR=="}},
      {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}},{"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},
      {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}},{"type":"file","file":{"file_id":"file-1"}}]},
    {"role":"assistant","content":"calling","name":"bot","tool_calls":[
      {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": \"x\\\"y\"}"}},
      {"id":"call_2","type":"custom","custom":{"name":"c","input":"free text"}}]},
    {"role":"tool","tool_call_id":"call_1","content":"one"},{"role":"tool","tool_call_id":"call_2","content":[{"type":"text","text":"two"},{"type":"text","text":"three"}]},
    {"role":"assistant","content":null,"refusal":"no"},{"role":"assistant","content":null,"audio":{"id":"audio_1"}},
    {"role":"user","content":"go on"}],
    "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string"}}},"strict":true}},
             {"type":"custom","custom":{"name":"c","description":"e","format":{"type":"text"}}}],
    "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]}},
    "parallel_tool_calls":false,
    "response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"type":"object"},"strict":true}},
    "reasoning_effort":"low","max_completion_tokens":9,"temperature":0.5,"top_p":0.9,"stop":["a","b"],"seed":3,"n":2,"frequency_penalty":0.1,
    "presence_penalty":0.2,"logprobs":true,"top_logprobs":4,"logit_bias":{"50256":-100},"user":"u","metadata":{"k":"v"},"store":true,
    "service_tier":"flex","verbosity":"low","prediction":{"type":"content","content":"p"},"modalities":["text","audio"],
    "audio":{"voice":"alloy","format":"wav"},"stream":true,"stream_options":{"include_usage":true}})";
  const auto out = rewrite(body);
  BOOST_TEST(out.dropped == "");
  const auto expected = parse(body).as_object();
  const auto got = out.body.as_object();
  for (const auto& [name, value] : expected) {
    BOOST_REQUIRE_MESSAGE(got.contains(name), name);
    if (name != "messages") {
      BOOST_TEST(got.at(name) == value, name);
      continue;
    }
    const auto& messages = got.at("messages").as_array();
    BOOST_REQUIRE(messages.size() == value.as_array().size());
    for (std::size_t i = 0; i < messages.size(); ++i) BOOST_TEST(messages[i] == value.as_array()[i], i);
  }
  BOOST_TEST(got.size() == expected.size());
}

BOOST_AUTO_TEST_CASE(limits_and_roles_have_the_names_their_provider_knows) {
  const std::string body = R"({"messages":[{"role":"developer","content":"d"}],"max_tokens":5,"top_k":7,"store":false})";
  BOOST_TEST(rewrite(body, "openai").body == parse(R"({"model":"m","messages":[{"role":"developer","content":"d"}],"max_completion_tokens":5,"store":false})"));
  BOOST_TEST(rewrite(body, "openai").dropped == "top_k");
  BOOST_TEST(rewrite(body, "vllm").body == parse(R"({"model":"m","messages":[{"role":"system","content":"d"}],"max_tokens":5,"top_k":7})"));
  BOOST_TEST(rewrite(body, "vllm").dropped == "");
  // OpenAI under another name is known by its address.
  for (const char* address : {"https://api.openai.com", "https://west.openai.azure.com"}) {
    neutral::arena texts;
    const auto request = read(body, texts);
    config::provider_config provider;
    provider.name = "mine";
    provider.base_url = address;
    std::string out;
    neutral::dropped_fields dropped;
    BOOST_REQUIRE(chat_dialect().write_request(*request, {.model = "m", .provider = &provider}, out, dropped));
    BOOST_TEST(parse(out).as_object().contains("max_completion_tokens"));
  }
}

BOOST_AUTO_TEST_CASE(streams_ask_for_usage_where_that_is_taken) {
  BOOST_TEST(rewrite(with(R"("stream":true)")).body.at("stream_options").at("include_usage") == true);
  BOOST_TEST(!rewrite(with(R"("stream":true)"), "mistral").body.as_object().contains("stream_options"));
  BOOST_TEST(!rewrite(with(R"("stream":false)")).body.as_object().contains("stream"));
  neutral::arena texts;
  BOOST_TEST(!read(with(R"("stream":true)"), texts)->wants_usage);
  BOOST_TEST(read(with(R"("stream":true,"stream_options":{"include_usage":true})"), texts)->wants_usage);
  BOOST_TEST(read(with(R"("n":1)"), texts)->wants_usage);
}

BOOST_AUTO_TEST_CASE(deprecated_functions_are_tools) {
  const auto out = rewrite(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}},
    {"role":"function","name":"f","content":"r"}],"functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"}})").body;
  BOOST_TEST(out.at("tools") == parse(R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])"));
  BOOST_TEST(out.at("tool_choice") == parse(R"({"type":"function","function":{"name":"f"}})"));
  const auto& messages = out.at("messages").as_array();
  BOOST_TEST(messages[1].at("tool_calls").at(0).at("function").at("arguments") == "{}");
  BOOST_TEST(messages[2].at("role") == "tool");
  BOOST_TEST(messages[2].at("tool_call_id") == messages[1].at("tool_calls").at(0).at("id"));
}

BOOST_AUTO_TEST_CASE(results_of_one_turn_stand_in_one_message_and_know_their_call) {
  neutral::arena texts;
  const auto request = read(talk(R"({"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
    {"id":"b","type":"function","function":{"name":"g","arguments":"not json"}}]},{"role":"tool","tool_call_id":"b","content":"2"},
    {"role":"tool","tool_call_id":"a","content":"1"},{"role":"user","content":"next"})"), texts);
  BOOST_REQUIRE(request);
  BOOST_REQUIRE(request->messages.size() == 3u);
  BOOST_TEST(request->messages[0].parts.size() == 2u);   // no text where there was none
  BOOST_TEST(request->messages[0].parts[1].arguments == R"("not json")");
  const auto& results = request->messages[1].parts;
  BOOST_REQUIRE(results.size() == 2u);
  BOOST_TEST(results[0].id == R"("b")");
  BOOST_TEST(results[0].name == R"("g")");
  BOOST_TEST(results[1].name == R"("f")");
  BOOST_TEST(write(*request, "openai").body.at("messages").at(0).at("tool_calls").at(1).at("function").at("arguments") == "not json");
}

BOOST_AUTO_TEST_CASE(a_data_url_becomes_type_and_data_and_others_stay_urls) {
  neutral::arena texts;
  const auto request = read(talk(R"({"role":"user","content":[
    {"type":"image_url","image_url":{"url":"data:image\/webp;base64,AA\/="}},{"type":"image_url","image_url":"https://x"},
    {"type":"image_url","image_url":{"url":"data:text/plain,hello"}},{"type":"file","file":{"file_data":"JVBE"}},{"type":"strange","x":1}]})"), texts);
  BOOST_REQUIRE(request);
  const auto& parts = request->messages[0].parts;
  BOOST_TEST(parts[0].media_type == R"("image/webp")");
  BOOST_TEST(parts[0].data == R"("AA\/=")");
  BOOST_TEST(parts[1].url == R"("https://x")");
  BOOST_TEST(parts[2].url == R"("data:text/plain,hello")");
  BOOST_TEST(parts[3].media_type == R"("application/pdf")");
  BOOST_TEST((parts[4].kind == part_kind::foreign));
  BOOST_TEST(write(*request, "openai").dropped == "messages.strange");
}

BOOST_AUTO_TEST_CASE(thoughts_go_back_to_those_who_take_them) {
  const std::string body = talk(R"({"role":"assistant","content":"c","reasoning_content":"t1t2","reasoning_details":[
    {"type":"reasoning.text","text":"t1","signature":"s1"},{"type":"reasoning.encrypted","data":"d"},{"type":"reasoning.text","text":"t2"}]})");
  neutral::arena texts;
  const auto request = read(body, texts);
  BOOST_REQUIRE(request);
  const auto& parts = request->messages[0].parts;
  BOOST_REQUIRE(parts.size() == 4u);
  BOOST_TEST(parts[0].signature == R"("s1")");
  BOOST_TEST((parts[1].kind == part_kind::redacted_reasoning));
  BOOST_TEST(parts[2].text == R"("t2")");
  const auto deepseek = write(*request, "deepseek");
  BOOST_TEST(deepseek.body.at("messages").at(0).at("reasoning_content") == "t1t2");
  BOOST_TEST(deepseek.body.at("messages").at(0).at("reasoning_details").at(0).at("signature") == "s1");
  BOOST_TEST(deepseek.body.at("messages").at(0).at("reasoning_details").at(1).at("data") == "d");
  BOOST_TEST(deepseek.dropped == "");
  BOOST_TEST(write(*request, "openai").dropped == "messages.reasoning");
  BOOST_TEST(!write(*request, "openai").body.at("messages").at(0).as_object().contains("reasoning_content"));
  BOOST_TEST(write(*request, "mistral").body.at("messages").at(0).at("content") == parse(R"([{"type":"thinking","thinking":[{"type":"text","text":"t1"}]},
    {"type":"thinking","thinking":[{"type":"text","text":"t2"}]},{"type":"text","text":"c"}])"));
}

BOOST_AUTO_TEST_CASE(text_that_is_said_once_and_a_signature_that_comes_after_are_joined) {
  neutral::arena texts;
  const auto request = read(talk(R"({"role":"assistant","content":"c","reasoning":"words","reasoning_details":[
    {"type":"reasoning.text","signature":"s"}]},{"role":"assistant","content":"c","reasoning_details":[{"type":"reasoning.text","text":"a"},
    {"type":"reasoning.text","signature":"s"}]})"), texts);
  BOOST_REQUIRE(request);
  for (std::size_t i : {0u, 1u}) {
    BOOST_REQUIRE(request->messages[i].parts.size() == 2u);
    BOOST_TEST(request->messages[i].parts[0].signature == R"("s")");
  }
  BOOST_TEST(request->messages[0].parts[0].text == R"("words")");
}

BOOST_AUTO_TEST_CASE(how_much_to_think_is_said_in_the_providers_words) {
  auto request = user_says({{.text = R"("q")"}});
  request.reasoning = {.budget = 2000, .name = "thinking"};
  BOOST_TEST(write(request, "openai").body.at("reasoning_effort") == "low");
  BOOST_TEST(write(request, "openrouter").body.at("reasoning") == parse(R"({"max_tokens":2000})"));
  request.reasoning.budget = 10'000;
  BOOST_TEST(write(request, "openai").body.at("reasoning_effort") == "medium");
  request.reasoning.budget = 30'000;
  BOOST_TEST(write(request, "openai").body.at("reasoning_effort") == "high");
  request.reasoning.budget = 0;
  BOOST_TEST(write(request, "openai").dropped == "thinking");
  request.reasoning.budget = -1;
  BOOST_TEST(!write(request, "openai").body.as_object().contains("reasoning_effort"));
  BOOST_TEST(write(request, "openai").dropped == "");
  BOOST_TEST(rewrite(with(R"("reasoning":{"effort":"high","exclude":true})"), "openrouter").body.at("reasoning") == parse(R"({"effort":"high","exclude":true})"));
}

BOOST_AUTO_TEST_CASE(a_tools_pictures_follow_in_the_users_message) {
  auto request = user_says({{.kind = part_kind::tool_result, .id = R"("c1")", .content = {{.text = R"("seen")"}}},
                            {.kind = part_kind::tool_result, .id = R"("c2")", .is_error = true,
                             .content = {{.kind = part_kind::image, .media_type = R"("image/png")", .data = R"("AA==")"}}},
                            {.text = R"("well?")"}});
  const auto out = write(request, "openai");
  BOOST_TEST(out.body.at("messages") == parse(R"([{"role":"tool","tool_call_id":"c1","content":"seen"},
    {"role":"tool","tool_call_id":"c2","content":"The result follows in the next message."},
    {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},{"type":"text","text":"well?"}]}])"));
  BOOST_TEST(out.dropped == "messages.tool_result.is_error");
}

BOOST_AUTO_TEST_CASE(an_id_too_long_for_openai_is_the_same_for_the_call_and_its_result) {
  const std::string id = '"' + std::string(65, 'x') + '"';
  auto request = user_says({{.kind = part_kind::tool_result, .id = id, .content = {{.text = R"("r")"}}}});
  request.messages.insert(request.messages.begin(),
                          {.role = neutral::role::assistant, .parts = {{.kind = part_kind::tool_call, .name = R"("f")", .id = id, .arguments = "{}"}}});
  const auto messages = write(request, "openai").body.at("messages");
  const auto& made = messages.at(0).at("tool_calls").at(0).at("id").as_string();
  BOOST_TEST(made.size() <= 64u);
  BOOST_TEST(messages.at(1).at("tool_call_id") == made);
}

BOOST_AUTO_TEST_CASE(several_texts_are_parts_for_openai_and_one_string_for_others) {
  auto request = user_says({{.text = R"("a")"}, {.text = R"("b")"}});
  BOOST_TEST(write(request, "openai").body.at("messages").at(0).at("content") == parse(R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])"));
  BOOST_TEST(write(request, "deepseek").body.at("messages").at(0).at("content") == "a\n\nb");
  request.messages[0].role = neutral::role::assistant;
  BOOST_TEST(write(request, "openai").body.at("messages").at(0).at("content") == "ab");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_said_is_named) {
  struct row {
    neutral::part part;
    const char* name;
  };
  const row rows[] = {
      {{.kind = part_kind::image, .file_id = R"("f")"}, "messages.image"},
      {{.kind = part_kind::audio, .url = R"("u")"}, "messages.audio"},
      {{.kind = part_kind::video, .url = R"("u")"}, "messages.video"},
      {{.kind = part_kind::file, .url = R"("u")"}, "messages.file"},
      {{.kind = part_kind::cache_point}, "messages.cache_point"},
      {{.text = R"("t")", .cache_control = R"({"type":"ephemeral"})"}, "messages.cache_control"},
      {{.kind = part_kind::foreign, .name = R"("server_tool_use")"}, "messages.server_tool_use"},
  };
  for (const auto& row : rows) BOOST_TEST(write(user_says({{.text = R"("q")"}, row.part}), "openai").dropped == row.name, row.name);

  auto request = user_says({{.text = R"("q")"}});
  request.unknown = {"generationConfig.x"};
  request.top_k = {"4", "topK"};
  request.safety_settings = {"[]", "safetySettings"};
  request.cached_content = {R"("c")", "cachedContent"};
  request.guardrail = {"{}", "guardrailConfig"};
  request.performance = {"{}", "performanceConfig"};
  request.metadata = {"{}", "metadata"};
  request.reasoning = {.summary = R"("auto")", .name = "reasoning"};
  request.tools.push_back({.name = R"("web_search")", .original = "{}", .kind = "web_search"});
  BOOST_TEST(write(request, "openai").dropped ==
             "generationConfig.x,tools.web_search,reasoning.summary,topK,metadata,safetySettings,cachedContent,guardrailConfig,performanceConfig");
  BOOST_TEST(!write(request, "openai").body.as_object().contains("tools"));
}

BOOST_AUTO_TEST_CASE(a_choice_of_a_tool_that_was_dropped_is_dropped_with_it) {
  const auto out = rewrite(with(R"("tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}],
    "tool_choice":{"type":"custom","custom":{"name":"c"}})"), "vllm");
  BOOST_TEST(out.dropped == "tools.custom,tool_choice");
  BOOST_TEST(!out.body.as_object().contains("tool_choice"));
}

BOOST_AUTO_TEST_CASE(only_the_allowed_tools_are_listed_where_the_list_cannot_be_said) {
  const auto out = rewrite(with(R"("tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],
    "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}})"), "vllm").body;
  BOOST_REQUIRE(out.at("tools").as_array().size() == 1u);
  BOOST_TEST(out.at("tools").at(0).at("function").at("name") == "g");
  BOOST_TEST(out.at("tool_choice") == "auto");
}

BOOST_AUTO_TEST_CASE(unknown_members_are_named_and_null_is_absent) {
  const auto out = rewrite(R"({"model":"m","fallbacks":[],"messages":[{"role":"user","content":"hi","prefix":true,"weight":null}],
    "temperature":null,"web_search_options":{},"chat_template_kwargs":{"x":1},"response_format":{"type":"grammar"}})");
  BOOST_TEST(out.dropped == "messages.prefix,web_search_options,chat_template_kwargs,response_format");
  BOOST_TEST(out.body == parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"));
}

BOOST_AUTO_TEST_CASE(nonsense_is_refused_with_its_field) {
  BOOST_TEST(refused(R"({"messages":{}})").param == "messages");
  BOOST_TEST(refused(talk(R"({"role":"user","content":"a"},7)")).param == "messages[1]");
  BOOST_TEST(refused(talk(R"({"role":"robot","content":"a"})")).param == "messages[0].role");
  BOOST_TEST(refused(talk(R"({"content":"a"})")).param == "messages[0].role");
  BOOST_TEST(refused(talk(R"({"role":"user","content":5})")).param == "messages[0].content");
  BOOST_TEST(refused(talk(R"({"role":"tool","content":"a"})")).param == "messages[0].tool_call_id");
  BOOST_TEST(refused(with(R"("tools":[{"type":"function","function":{}}])")).param == "tools[0].function.name");
  BOOST_TEST(refused(with(R"("tools":{})")).param == "tools");
  BOOST_TEST(refused(with(R"("tool_choice":"maybe")")).param == "tool_choice");
  for (const auto& body : {R"({"messages":{}})", R"({"messages":[1]})"}) BOOST_TEST((refused(body).code == error_code::invalid_request));
}

BOOST_AUTO_TEST_CASE(state_kept_by_another_provider_is_refused) {
  auto request = user_says({{.text = R"("q")"}});
  request.previous_response = {R"("resp_1")", "previous_response_id"};
  std::string out;
  neutral::dropped_fields dropped;
  const auto made = chat_dialect().write_request(request, {.model = "m"}, out, dropped);
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.failure().param == "previous_response_id");
}

BOOST_AUTO_TEST_SUITE_END()
