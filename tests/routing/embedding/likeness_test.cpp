#include "routing/embedding/likeness.hpp"

#include "tests/routing/embedding/table_builder.hpp"

#include <boost/test/unit_test.hpp>

using namespace switchyard::routing;
using namespace switchyard::test;

namespace {

const std::string bytes = table_bytes(three_axes());

likeness compared(std::string_view a, std::string_view b, float threshold) {
  auto table = table_file::of_bytes(bytes);
  BOOST_REQUIRE_MESSAGE(table, problem_in(table));
  const auto model = embedder::of_table(std::move(*table));
  BOOST_REQUIRE_MESSAGE(model, problem_in(model));
  return likeness_of(*model, a, b, threshold);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(likeness_)

BOOST_AUTO_TEST_CASE(a_cosine_that_reaches_the_threshold_is_a_hit) {
  const auto same = compared("red red", "Red", 1.0f - 1e-6f);
  BOOST_TEST(same.hit);
  BOOST_TEST(same.why == "cosine 1.0000 reaches 1.0000");
}

BOOST_AUTO_TEST_CASE(one_below_is_none) {
  const auto other = compared("red blue", "red", 0.96f);   // red 50, blue -32
  BOOST_TEST(!other.hit);
  BOOST_TEST(other.similarity == 0.8423f, boost::test_tools::tolerance(1e-3f));
  BOOST_TEST(other.why == "cosine 0.8423 is below 0.9600");
  BOOST_TEST(compared("red blue", "red", 0.84f).hit);
}

BOOST_AUTO_TEST_CASE(texts_without_words_are_never_alike) {
  const auto nothing = compared("red", " ", -1.0f);
  BOOST_TEST(!nothing.hit);
  BOOST_TEST(nothing.similarity == 0.0f);
  BOOST_TEST(nothing.why == "b has no words to compare");
}

BOOST_AUTO_TEST_SUITE_END()
