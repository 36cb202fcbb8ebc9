#include "providers/request_text.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(request_text)

using namespace switchyard::providers;

namespace {

/// "system 1 Be brief. | user 2 Hi | ..."
std::string told(api operation, std::string_view body) {
  constexpr std::string_view names[] = {"system", "user", "assistant", "tool"};
  std::string out;
  for (const auto& place : find_texts(operation, body).places) {
    if (!out.empty()) out += " | ";
    out.append(names[static_cast<int>(place.who)]).append(" ").append(std::to_string(place.message)).append(" ");
    out += body.substr(place.value.begin + 1, place.value.end - place.value.begin - 2);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(chat_messages_with_parts_tools_and_pictures) {
  const std::string body = R"({"model":"m","messages":[{"role":"system","content":"Be brief."},
    {"role":"user","name":"bob","content":[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,xx"}},{"type":"text","text":"here"}]},
    {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
    {"role":"tool","tool_call_id":"c","content":"42"}],"tools":[{"type":"function","function":{"name":"f","description":"no text"}}],
    "response_format":{"type":"json_object"},"user":"u-1"})";
  BOOST_TEST(told(api::chat_completions, body) == R"(system 0 Be brief. | user 1 Look | user 1 here | assistant 2 {\"a\":1} | tool 3 42)");
  const auto found = find_texts(api::chat_completions, body);
  BOOST_TEST(found.images == 1);
  BOOST_TEST(found.tools == 1);
  BOOST_TEST(found.json_wanted);
  BOOST_TEST(found.user == "u-1");
}

BOOST_AUTO_TEST_CASE(responses_instructions_strings_and_items) {
  BOOST_TEST(told(api::responses, R"({"model":"m","instructions":"Be brief.","input":"Hi"})") == "system 0 Be brief. | user 1 Hi");
  BOOST_TEST(told(api::responses, R"({"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_image","image_url":"http://x"}]},
    {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"42"}],"text":{"format":{"type":"json_schema"}}})") ==
             "user 0 Hi | assistant 1 {} | tool 2 42");
}

BOOST_AUTO_TEST_CASE(completions_and_embeddings) {
  BOOST_TEST(told(api::completions, R"({"model":"m","prompt":["a","b"]})") == "user 0 a | user 1 b");
  BOOST_TEST(told(api::embeddings, R"({"model":"m","input":"a"})") == "user 0 a");
  BOOST_TEST(told(api::embeddings, R"({"model":"m","input":[1,2,3]})").empty());
}

BOOST_AUTO_TEST_CASE(anthropics_blocks_results_and_documents) {
  BOOST_TEST(told(api::messages, R"({"model":"m","system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[
    {"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"A page"}},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"xx"}}]},
    {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"city":"Rome"}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"sunny"}]},{"type":"text","text":"And?"}]}],"max_tokens":5})") ==
             "system 0 Be brief. | user 1 A page | assistant 2 Rome | tool 4 sunny | user 5 And?");
}

BOOST_AUTO_TEST_CASE(geminis_parts) {
  const std::string body = R"({"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Hi"},{"inlineData":{"mimeType":"image/png","data":"xx"}}]},
    {"role":"model","parts":[{"functionCall":{"name":"f","args":{"q":"x"}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"r":"y"}}}]}],
    "tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],"generationConfig":{"responseMimeType":"application/json"}})";
  BOOST_TEST(told(api::generate_content, body) == "system 0 Be brief. | user 1 Hi | assistant 2 x | tool 4 y");
  const auto found = find_texts(api::generate_content, body);
  BOOST_TEST(found.images == 1);
  BOOST_TEST(found.tools == 2);
  BOOST_TEST(found.json_wanted);
}

BOOST_AUTO_TEST_CASE(bedrocks_blocks) {
  BOOST_TEST(told(api::converse, R"({"system":[{"text":"Be brief."}],"messages":[{"role":"user","content":[{"text":"Hi"},{"image":{"format":"png","source":{"bytes":"xx"}}}]},
    {"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"json":{"a":"b"}}]}}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"f"}}]}})") ==
             "system 0 Be brief. | user 1 Hi | tool 3 b");
}

BOOST_AUTO_TEST_CASE(masking_sees_what_schemas_and_metadata_say_but_no_names) {
  const auto all = [](api operation, std::string_view body) {
    std::string out;
    for (const auto& place : find_texts(operation, body, text_reach::everything).places)
      out.append(out.empty() ? "" : " | ").append(body.substr(place.value.begin + 1, place.value.end - place.value.begin - 2));
    return out;
  };
  const std::string chat = R"({"tools":[{"type":"function","function":{"name":"send","description":"Mails it","parameters":{"type":"object",
    "properties":{"description":{"type":"string","description":"to whom","enum":["a","b"],"default":"c"},"n":{"type":"integer","minimum":1}}}}}],
    "messages":[{"role":"user","content":"Hi"}],"metadata":{"who":"bob","case":"7"},"user":"u-1","safety_identifier":"s","model":"m"})";
  BOOST_TEST(all(api::chat_completions, chat) == "Mails it | to whom | a | b | c | Hi | bob | 7 | u-1 | s");
  BOOST_TEST(told(api::chat_completions, chat) == "user 0 Hi");
  BOOST_TEST(find_texts(api::chat_completions, chat).more);
  BOOST_TEST(!find_texts(api::chat_completions, R"({"messages":[{"role":"user","content":"Hi"}]})").more);
  BOOST_TEST(all(api::messages, R"({"tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],"metadata":{"user_id":"bob"},"messages":[]})") == "d | bob");
  BOOST_TEST(all(api::generate_content, R"({"tools":[{"functionDeclarations":[{"name":"f","description":"d"}]}],"labels":{"team":"t"},"contents":[]})") == "d | t");
  BOOST_TEST(all(api::converse, R"({"toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"title":"t"}}}}]},"requestMetadata":{"k":"v"}})") ==
             "d | t | v");
}

BOOST_AUTO_TEST_SUITE_END()
