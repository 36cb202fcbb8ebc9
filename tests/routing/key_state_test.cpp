#include "routing/key_state.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace switchyard;
using namespace switchyard::routing;
using namespace std::chrono_literals;
using routing::testing::t;
using answer = availability::verdict;

BOOST_TEST_DONT_PRINT_LOG_VALUE(availability::verdict)
BOOST_TEST_DONT_PRINT_LOG_VALUE(park_reason)

BOOST_AUTO_TEST_SUITE(key_state_)

BOOST_AUTO_TEST_CASE(a_fresh_key_is_usable) {
  key_state key(1, 1.0, 0, 0);
  BOOST_TEST(check(key, 0, 1000, t(0s)).what == answer::yes);
}

BOOST_AUTO_TEST_CASE(parking_is_only_ever_lengthened) {
  key_state key(1, 1.0, 0, 0);
  key.park(t(7s), park_reason::retry_after);
  key.park(t(3s), park_reason::quota);
  const auto now = check(key, 0, 0, t(1s));
  BOOST_TEST(now.what == answer::parked);
  BOOST_TEST(now.retry_in.count() == 6000);
  BOOST_TEST(key.parked_for.load() == park_reason::retry_after);
  BOOST_TEST(check(key, 0, 0, t(7s)).usable());
}

BOOST_AUTO_TEST_CASE(unparking_ends_it_at_once) {
  key_state key(1, 1.0, 0, 0);
  key.park(t(1h), park_reason::unauthorized);
  key.unpark();
  BOOST_TEST(check(key, 0, 0, t(0s)).usable());
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_pull_the_brake_and_a_success_starts_the_row_anew) {
  key_state key(1, 1.0, 0, 0);
  key.note_result(call_result::timeout, 3);
  key.note_result(call_result::server_error, 3);
  key.note_result(call_result::ok, 3);
  key.note_result(call_result::timeout, 3);
  key.note_result(call_result::rate_limited, 3);
  key.note_result(call_result::client_gone, 3);
  key.note_result(call_result::timeout, 3);
  BOOST_TEST(!key.tripped.load());
  key.note_result(call_result::connect_failed, 3);
  BOOST_TEST(key.tripped.load());
  BOOST_TEST(check(key, 0, 0, t(0s)).what == answer::breaker_open);
}

BOOST_AUTO_TEST_CASE(late_failures_do_not_brake_a_half_open_key) {
  key_state key(1, 1.0, 0, 0);
  key.probes_left = 2;
  key.breaker = breaker_state::half_open;
  for (int i = 0; i < 10; ++i) key.note_result(call_result::timeout, 3);
  BOOST_TEST(!key.tripped.load());
  BOOST_TEST(check(key, 0, 0, t(0s)).what == answer::probe);
}

BOOST_AUTO_TEST_CASE(a_half_open_key_is_usable_while_permits_last) {
  key_state key(1, 1.0, 0, 0);
  key.probes_left = 2;
  key.breaker = breaker_state::half_open;
  BOOST_TEST(key.take_probe());
  BOOST_TEST(key.take_probe());
  BOOST_TEST(!key.take_probe());
  BOOST_TEST(check(key, 0, 0, t(0s)).what == answer::breaker_open);
  key.return_probe();
  BOOST_TEST(check(key, 0, 0, t(0s)).what == answer::probe);
}

BOOST_AUTO_TEST_CASE(an_open_breaker_says_when_it_may_be_different) {
  key_state key(1, 1.0, 0, 0);
  key.open_until_ns = to_ns(t(5s));
  key.breaker = breaker_state::open;
  const auto now = check(key, 0, 0, t(1s));
  BOOST_TEST(now.what == answer::breaker_open);
  BOOST_TEST(now.retry_in.count() == 4000);
}

BOOST_AUTO_TEST_CASE(each_limit_is_named) {
  key_state key(1, 1.0, 2, 100);
  key.in_flight = 4;
  BOOST_TEST(check(key, 4, 10, t(0s)).what == answer::max_in_flight);
  BOOST_TEST(check(key, 5, 10, t(0s)).what == answer::yes);
  BOOST_TEST(key.tokens.reserve(95, t(0s)));
  BOOST_TEST(check(key, 0, 10, t(0s)).what == answer::token_limit);
  BOOST_TEST(check(key, 0, 10, t(0s)).retry_in.count() == 61'000);
  BOOST_TEST(check(key, 0, 5, t(0s)).what == answer::yes);
  BOOST_TEST(key.requests.reserve(2, t(0s)));
  BOOST_TEST(check(key, 0, 5, t(0s)).what == answer::request_limit);
}

BOOST_AUTO_TEST_CASE(the_ramp_climbs_from_a_tenth_to_one) {
  key_state key(1, 1.0, 0, 0);
  BOOST_TEST(key.ramp(t(0s)) == 1.0);
  key.ramp_from_ns = to_ns(t(0s));
  key.ramp_for_ns = nanoseconds(10s).count();
  BOOST_TEST(key.ramp(t(0s)) == 0.1, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(key.ramp(t(5s)) == 0.55, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(key.ramp(t(10s)) == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
