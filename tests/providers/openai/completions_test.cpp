#include "tests/providers/translated.hpp"

BOOST_AUTO_TEST_SUITE(legacy_completions)

using namespace switchyard;
using namespace switchyard::providers;
using boost::json::parse;

BOOST_AUTO_TEST_CASE(the_prompt_is_one_user_message) {
  for (const char* prompt : {R"("say \"hi\"")", R"(["say \"hi\""])"}) {
    neutral::arena texts;
    const std::string body = std::string(R"({"model":"m","max_tokens":5,"stop":"\n","echo":false,"suffix":"x","logprobs":2,"prompt":)") + prompt + "}";
    const auto request = completions_dialect().read_request(body, texts);
    BOOST_REQUIRE(request);
    std::string out;
    neutral::dropped_fields dropped;
    BOOST_REQUIRE(chat_dialect().write_request(*request, {.model = "gpt-4o"}, out, dropped));
    BOOST_TEST(parse(out) == parse(R"({"model":"gpt-4o","messages":[{"role":"user","content":"say \"hi\""}],"max_completion_tokens":5,"stop":["\n"]})"));
    BOOST_TEST(dropped.list() == "suffix,logprobs");
  }
}

BOOST_AUTO_TEST_CASE(lists_of_prompts_and_tokens_are_refused) {
  for (const char* prompt : {R"(["a","b"])", "[1,2]", "[[1,2]]", "[]", "7"}) {
    neutral::arena texts;
    const auto request = completions_dialect().read_request(std::string(R"({"prompt":)") + prompt + "}", texts);
    BOOST_REQUIRE_MESSAGE(!request, prompt);
    BOOST_TEST(request.failure().param == "prompt");
    BOOST_TEST((request.failure().code == error_code::invalid_request));
  }
}

BOOST_AUTO_TEST_CASE(answers_are_text_completions) {
  neutral::arena texts;
  const auto body = test::golden("deepseek_chat_completion.json");
  const auto answer = chat_dialect().read_answer(body, texts);
  BOOST_REQUIRE(answer);
  std::string out;
  completions_dialect().write_answer(*answer, {.request_id = "r"}, out);
  const auto got = parse(out).as_object();
  BOOST_TEST(got.at("object") == "text_completion");
  BOOST_TEST(got.at("id").as_string().starts_with("cmpl-"));
  BOOST_TEST(got.at("choices").at(0).at("text") == parse(body).at("choices").at(0).at("message").at("content"));
  BOOST_TEST(got.at("choices").at(0).at("finish_reason") == "stop");
  BOOST_TEST(got.at("usage").at("prompt_tokens") == parse(body).at("usage").at("prompt_tokens"));
  // And it reads its own.
  const auto again = completions_dialect().read_answer(out, texts);
  BOOST_REQUIRE(again);
  BOOST_TEST(test::hear(again->choices[0].parts).text == test::hear(answer->choices[0].parts).text);
}

BOOST_AUTO_TEST_CASE(streams_are_text_completions) {
  const auto text = test::golden("chat_text.sse");
  const auto seen = test::translate(chat_dialect(), completions_dialect(), {text});
  BOOST_TEST(seen.written.ends_with("data: [DONE]\n\n"));
  const auto got = test::chunks(seen.written);
  std::string said, finish;
  for (const auto& chunk : got) {
    BOOST_TEST(chunk.at("object") == "text_completion");
    for (const auto& choice : chunk.at("choices").as_array()) {
      said += choice.at("text").as_string().c_str();
      if (choice.at("finish_reason").is_string()) finish = choice.at("finish_reason").as_string().c_str();
    }
  }
  BOOST_TEST(said == seen.choices[0].text);
  BOOST_TEST(!said.empty());
  BOOST_TEST(finish == "stop");
  BOOST_TEST(got.back().at("usage").at("prompt_tokens") == 78);
  const auto silent = test::translate(chat_dialect(), completions_dialect(), {text}, {.request_id = "r", .include_usage = false}).written;
  BOOST_TEST(silent.find("usage") == std::string::npos);
  const auto again = test::translate(completions_dialect(), completions_dialect(), {seen.written});
  BOOST_TEST(again.choices[0].text == said);
  BOOST_TEST(again.complaint == "");
}

BOOST_AUTO_TEST_SUITE_END()
