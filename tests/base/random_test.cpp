#include "base/random.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(random_sources)

using namespace switchyard;

BOOST_AUTO_TEST_CASE(equal_seeds_give_equal_draws_within_bounds) {
  random_source a(5);
  random_source b(5);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double u = a.uniform();
    BOOST_REQUIRE(u >= 0.0);
    BOOST_REQUIRE(u < 1.0);
    BOOST_REQUIRE(u == b.uniform());
    sum += u;
  }
  BOOST_TEST(sum / 10'000 == 0.5, boost::test_tools::tolerance(0.02));
  for (int i = 0; i < 1000; ++i) BOOST_REQUIRE(a.below(3) < 3u);
}

BOOST_AUTO_TEST_SUITE_END()
