#include "actors/cluster/health_part.hpp"

#include "cluster/rendezvous.hpp"
#include "routing/breaker.hpp"
#include "tests/actors/cluster/part_yard.hpp"

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using namespace std::chrono_literals;
using routing::breaker_state;
using routing::call_result;
using routing::park_reason;

BOOST_TEST_DONT_PRINT_LOG_VALUE(switchyard::routing::breaker_state)

BOOST_AUTO_TEST_SUITE(health_part_)

namespace {

const std::vector<cluster::node_name> five = {"a", "b", "c", "d", "e"};
const std::string key_name = "openai/one";

/// A node's key with its breaker, which does what it is advised to as its actor would.
struct health_node {
  explicit health_node(const std::string& credential = "sk-one") : part({[this](const auto&, const peer_parked& told) { parked.push_back(told); },
                                                                      [this](const auto& key, const breaker_advice& advice) {
                                                                        if (key.config.name == "one") heed(advice);
                                                                      },
                                                                      [this](const auto& key, const routing::key_measure& others) {
                                                                        if (key.config.name == "one") learned.push_back(others);
                                                                      }}) {
    config::breaker_config config;
    config.min_requests = 4;
    breaker.emplace(config);
    use(credential);
  }
  void use(const std::string& credential) {
    auto provider = std::make_shared<routing::provider_entry>();
    auto key = std::make_shared<routing::key_entry>();
    key->config.name = "one";
    key->config.value = secret(credential);
    key->provider = "openai";
    key->state = state;
    auto other = std::make_shared<routing::key_entry>(*key);
    other->config.name = "two";
    other->state = second;
    provider->keys = {key, other};
    auto yard = std::make_shared<routing::yard>();
    yard->providers = {provider};
    part.yard_changed(yard, {});
  }
  void heed(const breaker_advice& advice) {
    if (advice.what == breaker_advice::kind::open) breaker->advised_to_open(*now);
    if (advice.what == breaker_advice::kind::close) breaker->advised_to_close(*now);
    if (advice.what == breaker_advice::kind::probes) breaker->share_probes(advice.probes);
    breaker->publish(*state);
  }
  void calls(call_result result, int times, bool probe = false) {
    for (; times > 0; --times) {
      routing::call_outcome outcome;
      outcome.result = result;
      outcome.probe = probe;
      outcome.finished = *now;
      state->note_result(result, 100);
      breaker->record(outcome);
    }
    breaker->publish(*state);
  }
  void tick() {
    breaker->tick(*now);
    breaker->publish(*state);
  }

  const steady_time* now = nullptr;
  std::shared_ptr<routing::key_state> state = std::make_shared<routing::key_state>(1, 1.0, 0, 0);
  std::shared_ptr<routing::key_state> second = std::make_shared<routing::key_state>(2, 1.0, 0, 0);
  std::optional<routing::breaker> breaker;
  std::vector<peer_parked> parked;
  std::vector<routing::key_measure> learned;
  health_part part;
};

struct health_yard : part_yard {
  health_yard() : part_yard(five) {
    for (const auto& name : five) {
      nodes[name] = std::make_unique<health_node>();
      nodes[name]->now = &now;
      add(name, nodes[name]->part);
    }
    every_tick = [this] {
      for (auto& [name, node] : nodes) node->tick();
    };
    run_for(100ms);
  }
  health_node& at(const std::string& name) { return *nodes.at(name); }
  /// By their place in the order of who probes.
  health_node& at(std::size_t place) { return at(cluster::owners_of(key_name, five)[place]); }
  bool parked(const std::string& name) { return routing::check(*at(name).state, 0, 0, now).what == routing::availability::verdict::parked; }

  std::map<std::string, std::unique_ptr<health_node>> nodes;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_rest_that_a_provider_asked_for_on_one_node_holds_on_all_for_what_is_left_of_it) {
  health_yard yard;
  yard.at("a").state->park(yard.now + 7s, park_reason::retry_after);
  yard.run_for(40ms);
  for (const auto& name : five) BOOST_TEST(yard.parked(name));
  BOOST_REQUIRE(yard.at("c").parked.size() == 1u);
  BOOST_TEST(yard.at("c").parked[0].node == "a");
  BOOST_TEST((yard.at("c").parked[0].why == park_reason::retry_after));
  BOOST_TEST((yard.at("c").parked[0].lasts > 6900ms));
  BOOST_TEST((yard.at("c").parked[0].lasts <= 7s));
  BOOST_TEST(yard.at("a").parked.empty());
  yard.run_for(6900ms);
  for (const auto& name : five) BOOST_TEST(yard.parked(name));
  yard.run_for(100ms);
  for (const auto& name : five) BOOST_TEST(!yard.parked(name));
  yard.run_for(5s);                              // nobody passes it on as its own
  for (const auto& name : five) BOOST_TEST(yard.at(name).parked.size() <= 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_credential_and_a_spent_quota_hold_with_their_reason) {
  health_yard yard;
  yard.at("b").state->park(yard.now + 300s, park_reason::unauthorized);
  yard.run_for(40ms);
  BOOST_TEST((yard.at("e").state->parked_for.load() == park_reason::unauthorized));
  BOOST_TEST((yard.at("e").parked.at(0).why == park_reason::unauthorized));
  BOOST_TEST(yard.at("e").parked.at(0).node == "b");
}

BOOST_AUTO_TEST_CASE(calls_that_fail_together_are_told_of_a_few_times_and_the_last_one_counts) {
  health_yard yard;
  for (int i = 0; i < 50; ++i) {
    yard.at("a").state->park(yard.now + 7s, park_reason::retry_after);
    yard.run_for(20ms);
  }
  const auto last = from_ns(yard.at("a").state->parked_until_ns.load());
  yard.run_for(200ms);
  BOOST_TEST(yard.at("c").parked.size() <= 12u);
  BOOST_TEST((from_ns(yard.at("c").state->parked_until_ns.load()) >= last));
  BOOST_TEST((from_ns(yard.at("c").state->parked_until_ns.load()) < last + 50ms));
}

BOOST_AUTO_TEST_CASE(a_new_credential_ends_what_was_said_of_the_old_one) {
  health_yard yard;
  yard.at("a").state->park(yard.now + 300s, park_reason::unauthorized);
  yard.run_for(1s);
  for (const auto& name : five) {
    BOOST_TEST(yard.parked(name));
    yard.at(name).state->unpark();               // as the key's actor does
    yard.at(name).use("sk-new");
    yard.run_for(100ms);
    BOOST_TEST(!yard.parked(name));
  }
  yard.run_for(2s);
  for (const auto& name : five) BOOST_TEST(!yard.parked(name));
  // And of the new one other things are said.
  yard.at("b").state->park(yard.now + 3s, park_reason::retry_after);
  yard.run_for(100ms);
  for (const auto& name : five) BOOST_TEST(yard.parked(name));
}

BOOST_AUTO_TEST_CASE(another_yard_with_the_same_keys_changes_nothing_of_what_is_known) {
  health_yard yard;
  yard.at("a").state->park(yard.now + 7s, park_reason::retry_after);
  yard.at("a").second->park(yard.now + 9s, park_reason::retry_after);
  yard.run_for(1s);
  for (const auto& name : five) yard.at(name).use("sk-one");
  yard.run_for(1s);
  for (const auto& name : five) {
    BOOST_TEST(yard.parked(name));
    BOOST_TEST(yard.at(name).parked.size() <= 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_node_that_was_away_learns_what_is_left) {
  health_yard yard;
  yard.down = {"e"};
  yard.at("a").state->park(yard.now + 10s, park_reason::retry_after);
  yard.run_for(3s);
  BOOST_TEST(!yard.parked("e"));
  yard.down = {};
  yard.start("e");
  yard.run_for(2s);
  BOOST_TEST(yard.parked("e"));
  BOOST_TEST((from_ns(yard.at("e").state->parked_until_ns.load()) < yard.now + 5200ms));
}

BOOST_AUTO_TEST_CASE(one_peers_open_breaker_opens_no_other_one_without_own_evidence) {
  health_yard yard;
  yard.at("a").calls(call_result::server_error, 4);
  BOOST_REQUIRE(yard.at("a").breaker->state() == breaker_state::open);
  yard.at("b").calls(call_result::server_error, 1);
  yard.run_for(100ms);
  BOOST_TEST(yard.at("b").breaker->state() == breaker_state::open);
}

BOOST_AUTO_TEST_CASE(a_failure_after_a_peers_word_is_evidence_too_while_the_word_is_fresh) {
  health_yard yard;
  yard.at("a").calls(call_result::server_error, 4);
  yard.run_for(2s);
  BOOST_TEST(yard.at("b").breaker->state() == breaker_state::closed);
  yard.at("b").calls(call_result::timeout, 1);
  yard.run_for(40ms);
  BOOST_TEST(yard.at("b").breaker->state() == breaker_state::open);
}

BOOST_AUTO_TEST_CASE(a_peers_word_is_old_after_five_seconds) {
  health_yard yard;
  config::breaker_config long_ones;
  long_ones.min_requests = 4;
  long_ones.open_for = 60s;
  yard.at("a").breaker->configure(long_ones);
  yard.at("a").calls(call_result::server_error, 4);
  yard.run_for(5100ms);
  BOOST_TEST(yard.at("a").breaker->state() == breaker_state::open);
  yard.at("b").calls(call_result::timeout, 1);
  yard.run_for(100ms);
  BOOST_TEST(yard.at("b").breaker->state() == breaker_state::closed);
}

BOOST_AUTO_TEST_CASE(two_open_breakers_open_the_others_and_these_are_no_evidence_for_more) {
  health_yard yard;
  yard.cut = {"a", "b", "c"};
  yard.at("a").calls(call_result::server_error, 4);
  yard.at("b").calls(call_result::server_error, 4);
  yard.run_for(100ms);
  BOOST_TEST(yard.at("c").breaker->state() == breaker_state::open);
  BOOST_TEST(yard.at("d").breaker->state() == breaker_state::closed);
  // c opened by the others' word alone: it passes on none of its own.
  BOOST_TEST((yard.protocols("a").shared.find("c", "breaker/" + key_name, yard.now) == nullptr));
}

BOOST_AUTO_TEST_CASE(three_nodes_probe_once_each_and_the_others_follow_the_first_that_finds_it_well) {
  health_yard yard;
  for (const auto& name : five) yard.at(name).calls(call_result::server_error, 4);
  yard.run_for(5100ms);
  int permits = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(yard.at(i).breaker->state() == breaker_state::half_open);
    permits += yard.at(i).state->probes_left.load();
    BOOST_TEST(yard.at(i).state->probes_left.load() == (i < 3 ? 1 : 0));
  }
  BOOST_TEST(permits == 3);
  BOOST_REQUIRE(yard.at(0).state->take_probe());
  yard.at(0).calls(call_result::ok, 1, true);
  yard.run_for(100ms);
  BOOST_TEST(yard.at(0).breaker->state() == breaker_state::closed);
  BOOST_TEST(yard.at(1).breaker->state() == breaker_state::half_open);   // it probes itself
  BOOST_TEST(yard.at(3).breaker->state() == breaker_state::closed);
  BOOST_TEST(yard.at(4).breaker->state() == breaker_state::closed);
}

BOOST_AUTO_TEST_CASE(a_node_that_alone_finds_a_key_broken_probes_it_itself) {
  health_yard yard;
  auto& last = yard.at(4);
  last.calls(call_result::timeout, 4);
  yard.run_for(5200ms);
  BOOST_TEST(last.breaker->state() == breaker_state::half_open);
  BOOST_TEST(last.state->probes_left.load() == 1);
  last.calls(call_result::ok, 1, true);
  yard.run_for(100ms);
  BOOST_TEST(last.breaker->state() == breaker_state::closed);
  // The permit was for that time only.
  last.calls(call_result::timeout, 4);
  yard.at(0).calls(call_result::timeout, 4);
  yard.run_for(11s);
  BOOST_TEST(last.state->probes_left.load() == 0);
}

BOOST_AUTO_TEST_CASE(what_one_node_measured_reaches_those_that_have_not_and_ends_with_its_window) {
  health_yard yard;
  auto& state = *yard.at("a").state;
  state.measured_calls = 100, state.measured_successes = 50, state.measured_latency_us = 400'000;
  yard.run_for(4s);
  for (const auto& name : five) {
    const auto& learned = yard.at(name).learned;
    if (name == "a") {
      BOOST_TEST(learned.empty());
      continue;
    }
    BOOST_REQUIRE(learned.size() == 1u);
    BOOST_TEST(learned[0].calls == 100u);
    BOOST_TEST(learned[0].successes == 50u);
    BOOST_TEST(learned[0].latency_us == 400'000.0);
  }
  state.measured_latency_us = 410'000;             // nobody would draw differently
  yard.run_for(4s);
  BOOST_TEST(yard.at("b").learned.back().latency_us == 400'000.0);
  state.measured_latency_us = 800'000;
  yard.run_for(4s);
  BOOST_TEST(yard.at("b").learned.back().latency_us == 800'000.0);
  yard.at("c").state->measured_calls = 100;        // all failed there
  yard.run_for(4s);
  BOOST_TEST(yard.at("b").learned.back().calls == 200u);
  BOOST_TEST(yard.at("b").learned.back().successes == 50u);
  BOOST_TEST(yard.at("a").learned.back().calls == 100u);
  yard.run_for(60s);
  BOOST_TEST(yard.at("b").learned.back().calls == 200u);      // told again while it holds
  for (auto* measured : {&state.measured_calls, &yard.at("c").state->measured_calls}) *measured = 0;
  yard.run_for(35s);
  BOOST_TEST(yard.at("b").learned.back().calls == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
