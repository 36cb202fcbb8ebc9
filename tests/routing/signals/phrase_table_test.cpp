#include "routing/signals/phrase_table.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(phrase_table_)

using namespace switchyard::routing;

namespace {

std::string matches(const phrase_table& table, std::string_view text) {
  std::vector<word> words;
  split_words(text, words);
  std::string told;
  table.find(words, [&](const phrase_match& m) {
    told += std::to_string(m.tag) + "@" + std::to_string(m.first) + "-" + std::to_string(m.last) + " ";
  });
  return told;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_longest_phrase_at_a_word_is_found) {
  const phrase list[] = {{"machine", 1}, {"machine learning", 2}, {"learning to rank", 3}};
  const phrase_table table(list);
  BOOST_TEST(matches(table, "A machine. Machine-learning to rank") == "1@1-1 2@2-3 3@3-5 ");
  BOOST_TEST(matches(table, "learning to") == "");
}

BOOST_AUTO_TEST_CASE(a_star_stands_for_any_one_word) {
  const phrase list[] = {{"ignore * instructions", 1}, {"ignore all previous instructions", 2}};
  const phrase_table table(list);
  BOOST_TEST(matches(table, "ignore my instructions") == "1@0-2 ");
  BOOST_TEST(matches(table, "ignore all previous instructions") == "2@0-3 ");
  BOOST_TEST(matches(table, "ignore instructions") == "");
}

BOOST_AUTO_TEST_CASE(an_empty_list_finds_nothing) {
  const phrase_table table({});
  BOOST_TEST(matches(table, "anything at all") == "");
}

BOOST_AUTO_TEST_SUITE_END()
