#include "cluster/rendezvous.hpp"
#include "cluster/shared_health.hpp"
#include "tests/cluster/support.hpp"

#include <map>

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

const std::vector<node_name> five = {"a", "b", "c", "d", "e"};

struct register_yard {
  register_yard() {
    for (const auto& name : five) nodes.emplace(name, registers(name, five, 1));
  }
  void deliver(const node_name& from, outbox& out) {
    for (const auto& mail : out.take()) {
      if (cut.contains(from) != cut.contains(mail.to)) continue;
      outbox back;
      auto& to = nodes.at(mail.to);
      if (mail.kind == message_kind::register_delta)
        to.on(from, *decode<register_delta>(mail.body), t(now));
      else
        to.on(from, *decode<register_digest>(mail.body), t(now), back);
      deliver(mail.to, back);
    }
  }
  void write(const node_name& node, const std::string& name, const std::string& value, std::optional<milliseconds> lasts = {}) {
    outbox out;
    BOOST_TEST(nodes.at(node).write(name, value, lasts, t(now), out).has_value());
    deliver(node, out);
  }
  void run_for(nanoseconds length) {
    for (const auto end = now + length; now < end; now += 50ms)
      for (auto& [name, node] : nodes) {
        outbox out;
        node.tick(t(now), out);
        deliver(name, out);
      }
  }
  std::map<node_name, registers> nodes;
  std::map<node_name, bool> cut;
  nanoseconds now{0};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_registers)

BOOST_AUTO_TEST_CASE(a_write_is_everywhere_at_once) {
  register_yard yard;
  yard.write("a", "breaker/k", "open");
  for (const auto& name : five) {
    const auto* value = yard.nodes.at(name).find("a", "breaker/k", t(0s));
    BOOST_REQUIRE(value != nullptr);
    BOOST_TEST(value->value == "open");
  }
  BOOST_TEST(yard.nodes.at("b").revision() > 0u);
}

BOOST_AUTO_TEST_CASE(after_healing_all_know_the_same_even_by_way_of_others) {
  register_yard yard;
  yard.write("a", "x", "1");
  yard.cut["d"] = yard.cut["e"] = true;
  for (int i = 0; i < 700; ++i) yard.write("a", "x" + std::to_string(i % 40), std::to_string(i));
  yard.write("d", "x", "of d");
  yard.write("e", "y", "of e");
  BOOST_TEST((yard.nodes.at("a").contents() != yard.nodes.at("d").contents()));
  yard.cut.clear();
  yard.run_for(1200ms);
  for (const auto& name : five) BOOST_TEST((yard.nodes.at(name).contents() == yard.nodes.at("a").contents()), name);
  BOOST_TEST(yard.nodes.at("d").contents().size() == 43u);
}

BOOST_AUTO_TEST_CASE(a_digest_hides_no_hole_that_a_lost_push_left) {
  register_yard yard;
  yard.write("a", "first", "1");
  yard.cut["b"] = true;
  yard.write("a", "lost", "2");
  yard.cut.clear();
  yard.write("a", "last", "3");
  BOOST_TEST(yard.nodes.at("b").find("a", "last", t(0s)) != nullptr);
  BOOST_TEST(yard.nodes.at("b").find("a", "lost", t(0s)) == nullptr);
  yard.run_for(1s);
  BOOST_TEST(yard.nodes.at("b").find("a", "lost", t(yard.now)) != nullptr);
}

BOOST_AUTO_TEST_CASE(older_values_lose_whatever_the_order) {
  registers b("b", five, 1);
  b.on("a", {"a", 1, 4, 5, {{"x", 5, {}, "new"}}}, t(0s));
  b.on("a", {"a", 1, 0, 1, {{"x", 1, {}, "old"}}}, t(0s));
  BOOST_TEST(b.find("a", "x", t(0s))->value == "new");
  b.on("a", {"a", 2, 0, 0, {}}, t(0s));                        // started anew
  BOOST_TEST(b.find("a", "x", t(0s)) == nullptr);
  b.on("a", {"a", 1, 5, 6, {{"x", 6, {}, "of the past"}}}, t(0s));
  BOOST_TEST(b.find("a", "x", t(0s)) == nullptr);
}

BOOST_AUTO_TEST_CASE(durations_count_down_on_every_node_and_last_an_hour_at_most) {
  register_yard yard;
  yard.cut["e"] = true;
  yard.write("a", "fact/k", "parked", 7s);
  yard.write("b", "fact/k", "parked", std::chrono::hours(48));
  yard.run_for(5s);
  yard.cut.clear();
  yard.run_for(1s);
  BOOST_TEST(yard.nodes.at("e").find("a", "fact/k", t(6900ms)) != nullptr);
  BOOST_TEST(yard.nodes.at("e").find("a", "fact/k", t(7200ms)) == nullptr);
  BOOST_TEST(yard.nodes.at("e").find("b", "fact/k", t(59min)) != nullptr);
  BOOST_TEST(yard.nodes.at("e").find("b", "fact/k", t(61min)) == nullptr);
}

BOOST_AUTO_TEST_CASE(registers_have_limits) {
  register_options small;
  small.most_registers = 2;
  registers a("a", five, 1, small);
  outbox out;
  BOOST_TEST(a.write("x", "1", {}, t(0s), out).has_value());
  BOOST_TEST(a.write("y", "1", {}, t(0s), out).has_value());
  BOOST_TEST(!a.write("z", "1", {}, t(0s), out).has_value());
  BOOST_TEST(a.write("x", "2", {}, t(0s), out).has_value());
  BOOST_TEST(!a.write("x", std::string(5000, 'x'), {}, t(0s), out).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shared_health_)

BOOST_AUTO_TEST_CASE(a_providers_own_word_parks_its_key_on_all_nodes_at_once) {
  register_yard yard;
  shared_health a("a", five, yard.nodes.at("a")), e("e", five, yard.nodes.at("e"));
  outbox out;
  BOOST_TEST(a.report("openai/k", fact_value{key_fact::rate_limited, 17}, 7s, t(0s), out).has_value());
  yard.deliver("a", out);
  const auto there = e.parked("openai/k", 17, t(0s));
  BOOST_REQUIRE(there.has_value());
  BOOST_TEST((there->until == t(7s)));
  BOOST_TEST(there->by == "a");
  BOOST_TEST(e.parked("openai/k", 17, t(6900ms)).has_value());
  BOOST_TEST(!e.parked("openai/k", 17, t(7s)).has_value());
  BOOST_TEST(!e.parked("openai/other", 17, t(0s)).has_value());
  BOOST_TEST(!e.parked("openai/k", 18, t(0s)).has_value());    // another credential under the same name
}

BOOST_AUTO_TEST_CASE(what_others_measured_of_a_key_is_summed_without_ones_own) {
  register_yard yard;
  shared_health a("a", five, yard.nodes.at("a")), b("b", five, yard.nodes.at("b")), c("c", five, yard.nodes.at("c")), d("d", five, yard.nodes.at("d"));
  outbox out;
  const auto tell = [&](const char* name, shared_health& node, key_performance what, milliseconds lasts) {
    BOOST_TEST(node.report("k", what, lasts, t(0s), out).has_value());
    yard.deliver(name, out);
  };
  tell("a", a, {17, 1000, 1000, 1}, 30s);
  tell("b", b, {17, 30, 30, 100}, 30s);
  tell("c", c, {17, 10, 0, 500}, 20s);
  tell("d", d, {18, 50, 50, 900}, 30s);                            // another credential under the same name
  auto seen = a.measured_by_others("k", 17, t(0s));
  BOOST_TEST(seen.calls == 40u);
  BOOST_TEST(seen.successes == 30u);
  BOOST_TEST(seen.latency_us == 200u);
  seen = a.measured_by_others("k", 17, t(25s));                    // c's window is over
  BOOST_TEST(seen.calls == 30u);
  BOOST_TEST(seen.latency_us == 100u);
  BOOST_TEST(a.measured_by_others("k", 17, t(31s)).calls == 0u);
  tell("b", b, {17, 10, 11, 1ull << 60}, 30s);                     // nonsense from a node stays within bounds
  seen = a.measured_by_others("k", 17, t(21s));
  BOOST_TEST(seen.successes == 10u);
  BOOST_TEST(seen.latency_us == 1ull << 30);
}

BOOST_AUTO_TEST_CASE(peers_failures_are_advice) {
  register_yard yard;
  shared_health a("a", five, yard.nodes.at("a")), b("b", five, yard.nodes.at("b")), c("c", five, yard.nodes.at("c"));
  outbox out;
  (void)b.report("k", shared_breaker::open, t(0s), out);
  yard.deliver("b", out);
  BOOST_TEST(!a.should_open("k", false, {}, t(0s)));
  BOOST_TEST(a.should_open("k", true, {}, t(0s)));
  (void)c.report("k", shared_breaker::open, t(1s), out);
  yard.deliver("c", out);
  BOOST_TEST(a.should_open("k", false, {}, t(1s)));
  BOOST_TEST(!a.should_open("k", false, {}, t(7s)));               // old news
  BOOST_TEST(!b.should_open("k", false, {}, t(1s)));               // it has one peer that says so
  BOOST_TEST(!a.should_open("k", true, t(2s), t(2s)));             // heard before this node's own breaker changed
}

BOOST_AUTO_TEST_CASE(three_nodes_probe_and_the_others_follow_them) {
  register_yard yard;
  std::map<node_name, shared_health> health;
  for (const auto& name : five) health.emplace(name, shared_health(name, five, yard.nodes.at(name)));
  const auto order = owners_of("k", five);
  for (const auto& name : five) {
    outbox out;
    (void)health.at(name).report("k", shared_breaker::half_open, t(0s), out);
    yard.deliver(name, out);
  }
  int may = 0;
  for (const auto& name : five) may += health.at(name).may_probe("k", t(0s), [](const node_name&) { return true; });
  BOOST_TEST(may == 3);
  const auto nobody = [](const node_name&) { return false; };
  BOOST_TEST(health.at(order[4]).may_probe("k", t(0s), nobody));
  BOOST_TEST(!health.at(order[4]).may_probe("k", t(29s), nobody));
  BOOST_TEST(health.at(order[4]).may_probe("k", t(31s), nobody));
  BOOST_TEST(!health.at(order[4]).should_close("k", t(0s), t(0s)));
  outbox out;
  (void)health.at(order[1]).report("k", shared_breaker::closed, t(0s), out);
  yard.deliver(order[1], out);
  BOOST_TEST(health.at(order[4]).should_close("k", t(0s), t(0s)));
  BOOST_TEST(!health.at(order[4]).should_close("k", t(1s), t(1s)));
}

BOOST_AUTO_TEST_CASE(where_the_three_use_the_key_as_well_the_first_three_that_do_not_probe_it) {
  const std::vector<node_name> nine = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
  std::map<node_name, registers> shared;
  std::map<node_name, shared_health> health;
  for (const auto& name : nine) shared.emplace(name, registers(name, nine, 1));
  for (const auto& name : nine) health.emplace(name, shared_health(name, nine, shared.at(name)));
  const auto order = owners_of("k", nine);
  for (std::size_t i = 3; i < 9; ++i) {
    outbox out;
    (void)health.at(order[i]).report("k", shared_breaker::half_open, t(0s), out);
    for (const auto& mail : out.take()) shared.at(mail.to).on(order[i], *decode<register_delta>(mail.body), t(0s));
  }
  const auto all = [](const node_name&) { return true; };
  for (std::size_t i = 3; i < 9; ++i) BOOST_TEST(health.at(order[i]).may_probe("k", t(1s), all) == (i < 6));
  // One of the three finds it broken, too: it probes, the others wait for its word.
  outbox out;
  (void)health.at(order[2]).report("k", shared_breaker::open, t(2s), out);
  for (const auto& mail : out.take()) shared.at(mail.to).on(order[2], *decode<register_delta>(mail.body), t(2s));
  for (std::size_t i = 3; i < 9; ++i) BOOST_TEST(!health.at(order[i]).may_probe("k", t(3s), all));
}

BOOST_AUTO_TEST_SUITE_END()
