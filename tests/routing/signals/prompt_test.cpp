#include "routing/signals/prompt.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(prompt_)

using namespace switchyard::routing;

namespace {

std::string query_of(std::vector<turn> turns) {
  std::string storage;
  return std::string(query_text(turns, storage));
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_last_user_turn_is_the_query) {
  BOOST_TEST(query_of({{speaker::system, "be brief"}, {speaker::user, "what is a monad in category theory"}, {speaker::assistant, "hm"},
                       {speaker::user, "explain how a compiler works in detail"}, {speaker::tool, "{}"}}) ==
             "explain how a compiler works in detail");
}

BOOST_AUTO_TEST_CASE(a_short_follow_up_is_read_with_the_question_before_it) {
  BOOST_TEST(query_of({{speaker::user, "what is a monad in category theory"}, {speaker::assistant, "..."}, {speaker::user, "and in Haskell?"}}) ==
             "what is a monad in category theory\nand in Haskell?");
  BOOST_TEST(query_of({{speaker::system, "be brief"}, {speaker::user, "hello there"}}) == "hello there");
}

BOOST_AUTO_TEST_CASE(without_a_user_the_last_turn_counts) {
  BOOST_TEST(query_of({{speaker::system, "be brief"}, {speaker::assistant, "what now"}}) == "what now");
  BOOST_TEST(query_of({}) == "");
}

BOOST_AUTO_TEST_CASE(a_long_query_keeps_its_two_ends_and_no_half_character) {
  std::string middle;
  for (int i = 0; i < 20000; ++i) middle += "\xC3\xA4";
  const auto query = query_of({{speaker::user, "summarise this: " + middle + "x that was all"}});
  BOOST_TEST(query.size() <= longest_query + 1);
  BOOST_TEST(query.starts_with("summarise this: \xC3\xA4"));
  BOOST_TEST(query.ends_with("that was all"));
  const auto cut = query.find('\n');
  BOOST_TEST(query.substr(cut - 2, 2) == "\xC3\xA4");
  BOOST_TEST(query.substr(cut + 1, 2) == "\xC3\xA4");
}

BOOST_AUTO_TEST_SUITE_END()
