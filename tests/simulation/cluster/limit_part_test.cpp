// Rate limits as requests meet them, on five nodes: routing::rate_limit, lent to by the cluster's part for limits.
#include "actors/cluster/limit_part.hpp"
#include "cluster/rendezvous.hpp"
#include "routing/pipeline.hpp"
#include "tests/simulation/cluster/simulated_cluster.hpp"

#include <atomic>
#include <cmath>
#include <thread>

BOOST_AUTO_TEST_SUITE(shared_rate_limits)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

namespace {

/// Nodes with one provider key each, and a virtual key; requests draw on one of the limits.
struct shared_limits {
  struct wishes {
    std::int64_t rpm = 600, tpm = 0;
    double per_second = 6;                       // by node
    bool clean = true;
    lease_options lease = {};
  };
  struct node {
    std::unique_ptr<actors::limit_part> part;
    std::shared_ptr<routing::key_state> key;
  };

  shared_limits(wishes what, std::uint64_t seed) : wanted(what), nodes(5), cluster(options(), seed) {}

  cluster_options options() {
    cluster_options made;
    made.leases = true;
    made.lease = wanted.lease;
    made.limits = {{"openai/key-1 rpm", wanted.tpm > 0 ? wanted.tpm : wanted.rpm}};   // what the checker holds; the part configures its own
    made.demand.assign(made.size, wanted.per_second);
    made.clean_network = wanted.clean;
    made.on_start = [this](std::size_t at) { start(at); };
    made.next_tick_within = [this](std::size_t at) { return nodes[at].part->next_tick_within(); };
    made.on_tick = [this](std::size_t at) {
      nodes[at].part->tick(cluster_->clock(at));
      if (after_tick) after_tick(at);
    };
    made.on_request = [this](std::size_t at) { request(at); };
    return made;
  }
  void start(std::size_t at) {
    cluster_ = &cluster;
    auto& n = nodes[at];
    n.part = std::make_unique<actors::limit_part>();
    auto yard = std::make_shared<routing::yard>();
    config::provider_config provider;
    provider.name = "openai";
    provider.base_url = "https://openai.example";
    config::key_config key;
    key.name = "key-1";
    key.rpm = wanted.rpm;
    key.tpm = wanted.tpm;
    provider.keys = {key};
    n.key = std::make_shared<routing::key_state>(1, 1.0, wanted.rpm, wanted.tpm);
    yard->providers.push_back(routing::compile_provider(provider, std::vector{n.key}));
    n.part->begin(cluster.node(at), cluster.clock(at));
    n.part->yard_changed(yard, cluster.clock(at));
  }
  // As selection does: look, then reserve both.
  bool request(std::size_t at) {
    auto& key = *nodes[at].key;
    const auto now = cluster_->clock(at);
    const auto tokens = wanted.tpm > 0 ? static_cast<std::int64_t>(50 + cluster_->world.random.below(1000)) : 0;
    if (!key.requests.fits(1, now) || !key.tokens.fits(tokens, now)) return false;
    if (!key.requests.reserve(1, now)) return false;
    if (!key.tokens.reserve(tokens, now)) {
      key.requests.settle(1, 0, now, now);
      return false;
    }
    if (wanted.tpm == 0) {
      cluster_->rate.used(1, cluster_->world.now());
      return true;
    }
    cluster_->rate.used(tokens, cluster_->world.now());
    if (!settles) return true;
    // What was reserved too high is known a little later; the checker counts what was reserved, so it must allow for that.
    cluster_->world.after(500ms, [this, at, tokens, now, key = nodes[at].key] {
      key->tokens.settle(tokens, tokens, now, cluster_->clock(at));
    });
    return true;
  }

  wishes wanted;
  std::vector<node> nodes;
  simulated_cluster* cluster_ = nullptr;
  simulated_cluster cluster;
  bool settles = false;
  std::function<void(std::size_t node)> after_tick;
};

double use_of(shared_limits& s, nanoseconds length, std::int64_t limit) {
  const auto before = s.cluster.rate.all();
  s.cluster.run_for(length);
  return static_cast<double>(s.cluster.rate.all() - before) / (static_cast<double>(limit) * std::chrono::duration<double>(length).count() / 60);
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_request_finds_nothing_while_old_tokens_are_exchanged_for_new_ones) {
  shared_limits s({.rpm = 600'000, .per_second = 0}, 1);
  s.cluster.run_for(20s);
  // Threads look at what the first node has while time goes on, some 200 exchanges long.
  std::atomic<std::int64_t> now_ns{to_ns(s.cluster.clock(0))};
  std::atomic<bool> goes_on{true};
  std::atomic<std::uint64_t> looks{0}, refused{0};
  s.after_tick = [&](std::size_t at) {
    if (at == 0) now_ns = to_ns(s.cluster.clock(0));
  };
  std::thread requests([&] {
    while (goes_on) {
      const std::int64_t now = now_ns;
      // A thread that was interrupted here looks by a time that is long over.
      if (!s.nodes[0].key->requests.fits(1, from_ns(now)) && now_ns == now) ++refused;
      ++looks;
    }
  });
  s.cluster.run_for(200s);
  while (looks < 10'000) std::this_thread::yield();
  goes_on = false;
  requests.join();
  BOOST_TEST(refused == 0u);
}

BOOST_AUTO_TEST_CASE(the_next_tick_comes_soon_where_a_level_falls_fast_or_is_too_low) {
  shared_limits s({.rpm = 600'000, .per_second = 0}, 1);
  s.cluster.run_for(20s);
  auto& one = s.nodes[0];
  const auto now = s.cluster.clock(0);
  const auto use = [&](std::int64_t tokens) {
    BOOST_TEST(one.key->requests.reserve(tokens, now));
    one.part->tick(now);
    return one.part->next_tick_within();
  };
  const auto level = one.key->requests.allowance().level(now);
  BOOST_TEST_REQUIRE(level > 100);
  BOOST_CHECK(one.part->next_tick_within() == 100ms);
  BOOST_CHECK(use(level / 4) == 100ms);
  BOOST_CHECK(use(level / 2) == 20ms);           // two thirds of what was left: another such tick would find nothing
  BOOST_CHECK(use(1) == 100ms);
  BOOST_TEST(!one.key->requests.reserve(level, now));
  one.part->tick(now);
  BOOST_CHECK(one.part->next_tick_within() == 20ms);
}

BOOST_AUTO_TEST_CASE(three_times_the_demand_uses_94_percent_of_600_a_minute_and_no_more) {
  for_each_seed(8, [](std::uint64_t seed) {
    shared_limits s({.per_second = 6}, seed);
    s.cluster.run_for(20s);
    const auto use = use_of(s, 180s, 600);
    BOOST_TEST_MESSAGE("seed " << seed << ": use " << use << ", most within 60 s " << s.cluster.rate.most());
    BOOST_TEST(use >= 0.94);
    BOOST_TEST(s.cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(eighty_percent_of_the_demand_on_one_node_uses_90_percent) {
  for_each_seed(8, [](std::uint64_t seed) {
    shared_limits::wishes wanted{.per_second = 0.5};
    shared_limits s(wanted, seed);
    // 600 a minute in all: 2 a second on four nodes together, 8 on the fifth.
    const auto busy = seed % 5;
    std::function<void()> more = [&] {
      s.cluster.world.after(nanoseconds(static_cast<std::int64_t>(-std::log(1.0 - s.cluster.world.random.uniform()) / 7.5 * 1e9)), [&] {
        ++s.cluster.requests;
        s.request(busy);
        more();
      });
    };
    more();
    s.cluster.run_for(20s);
    const auto asked = s.cluster.requests;
    const auto before = s.cluster.rate.all();
    s.cluster.run_for(300s);
    const double use = static_cast<double>(s.cluster.rate.all() - before) / std::min<double>(3000, static_cast<double>(s.cluster.requests - asked));
    BOOST_TEST_MESSAGE("seed " << seed << ": use " << use << " of " << s.cluster.requests - asked << " asked, most within 60 s " << s.cluster.rate.most());
    BOOST_TEST(use >= 0.90);
    BOOST_TEST(s.cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(no_fault_brings_sixty_seconds_above_the_limit) {
  for_each_seed(40, [](std::uint64_t seed) {
    const std::int64_t rpm = seed % 4 == 0 ? 60 : seed % 4 == 1 ? 12 : 600;
    shared_limits s({.rpm = rpm, .per_second = seed % 3 == 0 ? 2.5 : 6, .clean = false}, seed);
    s.cluster.run_with_faults(75s, seed % 2 == 0 ? 2 : 3);
    s.cluster.run_for(20s);
    BOOST_TEST(s.cluster.violations() == "");
    BOOST_TEST(s.cluster.rate.all() > 0);
  });
}

BOOST_AUTO_TEST_CASE(tokens_a_minute_hold_but_for_one_large_request_a_node) {
  for_each_seed(10, [](std::uint64_t seed) {
    shared_limits::wishes wanted{.rpm = 0, .tpm = 60'000, .per_second = 2};
    wanted.clean = seed % 2 == 0;
    shared_limits s(wanted, seed);
    s.settles = true;
    s.cluster.run_with_faults(wanted.clean ? 0s : 60s);
    s.cluster.run_for(20s);
    const auto use = use_of(s, 120s, 60'000);
    BOOST_TEST_MESSAGE("seed " << seed << ": use " << use << ", most within 60 s " << s.cluster.rate.most());
    BOOST_TEST(use >= 0.90);
    BOOST_TEST(s.cluster.rate.most() <= 60'000 + 5 * 1050);
  });
}

BOOST_AUTO_TEST_CASE(a_first_request_is_not_refused_while_the_owner_has_tokens) {
  for (const std::int64_t rpm : {10, 60, 600, 100'000}) {
    int refused = 0, asked = 0;
    for_each_seed(60, [&](std::uint64_t seed) {
      shared_limits s({.rpm = rpm, .per_second = 0}, seed);
      s.cluster.run_for(80s + s.cluster.world.between(0s, 5s));   // an owner begins empty; the burst of the smallest fills within a minute
      // One request on each node in turn, a while apart: never more than the limit's rate.
      for (std::size_t at = 0; at < 5; ++at) {
        s.cluster.run_for(std::max<nanoseconds>(2 * 60s / rpm, 3s) + s.cluster.world.between(0s, 2s));
        ++asked;
        refused += !s.request(at);
      }
    });
    BOOST_TEST_MESSAGE("rpm " << rpm << ": refused " << refused << " of " << asked);
    BOOST_TEST(refused <= asked / 12);           // 5 % of 1,500 at limits of 10 and 60, none above
  }
}

BOOST_AUTO_TEST_CASE(a_node_that_starts_has_something_of_its_limits_when_it_says_that_it_is_ready) {
  nanoseconds longest_of_owner{0}, longest_of_others{0};
  const auto owner = owners_of(shard_name(shard_of("openai/key-1 rpm")), std::vector<node_name>{"a", "b", "c", "d", "e"}).front();
  for_each_seed(30, [&](std::uint64_t seed) {
    shared_limits s({.per_second = 0.5}, seed);
    s.cluster.run_for(20s);
    const std::size_t at = seed % 5;
    s.cluster.crash(at, 2s);
    s.cluster.run_for(2s);
    nanoseconds took{0};
    for (; (!s.cluster.up(at) || !s.nodes[at].part->ready()) && took < 6s; took += 10ms) s.cluster.run_for(10ms);
    BOOST_TEST(took < 5s);
    BOOST_TEST(s.request(at));
    auto& longest = owner[0] - 'a' == static_cast<int>(at) ? longest_of_owner : longest_of_others;
    longest = std::max(longest, took);
  });
  const auto ms = [](nanoseconds t) { return std::chrono::duration_cast<milliseconds>(t).count(); };
  BOOST_TEST_MESSAGE("ready at most " << ms(longest_of_others) << " ms after its start, the limit's owner " << ms(longest_of_owner) << " ms");
}

// A process that was stopped for as long as tokens live, and longer, finds none when it goes on.
BOOST_AUTO_TEST_CASE(a_stopped_process_finds_its_tokens_void) {
  for_each_seed(10, [](std::uint64_t seed) {
    shared_limits s({.per_second = 2}, seed);
    s.cluster.run_for(10s);
    // It may just have spent what it had.
    for (int wait = 0; wait < 100 && !s.nodes[1].key->requests.fits(1, s.cluster.clock(1)); ++wait) s.cluster.run_for(50ms);
    BOOST_TEST_REQUIRE(s.nodes[1].key->requests.fits(1, s.cluster.clock(1)));
    const auto frozen = s.nodes[1].key->requests.allowance().lent_level();
    s.cluster.pause(1, 3s);
    s.cluster.run_for(2900ms);
    BOOST_TEST(s.nodes[1].key->requests.allowance().lent_level() == frozen);
    BOOST_TEST(!s.nodes[1].key->requests.fits(1, s.cluster.clock(1)));
    BOOST_TEST(!s.nodes[1].key->requests.reserve(1, s.cluster.clock(1)));
    s.cluster.run_for(10s);
    BOOST_TEST(s.cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_gone_lets_go_and_one_that_comes_back_begins_empty) {
  shared_limits s({.per_second = 1}, 7);
  s.cluster.run_for(10s);
  auto& n = s.nodes[0];
  BOOST_TEST(n.key->requests.fits(1, s.cluster.clock(0)));
  n.part->yard_changed(std::make_shared<routing::yard>(), s.cluster.clock(0));
  BOOST_TEST(!n.key->requests.fits(1, s.cluster.clock(0)));
  s.start(0);
  BOOST_TEST(!n.key->requests.fits(1, s.cluster.clock(0)));
  s.cluster.run_for(10s);
  BOOST_TEST(n.key->requests.fits(1, s.cluster.clock(0)));
}

BOOST_AUTO_TEST_CASE(the_checker_finds_tokens_that_outlive_their_lease) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    for (const bool sound : {true, false}) {
      shared_limits::wishes wanted{.per_second = 0};
      wanted.lease.age_is_checked = sound;
      shared_limits s(wanted, seed);
      // Quiet, so that all nodes renew what they hold ahead; then all demand there is.
      s.cluster.run_for(20s);
      for (nanoseconds passed = 0s; passed < 62s; passed += 10ms) {
        s.cluster.run_for(10ms);
        for (std::size_t at = 0; at < 5; ++at)
          if (s.cluster.world.chance(0.1)) s.request(at);
      }
      if (sound) BOOST_TEST(s.cluster.rate.ok());
      found = found || (!sound && !s.cluster.rate.ok());
    }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()
