#include "providers/input_estimate.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(input_estimate)

using namespace switchyard::providers;

BOOST_AUTO_TEST_CASE(text_counts_by_its_words) {
  BOOST_TEST(estimate_input_tokens(R"("The capital of France is Paris")") == 6);
  BOOST_TEST(estimate_input_tokens(R"([{"content":"The capital of"},{"content":"France is Paris"}])") == 6);
}

BOOST_AUTO_TEST_CASE(messages_have_a_frame) {
  const std::string text = R"("content":"The capital of France is Paris"})";
  BOOST_TEST(estimate_input_tokens(R"([{"role":"user",)" + text + "]") == 6 + tokens_per_message + tokens_per_conversation);
  BOOST_TEST(estimate_input_tokens(R"([{"role":"system",)" + text + R"(,{"role":"user",)" + text + "]") ==
             12 + 2 * tokens_per_message + tokens_per_conversation);
}

BOOST_AUTO_TEST_CASE(a_book_counts_as_much_as_its_pages) {
  std::string page;
  while (page.size() < 60'000) page += "It was the best of times, it was the worst of times. ";
  std::string book;
  for (int i = 0; i < 40; ++i) book += page;
  const auto expected = 40.0 * static_cast<double>(estimate_input_tokens('"' + page + '"'));
  const auto found = static_cast<double>(estimate_input_tokens('"' + book + '"'));
  BOOST_TEST(found > expected * 0.99);
  BOOST_TEST(found < expected * 1.01);
}

BOOST_AUTO_TEST_CASE(a_request_is_counted_once_when_somebody_asks) {
  std::string text = R"("The capital of France is Paris")";
  const std::string schema = R"({"city":"Paris"})";
  switchyard::providers::input_estimate whole;
  whole.add_text(text, token_family::o200k);
  whole.add_schema(schema, token_family::o200k);
  const auto expected = 6 + estimate_schema_tokens(schema);
  BOOST_TEST(whole.tokens() == expected);
  text.assign(text.size(), ' ');
  BOOST_TEST(whole.tokens() == expected);
}

BOOST_AUTO_TEST_CASE(the_family_counts) {
  const std::string text = R"("Привет, мир! Как дела?")";
  BOOST_TEST(estimate_input_tokens(text, token_family::claude) > estimate_input_tokens(text, token_family::o200k));
}

BOOST_AUTO_TEST_CASE(an_image_counts_the_same_whatever_its_size) {
  const auto with = [](const std::string& url) {
    return estimate_input_tokens(R"([{"content":[{"type":"image_url","image_url":{"url":")" + url + R"("}}]}])");
  };
  BOOST_TEST(with("data:image/png;base64," + std::string(100'000, 'A')) == tokens_per_attachment);
  BOOST_TEST(with("https://example.org/cat.png") == tokens_per_attachment);
  BOOST_TEST(estimate_input_tokens(R"([{"type":"input_image","image_url":"https://example.org/cat.png"}])") == tokens_per_attachment);
  BOOST_TEST(estimate_input_tokens(R"([{"input_audio":{"data":")" + std::string(5000, 'A') + R"("}}])") == tokens_per_attachment);
}

BOOST_AUTO_TEST_CASE(the_names_of_a_schema_count_and_its_punctuation_does_not) {
  const std::string tools = R"([{"type":"function","function":{"name":"get_weather","description":"Weather of a city","parameters":)"
                            R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}])";
  const auto tokens = estimate_schema_tokens(tools);
  BOOST_TEST(tokens > 15);
  BOOST_TEST(tokens < static_cast<std::int64_t>(tools.size() / 4));
  BOOST_TEST(estimate_schema_tokens("[]") == 0);
  BOOST_TEST(estimate_schema_tokens("[]", token_family::claude) == 0);
  BOOST_TEST(estimate_schema_tokens(tools, token_family::claude) > tokens_for_claudes_tools);
  BOOST_TEST(estimate_schema_tokens("{\"tools\":" + tools + "}", token_family::claude) > tokens_for_claudes_tools);
  BOOST_TEST(estimate_schema_tokens(R"({"type":"json_schema","schema":{"type":"object"}})", token_family::claude) < 40);
}

BOOST_AUTO_TEST_CASE(a_link_in_the_text_is_text) {
  BOOST_TEST(estimate_input_tokens(R"([{"content":"https://example.org/"}])") < 10);
}

BOOST_AUTO_TEST_CASE(token_arrays_count_their_numbers) {
  BOOST_TEST(estimate_input_tokens("[1, 22,333]") == 3);
  BOOST_TEST(estimate_input_tokens("[[1,2],[3]]") == 3);
}

BOOST_AUTO_TEST_SUITE_END()
