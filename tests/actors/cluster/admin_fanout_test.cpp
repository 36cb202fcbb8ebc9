// Questions to other nodes, and one answer made of theirs.
#include "actors/cluster/admin_fanout.hpp"
#include "actors/cluster/merged_answers.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(admin_fanouts)

using namespace switchyard;
using namespace switchyard::actors;
namespace json = boost::json;

namespace {

struct asker {
  admin_fanout fanout;
  cluster::outbox out;
  std::vector<node_answer> answers;
  std::vector<cluster::node_name> missing;
  int heard = 0;
  steady_time now{std::chrono::hours(1)};

  void ask(const std::vector<cluster::node_name>& nodes) {
    fanout.ask(nodes, "GET", "/admin/v1/keys", "", now, out, [this](std::vector<node_answer> a, std::vector<cluster::node_name> m) {
      answers = std::move(a);
      missing = std::move(m);
      ++heard;
    });
  }
  /// Every question is answered with `body`.
  void answer_from(const cluster::node_name& node, const std::string& body) {
    for (const auto& mail : out.take()) {
      const auto question = cluster::decode<cluster::admin_ask>(mail.body);
      BOOST_REQUIRE(question.has_value());
      cluster::outbox back;
      admin_fanout::answer("asker", question->id, 200, body, back);
      auto parts = back.take();
      std::reverse(parts.begin(), parts.end());              // in any order
      for (const auto& part : parts) fanout.on(node, *cluster::decode<cluster::admin_said>(part.body));
      for (const auto& part : parts) fanout.on(node, *cluster::decode<cluster::admin_said>(part.body));   // and twice
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(answers_of_any_length_come_together_once) {
  for (const std::size_t size : {0u, 10u, 256u << 10, 3'000'000u}) {
    asker a;
    a.ask({"b"});
    a.answer_from("b", std::string(size, 'x'));
    BOOST_TEST(a.heard == 1);
    BOOST_REQUIRE(a.answers.size() == 1u);
    BOOST_TEST(a.answers[0].body.size() == size);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_too_long_is_a_failure_not_silence) {
  asker a;
  a.ask({"b"});
  a.answer_from("b", std::string(std::size_t{9} << 20, 'x'));
  BOOST_REQUIRE(a.answers.size() == 1u);
  BOOST_TEST(a.answers[0].status == 500);
}

BOOST_AUTO_TEST_CASE(who_does_not_answer_within_two_seconds_is_named) {
  asker a;
  a.ask({"b", "c"});
  a.answer_from("b", "{}");
  BOOST_TEST(a.heard == 0);
  a.fanout.tick(a.now + milliseconds(1999));
  BOOST_TEST(a.heard == 0);
  a.fanout.tick(a.now + seconds(2));
  BOOST_TEST(a.heard == 1);
  BOOST_REQUIRE(a.missing.size() == 1u);
  BOOST_TEST(a.missing[0] == "c");
}

BOOST_AUTO_TEST_CASE(strangers_and_broken_parts_are_not_heard) {
  asker a;
  a.ask({"b"});
  a.fanout.on("c", {1, 200, "{}", 0, 1});
  a.fanout.on("b", {7, 200, "{}", 0, 1});
  a.fanout.on("b", {1, 200, "{}", 0, 0});
  a.fanout.on("b", {1, 200, "{}", 2, 2});
  a.fanout.on("b", {1, 200, "{}", 0, 60000});
  BOOST_TEST(a.heard == 0);
  a.fanout.on("b", {1, 200, "{}", 0, 1});
  BOOST_TEST(a.heard == 1);
}

BOOST_AUTO_TEST_CASE(questions_are_bounded) {
  asker a;
  for (int i = 0; i < 100; ++i) a.ask({"b"});
  BOOST_TEST(a.out.take().size() == admin_fanout::most_under_way);
  BOOST_TEST(a.missing.size() == 1u);                        // of those that found no room
}

BOOST_AUTO_TEST_CASE(rows_of_lists_tell_their_node) {
  const auto merged = json::parse(merged_answer("/admin/v1/keys", {{"a", 200, R"({"keys":[{"key":"k1"}]})"}, {"b", 200, R"({"keys":[{"key":"k1"},{"key":"k2"}]})"},
                                                                   {"c", 200, "not json"}, {"d", 500, "{}"}}, {"e"}));
  const auto& rows = merged.at("keys").as_array();
  BOOST_REQUIRE(rows.size() == 3u);
  BOOST_TEST(rows[0].at("node") == "a");
  BOOST_TEST(rows[2].at("node") == "b");
  BOOST_TEST(rows[2].at("key") == "k2");
  BOOST_TEST(json::serialize(merged.at("missing")) == R"(["c","d","e"])");
}

BOOST_AUTO_TEST_CASE(spending_is_added_up_to_the_last_nano_dollar) {
  const std::string a = R"({"by":"model","total":{"requests":2,"cost_usd":"0.000000001"},"groups":[{"name":"m","requests":2,"cost_usd":"0.000000001"}]})";
  const std::string b = R"({"by":"model","total":{"requests":3,"cost_usd":"12.999999999"},"groups":[{"name":"n","requests":1,"cost_usd":"-1.5"},{"name":"m","requests":2,"cost_usd":"12.999999999"}]})";
  const auto merged = json::parse(merged_answer("/admin/v1/spend", {{"a", 200, a}, {"b", 200, b}}, {}));
  BOOST_TEST(merged.at("total").at("requests") == 5);
  BOOST_TEST(merged.at("total").at("cost_usd") == "13.000000000");
  const auto& groups = merged.at("groups").as_array();
  BOOST_REQUIRE(groups.size() == 2u);
  BOOST_TEST(groups[0].at("cost_usd") == "13.000000000");
  BOOST_TEST(groups[1].at("cost_usd") == "-1.5");
}

BOOST_AUTO_TEST_CASE(savings_are_added_up_by_route_and_by_what_saved) {
  const std::string a = R"({"total":{"requests":2,"saved_usd":"1.5","saved_by":{"routing":"1.0","cache":"0.5"}},"routes":[{"route":"auto","baseline":"openai/large","requests":2,"saved_usd":"1.5","saved_by":{"routing":"1.0","cache":"0.5"}}]})";
  const std::string b = R"({"total":{"requests":1,"saved_usd":"0.25","saved_by":{"routing":"0.25","cache":"0"}},"routes":[{"route":"auto","baseline":"openai/large","requests":1,"saved_usd":"0.25","saved_by":{"routing":"0.25","cache":"0"}},{"route":"other","baseline":null,"requests":0,"saved_usd":"0"}]})";
  const auto merged = json::parse(merged_answer("/admin/v1/savings", {{"a", 200, a}, {"b", 200, b}}, {}));
  BOOST_TEST(merged.at("total").at("requests") == 3);
  BOOST_TEST(merged.at("total").at("saved_by").at("routing") == "1.250000000");
  const auto& routes = merged.at("routes").as_array();
  BOOST_REQUIRE(routes.size() == 2u);
  BOOST_TEST(routes[0].at("saved_usd") == "1.750000000");
  BOOST_TEST(routes[0].at("baseline") == "openai/large");
  BOOST_TEST(routes[1].at("route") == "other");
}

BOOST_AUTO_TEST_CASE(a_node_says_of_itself_what_others_cannot_know) {
  const std::string a = R"({"nodes":[{"name":"a","self":true,"region":"eu"},{"name":"b","self":false,"region":null,"uptime_s":null}]})";
  const std::string b = R"({"nodes":[{"name":"a","self":false,"region":"lies"},{"name":"b","self":true,"region":"us","uptime_s":5}]})";
  const auto merged = json::parse(merged_answer("/admin/v1/nodes", {{"a", 200, a}, {"b", 200, b}}, {}));
  const auto& rows = merged.at("nodes").as_array();
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows[0].at("region") == "eu");
  BOOST_TEST(rows[1].at("region") == "us");
  BOOST_TEST(rows[1].at("self") == false);
}

BOOST_AUTO_TEST_CASE(the_scope_is_taken_out_of_the_query) {
  BOOST_TEST(without_scope("scope=cluster") == "");
  BOOST_TEST(without_scope("by=model&scope=cluster&from=1") == "by=model&from=1");
  BOOST_TEST(without_scope("scoped=1") == "scoped=1");
}

BOOST_AUTO_TEST_SUITE_END()
