#include "routing/budget.hpp"

#include "base/random.hpp"
#include "config/budget_periods.hpp"
#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace switchyard;
using namespace switchyard::routing;
using config::budget_period;
using verdict = budget::verdict;

namespace {

constexpr nano_usd cent = 10'000'000;

wall_time at(const char* text) { return config::parse_time(text).value(); }
const wall_time noon = at("2026-11-26T12:00:00Z");

std::shared_ptr<budget> ten_cents(std::string owner = "team", budget_period period = budget_period::day) {
  return std::make_shared<budget>(std::move(owner), budget::terms{10 * cent, period}, 0, noon);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(budgets)

BOOST_AUTO_TEST_CASE(what_calls_under_way_hold_is_told_from_what_is_spent) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(6 * cent, noon) == verdict::taken));
  BOOST_TEST((b->reserve(5 * cent, noon) == verdict::held));
  BOOST_TEST((b->reserve(11 * cent, noon) == verdict::spent));   // more than there ever was
  b->settle(6 * cent, 6 * cent, noon);
  BOOST_TEST((b->reserve(5 * cent, noon) == verdict::spent));
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::taken));
  const auto now = b->look(noon);
  BOOST_TEST(now.spent == 6 * cent);
  BOOST_TEST(now.reserved == 4 * cent);
  BOOST_TEST(now.remaining == 0);
  BOOST_TEST((now.resets.value() == at("2026-11-27")));
}

BOOST_AUTO_TEST_CASE(what_a_call_did_not_cost_is_there_again) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(10 * cent, noon) == verdict::taken));
  b->settle(10 * cent, cent, noon);
  BOOST_TEST((b->reserve(9 * cent, noon) == verdict::taken));
}

BOOST_AUTO_TEST_CASE(a_call_that_cost_more_than_reserved_is_charged_whole) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(9 * cent, noon) == verdict::taken));
  b->settle(9 * cent, 12 * cent, noon);
  BOOST_TEST(b->look(noon).spent == 12 * cent);
  BOOST_TEST(b->look(noon).remaining == 0);
  BOOST_TEST((b->reserve(0, noon) == verdict::spent));
}

BOOST_AUTO_TEST_CASE(a_new_period_counts_from_nought_but_for_calls_under_way) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::taken));
  BOOST_TEST((b->reserve(6 * cent, noon) == verdict::taken));
  b->settle(6 * cent, 6 * cent, noon);
  const auto tomorrow = at("2026-11-27T00:00:00Z");
  BOOST_TEST(b->look(tomorrow).spent == 0);
  BOOST_TEST((b->reserve(7 * cent, tomorrow) == verdict::held));   // 4 are still out
  BOOST_TEST((b->reserve(6 * cent, tomorrow) == verdict::taken));
  b->settle(4 * cent, 3 * cent, tomorrow);                         // settled in this period: counts in it
  b->settle(6 * cent, 6 * cent, tomorrow);
  BOOST_TEST(b->look(tomorrow).spent == 9 * cent);
  BOOST_TEST((b->look(tomorrow).resets.value() == at("2026-11-28")));
}

BOOST_AUTO_TEST_CASE(a_clock_that_steps_back_brings_no_period_back) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(10 * cent, at("2026-11-27T00:00:01Z")) == verdict::taken));
  b->settle(10 * cent, 10 * cent, at("2026-11-27T00:00:01Z"));
  BOOST_TEST((b->reserve(cent, noon) == verdict::spent));
  BOOST_TEST((b->reserve(cent, at("2026-11-27T00:00:02Z")) == verdict::spent));
}

BOOST_AUTO_TEST_CASE(a_total_never_begins_again) {
  const auto b = ten_cents("team", budget_period::total);
  BOOST_TEST((b->reserve(10 * cent, noon) == verdict::taken));
  b->settle(10 * cent, 10 * cent, noon);
  BOOST_TEST((b->reserve(cent, at("2099-01-01")) == verdict::spent));
  BOOST_TEST(!b->look(noon).resets.has_value());
}

BOOST_AUTO_TEST_CASE(an_unknown_price_passes_is_counted_and_stops_with_the_last_nano_dollar) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(0, noon) == verdict::taken));
  b->settle(0, std::nullopt, noon);
  BOOST_TEST(b->look(noon).unpriced == 1u);
  BOOST_TEST(b->look(noon).reserved == 0);
  BOOST_TEST((b->reserve(10 * cent, noon) == verdict::taken));
  BOOST_TEST((b->reserve(0, noon) == verdict::held));
  b->settle(10 * cent, 10 * cent, noon);
  BOOST_TEST((b->reserve(0, noon) == verdict::spent));
}

BOOST_AUTO_TEST_CASE(a_chain_takes_from_all_or_from_none) {
  const auto child = ten_cents("alice"), parent = ten_cents("team");
  const std::shared_ptr<budget> chain[] = {child, parent};
  BOOST_TEST((parent->reserve(8 * cent, noon) == verdict::taken));
  const auto refused = reserve_all(chain, 3 * cent, noon);
  BOOST_TEST((refused.what == verdict::held));
  BOOST_TEST(refused.by->owner() == "team");
  BOOST_TEST(child->look(noon).reserved == 0);
  BOOST_TEST((reserve_all(chain, 2 * cent, noon).what == verdict::taken));
  settle_all(chain, 2 * cent, cent, noon);
  BOOST_TEST(child->look(noon).spent == cent);
  BOOST_TEST(parent->look(noon).spent == cent);
}

BOOST_AUTO_TEST_CASE(other_terms_keep_what_was_spent_and_what_is_under_way) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(5 * cent, noon) == verdict::taken));
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::taken));
  b->settle(4 * cent, 4 * cent, noon);
  b->configure({20 * cent, budget_period::day}, [] { return nano_usd{0}; }, noon);
  BOOST_TEST(b->look(noon).spent == 4 * cent);
  b->configure({30 * cent, budget_period::month}, [] { return 24 * cent; }, noon);
  BOOST_TEST(b->look(noon).spent == 24 * cent);
  BOOST_TEST((b->reserve(2 * cent, noon) == verdict::held));
  b->settle(5 * cent, 5 * cent, noon);
  BOOST_TEST((b->reserve(cent, noon) == verdict::taken));
  BOOST_TEST((b->look(noon).resets.value() == at("2026-12-01")));
}

BOOST_AUTO_TEST_CASE(whoever_waits_is_woken_when_there_is_room_or_no_hope) {
  const auto b = ten_cents();
  std::string woken;
  BOOST_TEST((b->reserve(5 * cent, noon) == verdict::taken));
  BOOST_TEST((b->reserve(5 * cent, noon) == verdict::taken));
  BOOST_TEST(b->wait(3 * cent, [&] { woken += "a"; }) != 0u);
  BOOST_TEST(b->wait(9 * cent, [&] { woken += "b"; }) != 0u);
  BOOST_TEST(b->wait(2 * cent, [&] { woken += "c"; }) != 0u);
  const auto gone = b->wait(cent, [&] { woken += "d"; });
  b->stop_waiting(gone);
  b->settle(5 * cent, 2 * cent, noon);   // 3 free: a; 8 can still become free: no hope for b
  BOOST_TEST(woken == "ab");
  b->settle(5 * cent, 0, noon);
  BOOST_TEST(woken == "abc");
}

BOOST_AUTO_TEST_CASE(too_many_waiters_are_turned_away) {
  const auto b = ten_cents();
  BOOST_TEST((b->reserve(10 * cent, noon) == verdict::taken));
  for (std::size_t i = 0; i < budget::most_waiting; ++i) BOOST_TEST_REQUIRE(b->wait(cent, [] {}) != 0u);
  BOOST_TEST(b->wait(cent, [] {}) == 0u);
}

// 500 calls by 8 threads on ten cents, several times over; two budgets above each other, prices and costs drawn by seed.
BOOST_AUTO_TEST_CASE(parallel_calls_never_spend_more_than_the_budget) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto child = ten_cents("alice"), parent = std::make_shared<budget>("team", budget::terms{7 * cent, budget_period::month}, 0, noon);
    const std::shared_ptr<budget> chain[] = {child, parent};
    std::atomic<std::int64_t> cost_of_all{0}, served{0};
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        random_source random(seed * 1000 + t);
        for (int i = 0; i < 500 / 8; ++i) {
          const auto worst = static_cast<nano_usd>(1 + random.below(cent / 2));
          if (reserve_all(chain, worst, noon).what != verdict::taken) continue;
          const auto cost = static_cast<nano_usd>(random.below(static_cast<std::uint64_t>(worst) + 1));
          if (random.below(4) == 0) std::this_thread::yield();
          settle_all(chain, worst, cost, noon);
          cost_of_all.fetch_add(cost);
          served.fetch_add(1);
        }
      });
    for (auto& thread : threads) thread.join();
    BOOST_TEST(served.load() > 5);
    BOOST_TEST(cost_of_all.load() <= 7 * cent, "seed " << seed);
    BOOST_TEST(child->look(noon).spent == cost_of_all.load());
    BOOST_TEST(parent->look(noon).spent == cost_of_all.load());
    BOOST_TEST(child->look(noon).reserved == 0);
    BOOST_TEST(parent->look(noon).reserved == 0);
  }
}

// Threads cross the ends of periods at their own pace: no period's settled costs exceed the limit.
BOOST_AUTO_TEST_CASE(no_period_is_overspent_while_threads_pass_its_end) {
  const auto b = ten_cents("team", budget_period::hour);
  constexpr int hours = 50;
  std::atomic<int> hour{0};
  std::atomic<bool> overspent{false};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      random_source random(t + 7);
      for (int i = 0; i < 4000; ++i) {
        const auto worst = static_cast<nano_usd>(1 + random.below(cent));
        if (b->reserve(worst, noon + std::chrono::hours(hour.load())) != verdict::taken) {
          if (random.below(8) == 0) hour.store(std::min(hours, hour.load() + 1));
          continue;
        }
        b->settle(worst, worst, noon + std::chrono::hours(hour.load()));
        const auto now = b->look(noon + std::chrono::hours(hour.load()));
        if (now.spent > 10 * cent) overspent.store(true);
      }
    });
  for (auto& thread : threads) thread.join();
  const auto now = b->look(noon + std::chrono::hours(hour.load()));
  BOOST_TEST(!overspent.load());
  BOOST_TEST(now.reserved == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shared_budgets)

constexpr auto hard = budget::sharing::hard;
const std::int64_t today = config::period_number(budget_period::day, std::chrono::duration_cast<microseconds>(noon.time_since_epoch()).count());

BOOST_AUTO_TEST_CASE(nothing_is_usable_before_a_share_came) {
  const auto b = ten_cents();
  b->share(hard);
  BOOST_TEST((b->reserve(cent, noon) == verdict::held));
  BOOST_TEST(b->is_wanting());
  const auto wants = b->look_at_share(noon);
  BOOST_TEST(wants.wanted == cent);
  BOOST_TEST(wants.period == today);
  BOOST_TEST(!b->is_wanting());
  b->set_usable(today, 2 * cent);
  BOOST_TEST((b->reserve(cent, noon) == verdict::taken));
  BOOST_TEST((b->reserve(2 * cent, noon) == verdict::held));
  BOOST_TEST((b->reserve(11 * cent, noon) == verdict::spent));   // above the whole of it
  b->set_usable(today - 1, 9 * cent);                            // of another period
  BOOST_TEST(b->look_at_share(noon).usable == 2 * cent);
}

BOOST_AUTO_TEST_CASE(what_is_given_up_cannot_be_reserved_and_what_is_reserved_cannot_be_given_up) {
  const auto b = ten_cents();
  b->share(hard);
  b->set_usable(today, 5 * cent);
  BOOST_TEST((b->reserve(2 * cent, noon) == verdict::taken));
  BOOST_TEST(!b->give_up(today, 4 * cent));
  BOOST_TEST(b->give_up(today, 3 * cent));
  BOOST_TEST((b->reserve(cent, noon) == verdict::held));
  b->settle(2 * cent, cent, noon);
  BOOST_TEST((b->reserve(cent, noon) == verdict::taken));
  BOOST_TEST(b->look(noon).reserved == cent);
}

BOOST_AUTO_TEST_CASE(the_outlook_says_what_a_refusal_means) {
  const auto b = ten_cents();
  b->share(hard);
  b->set_usable(today, 3 * cent);
  BOOST_TEST((b->reserve(2 * cent, noon) == verdict::taken));
  b->set_outlook(budget::outlook::nothing_left);
  BOOST_TEST((b->reserve(3 * cent, noon) == verdict::held));     // the call under way may cost nothing
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::spent));
  b->set_outlook(budget::outlook::owner_gone);
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::ownerless));
  b->set_outlook(budget::outlook::more_may_come);
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::held));
  b->set_others(today, 7 * cent, cent);
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::spent));    // others have spent too much for that
  BOOST_TEST(b->look(noon).spent == 7 * cent);
  BOOST_TEST(b->look(noon).reserved == 3 * cent);
}

BOOST_AUTO_TEST_CASE(who_waits_is_woken_by_a_share_and_by_the_loss_of_hope) {
  const auto b = ten_cents();
  b->share(hard);
  int woken = 0;
  (void)b->wait(cent, [&] { ++woken; });
  BOOST_TEST(b->look_at_share(noon).wanted == cent);
  b->set_usable(today, cent);
  BOOST_TEST(woken == 1);
  (void)b->wait(2 * cent, [&] { ++woken; });
  b->set_outlook(budget::outlook::nothing_left);
  BOOST_TEST(woken == 2);
}

BOOST_AUTO_TEST_CASE(a_new_period_begins_without_a_share) {
  const auto b = ten_cents();
  b->share(hard);
  b->set_usable(today, 5 * cent);
  b->set_others(today, 5 * cent, 0);
  BOOST_TEST((b->reserve(cent, noon) == verdict::taken));
  const auto tomorrow = noon + std::chrono::hours(24);
  BOOST_TEST((b->reserve(cent, tomorrow) == verdict::held));
  const auto now = b->look_at_share(tomorrow);
  BOOST_TEST(now.period == today + 1);
  BOOST_TEST(now.usable == 0);
  BOOST_TEST(now.committed == cent);                             // still under way
  BOOST_TEST(b->look(tomorrow).spent == 0);
}

BOOST_AUTO_TEST_CASE(soft_is_the_whole_limit_until_others_are_heard_of) {
  const auto b = ten_cents();
  b->share(budget::sharing::soft);
  BOOST_TEST((b->reserve(4 * cent, noon) == verdict::taken));
  b->set_usable(today, 5 * cent);
  BOOST_TEST((b->reserve(2 * cent, noon) == verdict::held));
  b->share(budget::sharing::no);
  BOOST_TEST((b->reserve(2 * cent, noon) == verdict::taken));
}

// Shares come and go while threads reserve: the sum that was ever usable for good holds, though figures come back to where they were.
BOOST_AUTO_TEST_CASE(threads_never_spend_a_share_that_was_given_up) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto b = std::make_shared<budget>("team", budget::terms{1'000'000 * cent, budget_period::day}, 0, noon);
    b->share(hard);
    std::atomic<std::int64_t> spent{0};
    std::atomic<int> going{4};
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        random_source random(seed * 1000 + t);
        for (int taken = 0; taken < 2000;) {
          const auto worst = static_cast<nano_usd>(1 + random.below(6));
          if (b->reserve(worst, noon) != verdict::taken) {
            std::this_thread::yield();
            continue;
          }
          ++taken;
          const bool costs = random.below(4) == 0;
          b->settle(worst, costs ? worst : 0, noon);
          if (costs) spent.fetch_add(worst);
        }
        --going;
      });
    nano_usd held = 0, least_left = INT64_MAX;
    random_source random(seed);
    while (going > 0) {
      held += 5;
      b->set_usable(today, held);
      const auto back = static_cast<nano_usd>(1 + random.below(5));
      if (b->give_up(today, back)) held -= back;
      least_left = std::min(least_left, held - spent.load());    // what was spent is counted late
      std::this_thread::yield();
    }
    for (auto& thread : threads) thread.join();
    BOOST_TEST(spent.load() > 0);
    BOOST_TEST(spent.load() <= held, "seed " << seed);
    BOOST_TEST(least_left >= 0, "seed " << seed);
    BOOST_TEST(b->look(noon).reserved == 0);
    BOOST_TEST(b->look(noon).spent == spent.load());
    BOOST_TEST(b->look_at_share(noon).usable == held);
  }
}

BOOST_AUTO_TEST_SUITE_END()
