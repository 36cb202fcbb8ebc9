// Lookups of the cache at other nodes, and what was cleared.
#include "cluster/cache_clears.hpp"
#include "cluster/cache_seeker.hpp"
#include "cluster/rendezvous.hpp"
#include "tests/cluster/support.hpp"

#include <map>

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

const std::vector<node_name> three{"a", "b", "c"};

struct asker {
  cache_seeker seeker{"a", three};
  outbox out;
  std::vector<std::optional<cache_answer>> heard;

  asker() {
    seeker.see([](const node_name&) { return true; });
  }
  std::optional<std::uint64_t> ask(const node_name& owner, steady_time now) {
    return seeker.ask(owner, cache_lookup{0, std::string(16, 'p'), std::string(16, 'e'), {}, {}, 0, false},
                      [this](std::optional<cache_answer> said) { heard.push_back(std::move(said)); }, now, out);
  }
  static cache_answer hit(std::uint64_t id) { return {id, cache_result::exact, std::string(16, 'e'), 0, 0, "record"}; }
};

std::string partition(int n) { return "partition " + std::to_string(n); }

/// A node with its registers; what it sends reaches whom the test says.
struct clearing_node {
  clearing_node(const node_name& name, std::uint64_t life, bool resume = true) : shared(name, three, life), clears(name, three, life, shared) {
    if (resume) clears.resume({}, {}, t(0s), out);
  }
  void hear(const clearing_node& other, const node_name& from, const std::vector<outgoing>& mail) {
    (void)other;
    for (const auto& one : sent<register_delta>(mail, name)) shared.on(from, one, t(1s));
  }
  std::vector<std::string> done() {
    std::vector<std::string> all;
    for (const auto& one : clears.take(t(1s))) {
      all.push_back(one.writer + ": " + (one.what.route.empty() ? "all" : one.what.route));
      if (one.mark != 0) mark = one.mark;
    }
    return all;
  }
  node_name name = "b";
  registers shared;
  cache_clears clears;
  outbox out;
  std::uint64_t mark = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cache_lookups)

BOOST_AUTO_TEST_CASE(all_nodes_agree_on_a_partitions_owner_and_each_owns_its_share) {
  std::map<node_name, int> owned;
  for (int i = 0; i < 3000; ++i) {
    std::map<node_name, int> said;
    for (const auto& self : three) {
      cache_seeker seeker(self, three);
      seeker.see([](const node_name&) { return true; });
      ++said[seeker.owner_of(partition(i))];
    }
    BOOST_REQUIRE(said.size() == 1u);
    ++owned[said.begin()->first];
  }
  for (const auto& node : three) BOOST_TEST((owned[node] > 800 && owned[node] < 1200), node << " owns " << owned[node]);
}

BOOST_AUTO_TEST_CASE(a_dead_nodes_partitions_go_to_others_and_no_other_partition_moves) {
  cache_seeker all("a", three), without("a", three);
  all.see([](const node_name&) { return true; });
  without.see([](const node_name& node) { return node != "b"; });
  int moved = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto before = all.owner_of(partition(i)), after = without.owner_of(partition(i));
    BOOST_TEST(after != "b");
    BOOST_TEST((before == after || before == "b"));
    moved += before != after;
  }
  BOOST_TEST(moved > 0);
}

BOOST_AUTO_TEST_CASE(a_node_that_sees_nobody_owns_everything) {
  cache_seeker seeker("a", three);
  for (int i = 0; i < 100; ++i) BOOST_TEST(seeker.owner_of(partition(i)) == "a");
}

BOOST_AUTO_TEST_CASE(an_answer_ends_a_lookup_once) {
  asker a;
  const auto id = a.ask("b", t(0s));
  BOOST_REQUIRE(id.has_value());
  const auto asked = sent<cache_lookup>(a.out.take(), "b");
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(asked[0].id == *id);
  a.seeker.on("b", asker::hit(*id));
  a.seeker.on("b", asker::hit(*id));
  a.seeker.give_up(*id, t(10ms));
  BOOST_REQUIRE(a.heard.size() == 1u);
  BOOST_TEST(a.heard[0]->record == "record");
  BOOST_TEST(a.seeker.figures().late == 1u);
}

BOOST_AUTO_TEST_CASE(only_the_owner_that_was_asked_may_answer) {
  asker a;
  const auto id = a.ask("b", t(0s));
  a.seeker.on("c", asker::hit(*id));
  a.seeker.on("stranger", asker::hit(*id));
  BOOST_TEST(a.heard.empty());
  a.seeker.on("b", asker::hit(*id));
  BOOST_TEST(a.heard.size() == 1u);
}

BOOST_AUTO_TEST_CASE(nobody_waits_longer_than_the_deadline) {
  asker a;
  (void)a.ask("b", t(0s));
  a.seeker.tick(t(9ms));
  BOOST_TEST(a.heard.empty());
  a.seeker.tick(t(10ms));
  BOOST_REQUIRE(a.heard.size() == 1u);
  BOOST_TEST(!a.heard[0].has_value());
  BOOST_TEST(a.seeker.open() == 0u);
}

BOOST_AUTO_TEST_CASE(lookups_under_way_are_bounded_per_owner) {
  asker a;
  for (int i = 0; i < 128; ++i) BOOST_TEST(a.ask("b", t(0s)).has_value());
  BOOST_TEST(!a.ask("b", t(0s)).has_value());
  BOOST_TEST(a.ask("c", t(0s)).has_value());
  BOOST_TEST(a.seeker.figures().not_asked == 1u);
  a.seeker.on("b", asker::hit(1));
  BOOST_TEST(a.ask("b", t(1ms)).has_value());
}

BOOST_AUTO_TEST_CASE(a_silent_owner_is_left_alone_and_then_tried_by_one_lookup_at_a_time) {
  asker a;
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST(a.ask("b", t(i * 10ms)).has_value());
    a.seeker.tick(t((i + 1) * 10ms));
  }
  BOOST_TEST(!a.ask("b", t(50ms)).has_value());
  BOOST_TEST(!a.ask("b", t(1039ms)).has_value());
  const auto probe = a.ask("b", t(1040ms));
  BOOST_REQUIRE(probe.has_value());
  BOOST_TEST(!a.ask("b", t(1041ms)).has_value());
  a.seeker.tick(t(1050ms));                      // silent still: the next one after another second
  BOOST_TEST(!a.ask("b", t(1060ms)).has_value());
  BOOST_REQUIRE(a.ask("b", t(2050ms)).has_value());
  a.seeker.on("b", {a.seeker.last(), cache_result::miss, {}, 0, 0, {}});
  BOOST_TEST(a.ask("b", t(2051ms)).has_value());
  BOOST_TEST(a.ask("b", t(2051ms)).has_value());
}

BOOST_AUTO_TEST_CASE(a_late_answer_shows_that_the_owner_is_there_again) {
  asker a;
  for (int i = 0; i < 4; ++i) (void)a.ask("b", t(0s));
  a.seeker.tick(t(10ms));
  BOOST_TEST(!a.ask("b", t(11ms)).has_value());
  a.seeker.on("b", asker::hit(4));
  BOOST_TEST(a.ask("b", t(12ms)).has_value());
}

BOOST_AUTO_TEST_CASE(a_node_of_the_version_before_is_not_asked_for_a_minute) {
  asker a;
  (void)a.ask("b", t(0s));
  a.seeker.unsupported_by("b", t(1ms));
  a.seeker.tick(t(10ms));
  BOOST_TEST(!a.ask("b", t(500ms)).has_value());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_life_ends_its_lookups) {
  asker a;
  (void)a.ask("b", t(0s));
  (void)a.ask("c", t(0s));
  a.seeker.end();
  BOOST_TEST(a.heard.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cache_clearing)

BOOST_AUTO_TEST_CASE(another_node_does_each_clear_once_and_marks_the_last) {
  clearing_node a("a", 5), b("b", 5);
  for (const auto* route : {"x", "y"}) (void)a.clears.clear(route, "", "", t(0s), a.out);
  const auto mail = a.out.take();
  b.hear(a, "a", mail);
  b.hear(a, "a", mail);
  BOOST_TEST((b.done() == std::vector<std::string>{"a: x", "a: y"}));
  BOOST_TEST(b.mark == (5ull << 20) + 1);
  BOOST_TEST(b.done().empty());
}

BOOST_AUTO_TEST_CASE(a_clear_is_done_at_once_and_marked_once_those_before_it_came) {
  clearing_node a("a", 5), b("b", 5);
  (void)a.clears.clear("x", "", "", t(0s), a.out);
  const auto first = a.out.take();
  (void)a.clears.clear("y", "", "", t(0s), a.out);
  b.hear(a, "a", a.out.take());
  BOOST_TEST((b.done() == std::vector<std::string>{"a: y"}));
  BOOST_TEST(b.mark == 0u);
  b.hear(a, "a", first);
  BOOST_TEST((b.done() == std::vector<std::string>{"a: x"}));
  BOOST_TEST(b.mark == (5ull << 20) + 1);
}

BOOST_AUTO_TEST_CASE(what_the_disk_has_marked_is_not_done_again_and_own_clears_are_shown_again) {
  clearing_node a("a", 5);
  std::map<std::size_t, cache_clear> kept;
  for (const auto* route : {"x", "y"}) {
    const auto made = a.clears.clear(route, "", "", t(0s), a.out);
    kept[made.slot] = made.what;
  }
  clearing_node again("a", 9, false);
  again.clears.resume(kept, {}, t(0s), again.out);
  const auto third = again.clears.clear("z", "", "", t(0s), again.out);
  BOOST_TEST(third.slot == 2u);
  BOOST_TEST(third.what.previous == (5ull << 20) + 1);
  const auto mail = again.out.take();
  clearing_node fresh("b", 5), knowing("b", 6, false);
  fresh.hear(again, "a", mail);
  BOOST_TEST((fresh.done() == std::vector<std::string>{"a: x", "a: y", "a: z"}));
  knowing.hear(again, "a", mail);
  BOOST_TEST(knowing.done().empty());            // its disk is not read yet
  knowing.clears.resume({}, {{"a", (5ull << 20) + 1}}, t(0s), knowing.out);
  BOOST_TEST((knowing.done() == std::vector<std::string>{"a: z"}));
}

BOOST_AUTO_TEST_CASE(a_node_that_was_away_for_more_than_is_shown_clears_everything) {
  clearing_node a("a", 5), away("b", 5), late("b", 6);
  for (int i = 0; i < 33; ++i) (void)a.clears.clear("r" + std::to_string(i), "", "", t(0s), a.out);
  const auto mail = a.out.take();
  away.hear(a, "a", mail);                       // the first was overwritten before it looked
  const auto done = away.done();
  BOOST_REQUIRE(done.size() == 33u);
  BOOST_TEST(done[0] == "a: all");
  BOOST_TEST(away.mark == (5ull << 20) + 32);
  BOOST_TEST(away.done().empty());
  // One that has seen the first missed nothing.
  late.hear(a, "a", {mail.begin(), mail.begin() + 2});
  (void)late.done();
  late.hear(a, "a", mail);
  BOOST_TEST(late.done().size() == 32u);
}

BOOST_AUTO_TEST_CASE(names_too_long_to_be_shown_clear_everything) {
  clearing_node a("a", 5), b("b", 5);
  (void)a.clears.clear(std::string(3000, 'r'), "", "", t(0s), a.out);
  b.hear(a, "a", a.out.take());
  BOOST_TEST((b.done() == std::vector<std::string>{"a: all"}));
}

BOOST_AUTO_TEST_SUITE_END()
