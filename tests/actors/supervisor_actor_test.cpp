// The supervisor with CAF in sight: actors are killed and must be replaced.
#include "actors/supervisor_actor.hpp"

#include "small_world.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/scoped_actor.hpp>

BOOST_AUTO_TEST_SUITE(supervisor_actor_suite)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using routing::breaker_state;
using routing::call_result;

namespace {

/// A supervisor that has applied two_keys().
struct supervised {
  supervised() : world(std::make_shared<world_context>(io_hooks{}, ledger_writer::in_memory("yard-test"))), book(std::make_shared<address_book>()), system(settings) {
    it = system.spawn(supervisor_actor, surroundings{world, book});
    auto applied = std::make_shared<std::promise<bool>>();
    auto result = applied->get_future();
    caf::anon_send(it, apply_config{std::make_shared<const config::config>(two_keys()),
                                    [applied](outcome o) { applied->set_value(o.has_value()); }});
    BOOST_REQUIRE(result.wait_for(deadline) == std::future_status::ready);
    BOOST_REQUIRE(result.get());
  }
  ~supervised() { caf::anon_send_exit(it, caf::exit_reason::user_shutdown); }

  std::shared_ptr<const directory> list() {
    caf::scoped_actor self(system);
    std::shared_ptr<const directory> found;
    self->request(it, deadline, directory_request{})
        .receive([&](const directory_changed& d) { found = d.now; }, [](caf::error&) { BOOST_FAIL("no directory"); });
    return found;
  }
  caf::strong_actor_ptr actor_named(const std::string& name) {
    const auto now = list();   // kept alive: the loop reads it
    for (const auto& row : now->actors)
      if (row.name == name && row.handle) return caf::actor_cast<caf::strong_actor_ptr>(row.handle);
    return nullptr;
  }
  /// Kills it and waits for its successor.
  caf::strong_actor_ptr replace(const std::string& name) {
    const auto before = actor_named(name);
    BOOST_REQUIRE(before);
    caf::anon_send_exit(caf::actor_cast<caf::actor_addr>(before), caf::exit_reason::kill);
    const auto give_up = steady_now() + deadline;
    for (auto after = actor_named(name);; after = actor_named(name)) {
      if (after && after != before) return after;
      BOOST_REQUIRE(steady_now() < give_up);
    }
  }
  std::string state_of(const caf::strong_actor_ptr& actor) {
    caf::scoped_actor self(system);
    std::string state;
    self->request(caf::actor_cast<reporting_handle>(actor), deadline, status_request{})
        .receive([&](const actor_line& line) { state = line.state; }, [](caf::error&) { BOOST_FAIL("no answer"); });
    return state;
  }

  std::shared_ptr<world_context> world;
  std::shared_ptr<address_book> book;
  system_config settings;
  caf::actor_system system;
  supervisor_handle it;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_killed_key_actor_is_replaced_and_its_key_state_kept) {
  supervised node;
  const auto state = node.list()->keys.at(0).entry->state;
  state->park(steady_now() + seconds(100), routing::park_reason::quota);
  node.replace("key openai/one");
  BOOST_TEST(node.world->counters.actor_restarts.load() == 1u);
  const auto row = node.list()->keys.at(0);
  BOOST_TEST(row.entry->state == state);
  BOOST_TEST(state->parked_until_ns.load() > to_ns(steady_now()));
  BOOST_TEST(node.world->feed.current()->providers.at(0)->keys.at(0)->state == state);
}

BOOST_AUTO_TEST_CASE(the_successor_gets_the_outcomes) {
  supervised node;
  node.replace("breaker openai/one");
  const auto entry = node.list()->keys.at(0).entry;
  BOOST_REQUIRE(node.world->gate.enter());
  caf::anon_send(node.book->current().intake,
                 batch_arrived{std::make_shared<const record_batch>(node.world, requests(entry, call_result::server_error, 6))});
  BOOST_TEST(node.world->gate.wait_until_empty(deadline));
  BOOST_CHECK(entry->state->breaker.load() == breaker_state::open);
}

BOOST_AUTO_TEST_CASE(a_killed_stage_is_replaced_and_compiles_again) {
  supervised node;
  const auto before = node.world->feed.current()->version;
  const auto successor = node.replace("stage auto/1-balance");
  const auto give_up = steady_now() + deadline;
  while (node.world->feed.current()->version == before) BOOST_REQUIRE(steady_now() < give_up);
  BOOST_TEST(node.state_of(successor) == "compiled");
  BOOST_TEST(node.world->counters.config_version.load() == 1u);
}

BOOST_AUTO_TEST_CASE(every_service_can_be_replaced) {
  supervised node;
  for (const auto* name : {"intake", "ledger", "metrics", "config", "admin", "events", "virtual_keys", "route auto"}) node.replace(name);
  BOOST_TEST(node.world->counters.actor_restarts.load() == 8u);
  BOOST_TEST(node.state_of(node.actor_named("config")) == "version 1");
}

BOOST_AUTO_TEST_CASE(virtual_keys_and_their_limits_survive_the_actor_that_owns_them) {
  supervised node;
  auto answered = std::make_shared<std::promise<admin_answer>>();
  auto answer = answered->get_future();
  const admin_question question{"POST", "/admin/v1/virtual-keys", {}, R"({"name":"alice","rpm":5})"};
  caf::anon_send(node.book->current().virtual_keys,
                 admin_asked{std::make_shared<const admin_question>(question), std::make_shared<answer_once>([answered](admin_answer a) { answered->set_value(std::move(a)); })});
  const auto key = text(boost::json::parse(answer.get().body).at("key"));
  const auto limit = node.world->feed.current()->virtual_keys->named("alice")->requests;
  const auto before = node.world->feed.current()->version;
  node.replace("virtual_keys");
  const auto give_up = steady_now() + deadline;
  while (node.world->feed.current()->version == before) BOOST_REQUIRE(steady_now() < give_up);   // it publishes them again
  const auto keys = node.world->feed.current()->virtual_keys;
  BOOST_REQUIRE(keys->find(key, wall_now()) != nullptr);
  BOOST_TEST(keys->find(key, wall_now())->requests == limit);
}

BOOST_AUTO_TEST_CASE(an_actor_that_fails_again_and_again_is_restarted_with_delay) {
  supervised node;
  node.replace("ledger");
  const auto first = steady_now();
  node.replace("ledger");
  node.replace("ledger");
  BOOST_TEST((steady_now() - first >= milliseconds(300)));
}

BOOST_AUTO_TEST_SUITE_END()
