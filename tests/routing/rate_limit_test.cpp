#include "routing/rate_limit.hpp"

#include "base/random.hpp"
#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(rate_limit_)

using namespace switchyard;
using namespace std::chrono_literals;
using routing::rate_limit;
using routing::testing::t;

namespace {

struct admitted {
  std::int64_t at_ns;
  std::int64_t amount;
};

// The most that any window of 60 s, open at its end, holds of `taken` (sorted by time).
std::int64_t fullest_window(const std::vector<admitted>& taken) {
  std::int64_t most = 0, sum = 0;
  std::size_t first = 0;
  for (const auto& last : taken) {
    sum += last.amount;
    while (last.at_ns - taken[first].at_ns >= 60'000'000'000) sum -= taken[first++].amount;
    most = std::max(most, sum);
  }
  return most;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_limit_is_admitted_and_not_one_more) {
  rate_limit limit(5);
  for (int i = 0; i < 5; ++i) BOOST_TEST(limit.reserve(1, t(100ms * i)));
  BOOST_TEST(!limit.reserve(1, t(1s)));
  BOOST_TEST(limit.used(t(1s)) == 5);
  BOOST_TEST(limit.remaining(t(1s)) == 0);
  BOOST_TEST(!limit.reserve(1, t(59s)));
  BOOST_TEST(limit.reserve(1, t(61s)));
  BOOST_TEST(limit.used(t(61s)) == 1);
}

BOOST_AUTO_TEST_CASE(no_limit_admits_everything_and_counts_nothing) {
  rate_limit limit(0);
  for (int i = 0; i < 1000; ++i) BOOST_TEST(limit.reserve(1'000'000, t(0s)));
  BOOST_TEST(limit.used(t(0s)) == 0);
  BOOST_TEST(limit.remaining(t(0s)) == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(limit.fits_in(1, t(0s)).count() == 0);
}

BOOST_AUTO_TEST_CASE(an_amount_above_the_limit_passes_only_with_an_empty_window) {
  rate_limit limit(100);
  BOOST_TEST(limit.reserve(250, t(0s)));
  BOOST_TEST(!limit.reserve(1, t(30s)));
  BOOST_TEST(limit.reserve(40, t(61s)));
  BOOST_TEST(!limit.reserve(250, t(62s)));
  BOOST_TEST(limit.fits_in(250, t(62s)).count() == 60'000);
  BOOST_TEST(limit.reserve(250, t(122s)));
}

BOOST_AUTO_TEST_CASE(fits_in_names_the_moment_at_which_reserve_succeeds) {
  random_source random(7);
  for (int round = 0; round < 200; ++round) {
    rate_limit limit(50);
    steady_time now = t(0s);
    for (int i = 0; i < 100; ++i) {
      now += milliseconds(random.below(2000));
      (void)limit.reserve(static_cast<std::int64_t>(1 + random.below(20)), now);
    }
    const auto wanted = static_cast<std::int64_t>(1 + random.below(60));
    const auto wait = limit.fits_in(wanted, now);
    if (wait > 0ms) BOOST_TEST(!limit.fits(wanted, now + wait - 1ms));
    BOOST_TEST(limit.fits(wanted, now + wait));
    BOOST_TEST(limit.reserve(wanted, now + wait));
  }
}

BOOST_AUTO_TEST_CASE(what_was_not_used_is_given_back) {
  rate_limit limit(100);
  BOOST_TEST(limit.reserve(80, t(0s)));
  limit.settle(80, 30, t(0s), t(5s));
  BOOST_TEST(limit.used(t(5s)) == 30);
  BOOST_TEST(limit.reserve(70, t(5s)));
  BOOST_TEST(limit.used(t(61s)) == 70);
}

BOOST_AUTO_TEST_CASE(debt_is_paid_before_anything_is_admitted) {
  rate_limit limit(100);
  BOOST_TEST(limit.reserve(50, t(0s)));
  limit.settle(50, 400, t(0s), t(3s));
  BOOST_TEST(limit.used(t(3s)) == 400);
  BOOST_TEST(!limit.reserve(1, t(60s)));
  BOOST_TEST(limit.reserve(1, t(61s)));
}

BOOST_AUTO_TEST_CASE(settling_after_the_window_has_passed_changes_nothing) {
  rate_limit limit(100);
  BOOST_TEST(limit.reserve(50, t(0s)));
  BOOST_TEST(limit.reserve(20, t(64s)));    // takes the same slot
  limit.settle(50, 0, t(0s), t(70s));
  limit.settle(50, 500, t(0s), t(70s));
  BOOST_TEST(limit.used(t(70s)) == 20);
}

BOOST_AUTO_TEST_CASE(a_new_limit_counts_what_was_used) {
  rate_limit limit(100);
  BOOST_TEST(limit.reserve(60, t(0s)));
  limit.set_limit(50);
  BOOST_TEST(!limit.reserve(1, t(1s)));
  BOOST_TEST(limit.remaining(t(1s)) == 0);
  limit.set_limit(200);
  BOOST_TEST(limit.reserve(140, t(1s)));
}

BOOST_AUTO_TEST_CASE(a_key_idle_for_months_begins_with_an_empty_window) {
  for (const auto idle : {std::chrono::hours(24), std::chrono::hours(24 * 97), std::chrono::hours(24 * 190), std::chrono::hours(24 * 400)}) {
    rate_limit limit(100);
    BOOST_TEST(limit.reserve(100, t(0s)));
    BOOST_TEST(limit.used(t(idle)) == 0);
    BOOST_TEST(limit.reserve(100, t(idle)));
  }
}

BOOST_AUTO_TEST_CASE(no_window_of_60_seconds_ever_holds_more_than_the_limit) {
  constexpr std::uint64_t seed = 20240607;
  BOOST_TEST_MESSAGE("seed " << seed);
  random_source random(seed);
  for (int round = 0; round < 60; ++round) {
    const auto most = static_cast<std::int64_t>(10 + random.below(500));
    const auto pace_us = 1 + random.below(2'000'000);
    rate_limit limit(most);
    std::vector<admitted> taken;
    steady_time now = t(0s);
    for (int i = 0; i < 3000; ++i) {
      now += microseconds(random.below(pace_us));
      const auto amount = static_cast<std::int64_t>(1 + random.below(static_cast<std::uint64_t>(most) / 4 + 1));
      if (limit.reserve(amount, now)) taken.push_back({to_ns(now), amount});
    }
    BOOST_TEST(fullest_window(taken) <= most, "seed " << seed << " round " << round);
  }
}

BOOST_AUTO_TEST_CASE(a_full_limit_is_used_up_even_at_a_steady_overload) {
  rate_limit limit(600);
  std::int64_t admitted_count = 0;
  for (int ms = 0; ms < 600'000; ms += 20) admitted_count += limit.reserve(1, t(milliseconds(ms)));
  // 61 one-second slots instead of 60 s: at most 1/61 less than the limit, and the first minute comes in one burst.
  BOOST_TEST(admitted_count >= 600 * 10 * 58 / 61);
}

// All threads race at one moment of virtual time; then it moves on for all of them, often over a second's or a minute's edge.
BOOST_AUTO_TEST_CASE(threads_together_never_exceed_the_limit_in_any_window) {
  constexpr std::int64_t most = 500;
  constexpr std::size_t rounds = 2000;
  rate_limit limit(most);
  random_source random(11);
  std::vector<steady_time> moments{t(0s)};
  while (moments.size() < rounds) moments.push_back(moments.back() + milliseconds(random.below(random.below(20) == 0 ? 30'000 : 900)));
  std::vector<std::vector<admitted>> taken(4);
  std::barrier together(static_cast<std::ptrdiff_t>(taken.size()));
  std::vector<std::thread> threads;
  for (std::size_t who = 0; who < taken.size(); ++who) {
    threads.emplace_back([&, who] {
      random_source mine(who + 1);
      for (const auto now : moments) {
        together.arrive_and_wait();
        for (int i = 0; i < 4; ++i) {
          const auto amount = static_cast<std::int64_t>(1 + mine.below(8));
          if (!limit.reserve(amount, now)) continue;
          const auto used = static_cast<std::int64_t>(mine.below(static_cast<std::uint64_t>(amount) + 1));
          limit.settle(amount, used, now, now);
          taken[who].push_back({to_ns(now), used});
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<admitted> all;
  for (const auto& mine : taken) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.at_ns < b.at_ns; });
  BOOST_TEST(fullest_window(all) <= most);
  BOOST_TEST(fullest_window(all) > most - 8);
  BOOST_TEST(limit.used(moments.back() + 62s) == 0);
}

// Here clock readings overtake each other, by as much as the scheduler likes; a window cannot be told exactly from outside then.
BOOST_AUTO_TEST_CASE(threads_that_overtake_each_other_leave_the_books_even) {
  constexpr std::int64_t most = 5000;
  rate_limit limit(most);
  std::atomic<std::int64_t> clock_ns{to_ns(t(0s))};
  std::vector<std::vector<admitted>> taken(4);
  std::vector<std::thread> threads;
  for (std::size_t who = 0; who < taken.size(); ++who) {
    threads.emplace_back([&, who] {
      random_source random(who + 1);
      for (int i = 0; i < 40'000; ++i) {
        // Virtual time moves on as a whole second only at long intervals, so that most calls race within one.
        const auto at = clock_ns.fetch_add(1'500'000, std::memory_order_relaxed);
        const auto amount = static_cast<std::int64_t>(1 + random.below(8));
        if (limit.reserve(amount, from_ns(at))) {
          const auto used = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(amount) + 1));
          limit.settle(amount, used, from_ns(at), from_ns(at));
          taken[who].push_back({at, used});
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();

  // 160,000 calls of 4.5 on average over 240 s ask for far more than what five windows hold.
  std::int64_t total = 0;
  for (const auto& mine : taken)
    for (const auto& a : mine) total += a.amount;
  BOOST_TEST(total >= most * 3);
  BOOST_TEST(total <= most * 5);

  const auto later = from_ns(clock_ns.load()) + 62s;
  BOOST_TEST(limit.used(later) == 0);
  BOOST_TEST(limit.reserve(most, later));
  BOOST_TEST(!limit.reserve(1, later));
}

BOOST_AUTO_TEST_CASE(threads_draining_one_window_take_exactly_the_limit) {
  for (int round = 0; round < 20; ++round) {
    rate_limit limit(1000);
    std::atomic<int> got{0};
    std::vector<std::thread> threads;
    for (int who = 0; who < 4; ++who)
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) got += limit.reserve(1, t(5s)) ? 1 : 0;
      });
    for (auto& thread : threads) thread.join();
    BOOST_TEST(got.load() == 1000);
  }
}

BOOST_AUTO_TEST_SUITE_END()
