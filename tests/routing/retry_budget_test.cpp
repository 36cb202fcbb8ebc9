#include "routing/retry_budget.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(retry_budget_)

using namespace switchyard;
using namespace std::chrono_literals;
using routing::retry_budget;
using routing::testing::t;

namespace {
int take_all(retry_budget& budget, steady_time now) {
  int taken = 0;
  while (budget.take_retry(now)) ++taken;
  return taken;
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_fifth_of_the_last_ten_seconds_requests) {
  retry_budget budget(0.2);
  for (int i = 0; i < 1000; ++i) budget.record_request(t(milliseconds(i * 9)));
  BOOST_TEST(take_all(budget, t(9s)) == 200);
  BOOST_TEST(!budget.take_retry(t(9500ms)));
}

BOOST_AUTO_TEST_CASE(few_requests_may_still_retry_a_little) {
  retry_budget budget(0.2);
  budget.record_request(t(0s));
  BOOST_TEST(take_all(budget, t(0s)) == 10);
}

BOOST_AUTO_TEST_CASE(old_requests_and_old_retries_are_forgotten) {
  retry_budget budget(0.2, 0);
  for (int i = 0; i < 100; ++i) budget.record_request(t(0s));
  BOOST_TEST(take_all(budget, t(1s)) == 20);
  BOOST_TEST(take_all(budget, t(10s)) == 0);
  for (int i = 0; i < 100; ++i) budget.record_request(t(12s));
  BOOST_TEST(take_all(budget, t(12s)) == 20);
}

BOOST_AUTO_TEST_CASE(a_new_share_counts_at_once) {
  retry_budget budget(0.0, 0);
  for (int i = 0; i < 10; ++i) budget.record_request(t(0s));
  BOOST_TEST(!budget.take_retry(t(0s)));
  budget.configure(0.5);
  BOOST_TEST(take_all(budget, t(0s)) == 5);
}

BOOST_AUTO_TEST_SUITE_END()
