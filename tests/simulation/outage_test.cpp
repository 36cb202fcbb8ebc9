// Keys that die and come back under load, in virtual time. Every case runs with several seeds and prints the one it failed with.
#include "tests/simulation/virtual_yard.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <string>

BOOST_AUTO_TEST_SUITE(outage)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;
using namespace std::chrono_literals;
using config::balance_strategy;

namespace {

constexpr balance_strategy all_strategies[] = {balance_strategy::weighted,          balance_strategy::round_robin,
                                               balance_strategy::least_connections, balance_strategy::lowest_latency,
                                               balance_strategy::lowest_cost,       balance_strategy::geo,
                                               balance_strategy::adaptive};

template <class Case>
void for_each_seed(int rounds, Case run) {
  const char* wanted = std::getenv("SWITCHYARD_SEED");
  const char* longer = std::getenv("SWITCHYARD_ROUNDS");
  const std::uint64_t first = wanted != nullptr ? std::stoull(wanted) : 1;
  const int count = wanted != nullptr ? 1 : longer != nullptr ? std::stoi(longer) : rounds;
  BOOST_TEST_MESSAGE("seeds " << first << ".." << first + static_cast<std::uint64_t>(count) - 1);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    BOOST_TEST_CONTEXT("seed " << seed) run(seed);
  }
}

virtual_yard_options two_keys(double first = 0.7, double second = 0.3) {
  virtual_yard_options options;
  options.keys = {key("key-1", first), key("key-2", second)};
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(seventy_to_thirty_over_ten_thousand_requests) {
  for_each_seed(5, [](std::uint64_t seed) {
    virtual_yard yard(two_keys(), seed);
    yard.run_for(50s);
    BOOST_TEST(yard.requests > 9000);
    BOOST_TEST(std::abs(static_cast<double>(yard.figures(0).calls) / yard.calls - 0.7) < 0.02);
    BOOST_TEST(yard.failed_requests == 0);
  });
}

BOOST_AUTO_TEST_CASE(one_of_two_keys_dies_and_no_request_fails) {
  for_each_seed(5, [](std::uint64_t seed) {
    for (const auto strategy : all_strategies) {
      BOOST_TEST_CONTEXT(to_string(strategy)) {
        auto options = two_keys();
        options.strategy = strategy;
        virtual_yard yard(options, seed);
        yard.run_for(10s);
        yard.set_alive(0, false);
        yard.run_for(1s);
        // A strategy that has left the key alone sees no failure and needs no breaker.
        BOOST_TEST((yard.state_of(0) == breaker_state::open || yard.figures(0).failures < 10));
        yard.run_for(60s);
        BOOST_TEST(yard.failed_requests == 0);
        BOOST_TEST(yard.amplification() <= 1.05);
        yard.stop_arrivals();
        yard.run_for(40s);
        BOOST_TEST(yard.in_flight() == 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(the_breaker_recovers_within_its_open_time_and_two_seconds) {
  for_each_seed(10, [](std::uint64_t seed) {
    for (const auto strategy : all_strategies) {
      BOOST_TEST_CONTEXT(to_string(strategy)) {
        auto options = two_keys(0.5, 0.5);
        options.strategy = strategy;
        virtual_yard yard(options, seed);
        yard.run_for(5s);
        yard.set_alive(0, false);
        random_source random(seed);
        yard.run_for(1s + milliseconds(random.below(30'000)));
        const auto open_for = yard.breaker_of(0).open_for();
        yard.set_alive(0, true);
        yard.run_for(open_for + 2s);
        BOOST_TEST((yard.state_of(0) == breaker_state::closed));
        yard.run_for(15s);
        yard.reset_counts();
        yard.run_for(20s);
        BOOST_TEST(yard.failed_requests == 0);
        if (strategy == balance_strategy::weighted || strategy == balance_strategy::round_robin)
          BOOST_TEST(std::abs(static_cast<double>(yard.figures(0).calls) / yard.calls - 0.5) < 0.02);
        else
          BOOST_TEST(yard.figures(0).calls > yard.calls / 200);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(a_recovered_key_gets_its_share_back_gradually) {
  for_each_seed(5, [](std::uint64_t seed) {
    virtual_yard yard(two_keys(0.5, 0.5), seed);
    yard.set_alive(0, false);
    yard.run_for(4s);
    yard.set_alive(0, true);
    while (yard.state_of(0) != breaker_state::closed && yard.now() < t(30s)) yard.run_for(10ms);
    BOOST_TEST((yard.state_of(0) == breaker_state::closed));
    yard.reset_counts();
    yard.run_for(2s);
    const double early = static_cast<double>(yard.figures(0).calls) / yard.calls;
    yard.run_for(20s);
    yard.reset_counts();
    yard.run_for(10s);
    const double late = static_cast<double>(yard.figures(0).calls) / yard.calls;
    BOOST_TEST(early < 0.25);
    BOOST_TEST(std::abs(late - 0.5) < 0.02);
  });
}

BOOST_AUTO_TEST_CASE(a_total_outage_is_not_amplified) {
  for_each_seed(5, [](std::uint64_t seed) {
    virtual_yard yard(two_keys(), seed);
    yard.run_for(10s);
    yard.reset_counts();
    yard.set_alive(0, false);
    yard.set_alive(1, false);
    yard.run_for(60s);
    BOOST_TEST(yard.amplification() <= 1.2);
    // Breakers keep the rest away: a dead provider sees a handful of calls, not the load.
    BOOST_TEST(yard.calls < 200);
    yard.set_alive(0, true);
    yard.set_alive(1, true);
    yard.run_for(yard.breaker_of(0).open_for() + yard.breaker_of(1).open_for() + 2s);
    BOOST_TEST((yard.state_of(0) == breaker_state::closed));
    BOOST_TEST((yard.state_of(1) == breaker_state::closed));
  });
}

BOOST_AUTO_TEST_CASE(an_outage_too_mild_for_the_breaker_stays_within_the_retry_budget) {
  for_each_seed(5, [](std::uint64_t seed) {
    auto options = two_keys();
    options.breaker.failure_rate = 0.9;
    options.breaker.min_requests = 50;
    virtual_yard yard(options, seed);
    yard.run_for(10s);
    yard.reset_counts();
    yard.set_error_rate(0, 0.5);
    yard.set_error_rate(1, 0.5);
    yard.run_for(60s);
    BOOST_TEST(yard.amplification() <= 1.2 + 0.01);
    BOOST_TEST(yard.amplification() > 1.15);
  });
}

BOOST_AUTO_TEST_CASE(adaptive_moves_away_from_a_key_that_errs_and_comes_back) {
  for_each_seed(5, [](std::uint64_t seed) {
    auto options = two_keys(0.5, 0.5);
    options.strategy = balance_strategy::adaptive;
    virtual_yard yard(options, seed);
    yard.set_error_rate(0, 0.3);
    yard.run_for(30s);
    yard.reset_counts();
    yard.run_for(20s);
    BOOST_TEST(static_cast<double>(yard.figures(0).calls) / yard.calls < 0.4);
    BOOST_TEST(yard.failed_requests == 0);
    yard.set_error_rate(0, 0);
    yard.run_for(40s);
    yard.reset_counts();
    yard.run_for(20s);
    BOOST_TEST(std::abs(static_cast<double>(yard.figures(0).calls) / yard.calls - 0.5) < 0.05);
  });
}

BOOST_AUTO_TEST_CASE(keys_dying_and_recovering_at_random_leak_no_slot_and_end_healthy) {
  for_each_seed(10, [](std::uint64_t seed) {
    random_source random(seed);
    virtual_yard_options options;
    const auto count = 2 + random.below(4);
    for (std::uint64_t i = 0; i < count; ++i) options.keys.push_back(key("key-" + std::to_string(i), 0.1 + random.uniform()));
    options.strategy = all_strategies[random.below(std::size(all_strategies))];
    virtual_yard yard(options, seed);
    for (int step = 0; step < 60; ++step) {
      // Key 0 always lives, so that every request can be served.
      yard.set_alive(1 + random.below(count - 1), random.below(2) == 0);
      yard.run_for(milliseconds(random.below(4000)));
    }
    BOOST_TEST(yard.amplification() <= 1.2);
    for (std::uint64_t i = 0; i < count; ++i) yard.set_alive(i, true);
    yard.run_for(130s);
    for (std::uint64_t i = 0; i < count; ++i) BOOST_TEST((yard.state_of(i) == breaker_state::closed));
    yard.reset_counts();
    yard.run_for(10s);
    BOOST_TEST(yard.failed_requests == 0);
    yard.stop_arrivals();
    yard.run_for(40s);
    BOOST_TEST(yard.in_flight() == 0);
  });
}

BOOST_AUTO_TEST_SUITE_END()
