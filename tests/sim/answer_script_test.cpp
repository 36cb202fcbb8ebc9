#include "tests/sim/probe.hpp"
#include "tools/sim/answer_script.hpp"

BOOST_AUTO_TEST_SUITE(answer_script)

namespace json = boost::json;
namespace sy = switchyard::sim;
using namespace switchyard::sim::testing;

namespace {

constexpr std::string_view agent = R"({"steps":[
  {"needs_tools":true,"text":"Let me look.","calls":[{"name":"Bash","arguments":{"command":"ls"}},{"name":"Read","arguments":{"path":"a"}}]},
  {"needs_tools":true,"when":"^total [0-9]+$","text":"All done."}]})";

const std::vector<switchyard::header> version = {{"anthropic-version", "2023-06-01"}};

}  // namespace

BOOST_AUTO_TEST_CASE(a_step_is_said_in_every_wire_whole_or_streamed) {
  struct wire_case {
    std::string_view path, body, query, first_call;
  };
  for (const wire_case& c : {wire_case{"/v1/chat/completions", R"({"model":"m","messages":[{"role":"user","content":"go"}],"tools":[{"type":"function","function":{"name":"Bash"}}]})", "", "call_"},
                             wire_case{"/v1/responses", R"({"model":"m","input":"go","tools":[{"type":"function","name":"Bash"}]})", "", "fc_"},
                             wire_case{"/v1/messages", R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"go"}],"tools":[{"name":"Bash","input_schema":{"type":"object"}}]})", "", "toolu_01"},
                             wire_case{"/v1beta/models/m:generateContent", R"({"contents":[{"parts":[{"text":"go"}]}],"tools":[{"functionDeclarations":[{"name":"Bash"}]}]})", "", "functionCall"},
                             wire_case{"/v1beta/models/m:streamGenerateContent", R"({"contents":[{"parts":[{"text":"go"}]}],"tools":[{"functionDeclarations":[{"name":"Bash"}]}]})", "alt=sse", "functionCall"},
                             wire_case{"/model/m/converse", R"({"messages":[{"role":"user","content":[{"text":"go"}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"Bash","inputSchema":{"json":{"type":"object"}}}}]}})", "", "tooluse_"}}) {
    for (const bool streamed : {false, true}) {
      sy::answer_script script;
      BOOST_REQUIRE(script.load(agent));
      std::string body(c.body);
      std::string path(c.path);
      if (streamed && path.starts_with("/v1/")) body.insert(1, R"("stream":true,)");
      if (streamed && path.starts_with("/model/")) path += "-stream";
      const sy::reply r = ask({.path = path, .body = body, .headers = version, .query = c.query, .script = &script});
      BOOST_TEST_CONTEXT(path << " streamed: " << streamed) {
        BOOST_REQUIRE(r.status == 200);
        std::string all = r.body;
        for (const sy::stream_event& e : r.events) all += e.bytes;
        for (const std::string_view part : {std::string_view("Bash"), std::string_view("Read"), std::string_view("ls"), c.first_call}) BOOST_TEST(all.find(part) != std::string::npos, "lacks " << part);
        BOOST_TEST((all.find("Let me look.") != std::string::npos || all.find(" look") != std::string::npos));
        BOOST_TEST(script.to_json() == R"({"used":1,"left":1})");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_step_waits_for_tools_and_for_its_words) {
  sy::answer_script script;
  BOOST_REQUIRE(script.load(agent));
  sy::conversation asked;
  asked.prompt = "title please";
  BOOST_TEST(!script.take(asked).has_value());
  asked.tools.push_back({"Bash", {}});
  const auto first = script.take(asked);
  BOOST_REQUIRE(first.has_value());
  BOOST_TEST(first->calls.size() == 2u);
  BOOST_TEST(first->calls[0].arguments == R"({"command":"ls"})");
  BOOST_TEST(first->calls[0].id != first->calls[1].id);
  BOOST_TEST(!script.take(asked).has_value());
  asked.results = {{"Bash", "some\ntotal 12\nmore"}};
  BOOST_TEST(script.take(asked)->text == "All done.");
  BOOST_TEST(!script.take(asked).has_value());
}

BOOST_AUTO_TEST_CASE(counting_tokens_uses_no_step_up) {
  sy::answer_script script;
  BOOST_REQUIRE(script.load(R"({"steps":[{"text":"x"}]})"));
  (void)ask({.path = "/v1/messages/count_tokens", .body = R"({"model":"m","messages":[{"role":"user","content":"go"}]})", .headers = version, .script = &script});
  (void)ask({.path = "/v1beta/models/m:countTokens", .body = R"({"contents":[{"parts":[{"text":"go"}]}]})", .script = &script});
  BOOST_TEST(script.to_json() == R"({"used":0,"left":1})");
}

BOOST_AUTO_TEST_CASE(a_used_up_script_leaves_the_normal_course) {
  sy::answer_script script;
  BOOST_REQUIRE(script.load(R"({"steps":[{"text":"scripted"}]})"));
  const auto say = [&] {
    return text(body_of(ask({.path = "/v1/chat/completions", .body = R"({"model":"m","messages":[{"role":"user","content":"Hello"}]})", .script = &script})).at("choices").at(0).at("message").at("content"));
  };
  BOOST_TEST(say() == "scripted");
  BOOST_TEST(say() != "scripted");
}

BOOST_AUTO_TEST_CASE(a_bad_script_changes_nothing) {
  sy::answer_script script;
  BOOST_REQUIRE(script.load(R"({"steps":[{"text":"x"}]})"));
  for (const char* bad : {"", "{}", R"({"steps":{}})", R"({"steps":[{}]})", R"({"steps":[{"text":"x","when":"("}]})", R"({"steps":[{"text":"x","wehn":"a"}]})",
                          R"({"steps":[{"calls":[{"arguments":{}}]}]})", R"({"steps":[{"calls":[{"name":"a","arguments":"{}"}]}]})"}) {
    BOOST_TEST(!script.load(bad));
  }
  BOOST_TEST(script.to_json() == R"({"used":0,"left":1})");
}

BOOST_AUTO_TEST_SUITE_END()
