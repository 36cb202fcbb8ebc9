#include "tools/sim/prose.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

BOOST_AUTO_TEST_SUITE(prose)

namespace sy = switchyard::sim;

BOOST_AUTO_TEST_CASE(tokens_put_together_are_the_text) {
  for (const std::string text : {"", " ", "Hello, world!", "  two  spaces ", "caf\xc3\xa9s in M\xc3\xbcnchen \xf0\x9f\x9a\x82\xf0\x9f\x9a\x82\xf0\x9f\x9a\x82", "incomprehensibilities", "a\n\nb"}) {
    const auto pieces = sy::split_tokens(text);
    std::string joined;
    for (const auto piece : pieces) {
      BOOST_TEST(!piece.empty());
      joined += piece;
    }
    BOOST_TEST(joined == text);
    BOOST_TEST(pieces.size() == sy::count_tokens(text));
  }
}

BOOST_AUTO_TEST_CASE(a_token_never_ends_inside_a_character) {
  for (const auto piece : sy::split_tokens("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97\xe7\xac\xa6\xe4\xb8\xb2")) {
    BOOST_TEST((static_cast<unsigned char>(piece.front()) & 0xC0) != 0x80);
  }
}

BOOST_AUTO_TEST_CASE(equal_prompts_get_equal_answers_and_models_differ) {
  const sy::model_list models;
  const std::string prompt = "Explain the interlocking of signals and points";
  BOOST_TEST(sy::compose(models.find("small"), prompt, 0, 0) == sy::compose(models.find("small"), prompt, 0, 0));
  BOOST_TEST(sy::compose(models.find("small"), prompt, 0, 0) != sy::compose(models.find("large"), prompt, 0, 0));
  BOOST_TEST(sy::compose(models.find("small"), prompt, 0, 0) != sy::compose(models.find("small"), prompt, 1, 0));
}

BOOST_AUTO_TEST_CASE(an_answer_speaks_of_the_prompt) {
  const std::string text = sy::compose(sy::model_list().find("large"), "Compare locomotives with carriages", 3, 0);
  BOOST_TEST(text.find("locomotives") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_answer_is_at_least_as_long_as_asked) {
  BOOST_TEST(sy::count_tokens(sy::compose(sy::model_list().find("small"), "x", 0, 500)) >= 500u);
}

BOOST_AUTO_TEST_CASE(words_are_found_whole_and_whatever_their_case) {
  BOOST_TEST(sy::mentions("What is the Weather?", "weather"));
  BOOST_TEST(!sy::mentions("weathered", "weather"));
  BOOST_TEST(!sy::mentions("", "x"));
  BOOST_TEST(!sy::mentions("x", ""));
}

BOOST_AUTO_TEST_CASE(fields_take_their_value_from_the_prompt) {
  BOOST_TEST(sy::name_in("What is the weather in New York?", "city") == "New York");
  BOOST_TEST(sy::name_in("city: Paris, please", "city") == "Paris");
  BOOST_TEST(sy::name_in("call it with city Rome", "city") == "Rome");
  BOOST_TEST(sy::name_in("nothing here", "city").empty());
}

BOOST_AUTO_TEST_SUITE_END()
