#include "tests/providers/openai/responses_samples.hpp"

BOOST_AUTO_TEST_SUITE(responses_answers)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::finish_reason;
using neutral::part_kind;
using test::golden;
using test::json_of;
using test::read_responses;

namespace {

struct read_body {
  std::string body;
  neutral::arena texts;
  neutral::answer answer;
};

std::unique_ptr<read_body> read(std::string body) {
  auto out = std::make_unique<read_body>();
  out->body = std::move(body);
  auto made = responses_dialect().read_answer(out->body, out->texts);
  BOOST_REQUIRE_MESSAGE(made, (made ? std::string() : made.failure().message));
  out->answer = std::move(*made);
  return out;
}

boost::json::object written(const neutral::answer& what, const neutral::request* asked = nullptr) {
  std::string out;
  responses_dialect().write_answer(what, {.request_id = "req-1", .model = "auto", .created = 17, .asked = asked}, out);
  return json_of(out).as_object();
}

std::string refused(const std::string& body) {
  neutral::arena texts;
  const auto made = responses_dialect().read_answer(body, texts);
  BOOST_REQUIRE(!made);
  return made.failure().message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_recorded_message_and_call_are_read_with_usage_and_finish) {
  const auto body = golden("responses_message_and_call.json");
  const auto recorded = json_of(body);
  const auto got = read(body);
  const auto& choice = got->answer.choices.at(0);
  BOOST_REQUIRE_EQUAL(choice.parts.size(), 3u);
  BOOST_TEST((choice.parts[0].kind == part_kind::reasoning));
  BOOST_TEST(json_of(choice.parts[0].signature) == recorded.at("output").at(0).at("encrypted_content"));
  BOOST_TEST(json_of(choice.parts[1].text) == recorded.at("output").at(1).at("content").at(0).at("text"));
  BOOST_TEST(json_of(choice.parts[2].id) == recorded.at("output").at(2).at("call_id"));
  BOOST_TEST(json_of(choice.parts[2].arguments) == json_of(recorded.at("output").at(2).at("arguments").as_string()));
  BOOST_TEST((choice.finish == finish_reason::tool_calls));
  BOOST_TEST(*got->answer.usage.input == recorded.at("usage").at("input_tokens").as_int64());
  BOOST_TEST(*got->answer.usage.output == recorded.at("usage").at("output_tokens").as_int64());
  BOOST_TEST(*got->answer.usage.reasoning == recorded.at("usage").at("output_tokens_details").at("reasoning_tokens").as_int64());
}

BOOST_AUTO_TEST_CASE(a_recorded_answer_written_again_says_the_same) {
  for (const char* file :
       {"responses_message_and_call.json", "responses_web_search.json", "responses_logprobs.json", "responses_reasoning.json"}) {
    const auto body = golden(file);
    const auto recorded = json_of(body);
    const auto got = read(body);
    const auto out = written(got->answer);
    BOOST_TEST(out.at("id") == recorded.at("id"), file);
    BOOST_TEST(out.at("model") == recorded.at("model"), file);
    BOOST_TEST(out.at("status") == recorded.at("status"), file);
    BOOST_TEST(out.at("created_at") == recorded.at("created_at"), file);
    const auto& before = recorded.at("output").as_array();
    const auto& after = out.at("output").as_array();
    BOOST_REQUIRE_EQUAL(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      BOOST_TEST(before[i].at("type") == after[i].at("type"), file);
      for (const char* same : {"content", "arguments", "call_id", "name", "summary", "action"})
        if (before[i].as_object().contains(same)) BOOST_TEST(before[i].at(same) == after[i].at(same), file << " " << same);
    }
  }
}

BOOST_AUTO_TEST_CASE(citations_and_hosted_calls_of_a_recorded_search_are_kept) {
  const auto got = read(golden("responses_web_search.json"));
  const auto& parts = got->answer.choices.at(0).parts;
  BOOST_TEST((parts.at(0).kind == part_kind::foreign));
  BOOST_TEST(parts.at(0).name == R"("web_search_call")");
}

BOOST_AUTO_TEST_CASE(log_probabilities_are_read_into_their_common_form) {
  const auto body = golden("responses_logprobs.json");
  const auto got = read(body);
  const auto recorded = json_of(body).at("output").at(0).at("content").at(0).at("logprobs");
  BOOST_TEST(json_of(got->answer.choices.at(0).logprobs).at("content") == recorded);
}

BOOST_AUTO_TEST_CASE(every_ending_is_told_apart) {
  const std::pair<const char*, finish_reason> cases[] = {
      {R"({"status":"completed","output":[]})", finish_reason::stop},
      {R"({"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]})", finish_reason::length},
      {R"({"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]})", finish_reason::content_filter},
      {R"({"status":"completed","output":[{"type":"message","content":[{"type":"refusal",)"
          R"("refusal":"no"}]}]})", finish_reason::refusal},
      {R"({"status":"completed","output":[{"type":"custom_tool_call","call_id":"c","name":"t",)"
          R"("input":"x"}]})", finish_reason::tool_calls}};
  for (const auto& [body, finish] : cases) BOOST_TEST((read(body)->answer.choices.at(0).finish == finish), body);
}

BOOST_AUTO_TEST_CASE(answers_that_are_none_are_refused) {
  BOOST_TEST(refused(R"({"status":"failed","output":[],"error":{"code":"server_error","message":"sorry"}})") == "sorry");
  BOOST_TEST(refused(R"({"error":{"message":"bad"}})") == "bad");
  BOOST_TEST(refused("{}") == "the provider's answer has no output");
  BOOST_TEST(refused(R"({"status":"queued","output":[]})") == "the provider's answer is not finished: its status is \"queued\"");
  BOOST_TEST(refused("[]").starts_with("the provider's answer"));
  BOOST_TEST(refused("{").starts_with("the provider's answer"));
}

BOOST_AUTO_TEST_CASE(an_answer_of_another_provider_is_a_complete_response) {
  const auto asked = read_responses(R"({"model":"auto","input":"x","tools":[{"type":"custom","name":"apply_patch"}],)"
      R"("reasoning":{"effort":"low"},"user":"u"})");
  neutral::answer answer;
  answer.id = R"("msg_1")";
  auto& choice = answer.choices.emplace_back();
  choice.finish = finish_reason::tool_calls;
  auto& thought = choice.parts.emplace_back();
  thought.kind = part_kind::reasoning;
  thought.text = R"("hm")";
  thought.signature = R"("S")";
  choice.parts.emplace_back().text = R"("hi")";
  auto& call = choice.parts.emplace_back();
  call.kind = part_kind::tool_call;
  call.id = R"("c1")";
  call.name = R"("apply_patch")";
  call.arguments = R"({"input":"*** \"x\"\n"})";
  auto& other = choice.parts.emplace_back();
  other.kind = part_kind::tool_call;
  other.name = R"("f")";
  other.arguments = "{\"a\":\n 1}";
  const auto out = written(answer, &asked.request);
  BOOST_TEST(out.at("id") == "resp_msg_1");
  BOOST_TEST(out.at("object") == "response");
  BOOST_TEST(out.at("model") == "auto");
  BOOST_TEST(out.at("created_at") == 17);
  BOOST_TEST(out.at("reasoning") == json_of(R"({"effort":"low"})"));
  BOOST_TEST(out.at("tools").at(0).at("type") == "custom");
  BOOST_TEST(out.at("user") == "u");
  BOOST_TEST(out.at("usage").is_null());
  BOOST_TEST(out.at("error").is_null());
  BOOST_TEST(out.at("incomplete_details").is_null());
  const auto& output = out.at("output");
  BOOST_TEST(output.at(0) == json_of(R"({"id":"rs_msg_1_0","type":"reasoning","summary":[{"type":"summary_text",)"
      R"("text":"hm"}],"encrypted_content":"switchyard.signature.S"})"));
  BOOST_TEST(output.at(1) == json_of(R"({"id":"msg_msg_1_1","type":"message","status":"completed","role":"assistant",)"
                                     R"("content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"hi"}]})"));
  BOOST_TEST(output.at(2) == json_of(R"({"id":"ctc_msg_1_2","type":"custom_tool_call","status":"completed",)"
      R"("call_id":"c1","name":"apply_patch","input":"*** \"x\"\n"})"));
  BOOST_TEST(json_of(output.at(3).at("arguments").as_string()) == json_of(R"({"a":1})"));
  BOOST_TEST(output.at(3).at("call_id") == "call_msg_1_3");
}

BOOST_AUTO_TEST_CASE(a_picture_the_model_made_is_a_generated_image) {
  neutral::answer answer;
  auto& part = answer.choices.emplace_back().parts.emplace_back();
  part.kind = part_kind::image;
  part.data = R"("AAAA")";
  BOOST_TEST(written(answer).at("output").at(0) ==
             json_of(R"({"type":"image_generation_call","id":"ig_req-1_0","status":"completed","result":"AAAA"})"));
}

BOOST_AUTO_TEST_SUITE_END()
