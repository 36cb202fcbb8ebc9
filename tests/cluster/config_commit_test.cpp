#include "cluster/config_commit.hpp"
#include "tests/cluster/support.hpp"

#include <map>
#include <set>

BOOST_AUTO_TEST_SUITE(config_commits)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

const std::vector<node_name> five = {"a", "b", "c", "d", "e"};

std::string validate(const std::string& text) { return text.find("bad") == std::string::npos ? "" : "1:1: bad"; }

config_stage stage_of(const std::string& text) {
  config_stage stage;
  stage.version = config_commit::version_of(1, text);
  stage.text = text;
  return stage;
}

// Nodes whose records are written and whose messages arrive at once, unless they are cut off.
struct config_yard {
  config_yard() {
    for (const auto& name : five) nodes.emplace(name, config_commit(name, five, validate));
  }
  void settle_down() {
    for (bool busy = true; busy;) {
      busy = false;
      for (const auto& name : five) {
        auto& node = nodes.at(name);
        for (auto& record : boxes[name].take()) {
          if (!stuck_disk.contains(name)) {
            disks[name].push_back(*decode<config_record>(record.content));
            node.written(record.number, outs[name]);
          }
          busy = true;
        }
        for (const auto& mail : outs[name].take()) {
          busy = true;
          if (cut.contains(name) != cut.contains(mail.to)) continue;
          auto& to = nodes.at(mail.to);
          auto& out = outs[mail.to];
          auto& box = boxes[mail.to];
          switch (mail.kind) {
            case message_kind::config_stage: to.on(name, *decode<config_stage>(mail.body), t(now), out, box); break;
            case message_kind::config_staged: to.on(name, *decode<config_staged>(mail.body)); break;
            case message_kind::config_committed: to.on(name, *decode<config_committed>(mail.body), out, box); break;
            case message_kind::config_fetch: to.on(name, *decode<config_fetch>(mail.body), out); break;
            default: to.on(name, *decode<config_text>(mail.body), box);
          }
        }
      }
    }
  }
  void run_for(nanoseconds length) {
    for (const auto end = now + length; now < end; now += 100ms) {
      for (auto& [name, node] : nodes) node.tick(t(now), outs[name], boxes[name]);
      settle_down();
    }
  }
  std::optional<applied> apply(const node_name& at, const std::string& text) {
    if (!nodes.at(at).apply(text, t(now), outs[at], boxes[at])) return std::nullopt;
    settle_down();
    run_for(2200ms);
    return nodes.at(at).take_result();
  }
  void restart(const node_name& name) {
    nodes.at(name) = config_commit(name, five, validate);
    boxes[name] = {};
    (void)outs[name].take();
    for (const auto& record : disks[name]) nodes.at(name).replay(record);
  }

  std::map<node_name, config_commit> nodes;
  std::map<node_name, outbox> outs;
  std::map<node_name, journal_box> boxes;
  std::map<node_name, std::vector<config_record>> disks;
  std::set<node_name> cut, stuck_disk;
  nanoseconds now{0};
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_change_is_in_force_on_all) {
  config_yard yard;
  const auto result = yard.apply("b", "one");
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->ok, result->why_not);
  for (const auto& name : five) {
    BOOST_TEST(yard.nodes.at(name).in_force().counter == 1u);
    BOOST_TEST(yard.nodes.at(name).text() == "one");
  }
  BOOST_TEST(yard.apply("e", "two")->ok);
  BOOST_TEST(yard.nodes.at("a").text() == "two");
}

BOOST_AUTO_TEST_CASE(a_minority_changes_nothing_and_says_why) {
  config_yard yard;
  yard.cut = {"a", "b"};
  const auto result = yard.apply("a", "one");
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->why_not == "needs a majority of 5 configured nodes; 2 took it");
  BOOST_TEST(yard.nodes.at("a").in_force().counter == 0u);
  BOOST_TEST(yard.apply("c", "other")->ok);
  yard.cut.clear();
  yard.run_for(6s);
  for (const auto& name : five) BOOST_TEST(yard.nodes.at(name).text() == "other");
  yard.run_for(6s);
  BOOST_TEST(yard.apply("a", "next")->ok);
}

BOOST_AUTO_TEST_CASE(one_nodes_objection_keeps_the_old_version_everywhere) {
  config_yard yard;
  (void)yard.apply("a", "one");
  yard.nodes.at("d") = config_commit("d", five, [](const std::string& text) { return text == "two" ? std::string("17:3: no such file here") : std::string(); });
  yard.nodes.at("d").replay({true, yard.nodes.at("a").in_force(), "one"});
  const auto result = yard.apply("a", "two");
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->why_not == "d: 17:3: no such file here");
  for (const auto& name : five) BOOST_TEST(yard.nodes.at(name).text() == "one");
  BOOST_TEST(!yard.apply("a", "bad").has_value());
}

BOOST_AUTO_TEST_CASE(a_rejoiner_takes_the_highest_version) {
  config_yard yard;
  yard.cut = {"e"};
  BOOST_TEST(yard.apply("a", "one")->ok);
  BOOST_TEST(yard.apply("b", "two")->ok);
  BOOST_TEST(yard.nodes.at("e").in_force().counter == 0u);
  yard.cut.clear();
  yard.restart("e");
  yard.run_for(6s);
  BOOST_TEST(yard.nodes.at("e").text() == "two");
  yard.restart("e");
  BOOST_TEST(yard.nodes.at("e").text() == "two");
}

BOOST_AUTO_TEST_CASE(a_node_that_cannot_apply_what_is_in_force_takes_and_makes_the_next_change) {
  config_yard yard;
  const auto lacking = [](const std::string& text) { return text == "two" ? std::string("17:3: no such file here") : std::string(); };
  for (const node_name mender : {"a", "e"}) {
    yard.nodes.at("e") = config_commit("e", five, lacking);
    yard.cut = {"e"};
    BOOST_TEST(yard.apply("a", "two")->ok);
    yard.cut.clear();
    yard.run_for(6s);
    BOOST_TEST(yard.nodes.at("e").cannot_apply() == "17:3: no such file here");
    const auto mended = yard.apply(mender, "three of " + mender);
    BOOST_REQUIRE(mended.has_value());
    BOOST_TEST(mended->ok, mended->why_not);
    yard.run_for(6s);
    for (const auto& name : five) BOOST_TEST(yard.nodes.at(name).text() == "three of " + mender);
    BOOST_TEST(yard.nodes.at("e").cannot_apply() == "");
  }
}

BOOST_AUTO_TEST_CASE(two_changes_at_once_do_not_overwrite_each_other) {
  config_yard yard;
  BOOST_TEST(yard.nodes.at("a").apply("of a", t(0s), yard.outs["a"], yard.boxes["a"]).has_value());
  BOOST_TEST(yard.nodes.at("e").apply("of e", t(0s), yard.outs["e"], yard.boxes["e"]).has_value());
  yard.run_for(3s);
  const auto a = yard.nodes.at("a").take_result(), e = yard.nodes.at("e").take_result();
  BOOST_REQUIRE((a.has_value() && e.has_value()));
  BOOST_TEST(!(a->ok && e->ok));
  std::set<std::string> texts;
  for (const auto& name : five) texts.insert(yard.nodes.at(name).text());
  BOOST_TEST(texts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_promise_survives_a_crash) {
  config_yard yard;
  const auto first = stage_of("x"), second = stage_of("y");
  yard.nodes.at("b").on("a", first, t(0s), yard.outs["b"], yard.boxes["b"]);
  BOOST_TEST(yard.outs["b"].empty());                          // not before it is written
  yard.cut = {"b"};
  yard.settle_down();
  yard.restart("b");
  yard.nodes.at("b").on("c", second, t(60s), yard.outs["b"], yard.boxes["b"]);
  const auto answer = sent<config_staged>(yard.outs["b"].take(), "c");
  BOOST_REQUIRE(answer.size() == 1u);
  BOOST_TEST(!answer[0].taken);
}

BOOST_AUTO_TEST_CASE(a_text_that_is_not_what_its_sum_names_is_refused) {
  config_yard yard;
  outbox out;
  auto lying = stage_of("x");
  lying.text = "y";
  yard.nodes.at("b").on("a", lying, t(0s), out, yard.boxes["b"]);
  BOOST_TEST(!sent<config_staged>(out.take(), "a")[0].taken);
  yard.nodes.at("b").on("a", config_text{config_commit::version_of(9, "x"), "y"}, yard.boxes["b"]);
  BOOST_TEST(yard.boxes["b"].take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
