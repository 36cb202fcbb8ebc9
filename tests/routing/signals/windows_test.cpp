#include "routing/signals/windows.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(windows_)

using namespace switchyard::routing;

namespace {

std::vector<std::string> cut(const std::string& text) {
  std::vector<word> words;
  split_words(text, words);
  std::vector<std::string> parts;
  for (const auto& w : windows_of(text, words)) parts.push_back(text.substr(w.start, w.end - w.start));
  return parts;
}

std::string sentence(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += i + 1 < words ? "word " : "end. ";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sentences_stay_whole_while_they_fit) {
  const auto parts = cut(sentence(25) + sentence(10) + sentence(20));
  BOOST_REQUIRE_EQUAL(parts.size(), 2u);
  BOOST_TEST(parts[0] == sentence(25) + sentence(10));
  BOOST_TEST(parts[1] == sentence(20));
}

BOOST_AUTO_TEST_CASE(a_long_sentence_is_cut) {
  const auto parts = cut(sentence(100));
  BOOST_TEST(parts.size() == 3u);
}

BOOST_AUTO_TEST_CASE(of_a_very_long_text_both_ends_are_kept) {
  std::string text = "first words. ";
  for (int i = 0; i < 400; ++i) text += sentence(30);
  const auto parts = cut(text + "last words");
  BOOST_TEST(parts.size() == most_windows);
  BOOST_TEST(parts.front().starts_with("first words"));
  BOOST_TEST(parts.back().ends_with("last words"));
}

BOOST_AUTO_TEST_CASE(nothing_has_no_windows) { BOOST_TEST(cut(" ...").empty()); }

BOOST_AUTO_TEST_SUITE_END()
