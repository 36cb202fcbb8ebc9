#include "routing/balance.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <deque>
#include <map>

BOOST_AUTO_TEST_SUITE(balance_)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;
using namespace std::chrono_literals;
using config::balance_strategy;

namespace {

constexpr std::uint64_t seed = 42;

// One provider, one target, all keys candidates.
struct bench {
  explicit bench(std::vector<config::key_config> keys) { add("openai", "gpt-4o", std::move(keys)); }

  void add(std::string name, std::string model, std::vector<config::key_config> keys, double weight = 1.0,
           std::optional<config::price_config> price = std::nullopt) {
    config::provider_config config;
    config.name = std::move(name);
    config.keys = std::move(keys);
    if (price) config.prices = {{model, *price}};
    targets.push_back({provider(config), std::move(model), weight});
    for (const auto& k : targets.back().provider->keys) candidates.push_back({&targets.back(), k.get()});
  }
  key_state& state(std::size_t i) { return *candidates[i].key->state; }
  std::size_t draw(balance_strategy strategy) { return choose(strategy, candidates, request, memory, random); }
  std::vector<double> shares(balance_strategy strategy, int draws = 10'000) {
    std::vector<double> count(candidates.size());
    for (int i = 0; i < draws; ++i) count[draw(strategy)] += 1.0 / draws;
    return count;
  }

  std::deque<target> targets;
  std::vector<candidate> candidates;
  balance_request request{{}, 1000, 500, t(0s)};
  balance_memory memory;
  random_source random{seed};
};

void recovering(key_state& key) {
  key.ramp_from_ns = to_ns(t(0s));
  key.ramp_for_ns = nanoseconds(10s).count();
}

constexpr balance_strategy all_strategies[] = {balance_strategy::weighted,       balance_strategy::round_robin,
                                               balance_strategy::least_connections, balance_strategy::lowest_latency,
                                               balance_strategy::lowest_cost,    balance_strategy::geo,
                                               balance_strategy::adaptive};

}  // namespace

BOOST_AUTO_TEST_CASE(seventy_to_thirty_is_kept_closely_and_on_short_runs) {
  bench b({key("a", 0.7), key("b", 0.3)});
  BOOST_TEST(std::abs(b.shares(balance_strategy::weighted)[0] - 0.7) < 0.001);
  BOOST_TEST(std::abs(b.shares(balance_strategy::weighted, 100)[0] - 0.7) < 0.04);
}

BOOST_AUTO_TEST_CASE(seventy_to_thirty_holds_when_split_over_threads_memories) {
  bench b({key("a", 0.7), key("b", 0.3)});
  std::vector<balance_memory> memories(8);
  std::vector<random_source> sources;
  for (std::uint64_t i = 0; i < 8; ++i) sources.emplace_back(i);
  int first = 0;
  for (std::size_t i = 0; i < 10'000; ++i) {
    const auto who = sources[0].below(8);
    first += choose(balance_strategy::weighted, b.candidates, b.request, memories[who], sources[who]) == 0;
  }
  BOOST_TEST(std::abs(first - 7000) < 60);
}

BOOST_AUTO_TEST_CASE(shares_hold_while_candidates_come_and_go) {
  bench b({key("a", 0.5), key("b", 0.3), key("c", 0.2)});
  const std::vector<candidate> without_c(b.candidates.begin(), b.candidates.begin() + 2);
  std::map<std::size_t, int> all, fewer;
  for (int i = 0; i < 20'000; ++i) {
    if (i % 2 == 0)
      ++all[b.draw(balance_strategy::weighted)];
    else
      ++fewer[choose(balance_strategy::weighted, without_c, b.request, b.memory, b.random)];
  }
  BOOST_TEST(std::abs(all[0] - 5000) < 50);
  BOOST_TEST(std::abs(all[2] - 2000) < 50);
  BOOST_TEST(std::abs(fewer[0] - 6250) < 50);
}

BOOST_AUTO_TEST_CASE(a_target_weight_multiplies_its_keys) {
  bench b({key("a", 1.0)});
  b.targets.front().weight = 0.95;
  b.add("openai", "gpt-5", {key("b", 1.0)}, 0.05);
  BOOST_TEST(std::abs(b.shares(balance_strategy::weighted)[1] - 0.05) < 0.002);
}

BOOST_AUTO_TEST_CASE(weight_zero_is_used_only_when_nothing_else_is_left) {
  for (const auto strategy : all_strategies) {
    bench b({key("spare", 0.0), key("a", 1.0), key("b", 1.0)});
    b.state(1).in_flight = 50;
    BOOST_TEST(b.shares(strategy, 500)[0] == 0.0, to_string(strategy));
    bench spares({key("spare", 0.0), key("spare2", 0.0)});
    BOOST_TEST(spares.shares(strategy, 500)[0] > 0.3, to_string(strategy));
  }
}

BOOST_AUTO_TEST_CASE(a_recovering_key_gets_a_tenth_of_its_share_at_first) {
  for (const auto strategy : {balance_strategy::weighted, balance_strategy::adaptive, balance_strategy::geo, balance_strategy::round_robin}) {
    bench b({key("a"), key("b")});
    recovering(b.state(0));
    const double share = b.shares(strategy)[0];
    BOOST_TEST(share > 0.03, to_string(strategy));
    BOOST_TEST(share < 0.12, to_string(strategy));
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_recovers_alone_gets_everything) {
  for (const auto strategy : all_strategies) {
    bench b({key("a")});
    recovering(b.state(0));
    BOOST_TEST(b.draw(strategy) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(round_robin_takes_turns_whatever_the_weights) {
  bench b({key("a", 9.0), key("b", 1.0), key("c", 1.0)});
  for (int i = 0; i < 9; ++i) BOOST_TEST(b.draw(balance_strategy::round_robin) == static_cast<std::size_t>(i % 3));
}

BOOST_AUTO_TEST_CASE(round_robin_stays_fair_when_two_models_share_a_memory) {
  bench b({key("a"), key("b")});
  b.add("other", "x", {key("c"), key("d")});
  const std::vector<candidate> first(b.candidates.begin(), b.candidates.begin() + 2);
  const std::vector<candidate> second(b.candidates.begin() + 2, b.candidates.end());
  std::map<std::size_t, int> seen;
  for (int i = 0; i < 100; ++i) {
    ++seen[choose(balance_strategy::round_robin, first, b.request, b.memory, b.random)];
    ++seen[2 + choose(balance_strategy::round_robin, second, b.request, b.memory, b.random)];
  }
  for (const auto& [which, count] : seen) BOOST_TEST(count == 50);
}

BOOST_AUTO_TEST_CASE(least_connections_counts_in_flight_by_weight) {
  bench b({key("a", 2.0), key("b", 1.0)});
  b.state(0).in_flight = 5;
  b.state(1).in_flight = 3;
  BOOST_TEST(b.draw(balance_strategy::least_connections) == 0u);
  b.state(0).in_flight = 7;
  BOOST_TEST(b.draw(balance_strategy::least_connections) == 1u);
  b.state(0).in_flight = 6;
  const double tie = b.shares(balance_strategy::least_connections)[0];
  BOOST_TEST(std::abs(tie - 2.0 / 3) < 0.03);
}

BOOST_AUTO_TEST_CASE(lowest_latency_prefers_the_faster_key_until_it_is_loaded) {
  bench b({key("a"), key("b")});
  b.state(0).latency_ewma_us = 100'000;
  b.state(1).latency_ewma_us = 400'000;
  BOOST_TEST(b.shares(balance_strategy::lowest_latency)[0] > 0.97);
  BOOST_TEST(b.shares(balance_strategy::lowest_latency)[1] > 0.005);   // the slow one is measured again now and then
  b.state(0).in_flight = 4;
  BOOST_TEST(b.shares(balance_strategy::lowest_latency)[1] > 0.97);
}

BOOST_AUTO_TEST_CASE(lowest_latency_tries_a_key_without_a_sample_but_does_not_pile_on_it) {
  bench b({key("a"), key("b")});
  b.state(0).latency_ewma_us = 100'000;
  b.state(1).in_flight = 1;
  BOOST_TEST(b.shares(balance_strategy::lowest_latency)[0] > 0.97);
  b.state(0).in_flight = 2;
  BOOST_TEST(b.shares(balance_strategy::lowest_latency)[1] > 0.97);
}

BOOST_AUTO_TEST_CASE(lowest_cost_takes_the_cheapest_for_this_request_and_unknown_prices_last) {
  bench b({key("unknown")});
  b.add("cheap-output", "m", {key("b")}, 1.0, config::price_config{3.0, 1.0, {}});
  b.add("cheap-input", "m", {key("c")}, 1.0, config::price_config{1.0, 10.0, {}});
  b.request.input_tokens = 1000;
  b.request.output_tokens = 1000;
  BOOST_TEST(b.draw(balance_strategy::lowest_cost) == 1u);
  b.request.output_tokens = 10;
  BOOST_TEST(b.draw(balance_strategy::lowest_cost) == 2u);
}

BOOST_AUTO_TEST_CASE(lowest_cost_shares_equal_prices_by_weight) {
  bench b({key("unknown")});
  b.add("p", "m", {key("b", 3.0), key("c", 1.0)}, 1.0, config::price_config{1.0, 1.0, {}});
  const auto shares = b.shares(balance_strategy::lowest_cost);
  BOOST_TEST(shares[0] == 0.0);
  BOOST_TEST(std::abs(shares[1] - 0.75) < 0.01);
}

BOOST_AUTO_TEST_CASE(geo_takes_the_region_then_its_area_then_the_rest) {
  auto west = key("w"), central = key("c"), us = key("u"), none = key("n");
  west.region = "eu-west";
  central.region = "eu-central";
  us.region = "us-east";
  bench b({none, us, central, west});
  b.request.region = "eu-west";
  BOOST_TEST(b.draw(balance_strategy::geo) == 3u);
  b.candidates.pop_back();
  BOOST_TEST(b.draw(balance_strategy::geo) == 2u);
  b.candidates.pop_back();
  const auto rest = b.shares(balance_strategy::geo);
  BOOST_TEST(std::abs(rest[0] - 0.5) < 0.01);
  b.request.region = {};
  BOOST_TEST(std::abs(b.shares(balance_strategy::geo)[0] - 0.5) < 0.01);
}

BOOST_AUTO_TEST_CASE(adaptive_follows_health_headroom_and_load) {
  bench b({key("a"), key("b")});
  BOOST_TEST(std::abs(b.shares(balance_strategy::adaptive)[0] - 0.5) < 0.01);
  b.state(0).weight = 0.25;                                    // health says a quarter
  BOOST_TEST(std::abs(b.shares(balance_strategy::adaptive)[0] - 0.2) < 0.01);
  b.state(0).weight = 1.0;
  b.state(0).headroom = 0.125;                                 // an eighth of its limit left: factor 1/4
  BOOST_TEST(std::abs(b.shares(balance_strategy::adaptive)[0] - 0.2) < 0.01);
  b.state(0).headroom = 1.0;
  b.state(0).in_flight = 10;                                   // all the load: factor 1/2
  BOOST_TEST(std::abs(b.shares(balance_strategy::adaptive)[0] - 1.0 / 3) < 0.01);
}

BOOST_AUTO_TEST_CASE(adaptive_sees_its_own_limits_coming) {
  auto limited = key("a");
  limited.rpm = 100;
  bench b({limited, key("b")});
  BOOST_TEST(b.state(0).requests.reserve(90, t(0s)));
  BOOST_TEST(std::abs(b.shares(balance_strategy::adaptive)[0] - 0.2 / 1.2) < 0.01);
}

BOOST_AUTO_TEST_CASE(adaptive_never_starves_a_key) {
  bench b({key("a"), key("b")});
  b.state(0).weight = 0.02;
  b.state(0).headroom = 0.0;
  b.state(0).in_flight = 100;
  BOOST_TEST(b.shares(balance_strategy::adaptive)[0] > 0.005);
}

BOOST_AUTO_TEST_SUITE_END()
