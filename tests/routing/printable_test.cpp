#include "routing/printable.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(printable_)

using switchyard::routing::printable;

BOOST_AUTO_TEST_CASE(nothing_that_could_end_a_header_line_comes_through) {
  BOOST_TEST(printable("gpt\r\nset-cookie: a\x7f\xc3\xa9", 100) == "gpt??set-cookie: a???");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_and_says_so) {
  BOOST_TEST(printable("abcdefgh", 8) == "abcdefgh");
  BOOST_TEST(printable("abcdefghi", 8) == "abcde...");
}

BOOST_AUTO_TEST_SUITE_END()
