#include "base/money.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>

BOOST_AUTO_TEST_SUITE(money)

using namespace switchyard;

BOOST_AUTO_TEST_CASE(amounts_print_with_nine_places) {
  BOOST_TEST(format_usd(0) == "0.000000000");
  BOOST_TEST(format_usd(123'400) == "0.000123400");
  BOOST_TEST(format_usd(12'000'000'001) == "12.000000001");
  BOOST_TEST(format_usd(-5) == "-0.000000005");
  BOOST_TEST(format_usd(INT64_MIN) == "-9223372036.854775808");
}

BOOST_AUTO_TEST_CASE(token_cost_is_exact_where_a_double_would_not_be) {
  // 2.50 USD per million tokens: one token is 2,500 nano-dollars.
  BOOST_TEST(token_cost(1, usd_to_nano(2.5)) == 2500);
  BOOST_TEST(token_cost(1'000'000, usd_to_nano(0.15)) == 150'000'000);
  // 4e12 tokens x 2e9 nano-dollars overflow 64 bits on the way, not in the result.
  BOOST_TEST(token_cost(4'000'000'000'000, 2'000'000'000) == 8'000'000'000'000'000);
  BOOST_TEST(token_cost(1, 1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
