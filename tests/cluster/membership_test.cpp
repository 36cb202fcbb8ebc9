#include "cluster/membership.hpp"
#include "tests/cluster/support.hpp"

#include <map>

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(switchyard::cluster::member_state)

BOOST_AUTO_TEST_SUITE(members)

namespace {

// Several nodes whose messages arrive at once, unless a way is cut.
struct circle {
  explicit circle(std::vector<node_name> names, membership_options options = {}) {
    for (const auto& name : names) nodes.emplace(name, membership(name, names, 1, t(0s), options));
  }
  void run_until(nanoseconds end) {
    for (; now < end; now += 50ms)
      for (auto& [name, node] : nodes)
        if (!stopped[name]) {
          outbox out;
          node.tick(t(now), out);
          deliver(name, out.take());
        }
  }
  void deliver(const node_name& from, std::vector<outgoing> mail) {
    for (auto& one : mail) {
      if (cut[{from, one.to}] || stopped[one.to]) continue;
      outbox out;
      auto& to = nodes.at(one.to);
      if (one.kind == message_kind::heartbeat)
        to.on(from, *decode<heartbeat>(one.body), t(now), out);
      else
        to.on(from, *decode<heartbeat_answer>(one.body), t(now));
      deliver(one.to, out.take());
    }
  }
  void cut_both(const node_name& a, const node_name& b, bool off = true) { cut[{a, b}] = cut[{b, a}] = off; }
  member_state seen(const node_name& by, const node_name& node) { return nodes.at(by).state_of(node); }

  std::map<node_name, membership> nodes;
  std::map<std::pair<node_name, node_name>, bool> cut;
  std::map<node_name, bool> stopped;
  nanoseconds now{0};
};

const std::vector<node_name> three = {"a", "b", "c"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_silent_node_is_suspect_after_a_second_and_dead_after_five) {
  circle c(three);
  c.run_until(2s);
  BOOST_TEST(c.seen("a", "c") == member_state::alive);
  c.stopped["c"] = true;
  c.run_until(2700ms);
  BOOST_TEST(c.seen("a", "c") == member_state::alive);
  c.run_until(3100ms);
  BOOST_TEST(c.seen("a", "c") == member_state::suspect);
  c.run_until(6700ms);
  BOOST_TEST(c.seen("a", "c") == member_state::suspect);
  c.run_until(7200ms);
  BOOST_TEST(c.seen("a", "c") == member_state::dead);
  BOOST_TEST(c.seen("b", "c") == member_state::dead);
  BOOST_TEST(c.seen("a", "b") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(nobody_dies_on_one_nodes_word) {
  circle c(three);
  c.run_until(1s);
  c.cut_both("a", "c");
  c.run_until(60s);
  BOOST_TEST(c.seen("a", "c") == member_state::suspect);
  BOOST_TEST(c.seen("c", "a") == member_state::suspect);
  BOOST_TEST(c.seen("b", "c") == member_state::alive);
  c.cut_both("a", "c", false);
  c.run_until(61s);
  BOOST_TEST(c.seen("a", "c") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(without_the_second_vote_one_cut_would_kill) {
  membership_options broken;
  broken.second_vote = false;
  circle c(three, broken);
  c.cut_both("a", "c");
  c.run_until(7s);
  BOOST_TEST(c.seen("a", "c") == member_state::dead);
}

BOOST_AUTO_TEST_CASE(one_of_two_nodes_needs_no_second_vote) {
  circle c({"a", "b"});
  c.stopped["b"] = true;
  c.run_until(6s);
  BOOST_TEST(c.seen("a", "b") == member_state::dead);
}

BOOST_AUTO_TEST_CASE(a_one_way_cut_is_seen_from_both_ends) {
  circle c(three);
  c.run_until(1s);
  c.cut[{"a", "c"}] = true;
  c.run_until(2500ms);
  BOOST_TEST(c.seen("a", "c") == member_state::suspect);
  BOOST_TEST(c.seen("c", "a") == member_state::suspect);
}

BOOST_AUTO_TEST_CASE(a_node_called_dead_comes_back_with_a_higher_incarnation) {
  circle c(three);
  c.run_until(1s);
  c.cut_both("a", "c");
  c.cut_both("b", "c");
  c.run_until(8s);
  BOOST_TEST(c.seen("a", "c") == member_state::dead);
  c.cut_both("a", "c", false);
  c.cut_both("b", "c", false);
  c.run_until(9100ms);
  BOOST_TEST(c.seen("a", "c") == member_state::dead);       // the number is not on disk yet
  BOOST_REQUIRE(c.nodes.at("c").incarnation_to_write().has_value());
  BOOST_TEST(*c.nodes.at("c").incarnation_to_write() == 2u);
  c.nodes.at("c").incarnation_written(2);
  BOOST_TEST(!c.nodes.at("c").incarnation_to_write().has_value());
  c.run_until(10s);
  BOOST_TEST(c.seen("a", "c") == member_state::alive);
  BOOST_TEST(c.seen("b", "c") == member_state::alive);
  BOOST_TEST(c.seen("c", "a") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(what_a_heartbeat_waits_at_either_end_is_no_part_of_the_round_trip) {
  membership a("a", {"a", "b"}, 1, t(0s)), b("b", {"a", "b"}, 1, t(0s));
  outbox out;
  a.tick(t(0s), out);
  const auto asked = sent<heartbeat>(out.take(), "b");
  BOOST_REQUIRE(asked.size() == 1u);
  b.on("a", asked[0], t(91ms), out, t(1ms));                  // there after 1 ms, taken 90 ms later
  const auto answer = sent<heartbeat_answer>(out.take(), "a");
  BOOST_REQUIRE(answer.size() == 1u);
  BOOST_TEST(answer[0].waited_us == 90'000u);
  a.on("b", answer[0], t(180ms), t(93ms));                    // back 2 ms after it was sent
  BOOST_REQUIRE(a.round_trip("b").has_value());
  BOOST_TEST((*a.round_trip("b") == 3ms));
  auto lying = answer[0];
  a.tick(t(200ms), out);
  lying.seq = sent<heartbeat>(out.take(), "b")[0].seq;
  lying.waited_us = ~0ULL;
  a.on("b", lying, t(210ms), t(205ms));
  BOOST_TEST((*a.round_trip("b") == 0ms));
}

BOOST_AUTO_TEST_CASE(an_answer_goes_with_the_own_next_heartbeat_which_waits_for_none) {
  membership a("a", {"a", "b"}, 1, t(0s)), b("b", {"a", "b"}, 1, t(0s));
  outbox out;
  a.tick(t(0s), out);
  const auto first = out.take();
  BOOST_REQUIRE(first.size() == 1u);
  b.on("a", *decode<heartbeat>(first[0].body), t(1ms), out);
  const auto back = out.take();                               // its own was due: both at once
  BOOST_REQUIRE(back.size() == 2u);
  a.on("b", *decode<heartbeat_answer>(back[0].body), t(2ms));
  a.on("b", *decode<heartbeat>(back[1].body), t(2ms), out);
  BOOST_TEST(out.empty());                                    // a's was sent just now
  a.tick(t(100ms), out);
  BOOST_TEST(out.empty());
  a.tick(t(200ms), out);
  const auto next = out.take();
  BOOST_REQUIRE(next.size() == 2u);
  BOOST_TEST((next[0].kind == message_kind::heartbeat_answer));
  BOOST_TEST(decode<heartbeat_answer>(next[0].body)->waited_us == 198'000u);
  BOOST_TEST((next[1].kind == message_kind::heartbeat));
}

BOOST_AUTO_TEST_CASE(old_messages_of_the_dead_revive_nobody) {
  circle c(three);
  c.run_until(1s);
  c.stopped["c"] = true;
  c.run_until(8s);
  outbox out;
  c.nodes.at("a").on("c", heartbeat{1, 999, false, {}}, t(c.now), out);
  BOOST_TEST(c.seen("a", "c") == member_state::dead);
  const auto answer = sent<heartbeat_answer>(out.take(), "c");
  BOOST_REQUIRE(answer.size() == 1u);
  BOOST_REQUIRE(answer[0].others.size() == 1u);
  BOOST_TEST((answer[0].others[0] == member_view{"c", member_state::dead, 1}));
  c.nodes.at("a").on("c", heartbeat{2, 1, false, {}}, t(c.now), out);
  BOOST_TEST(c.seen("a", "c") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(a_broken_connection_is_suspicion_at_once_and_old_answers_do_not_lift_it) {
  membership a("a", three, 1, t(0s));
  outbox out;
  a.tick(t(0s), out);
  const auto asked = sent<heartbeat>(out.take(), "b");
  BOOST_REQUIRE(asked.size() == 1u);
  a.link_down("b", t(10ms));
  BOOST_TEST(a.state_of("b") == member_state::suspect);
  a.on("b", heartbeat_answer{1, asked[0].seq, false, {}}, t(20ms));
  BOOST_TEST(a.state_of("b") == member_state::suspect);
  a.tick(t(50ms), out);
  a.on("b", heartbeat_answer{1, sent<heartbeat>(out.take(), "b")[0].seq, false, {}}, t(60ms));
  BOOST_TEST(a.state_of("b") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(a_doubled_or_late_answer_proves_nothing_new) {
  membership a("a", three, 1, t(0s));
  outbox out;
  a.tick(t(0s), out);
  const heartbeat_answer answer{1, sent<heartbeat>(out.take(), "b")[0].seq, false, {}};
  for (auto at = 50ms; at <= 1200ms; at += 50ms) {
    a.on("b", answer, t(at));
    a.tick(t(at), out);
  }
  BOOST_TEST(a.state_of("b") == member_state::suspect);
}

BOOST_AUTO_TEST_CASE(a_node_that_was_stopped_blames_itself) {
  circle c(three);
  c.run_until(1s);
  c.stopped["a"] = true;
  c.run_until(20s);
  c.stopped["a"] = false;
  c.run_until(20050ms);
  BOOST_TEST(c.seen("a", "b") == member_state::alive);
  BOOST_TEST(c.nodes.at("a").patience() == 8);
  c.nodes.at("a").incarnation_written(c.nodes.at("a").incarnation_to_write().value_or(1));
  c.run_until(30s);
  BOOST_TEST(c.nodes.at("a").patience() == 1);
  BOOST_TEST(c.seen("a", "b") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(goodbyes_are_no_deaths) {
  circle c(three);
  c.run_until(1s);
  outbox out;
  c.nodes.at("c").leave(t(c.now), out);
  c.deliver("c", out.take());
  BOOST_TEST(c.seen("a", "c") == member_state::left);
  c.stopped["c"] = true;
  c.nodes.at("a").link_down("c", t(c.now));
  c.run_until(20s);
  BOOST_TEST(c.seen("a", "c") == member_state::left);
  c.nodes.at("c") = membership("c", three, 2, t(c.now));
  c.stopped["c"] = false;
  c.run_until(21s);
  BOOST_TEST(c.seen("a", "c") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(one_nodes_word_makes_all_forget_until_the_node_is_started_anew) {
  circle c(three);
  c.run_until(1s);
  c.stopped["c"] = true;
  c.run_until(8s);
  c.nodes.at("a").forget("c");
  c.run_until(9s);
  BOOST_TEST(c.seen("b", "c") == member_state::forgotten);
  c.stopped["c"] = false;
  c.run_until(11s);
  BOOST_TEST(c.nodes.at("c").forgotten());
  BOOST_TEST(c.seen("a", "c") == member_state::forgotten);
  c.nodes.at("c") = membership("c", three, 2, t(c.now));
  c.run_until(13s);
  BOOST_TEST(!c.nodes.at("c").forgotten());
  BOOST_TEST(c.seen("a", "c") == member_state::alive);
  BOOST_TEST(c.seen("b", "c") == member_state::alive);
}

BOOST_AUTO_TEST_CASE(changes_are_told_once_and_in_order) {
  membership a("a", {"a", "b"}, 1, t(0s));
  outbox out;
  a.link_down("b", t(0s));
  for (auto at = 50ms; at <= 6s; at += 50ms) a.tick(t(at), out);
  const auto changes = a.take_changes();
  BOOST_REQUIRE(changes.size() == 2u);
  BOOST_TEST(changes[0].state == member_state::suspect);
  BOOST_TEST(changes[1].state == member_state::dead);
  BOOST_TEST(a.take_changes().empty());
}

BOOST_AUTO_TEST_SUITE_END()
