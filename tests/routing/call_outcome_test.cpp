#include "routing/call_outcome.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(call_outcome_)

using namespace switchyard::routing;

BOOST_AUTO_TEST_CASE(no_result_is_both_success_and_failure) {
  for (int i = 0; i <= static_cast<int>(call_result::bad_response); ++i) {
    const auto result = static_cast<call_result>(i);
    BOOST_TEST(!(is_failure(result) && is_success(result)), to_string(result));
    BOOST_TEST(to_string(result) != "unknown");
  }
}

BOOST_AUTO_TEST_CASE(limits_and_refused_keys_say_nothing_about_health_but_are_worth_another_key) {
  for (const auto result : {call_result::rate_limited, call_result::quota_exhausted, call_result::unauthorized}) {
    BOOST_TEST(!is_failure(result));
    BOOST_TEST(!is_success(result));
    BOOST_TEST(is_retryable(result));
  }
}

BOOST_AUTO_TEST_CASE(what_concerns_the_request_or_reached_the_client_is_not_tried_again) {
  for (const auto result : {call_result::ok, call_result::request_refused, call_result::client_gone, call_result::stream_broken})
    BOOST_TEST(!is_retryable(result), to_string(result));
}

BOOST_AUTO_TEST_SUITE_END()
