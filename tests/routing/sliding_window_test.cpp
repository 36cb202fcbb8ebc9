#include "routing/sliding_window.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(sliding_window_)

using namespace switchyard;
using namespace switchyard::routing;
using namespace std::chrono_literals;
using routing::testing::ended;
using routing::testing::t;

BOOST_AUTO_TEST_CASE(only_successes_and_failures_are_calls) {
  sliding_window window(10s);
  for (const auto how : {call_result::ok, call_result::request_refused, call_result::server_error, call_result::timeout,
                         call_result::connect_failed, call_result::rate_limited, call_result::quota_exhausted, call_result::client_gone,
                         call_result::unauthorized})
    window.record(ended(how, t(0s)));
  const auto seen = window.totals(t(0s));
  BOOST_TEST(seen.calls == 5u);
  BOOST_TEST(seen.successes == 2u);
  BOOST_TEST(seen.failures == 3u);
  BOOST_TEST(seen.connect_failures == 1u);
  BOOST_TEST(seen.timeouts == 1u);
  BOOST_TEST(seen.rate_limited == 2u);
  BOOST_TEST(seen.failure_rate() == 0.6, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(what_is_older_than_the_window_is_forgotten) {
  sliding_window window(10s);
  window.record(ended(call_result::timeout, t(0s)));
  window.record(ended(call_result::ok, t(5s)));
  BOOST_TEST(window.totals(t(9s)).calls == 2u);
  BOOST_TEST(window.totals(t(10s)).calls == 1u);
  BOOST_TEST(window.totals(t(15s)).calls == 0u);
  window.record(ended(call_result::ok, t(100s)));
  BOOST_TEST(window.totals(t(100s)).calls == 1u);
}

BOOST_AUTO_TEST_CASE(a_late_outcome_is_booked_in_the_newest_slot) {
  sliding_window window(10s);
  window.record(ended(call_result::ok, t(8s)));
  window.record(ended(call_result::timeout, t(1s)));
  BOOST_TEST(window.totals(t(17s)).failures == 1u);
  BOOST_TEST(window.totals(t(18s)).calls == 0u);
}

BOOST_AUTO_TEST_CASE(first_byte_times_are_averaged_over_the_answers_that_had_one) {
  sliding_window window(10s);
  auto outcome = ended(call_result::ok, t(0s));
  outcome.first_byte = 100us;
  window.record(outcome);
  outcome.first_byte = 300us;
  window.record(outcome);
  window.record(ended(call_result::timeout, t(0s)));
  BOOST_TEST(window.totals(t(0s)).mean_first_byte_us() == 200.0);
}

BOOST_AUTO_TEST_CASE(clearing_forgets_everything) {
  sliding_window window(10s);
  window.record(ended(call_result::ok, t(0s)));
  window.clear();
  BOOST_TEST(window.totals(t(0s)).calls == 0u);
  BOOST_TEST(window.length().count() == 10'000);
}

BOOST_AUTO_TEST_SUITE_END()
