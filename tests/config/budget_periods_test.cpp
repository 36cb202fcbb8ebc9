#include "config/budget_periods.hpp"

#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(budget_periods)

using namespace switchyard;
using namespace switchyard::config;

namespace {
std::int64_t us(const char* text) { return std::chrono::duration_cast<microseconds>(parse_time(text).value().time_since_epoch()).count(); }
std::string end(budget_period period, const char* text) {
  return format_time(wall_time(microseconds(period_end_us(period, period_number(period, us(text))))));
}
}  // namespace

BOOST_AUTO_TEST_CASE(periods_end_at_the_hour_midnight_monday_and_the_first_in_utc) {
  BOOST_TEST(end(budget_period::hour, "2026-11-26T16:59:59Z") == "2026-11-26T17:00:00Z");
  BOOST_TEST(end(budget_period::day, "2026-11-26T23:30:00Z") == "2026-11-27T00:00:00Z");
  BOOST_TEST(end(budget_period::week, "2026-11-26") == "2026-11-30T00:00:00Z");   // a Thursday
  BOOST_TEST(end(budget_period::week, "2026-11-29T23:59:59Z") == "2026-11-30T00:00:00Z");
  BOOST_TEST(end(budget_period::week, "2026-11-30") == "2026-12-07T00:00:00Z");
  BOOST_TEST(end(budget_period::month, "2026-12-31T23:59:59Z") == "2027-01-01T00:00:00Z");
  BOOST_TEST(end(budget_period::month, "2028-02-01") == "2028-03-01T00:00:00Z");
  BOOST_TEST(period_end_us(budget_period::total, 0) == INT64_MAX);
}

BOOST_AUTO_TEST_CASE(a_period_ends_where_the_next_begins) {
  for (const auto period : {budget_period::hour, budget_period::day, budget_period::week, budget_period::month})
    for (std::int64_t at = us("2027-12-20"); at < us("2028-03-05"); at += 3'599'000'000) {
      const auto number = period_number(period, at);
      const auto end_us = period_end_us(period, number);
      BOOST_TEST_REQUIRE(end_us > at);
      BOOST_TEST_REQUIRE(period_number(period, end_us - 1) == number);
      BOOST_TEST_REQUIRE(period_number(period, end_us) == number + 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
