#include "routing/signals/words.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(words_)

using namespace switchyard::routing;

namespace {

std::string cut(std::string_view text) {
  std::vector<word> words;
  split_words(text, words);
  std::string joined;
  for (const auto& w : words) (joined += text.substr(w.start, w.length)) += '|';
  return joined;
}

}  // namespace

BOOST_AUTO_TEST_CASE(words_are_letters_digits_and_apostrophes_within) {
  BOOST_TEST(cut("Don't stop, it's 10:30! 'quoted' self-harm") == "Don't|stop|it's|10|30|quoted|self|harm|");
  BOOST_TEST(cut("Größe\xE2\x80\x94na\xC3\xAFve \xE2\x80\x9Cyes\xE2\x80\x9D don\xE2\x80\x99t") == "Größe|naïve|yes|don\xE2\x80\x99t|");
  BOOST_TEST(cut("¿Qué? «oui» 10°") == "Qué|oui|10|");
  BOOST_TEST(cut("") == "");
  BOOST_TEST(cut(" ... ") == "");
}

BOOST_AUTO_TEST_CASE(case_and_the_apostrophe_s_shape_do_not_change_a_word) {
  std::vector<word> words;
  split_words("Don't DON\xE2\x80\x99T don't", words);
  BOOST_REQUIRE_EQUAL(words.size(), 3u);
  BOOST_TEST(words[0].hash == words[1].hash);
  BOOST_TEST(words[0].hash == words[2].hash);
  BOOST_TEST(words[0].hash == hash_word("don't"));
  BOOST_TEST(words[0].capital);
  BOOST_TEST(!words[2].capital);
}

BOOST_AUTO_TEST_CASE(no_more_words_than_asked_for) {
  std::vector<word> words;
  split_words("a b c d", words, 3);
  BOOST_TEST(words.size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
