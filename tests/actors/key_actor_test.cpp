#include "actors/key_actor.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(key_actor_suite)

using namespace switchyard;
using namespace switchyard::actors;
using routing::park_reason;

BOOST_AUTO_TEST_CASE(a_refused_credential_rests_longer_each_time_up_to_an_hour) {
  using std::chrono::minutes;
  BOOST_CHECK(rest_after(park_reason::unauthorized, 1) == minutes(5));
  BOOST_CHECK(rest_after(park_reason::unauthorized, 2) == minutes(10));
  BOOST_CHECK(rest_after(park_reason::unauthorized, 4) == minutes(40));
  BOOST_CHECK(rest_after(park_reason::unauthorized, 5) == minutes(60));
  BOOST_CHECK(rest_after(park_reason::unauthorized, 1000) == minutes(60));
}

BOOST_AUTO_TEST_CASE(a_spent_quota_rests_ten_minutes_every_time) {
  BOOST_CHECK(rest_after(park_reason::quota, 1) == std::chrono::minutes(10));
  BOOST_CHECK(rest_after(park_reason::quota, 9) == std::chrono::minutes(10));
}

BOOST_AUTO_TEST_SUITE_END()
