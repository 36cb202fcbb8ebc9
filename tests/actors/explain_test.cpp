#include "small_world.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

BOOST_AUTO_TEST_SUITE(explain_suite)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;

namespace {

boost::json::value explained(actor_world& world, const std::string& body, const std::string& query = {}) {
  const auto answer = ask(world, "POST", "/admin/v1/explain", query, body);
  if (answer.status != 200) throw std::runtime_error(answer.body);
  return boost::json::parse(answer.body);
}

const std::string hello = R"(,"messages":[{"role":"user","content":"hello there, how are you?"}],"max_tokens":1000})";

}  // namespace

BOOST_AUTO_TEST_CASE(the_answer_has_the_contracts_members) {
  actor_world world(two_keys(), {});
  const auto answer = explained(world, R"({"model":"auto")" + hello);
  std::set<std::string> names;
  for (const auto& member : answer.as_object()) names.insert(std::string(member.key()));
  const std::set<std::string> expected{"route", "target", "reason", "signals", "stages", "candidates", "estimate", "took_us"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
  BOOST_TEST(text(answer.at("route")) == "auto");
  BOOST_TEST(text(answer.at("target")) == "openai/gpt-4o");
  BOOST_TEST(!text(answer.at("reason")).empty());
  const auto& stages = answer.at("stages").as_array();
  BOOST_TEST(stages.size() == 2u);
  BOOST_TEST(text(stages.at(0).at("kind")) == "balance");
  BOOST_TEST(text(stages.at(1).at("kind")) == "fallback");
  BOOST_TEST(stages.at(0).as_object().contains("took_us"));
  const auto& estimate = answer.at("estimate");
  BOOST_TEST(estimate.at("output_tokens").to_number<int>() == 1000);
  BOOST_TEST(text(estimate.at("cost_usd")).starts_with("0.01"));
  BOOST_TEST(text(estimate.at("prices")) == "config");
}

BOOST_AUTO_TEST_CASE(nothing_is_reserved) {
  actor_world world(two_keys(), {});
  for (int i = 0; i < 10; ++i) (void)explained(world, R"({"model":"auto")" + hello);
  for (const auto& key : world.feed().current()->providers.at(0)->keys) {
    BOOST_TEST(key->state->in_flight.load() == 0);
    BOOST_TEST(key->state->requests.used(steady_now()) == 0);
  }
}

BOOST_AUTO_TEST_CASE(an_excluded_key_says_why) {
  actor_world world(two_keys(), {});
  world.feed().current()->providers.at(0)->keys.at(0)->state->park(steady_now() + seconds(100), routing::park_reason::quota);
  const auto answer = explained(world, R"({"model":"openai/gpt-4o")" + hello);
  BOOST_TEST(text(answer.at("route")) == "direct");
  const auto& candidates = answer.at("candidates").as_array();
  BOOST_REQUIRE(candidates.size() == 2u);
  BOOST_TEST(text(candidates.at(0).at("key")) == "one");
  BOOST_TEST(text(candidates.at(0).at("excluded_because")).find("quota") != std::string::npos);
  BOOST_TEST(!candidates.at(1).as_object().contains("excluded_because"));
  BOOST_TEST(text(answer.at("reason")).find("two") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(with_no_key_left_there_is_no_target_but_a_reason) {
  actor_world world(two_keys(), {});
  for (const auto& key : world.feed().current()->providers.at(0)->keys)
    key->state->park(steady_now() + seconds(100), routing::park_reason::quota);
  const auto answer = explained(world, R"({"model":"auto")" + hello);
  BOOST_TEST(answer.at("target").is_null());
  BOOST_TEST(!text(answer.at("reason")).empty());
}

BOOST_AUTO_TEST_CASE(a_route_may_be_forced_as_by_header) {
  actor_world world(two_keys(), {});
  BOOST_TEST(text(explained(world, R"({"model":"openai/gpt-4o-mini")" + hello, "route=auto").at("target")) == "openai/gpt-4o");
  BOOST_TEST(ask(world, "POST", "/admin/v1/explain", "route=none", R"({"model":"auto")" + hello).status == 404);
}

BOOST_AUTO_TEST_CASE(what_the_data_plane_refuses_is_refused) {
  actor_world world(two_keys(), {});
  const auto unknown = ask(world, "POST", "/admin/v1/explain", "", R"({"model":"nobody/knows")" + hello);
  BOOST_TEST(unknown.status == 404);
  BOOST_TEST(text(boost::json::parse(unknown.body).at("error").at("code")) == "unknown_model");
  const auto broken = ask(world, "POST", "/admin/v1/explain", "", "{nonsense");
  BOOST_TEST(broken.status == 400);
  BOOST_TEST(text(boost::json::parse(broken.body).at("error").at("code")) == "invalid_json");
  BOOST_TEST(ask(world, "POST", "/admin/v1/explain").status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
