#include "routing/lease_allowance.hpp"

#include "base/random.hpp"
#include "routing/rate_limit.hpp"
#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

using namespace switchyard;
using namespace std::chrono_literals;
using routing::lease_allowance;
using routing::rate_limit;
using routing::testing::t;

BOOST_AUTO_TEST_SUITE(lease_allowances)

BOOST_AUTO_TEST_CASE(nothing_passes_before_something_is_lent) {
  lease_allowance a;
  BOOST_TEST(!a.take(1, t(0s)));
  BOOST_TEST(!a.fits(1, t(0s)));
  const auto news = a.take_news();
  BOOST_TEST(news.refused == 2);
  BOOST_TEST(news.largest_refused == 1);
  BOOST_TEST(!a.has_news());
}

BOOST_AUTO_TEST_CASE(what_was_lent_is_taken_once_and_until_its_end) {
  lease_allowance a;
  a.lend(3, t(2s));
  BOOST_TEST(a.take(1, t(0s)));
  BOOST_TEST(a.take(1, t(1990ms)));
  BOOST_TEST(a.level(t(1990ms)) == 1);
  BOOST_TEST(!a.take(1, t(2s)));
  BOOST_TEST(!a.take(1, t(24h)));
  BOOST_TEST(!a.take(1, t(24h * 400)));
  BOOST_TEST(a.lent_level() == 1);
  a.lend(1, t(4s));                              // renewed: by who knows what is void
  BOOST_TEST(a.take(1, t(3s)));
  BOOST_TEST(a.take(1, t(3s)));
  BOOST_TEST(!a.take(1, t(3s)));
}

BOOST_AUTO_TEST_CASE(a_large_amount_passes_when_enough_is_there_and_the_rest_is_debt) {
  lease_allowance a;
  a.set_enough(10);
  a.lend(9, t(2s));
  BOOST_TEST(!a.take(500, t(0s)));
  BOOST_TEST(a.take_news().largest_refused == 10);
  a.lend(1, t(2s));
  BOOST_TEST(a.take(500, t(0s)));
  BOOST_TEST(a.lent_level() == -490);
  BOOST_TEST(!a.take(1, t(0s)));
  a.lend(490, t(2s));
  BOOST_TEST(!a.take(1, t(0s)));
  a.lend(1, t(2s));
  BOOST_TEST(a.take(1, t(0s)));
}

BOOST_AUTO_TEST_CASE(what_was_settled_higher_is_debt_at_once_and_lower_is_news) {
  lease_allowance a;
  a.lend(10, t(2s));
  BOOST_TEST(a.take(5, t(0s)));
  a.settle(5, 25, t(1s));
  BOOST_TEST(a.lent_level() == -15);
  BOOST_TEST(!a.take(1, t(1s)));
  a.settle(5, 2, t(1s));
  a.settle(5, 9, t(3s));                         // nothing is lent any more
  const auto news = a.take_news();
  BOOST_TEST(news.refunded == 3);
  BOOST_TEST(news.owed == 4);
}

BOOST_AUTO_TEST_CASE(a_provider_only_lowers) {
  lease_allowance a;
  a.provider_said(7);
  a.provider_said(3);
  a.provider_said(5);
  BOOST_TEST(a.take_news().said == 3);
  BOOST_TEST(a.take_news().said == lease_allowance::no_word);
}

BOOST_AUTO_TEST_CASE(a_part_is_taken_back_where_nothing_was_taken_since) {
  lease_allowance a;
  a.lend(10, t(1s));
  BOOST_TEST(a.take(1, t(0s)));
  BOOST_TEST(!a.take_back(10, 4));
  BOOST_TEST(a.take_back(9, 4));
  BOOST_TEST(a.level(t(0s)) == 5);
  BOOST_TEST(a.level(t(2s)) == 0);                           // until when stays
}

// The lender adds and withdraws while threads take and settle: whatever was lent is taken, settled, withdrawn or left, once.
BOOST_AUTO_TEST_CASE(threads_and_lender_together_lose_no_token_and_make_none) {
  for (int round = 0; round < 10; ++round) {
    lease_allowance a;
    std::atomic<int> going{4};
    std::vector<std::int64_t> taken(4), above(4), refused(4);
    std::vector<std::thread> threads;
    for (std::size_t who = 0; who < taken.size(); ++who)
      threads.emplace_back([&, who] {
        random_source random(who + 1 + static_cast<std::uint64_t>(round) * 16);
        for (int times = 0; times < 2000;) {
          const auto amount = static_cast<std::int64_t>(1 + random.below(3));
          if (!a.take(amount, t(0s))) {
            refused[who] += amount;
            std::this_thread::yield();
            continue;
          }
          taken[who] += amount;
          ++times;
          if (random.below(8) != 0) continue;
          a.settle(amount, amount + 2, t(0s));
          above[who] += 2;
        }
        --going;
      });
    std::int64_t lent = 0, back = 0, owed = 0, known_refused = 0;
    for (int i = 1; going > 0; ++i) {
      if (i % 16 == 0) back += a.withdraw();
      if (const auto level = a.lent_level(); i % 16 == 8 && level > 1 && a.take_back(level, level / 2)) back += level / 2;
      a.lend(5, t(1s));
      lent += 5;
      const auto news = a.take_news();
      owed += news.owed;
      known_refused += news.refused;
      std::this_thread::yield();
    }
    for (auto& thread : threads) thread.join();
    const auto last = a.take_news();
    const auto sum = [](const std::vector<std::int64_t>& all) { return std::accumulate(all.begin(), all.end(), std::int64_t{0}); };
    BOOST_TEST(lent == back + a.lent_level() + sum(taken) + sum(above) - owed - last.owed);
    BOOST_TEST(sum(refused) == known_refused + last.refused);
    BOOST_TEST(sum(taken) > 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shared_limits)

BOOST_AUTO_TEST_CASE(a_shared_limit_takes_what_was_lent_and_no_more_than_its_window) {
  rate_limit limit(5);
  limit.share(true);
  BOOST_TEST(!limit.reserve(1, t(0s)));
  BOOST_TEST(limit.remaining(t(0s)) == 0);
  BOOST_TEST(limit.used(t(0s)) == 0);
  limit.allowance().lend(8, t(2s));
  BOOST_TEST(limit.remaining(t(0s)) == 5);
  for (int i = 0; i < 5; ++i) BOOST_TEST(limit.reserve(1, t(0s)));
  BOOST_TEST(!limit.reserve(1, t(0s)));
  BOOST_TEST(limit.allowance().take_news().refunded == 1);   // what the window refused goes back
  BOOST_TEST(!limit.fits(1, t(0s)));
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_not_shared_never_looks_at_leases) {
  rate_limit limit(5);
  BOOST_TEST(limit.reserve(5, t(0s)));
  limit.settle(5, 2, t(0s), t(1s));
  BOOST_TEST(!limit.allowance().has_news());
}

BOOST_AUTO_TEST_CASE(a_shared_limit_names_a_time_to_come_again) {
  rate_limit limit(60);
  limit.share(true);
  BOOST_TEST(limit.fits_in(1, t(0s)).count() == 1000);
  BOOST_TEST(limit.fits_in(2, t(0s)).count() == 2000);
  BOOST_TEST(!limit.allowance().has_news());     // asking for the time is no demand
  limit.allowance().lend(1, t(2s));
  BOOST_TEST(limit.fits_in(1, t(0s)).count() == 0);
  limit.allowance().set_enough(10);
  limit.set_limit(600'000);
  BOOST_TEST(limit.fits_in(2, t(0s)).count() == 50);
}

BOOST_AUTO_TEST_CASE(settling_reaches_the_lender_and_the_window) {
  rate_limit limit(1000);
  limit.share(true);
  limit.allowance().lend(100, t(2s));
  BOOST_TEST(limit.reserve(60, t(0s)));
  limit.settle(60, 20, t(0s), t(1s));
  BOOST_TEST(limit.used(t(1s)) == 20);
  BOOST_TEST(limit.allowance().take_news().refunded == 40);
  BOOST_TEST(limit.allowance().level(t(1s)) == 40);
}

BOOST_AUTO_TEST_SUITE_END()
