// Signals that are rules over a query's words: language, format, clarity, expected length.
#include "routing/signals/clarity.hpp"
#include "routing/signals/format.hpp"
#include "routing/signals/language.hpp"
#include "routing/signals/output_tokens.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(words_of_request)

using namespace switchyard::routing;

namespace {

std::string language_of(std::string_view text) { return std::string(find_language(text, facts_of(text)).code); }
float surety_of(std::string_view text) { return find_language(text, facts_of(text)).confidence; }
std::string format_of(std::string_view text) { return std::string(to_string(find_format(text, facts_of(text), false).value)); }
bool is_clear(std::string_view text, std::size_t turns = 1) { return find_clarity(facts_of(text), turns, 0).clear; }

token_finding length_of(std::string_view text, answer_format format, float complexity, std::int64_t input = 30, std::int64_t most = 0) {
  token_finding found;
  expect_output(facts_of(text), format, complexity, input, most, found);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(languages_are_told_apart) {
  const std::pair<const char*, const char*> samples[] = {
      {"What is the best way to learn to cook at home?", "en"}, {"Wie kann ich am besten zu Hause kochen lernen?", "de"},
      {"Quelle est la meilleure façon d'apprendre à cuisiner ?", "fr"}, {"¿Cuál es la mejor manera de aprender a cocinar en casa?", "es"},
      {"Qual è il modo migliore per imparare a cucinare?", "it"}, {"Qual é a melhor maneira de aprender a cozinhar em casa?", "pt"},
      {"Wat is de beste manier om thuis te leren koken?", "nl"}, {"Vad är det bästa sättet att lära sig laga mat?", "sv"},
      {"Jaki jest najlepszy sposób, aby nauczyć się gotować w domu?", "pl"}, {"Jaký je nejlepší způsob, jak se naučit vařit?", "cs"},
      {"Evde yemek yapmayı öğrenmek için en iyi yol nedir?", "tr"}, {"Mikä on paras tapa oppia kokkaamaan, ja miten se on?", "fi"},
      {"Как лучше всего научиться готовить дома?", "ru"}, {"Як найкраще навчитися готувати вдома, що для цього треба?", "uk"},
      {"Ποιος είναι ο καλύτερος τρόπος;", "el"}, {"ما هي أفضل طريقة لتعلم الطبخ في المنزل؟", "ar"}, {"מה הדרך הטובה ביותר ללמוד לבשל?", "he"},
      {"घर पर खाना बनाना सीखने का सबसे अच्छा तरीका क्या है?", "hi"}, {"家で料理を学ぶ一番いい方法は何ですか？", "ja"}, {"在家学习做饭的最好方法是什么？", "zh"},
      {"집에서 요리를 배우는 가장 좋은 방법은 무엇인가요?", "ko"}, {"วิธีที่ดีที่สุดในการเรียนทำอาหารคืออะไร", "th"}, {"Cách tốt nhất để học nấu ăn ở nhà là gì?", "vi"},
      {"Apa cara terbaik untuk belajar memasak di rumah?", "id"}, {"Hogyan lehet a legjobban megtanulni főzni, és mit kell hozzá?", "hu"},
      {"Care este cel mai bun mod de a învăța să gătești acasă?", "ro"}};
  for (const auto& [text, code] : samples) BOOST_TEST(language_of(text) == code, text << ": " << language_of(text));
}

BOOST_AUTO_TEST_CASE(short_text_is_said_to_be_unsure) {
  BOOST_TEST(surety_of("hotel") < 0.4f);
  BOOST_TEST(surety_of("What is the best way to learn how to cook at home when there is no time?") > 0.9f);
  BOOST_TEST(language_of("12345") == "und");
  BOOST_TEST(language_of("") == "und");
}

BOOST_AUTO_TEST_CASE(formats_are_what_is_asked_for) {
  const std::pair<const char*, const char*> samples[] = {
      {"Write a Python function to calculate Fibonacci numbers recursively", "code"}, {"Fix the bug in this code:\n```\nint main() {}\n```", "code"},
      {"Return the result as JSON with the keys name and age", "json"}, {"Summarize the following article in three sentences", "summary"},
      {"Write a short poem about the sea", "creative"}, {"Translate 'good morning' to French", "translation"}, {"Übersetze diesen Satz ins Englische", "translation"},
      {"Give me a list of 10 European capitals", "list"}, {"What do you think of the weather?", "chat"}, {"hello there", "chat"},
      {"Why is the sky blue?", "chat"}, {"What is $\\frac{1}{2} + \\sqrt{4}$? The _________ is the answer.", "chat"}};
  for (const auto& [text, format] : samples) BOOST_TEST(format_of(text) == format, text << ": " << format_of(text));
  BOOST_TEST((find_format("hello", facts_of("hello"), true).value == answer_format::json));
}

BOOST_AUTO_TEST_CASE(what_points_nowhere_is_ambiguous) {
  BOOST_TEST(is_clear("Write a Python function to calculate Fibonacci numbers recursively"));
  BOOST_TEST(is_clear("Why is the sky blue?"));
  BOOST_TEST(is_clear("hello"));
  BOOST_TEST(is_clear("请描述一个包含格调的房间设计。"));
  BOOST_TEST(!is_clear("fix it"));
  BOOST_TEST(is_clear("fix it", 3));
  BOOST_TEST(!is_clear("what about that?"));
  BOOST_TEST(!is_clear("stuff"));
  BOOST_TEST(!is_clear(""));
}

BOOST_AUTO_TEST_CASE(an_asked_length_counts_before_all_else) {
  const auto essay = length_of("Write an essay of 500 words about bees", answer_format::creative, 0.5f);
  BOOST_TEST(essay.output > 550);
  BOOST_TEST(essay.output < 800);
  BOOST_TEST(length_of("Answer in one word: is water wet?", answer_format::chat, 0.9f).output_high < 30);
  BOOST_TEST(length_of("give me five ideas", answer_format::list, 0.2f).output < 250);
}

BOOST_AUTO_TEST_CASE(harder_requests_get_longer_answers_and_the_client_s_limit_holds) {
  const auto easy = length_of("Why is the sky blue today", answer_format::chat, 0.1f), hard = length_of("Why is the sky blue today", answer_format::chat, 0.9f);
  BOOST_TEST(easy.output < hard.output);
  BOOST_TEST(easy.output_low <= easy.output);
  BOOST_TEST(easy.output <= easy.output_high);
  BOOST_TEST(length_of("Why is the sky blue today", answer_format::chat, 0.9f, 30, 50).output_high == 50);
  BOOST_TEST(length_of("Translate this text to German", answer_format::translation, 0.5f, 1000).output > 700);
}

BOOST_AUTO_TEST_SUITE_END()
