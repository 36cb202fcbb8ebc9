#include "routing/key_health.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(key_health_)

using namespace switchyard;
using namespace switchyard::routing;
using namespace std::chrono_literals;
using routing::testing::t;

namespace {
call_outcome answered(microseconds first_byte, steady_time at, call_result how = call_result::ok) {
  auto outcome = routing::testing::ended(how, at);
  outcome.first_byte = first_byte;
  outcome.duration = first_byte;
  return outcome;
}
}  // namespace

BOOST_AUTO_TEST_CASE(latency_jumps_up_at_once_and_decays_slowly) {
  key_health health(1.0);
  health.record(answered(100us, t(0s)));
  health.record(answered(900us, t(1s)));
  BOOST_TEST(health.latency_ewma_us() == 900.0);
  health.record(answered(100us, t(11s)));
  // One time constant later: 900/e + 100 (1 - 1/e).
  BOOST_TEST(health.latency_ewma_us() == 394.3, boost::test_tools::tolerance(1e-3));
}

BOOST_AUTO_TEST_CASE(a_quick_error_does_not_make_a_key_look_fast) {
  key_health health(1.0);
  health.record(answered(500ms, t(0s)));
  for (int i = 1; i < 60; ++i) health.record(answered(1us, t(seconds(i)), call_result::server_error));
  BOOST_TEST(health.latency_ewma_us() == 500'000.0);
}

BOOST_AUTO_TEST_CASE(a_timeout_counts_with_the_time_it_took) {
  key_health health(1.0);
  auto outcome = routing::testing::ended(call_result::timeout, t(0s));
  outcome.duration = 60s;
  health.record(outcome);
  BOOST_TEST(health.latency_ewma_us() == 6e7);
}

BOOST_AUTO_TEST_CASE(a_healthy_key_draws_its_configured_weight) {
  key_health health(0.7);
  for (int i = 0; i < 50; ++i) health.record(answered(100ms, t(0s)));
  BOOST_TEST(health.weight(100'000, t(0s)) == 0.7, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(health.weight(0, t(0s)) == 0.7, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(health.weight(25'000, t(0s)) == 0.175, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(failures_lower_the_weight_and_time_alone_brings_it_back) {
  key_health health(1.0);
  for (int i = 0; i < 200; ++i) health.record(answered(0us, t(0s), call_result::server_error));
  BOOST_TEST(health.weight(0, t(1s)) == 0.02, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(health.weight(0, t(31s)) == 1.0);
}

BOOST_AUTO_TEST_CASE(one_failure_among_few_calls_is_no_verdict) {
  key_health health(1.0);
  health.record(answered(0us, t(0s), call_result::timeout));
  BOOST_TEST(health.weight(0, t(0s)) > 0.5);
}

BOOST_AUTO_TEST_CASE(what_others_measured_stands_in_until_there_are_own_calls) {
  key_health health(1.0);
  health.learn({1000, 0, 400'000});
  BOOST_TEST(health.latency_us(t(0s)) == 400'000.0);
  BOOST_TEST(health.latency_ewma_us() == 0.0);
  BOOST_TEST(health.weight(0, t(0s)) == 0.02, boost::test_tools::tolerance(1e-9));              // 4 of 24, cubed, and the floor
  health.learn({1000, 1000, 400'000});
  BOOST_TEST(health.weight(100'000, t(0s)) == 0.25, boost::test_tools::tolerance(1e-9));
  health.record(answered(100ms, t(1s)));
  BOOST_TEST(health.latency_us(t(1s)) == 100'000.0);                                              // its own, however few
  BOOST_TEST(health.weight(100'000, t(1s)) == 1.0, boost::test_tools::tolerance(1e-9));
  health.learn({1000, 0, 400'000});
  for (int i = 0; i < 400; ++i) health.record(answered(100ms, t(2s)));
  BOOST_TEST(health.weight(100'000, t(2s)) > 0.85);                                               // 405 of 425, cubed
  BOOST_TEST(health.latency_us(t(40s)) == 400'000.0);                                             // the own sample is an old one
  health.learn({});
  BOOST_TEST(health.latency_us(t(40s)) == 100'000.0);
}

BOOST_AUTO_TEST_CASE(what_was_learned_is_not_passed_on_as_measured) {
  key_health health(1.0);
  health.learn({1000, 10, 400'000});
  BOOST_TEST(health.measured(t(0s)).calls == 0u);
  BOOST_TEST(health.measured(t(0s)).latency_us == 0.0);
  health.record(answered(100ms, t(1s)));
  health.record(answered(0us, t(1s), call_result::server_error));
  BOOST_TEST(health.measured(t(1s)).calls == 2u);
  BOOST_TEST(health.measured(t(1s)).successes == 1u);
  BOOST_TEST(health.measured(t(1s)).latency_us == 100'000.0);
  BOOST_TEST(health.measured(t(40s)).latency_us == 0.0);
}

BOOST_AUTO_TEST_CASE(totals_outlive_the_window) {
  key_health health(1.0);
  auto outcome = answered(1ms, t(0s));
  outcome.input_tokens = 10;
  outcome.output_tokens = 5;
  health.record(outcome);
  health.record(answered(0us, t(0s), call_result::quota_exhausted));
  BOOST_TEST(health.window(t(60s)).calls == 0u);
  BOOST_TEST(health.totals().calls == 2u);
  BOOST_TEST(health.totals().rate_limited == 1u);
  BOOST_TEST(health.totals().input_tokens == 10);
  BOOST_TEST(health.totals().output_tokens == 5);
}

BOOST_AUTO_TEST_SUITE_END()
