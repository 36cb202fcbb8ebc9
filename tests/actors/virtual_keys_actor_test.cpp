// Virtual keys over the admin API of a whole world of actors, its ledger in memory.
#include "small_world.hpp"

#include "actors/actor_world.hpp"
#include "routing/virtual_key.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(virtual_keys_of_a_world)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;

namespace {

constexpr const char* all_keys = "/admin/v1/virtual-keys";

std::string made(actor_world& world, const std::string& body) {
  const auto answer = ask(world, "POST", all_keys, {}, body);
  BOOST_REQUIRE_MESSAGE(answer.status == 201, answer.body);
  return text(boost::json::parse(answer.body).at("key"));
}

const routing::virtual_key_entry* found(actor_world& world, const std::string& key) {
  return world.feed().current()->virtual_keys->find(key, wall_now());
}

config::config with_declared(const char* name) {
  auto all = two_keys();
  config::virtual_key_config key;
  key.name = name;
  key.key = secret("declared-canary");
  key.rpm = 60;
  all.virtual_keys.push_back(key);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_change_is_in_force_when_it_is_answered) {
  actor_world world(two_keys(), {});
  BOOST_TEST(!world.feed().current()->virtual_keys->required());
  const auto key = made(world, R"({"name":"alice","routes":["auto"]})");
  BOOST_TEST(world.feed().current()->virtual_keys->required());
  BOOST_REQUIRE(found(world, key) != nullptr);
  BOOST_TEST(found(world, "anything") == nullptr);
  const auto rotated = ask(world, "POST", std::string(all_keys) + "/alice/rotate", {}, R"({"grace":"1h"})");
  BOOST_TEST(rotated.status == 200, rotated.body);
  const auto second = text(boost::json::parse(rotated.body).at("key"));
  BOOST_TEST(found(world, key) != nullptr);
  BOOST_TEST(found(world, second) != nullptr);
  BOOST_TEST(ask(world, "PATCH", std::string(all_keys) + "/alice", {}, R"({"rpm":7})").status == 200);
  BOOST_TEST(found(world, second)->config.rpm == 7);
  BOOST_TEST(ask(world, "DELETE", std::string(all_keys) + "/alice").status == 200);
  BOOST_TEST(found(world, key) == nullptr);
  BOOST_TEST(found(world, second) == nullptr);
  BOOST_TEST(world.feed().current()->virtual_keys->required());
}

BOOST_AUTO_TEST_CASE(no_answer_but_the_first_holds_a_value) {
  actor_world world(with_declared("team"), {});
  const auto key = made(world, R"({"name":"alice","parent":"team"})");
  for (const auto* path : {"/admin/v1/virtual-keys", "/admin/v1/virtual-keys/alice", "/admin/v1/status", "/admin/v1/config", "/admin/v1/limits", "/metrics"}) {
    const auto answer = ask(world, "GET", path);
    BOOST_TEST(answer.status == 200, path);
    BOOST_TEST(answer.body.find(key) == std::string::npos, path);
    BOOST_TEST(answer.body.find("declared-canary") == std::string::npos, path);
  }
  const auto again = ask(world, "POST", all_keys, {}, R"({"name":"alice"})");
  BOOST_TEST(again.status == 409);
  BOOST_TEST(text(boost::json::parse(again.body).at("error").at("code")) == "conflict");
}

BOOST_AUTO_TEST_CASE(a_reload_keeps_made_keys_and_what_they_used) {
  actor_world world(with_declared("team"), {});
  const auto key = made(world, R"({"name":"alice","rpm":5,"budget":{"usd":1}})");
  const auto limits = found(world, key)->requests;
  const auto money = found(world, key)->money;
  const auto declared = found(world, "declared-canary")->requests;
  BOOST_REQUIRE(reload(world, with_declared("team")));
  BOOST_TEST(found(world, key)->requests == limits);
  BOOST_TEST(found(world, key)->money == money);
  BOOST_TEST(found(world, "declared-canary")->requests == declared);
  const auto refused = reload(world, with_declared("alice"));
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.failure().message.find("'alice' is already the name of a key that the admin API made") != std::string::npos);
  BOOST_TEST(found(world, "declared-canary")->config.name == "team");
  // Changes are taken again after a config that was refused.
  BOOST_TEST(ask(world, "PATCH", std::string(all_keys) + "/alice", {}, R"({"rpm":7})").status == 200);
  auto none = two_keys();
  BOOST_REQUIRE(reload(world, none));
  BOOST_TEST(found(world, "declared-canary") == nullptr);
  BOOST_TEST(found(world, key) != nullptr);
}

BOOST_AUTO_TEST_CASE(many_changes_at_once_are_made_one_after_the_other) {
  actor_world world(two_keys(), {});
  std::vector<std::future<admin_answer>> answers;
  for (int i = 0; i < 40; ++i) {
    auto answered = std::make_shared<std::promise<admin_answer>>();
    answers.push_back(answered->get_future());
    world.ask({"POST", all_keys, {}, R"({"name":"k)" + std::to_string(i % 20) + "\"}"}, [answered](admin_answer a) { answered->set_value(std::move(a)); });
  }
  int created = 0, conflicts = 0;
  for (auto& answer : answers) {
    const auto status = answer.get().status;
    created += status == 201;
    conflicts += status == 409;
  }
  BOOST_TEST(created == 20);
  BOOST_TEST(conflicts == 20);
  BOOST_TEST(get(world, all_keys).at("virtual_keys").as_array().size() == 20u);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_change_is_said_precisely) {
  actor_world world(two_keys(), {});
  const auto problem = [&](const char* method, const std::string& path, const char* body) {
    const auto answer = ask(world, method, path, {}, body);
    return std::to_string(answer.status) + " " + text(boost::json::parse(answer.body).at("error").at("message"));
  };
  const std::string keys = all_keys;
  BOOST_TEST(problem("POST", keys, R"({"name":"a","budget":{"usd":1,"period":"year"}})").starts_with("400 budget.period: expected one of: hour, day, week, month, total"));
  BOOST_TEST(problem("POST", keys, R"({"name":"a","routes":["nope"]})") == "400 routes: no route 'nope' is configured");
  BOOST_TEST(problem("DELETE", keys + "/nobody", "") == "404 there is no virtual key 'nobody'");
  BOOST_TEST(problem("GET", keys + "/nobody", "") == "404 there is no such virtual key");
  BOOST_TEST(problem("POST", keys + "/nobody", "").starts_with("405 "));
  BOOST_TEST(problem("PUT", keys, "").starts_with("405 "));
}

BOOST_AUTO_TEST_SUITE_END()
