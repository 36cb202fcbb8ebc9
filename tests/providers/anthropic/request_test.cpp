// Reading messages requests, and what comes of them when they are written again.
#include "tests/providers/anthropic/samples.hpp"

BOOST_AUTO_TEST_SUITE(anthropic_requests)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::part_kind;
using test::anthropic::golden;
using test::anthropic::parsed;
using test::anthropic::round_trip;

namespace {

std::string request(const std::string& members) { return R"({"model":"claude-sonnet-4-5","max_tokens":2000)" + (members.empty() ? "" : "," + members) + "}"; }
const std::string hello = R"("messages":[{"role":"user","content":"hi"}])";
std::string user(const std::string& blocks) { return request(R"("messages":[{"role":"user","content":[)" + blocks + "]}]"); }

/// Comes back equal, and nothing is dropped.
void check_kept(const std::string& body, std::string_view model = "claude-sonnet-4-5") {
  const auto made = round_trip(body, model);
  BOOST_TEST(made.dropped == "");
  auto expected = parsed(body);
  expected.as_object()["model"] = model;
  BOOST_TEST(made.json() == expected);
}

std::string refused_field(const std::string& body) {
  neutral::arena texts;
  const auto read = messages_dialect().read_request(body, texts);
  return read ? "" : read.failure().param;
}

/// The reader's result, with the texts it points to.
struct kept_request {
  neutral::arena texts;
  std::string body;
  neutral::request request;
  explicit kept_request(std::string text) : body(std::move(text)) {
    auto read = messages_dialect().read_request(body, texts);
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.failure().message));
    request = *std::move(read);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_setting_comes_back) {
  check_kept(request(hello));
  check_kept(request(R"("system":"Be brief.",)" + hello));
  check_kept(request(R"("system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}],)" + hello));
  check_kept(request(R"("stream":true,"temperature":0.5,"top_k":4,"stop_sequences":["a","b"],"service_tier":"standard_only",)" + hello));
  check_kept(request(R"("metadata":{"user_id":"u-1"},"top_p":0.5,)" + hello));
  check_kept(request(R"("thinking":{"type":"enabled","budget_tokens":1024},)" + hello));
  check_kept(request(R"("thinking":{"type":"disabled"},)" + hello));
  check_kept(request(R"("thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"},)" + hello), "claude-opus-4-8");
  check_kept(request(R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{}}}},)" + hello));
}

BOOST_AUTO_TEST_CASE(tools_and_their_choice_come_back) {
  const std::string tools = R"("tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true},
      {"name":"g","input_schema":{"type":"object","properties":{"a":{"type":"string"}}},"cache_control":{"type":"ephemeral"}},
      {"type":"web_search_20250305","name":"web_search","max_uses":3},{"type":"mcp_toolset","mcp_server_name":"x"}],)";
  check_kept(request(tools + hello));
  for (const auto* choice : {R"({"type":"auto"})", R"({"type":"any"})", R"({"type":"none"})", R"({"type":"tool","name":"f"})",
                             R"({"type":"auto","disable_parallel_tool_use":true})"})
    check_kept(request(tools + "\"tool_choice\":" + choice + "," + hello));
}

BOOST_AUTO_TEST_CASE(every_block_comes_back) {
  for (const auto* block : {
           R"({"type":"text","text":"a\n\"b\"","cache_control":{"type":"ephemeral"}})",
           R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}})",
           R"({"type":"image","source":{"type":"url","url":"https://x/y.png"},"cache_control":{"type":"ephemeral"}})",
           R"({"type":"image","source":{"type":"file","file_id":"file_011"}})",
           R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},"title":"t","context":"c"})",
           R"({"type":"document","source":{"type":"url","url":"https://x/y.pdf"},"citations":{"enabled":true}})",
           R"({"type":"document","source":{"type":"file","file_id":"file_012"}})",
           R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"},"title":"t"})",
           R"({"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"url","url":"u"}}]}})",
           R"({"type":"search_result","source":"https://x","title":"t","content":[{"type":"text","text":"a"}],"citations":{"enabled":true}})",
           R"({"type":"container_upload","file_id":"file_1"})",
       })
    check_kept(user(std::string(block) + R"(,{"type":"text","text":"and?"})"));
}

BOOST_AUTO_TEST_CASE(a_tool_using_conversation_comes_back) {
  const std::string turns = R"("messages":[{"role":"user","content":"weather?"},
      {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"eA=="},
        {"type":"text","text":"I look."},{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"q":"x"}},
        {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":[1,2]}},{"type":"tool_use","id":"toolu_2","name":"f","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"sunny"},
        {"type":"tool_result","tool_use_id":"toolu_2","is_error":true,"content":[{"type":"text","text":"no"},
          {"type":"image","source":{"type":"url","url":"https://x"}}],"cache_control":{"type":"ephemeral"}},
        {"type":"text","text":"go on"}]}])";
  check_kept(request(turns));
}

BOOST_AUTO_TEST_CASE(citations_in_history_come_back) {
  check_kept(request(R"("messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a","citations":[
      {"type":"web_search_result_location","url":"https://x","title":"t","cited_text":"c","encrypted_index":"e"},
      {"type":"char_location","cited_text":"c","document_index":0,"document_title":"d","start_char_index":1,"end_char_index":2}]}]},
      {"role":"user","content":"more"}])"));
}

BOOST_AUTO_TEST_CASE(recorded_requests_come_back) {
  for (const auto* file : {"request_tool_results.json", "request_thinking_turn.json"}) {
    const auto body = golden(file);
    const auto made = round_trip(body);
    BOOST_TEST(made.dropped == "");
    const auto before = parsed(body), after = made.json();
    BOOST_TEST(after.at("messages").as_array().size() == before.at("messages").as_array().size());
    BOOST_TEST(after.at("messages").at(1) == before.at("messages").at(1));
    BOOST_TEST(after.at("tools") == before.at("tools"));
  }
}

BOOST_AUTO_TEST_CASE(a_result_knows_the_name_of_its_call) {
  const kept_request kept(golden("request_tool_results.json"));
  BOOST_TEST(kept.request.messages.at(3).parts.at(2).name == R"("retrieve_entity_info")");
}

BOOST_AUTO_TEST_CASE(what_is_anthropics_own_business_is_named_not_lost) {
  const kept_request kept(request(R"("container":"c","mcp_servers":[],"context_management":{},"inference_geo":"us","cache_control":{"type":"ephemeral"},
      "output_config":{"effort":"low","task_budget":{}},"metadata":{"user_id":null,"x":1},
      "tools":[{"name":"f","input_schema":{},"defer_loading":true,"input_examples":[{}]}],)" + hello));
  std::vector<std::string> names(kept.request.unknown.begin(), kept.request.unknown.end());
  BOOST_TEST(test::anthropic::joined(names) ==
             "container,mcp_servers,context_management,inference_geo,cache_control,output_config.task_budget,metadata.x,tools.defer_loading,tools.input_examples");
  BOOST_TEST(round_trip(kept.body).dropped.starts_with("container,mcp_servers,"));
}

BOOST_AUTO_TEST_CASE(thinking_is_read_as_a_wish) {
  const auto wish = [](const std::string& members) { return kept_request(request(members + "," + hello)).request.reasoning; };
  BOOST_TEST(*wish(R"("thinking":{"type":"enabled","budget_tokens":3000})").budget == 3000);
  BOOST_TEST(*wish(R"("thinking":{"type":"adaptive"})").budget == -1);
  BOOST_TEST(*wish(R"("thinking":{"type":"disabled"},"output_config":{"effort":"high"})").budget == 0);
  BOOST_TEST(wish(R"("thinking":{"type":"disabled"},"output_config":{"effort":"high"})").effort == "");
  BOOST_TEST(*wish(R"("thinking":{"type":"adaptive","display":"omitted"})").show == false);
  BOOST_TEST(wish(R"("output_config":{"effort":"low"})").name == "output_config.effort");
  const kept_request most(request(R"("output_config":{"effort":"max"},)" + hello));
  BOOST_TEST(most.request.reasoning.effort == R"("xhigh")");
}

BOOST_AUTO_TEST_CASE(system_turns_stay_at_their_place_until_they_are_written) {
  const kept_request kept(request(R"("system":"a","messages":[{"role":"user","content":"x"},{"role":"system","content":"b"},{"role":"user","content":"y"}])"));
  BOOST_TEST(kept.request.messages.size() == 4u);
  BOOST_TEST((kept.request.messages[2].role == neutral::role::system));
  const auto made = test::anthropic::write(kept.request).json();
  BOOST_TEST(made.at("system") == parsed(R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])"));
  BOOST_TEST(made.at("messages") == parsed(R"([{"role":"user","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}])"));
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_refused_by_its_name) {
  BOOST_TEST(refused_field(request(R"("messages":"hi")")) == "messages");
  BOOST_TEST(refused_field(request(R"("messages":[{"role":"bot","content":"x"}])")) == "messages.0.role");
  BOOST_TEST(refused_field(request(R"("messages":[{"role":"user"}])")) == "messages.0.content");
  BOOST_TEST(refused_field(user(R"({"type":"text"})")) == "messages.0.content.0.text");
  BOOST_TEST(refused_field(user(R"({"text":"a"})")) == "messages.0.content.0.type");
  BOOST_TEST(refused_field(user(R"({"type":"tool_result","content":"a"})")) == "messages.0.content.0.tool_use_id");
  BOOST_TEST(refused_field(user(R"({"type":"tool_use","id":"a","name":"b","input":"c"})")) == "messages.0.content.0.input");
  BOOST_TEST(refused_field(request(R"("tools":[{"input_schema":{}}],)" + hello)) == "tools.0.name");
  BOOST_TEST(refused_field(request(R"("tool_choice":{"type":"some"},)" + hello)) == "tool_choice.type");
  BOOST_TEST(refused_field(request(R"("system":7,)" + hello)) == "system");
  BOOST_TEST(refused_field(request(R"("output_config":{"format":{"type":"json_schema"}},)" + hello)) == "output_config.format.schema");
}

// The shape of what Claude Code 2.1 sends, with short texts in place of its own.
BOOST_AUTO_TEST_CASE(a_coding_agents_request_is_read_whole) {
  const kept_request kept(R"({"model":"claude-opus-4-8","messages":[
      {"role":"user","content":[{"type":"text","text":"<system-reminder>date</system-reminder>"},{"type":"text","text":"Run echo hi"}]},
      {"role":"system","content":"Available agent types"},
      {"role":"assistant","content":[{"type":"tool_use","id":"toolu_01","name":"Bash","input":{"command":"echo hi","description":"say hi"}}]},
      {"role":"user","content":[{"tool_use_id":"toolu_01","type":"tool_result","content":"hi","is_error":false,"cache_control":{"type":"ephemeral"}}]}],
      "system":[{"type":"text","text":"x-anthropic-billing-header: a"},{"type":"text","text":"You are an agent.","cache_control":{"type":"ephemeral"}}],
      "tools":[{"name":"Bash","description":"Runs","input_schema":{"type":"object","properties":{"command":{"type":"string"}}}}],
      "metadata":{"user_id":"{\"device_id\":\"d\"}"},"max_tokens":64000,"thinking":{"type":"adaptive"},
      "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"output_config":{"effort":"high"},"stream":true})");
  const auto& read = kept.request;
  BOOST_TEST(read.messages.size() == 5u);
  BOOST_TEST(read.tools.size() == 1u);
  BOOST_TEST(read.user.name == "metadata.user_id");
  BOOST_TEST(read.reasoning.effort == R"("high")");
  BOOST_TEST(read.unknown.size() == 1u);
  BOOST_TEST(read.unknown[0] == "context_management");
  BOOST_TEST((read.messages[4].parts[0].kind == part_kind::tool_result));
  BOOST_TEST(read.messages[4].parts[0].content[0].text == R"("hi")");
}

BOOST_AUTO_TEST_SUITE_END()
