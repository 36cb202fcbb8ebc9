#include "providers/stored_answer.hpp"

#include "providers/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(stored_answer)

using namespace switchyard;
using namespace switchyard::providers;

namespace {

/// A request with the padding that its parser wants.
struct asked_chat {
  explicit asked_chat(std::string more = "") : body(R"({"model":"auto","messages":[{"role":"user","content":"hi"}])" + more + "}") {
    body.reserve(body.size() + 64);
    request = *openai_ingress().parse(api::chat_completions, body);
  }
  std::string body;
  api_request request;
  neutral_view view{request};
};

const std::string stream = R"(data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"content":"Hel\u0021"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"content":" \"lo\""},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string answer(const std::string& finish, const std::string& message = R"("content":"Paris.")") {
  return R"({"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant",)" + message + R"(},"finish_reason":")" + finish +
         R"("}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";
}

}  // namespace

BOOST_AUTO_TEST_CASE(only_an_answer_that_ended_by_itself_is_complete) {
  BOOST_TEST(read_facts(api::chat_completions, answer("stop"))->complete);
  BOOST_TEST(read_facts(api::chat_completions, answer("stop"))->text == "Paris.");
  for (const auto* finish : {"length", "content_filter", "tool_calls"}) BOOST_TEST(!read_facts(api::chat_completions, answer(finish))->complete, finish);
  BOOST_TEST(!read_facts(api::chat_completions, answer("stop", R"("content":"")"))->complete);
  BOOST_TEST(!read_facts(api::chat_completions, answer("stop", R"("content":"x","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}])"))->complete);
  BOOST_TEST(!read_facts(api::chat_completions, R"({"error":{"message":"no"}})").has_value());
  BOOST_TEST(!read_facts(api::chat_completions, "nonsense").has_value());
}

BOOST_AUTO_TEST_CASE(a_stream_becomes_the_answer_it_amounts_to) {
  asked_chat asked;
  usage counts;
  counts.input = 3;
  counts.output = 2;
  const auto whole = stream_to_answer(asked.request, asked.view, stream, counts, {.model = "auto"});
  BOOST_REQUIRE(whole.has_value());
  const auto facts = read_facts(api::chat_completions, *whole);
  BOOST_REQUIRE(facts.has_value());
  BOOST_TEST(facts->complete);
  BOOST_TEST(facts->text == "Hel! \"lo\"");
  BOOST_TEST(whole->find(R"("prompt_tokens":3)") != std::string::npos);
  BOOST_TEST(whole->find(R"("created":5)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stream_that_did_not_end_is_none) {
  asked_chat asked;
  BOOST_TEST(!stream_to_answer(asked.request, asked.view, stream.substr(0, stream.find("data: {", stream.find("lo"))), {}, {}).has_value());
  BOOST_TEST(!stream_to_answer(asked.request, asked.view, "data: {\"error\":{\"message\":\"no\"}}\n\n", {}, {}).has_value());
  BOOST_TEST(!stream_to_answer(asked.request, asked.view, "", {}, {}).has_value());
  const auto call = replaced(stream, R"({"content":"Hel\u0021"})", R"({"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]})");
  BOOST_TEST(!stream_to_answer(asked.request, asked.view, call, {}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_becomes_a_stream_with_usage_where_that_is_wanted) {
  asked_chat plain(R"(,"stream":true)"), with(R"(,"stream":true,"stream_options":{"include_usage":true})");
  for (auto* one : {&plain, &with}) {
    const auto made = answer_to_stream(one->request, one->view, answer("stop"), {});
    BOOST_REQUIRE(made);
    BOOST_TEST(made->find("Paris.") != std::string::npos);
    BOOST_TEST(made->ends_with("data: [DONE]\n\n"));
    BOOST_TEST((made->find("\"prompt_tokens\":3") != std::string::npos) == (one == &with));
    const auto back = stream_to_answer(one->request, one->view, *made, {}, {});
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(read_facts(api::chat_completions, *back)->text == "Paris.");
  }
  BOOST_TEST(!answer_to_stream(plain.request, plain.view, "nonsense", {}));
}

BOOST_AUTO_TEST_SUITE_END()
