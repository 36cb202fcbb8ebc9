#include "routing/breaker.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace switchyard;
using namespace switchyard::routing;
using namespace std::chrono_literals;
using routing::testing::ended;
using routing::testing::t;

BOOST_TEST_DONT_PRINT_LOG_VALUE(breaker_state)
BOOST_TEST_DONT_PRINT_LOG_VALUE(steady_time)

BOOST_AUTO_TEST_SUITE(breaker_)

namespace {

config::breaker_config small() {
  config::breaker_config config;
  config.min_requests = 4;
  return config;   // half of 10 s, open for 5 s, 2 probes
}

void fail(breaker& b, steady_time at, int times, call_result how = call_result::server_error) {
  for (int i = 0; i < times; ++i) b.record(ended(how, at));
}

// Opens a closed breaker and lets its probes fail until it has opened `times` in a row; returns the last opening.
steady_time open_in_row(breaker& b, steady_time at, int times) {
  fail(b, at, 4);
  for (int i = 1; i < times; ++i) {
    at = b.open_until();
    b.tick(at);
    b.record(ended(call_result::timeout, at, true));
  }
  return at;
}

void recover(breaker& b, steady_time at) {
  b.tick(at);
  b.record(ended(call_result::ok, at, true));
  b.record(ended(call_result::ok, at, true));
}

}  // namespace

BOOST_AUTO_TEST_CASE(too_few_calls_do_not_open_it) {
  breaker b(small());
  fail(b, t(0s), 3);
  BOOST_TEST(b.state() == breaker_state::closed);
  BOOST_TEST(!b.wake_at().has_value());
}

BOOST_AUTO_TEST_CASE(half_of_enough_calls_failing_opens_it) {
  breaker b(small());
  b.record(ended(call_result::ok, t(0s)));
  b.record(ended(call_result::ok, t(0s)));
  b.record(ended(call_result::ok, t(0s)));
  fail(b, t(1s), 2);
  BOOST_TEST(b.state() == breaker_state::closed);
  fail(b, t(1s), 1);
  BOOST_TEST(b.state() == breaker_state::open);
  BOOST_TEST(b.openings() == 1u);
  BOOST_TEST(b.open_until() == t(6s));
  BOOST_TEST(b.wake_at().value() == t(6s));
  BOOST_TEST(b.window().totals(t(1s)).calls == 0u);
}

BOOST_AUTO_TEST_CASE(a_key_that_dies_under_load_is_out_at_once_whatever_the_window_remembers) {
  breaker b(small());
  for (int i = 0; i < 1000; ++i) b.record(ended(call_result::ok, t(0s)));
  fail(b, t(1s), 3);
  b.record(ended(call_result::ok, t(1s)));
  fail(b, t(1s), 3);
  BOOST_TEST(b.state() == breaker_state::closed);
  fail(b, t(1s), 1);
  BOOST_TEST(b.state() == breaker_state::open);
}

BOOST_AUTO_TEST_CASE(limits_and_departed_clients_do_not_open_it) {
  breaker b(small());
  for (int i = 0; i < 100; ++i) {
    b.record(ended(call_result::rate_limited, t(0s)));
    b.record(ended(call_result::client_gone, t(0s)));
    b.record(ended(call_result::unauthorized, t(0s)));
  }
  BOOST_TEST(b.state() == breaker_state::closed);
}

BOOST_AUTO_TEST_CASE(failures_spread_wider_than_the_window_do_not_open_it) {
  breaker b(small());
  for (int i = 0; i < 20; ++i) fail(b, t(seconds(4 * i)), 1);
  BOOST_TEST(b.state() == breaker_state::closed);
}

BOOST_AUTO_TEST_CASE(it_half_opens_when_its_time_has_come_and_closes_when_every_probe_succeeds) {
  breaker b(small());
  fail(b, t(0s), 4);
  b.tick(t(4999ms));
  BOOST_TEST(b.state() == breaker_state::open);
  BOOST_TEST(b.probes() == 0);
  b.tick(t(5s));
  BOOST_TEST(b.state() == breaker_state::half_open);
  BOOST_TEST(b.probes() == 2);
  b.record(ended(call_result::ok, t(5s), true));
  BOOST_TEST(b.state() == breaker_state::half_open);
  b.record(ended(call_result::request_refused, t(5s), true));
  BOOST_TEST(b.state() == breaker_state::closed);
  BOOST_TEST(b.ramp_from().value() == t(5s));
  BOOST_TEST(b.ramp_for().count() == 10'000);
}

BOOST_AUTO_TEST_CASE(one_failed_probe_opens_it_for_twice_as_long_up_to_the_cap) {
  breaker b(small());
  fail(b, t(0s), 4);
  steady_time at = t(0s);
  for (const auto expected : {5s, 10s, 20s, 40s, 80s, 120s, 120s}) {
    BOOST_TEST((b.open_until() - at == expected));
    at = b.open_until();
    b.tick(at);
    b.record(ended(call_result::ok, at, true));
    b.record(ended(call_result::timeout, at, true));
    BOOST_TEST(b.state() == breaker_state::open);
  }
}

BOOST_AUTO_TEST_CASE(late_answers_of_ordinary_calls_decide_nothing_while_half_open) {
  breaker b(small());
  fail(b, t(0s), 4);
  b.tick(t(5s));
  fail(b, t(5s), 10);
  b.record(ended(call_result::ok, t(5s)));
  b.record(ended(call_result::ok, t(5s)));
  BOOST_TEST(b.state() == breaker_state::half_open);
}

BOOST_AUTO_TEST_CASE(a_relapse_soon_after_closing_opens_it_for_longer_and_a_full_window_forgives) {
  breaker soon(small());
  fail(soon, t(0s), 4);
  recover(soon, t(5s));
  fail(soon, t(9s), 4);
  BOOST_TEST(soon.open_for().count() == 10'000);

  breaker later(small());
  fail(later, t(0s), 4);
  recover(later, t(5s));
  BOOST_TEST(later.wake_at().value() == t(15s));
  fail(later, t(15s), 4);
  BOOST_TEST(later.open_for().count() == 5000);
}

BOOST_AUTO_TEST_CASE(the_ramp_ends_by_itself) {
  breaker b(small());
  fail(b, t(0s), 4);
  recover(b, t(5s));
  b.tick(t(14s));
  BOOST_TEST(b.ramp_from().has_value());
  b.tick(t(15s));
  BOOST_TEST(!b.ramp_from().has_value());
  BOOST_TEST(!b.wake_at().has_value());
}

BOOST_AUTO_TEST_CASE(the_ramp_is_never_longer_than_ten_seconds) {
  breaker b(small());
  const auto at = open_in_row(b, t(0s), 5);
  BOOST_TEST((b.open_until() - at == 80s));
  recover(b, b.open_until());
  BOOST_TEST(b.ramp_for().count() == 10'000);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_can_be_reached_again_shortens_the_wait_after_connect_failures_only) {
  breaker b(small());
  fail(b, t(0s), 4, call_result::connect_failed);
  BOOST_TEST(b.opened_by_connect());
  b.endpoint_answered(false, t(1s));
  BOOST_TEST(b.state() == breaker_state::open);
  b.endpoint_answered(true, t(1s));
  BOOST_TEST(b.state() == breaker_state::half_open);

  breaker other(small());
  fail(other, t(0s), 3, call_result::connect_failed);
  fail(other, t(0s), 1, call_result::server_error);
  BOOST_TEST(!other.opened_by_connect());
  other.endpoint_answered(true, t(1s));
  BOOST_TEST(other.state() == breaker_state::open);
}

BOOST_AUTO_TEST_CASE(a_reload_changes_settings_and_keeps_the_state) {
  breaker b(small());
  fail(b, t(0s), 4);
  auto changed = small();
  changed.half_open_probes = 1;
  changed.window = 20s;
  b.configure(changed);
  BOOST_TEST(b.state() == breaker_state::open);
  b.tick(t(5s));
  b.record(ended(call_result::ok, t(5s), true));
  BOOST_TEST(b.state() == breaker_state::closed);
}

BOOST_AUTO_TEST_CASE(publishing_writes_the_verdict_and_releases_the_brake) {
  breaker b(small());
  key_state key(1, 1.0, 0, 0);
  fail(b, t(0s), 4);
  for (int i = 0; i < 4; ++i) key.note_result(call_result::server_error, 4);
  b.publish(key);
  BOOST_TEST(key.breaker.load() == breaker_state::open);
  BOOST_TEST(!key.tripped.load());
  BOOST_TEST(key.open_until_ns.load() == to_ns(t(5s)));

  b.tick(t(5s));
  b.publish(key);
  BOOST_TEST(key.breaker.load() == breaker_state::half_open);
  BOOST_TEST(key.probes_left.load() == 2);

  recover(b, t(6s));
  b.publish(key);
  BOOST_TEST(key.breaker.load() == breaker_state::closed);
  BOOST_TEST(key.probes_left.load() == 0);
  BOOST_TEST(key.ramp(t(6s)) == 0.1, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(in_a_cluster_a_node_probes_with_its_share_and_one_success_is_enough) {
  breaker b(small());
  key_state key(1, 1.0, 0, 0);
  b.share_probes(1);
  fail(b, t(0s), 4);
  b.tick(t(5s));
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 1);
  b.record(ended(call_result::ok, t(5s), true));
  BOOST_TEST(b.state() == breaker_state::closed);
}

BOOST_AUTO_TEST_CASE(a_node_without_a_share_waits_for_the_word_of_another_one) {
  breaker b(small());
  key_state key(1, 1.0, 0, 0);
  b.share_probes(0);
  fail(b, t(0s), 4);
  b.advised_to_close(t(1s));
  BOOST_TEST(b.state() == breaker_state::open);    // its own time is not over
  b.tick(t(5s));
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 0);
  b.tick(t(8s));                                   // permits are renewed: still none
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 0);
  b.share_probes(1);                               // nobody else probes
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 1);
  b.share_probes(0);
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 0);
  b.advised_to_close(t(9s));
  BOOST_TEST(b.state() == breaker_state::closed);
  BOOST_TEST(b.ramp_from().has_value());
}

BOOST_AUTO_TEST_CASE(advice_opens_a_closed_breaker_for_as_long_as_failures_would) {
  breaker b(small());
  b.advised_to_open(t(0s));
  BOOST_TEST(b.state() == breaker_state::open);
  BOOST_TEST(b.open_until() == t(5s));
  b.advised_to_open(t(4s));
  BOOST_TEST(b.open_until() == t(5s));
  b.tick(t(5s));
  b.advised_to_open(t(5s));
  BOOST_TEST(b.state() == breaker_state::half_open);
}

BOOST_AUTO_TEST_CASE(permits_that_are_out_stay_out_when_it_is_published_again) {
  breaker b(small());
  key_state key(1, 1.0, 0, 0);
  fail(b, t(0s), 4);
  b.tick(t(5s));
  b.publish(key);
  BOOST_TEST(key.take_probe());
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 1);
  BOOST_TEST(key.take_probe());
  b.record(ended(call_result::ok, t(5s), true));
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 0);
}

BOOST_AUTO_TEST_CASE(a_probe_without_a_verdict_gives_its_permit_back) {
  breaker b(small());
  key_state key(1, 1.0, 0, 0);
  fail(b, t(0s), 4);
  b.tick(t(5s));
  b.publish(key);
  BOOST_TEST(key.take_probe());
  BOOST_TEST(key.take_probe());
  b.record(ended(call_result::client_gone, t(5s), true));
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 1);
}

BOOST_AUTO_TEST_CASE(probes_that_never_come_back_do_not_keep_it_half_open_for_ever) {
  breaker b(small());
  key_state key(1, 1.0, 0, 0);
  fail(b, t(0s), 4);
  b.tick(t(5s));
  b.publish(key);
  BOOST_TEST(key.take_probe());
  BOOST_TEST(key.take_probe());
  BOOST_TEST(b.wake_at().value() == t(7s));
  b.tick(t(7s));
  b.publish(key);
  BOOST_TEST(key.probes_left.load() == 2);
  BOOST_TEST(b.wake_at().value() == t(9s));
}

BOOST_AUTO_TEST_SUITE_END()
