// The actors end to end, without sockets: config in, outcomes in, yard, events and admin answers out.
#include "small_world.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <set>

BOOST_AUTO_TEST_SUITE(actor_world_suite)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using routing::breaker_state;
using routing::call_result;

namespace {

std::shared_ptr<const routing::key_entry> key_of(const actor_world& world, std::size_t index) {
  return world.feed().current()->providers.at(0)->keys.at(index);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_yard_is_published_before_the_constructor_returns) {
  actor_world world(two_keys(), {});
  const auto yard = world.feed().current();
  BOOST_REQUIRE(yard);
  BOOST_TEST(yard->version == 1u);
  BOOST_TEST(yard->node_name == "yard-test");
  BOOST_TEST(yard->providers.at(0)->keys.size() == 2u);
  BOOST_REQUIRE(yard->find_route("switchyard/auto"));
  BOOST_TEST(yard->find_route("auto")->targets.at(0).name() == "openai/gpt-4o");
  BOOST_TEST(yard->find_route("auto")->fallbacks.at(0).name() == "openai/gpt-4o-mini");
  BOOST_REQUIRE(yard->direct);
  BOOST_TEST(yard->direct->name == "direct");
}

BOOST_AUTO_TEST_CASE(a_first_config_that_does_not_compile_is_thrown) {
  auto bad = two_keys();
  std::get<config::balance_stage_config>(bad.routes[0].stages[0].what).targets[0].target = "nobody/gpt-4o";
  BOOST_CHECK_THROW(actor_world(bad, {}), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(failures_open_the_breaker_of_their_key_alone) {
  actor_world world(two_keys(), {});
  event_watch events(world);
  const auto one = key_of(world, 0);
  one->state->tripped.store(true);
  world.report(requests(one, call_result::server_error, 6));
  const auto event = events.wait_for({{"type", "breaker"}, {"to", "open"}});
  BOOST_TEST(text(event.at("provider")) == "openai");
  BOOST_TEST(text(event.at("key")) == "one");
  BOOST_TEST(text(event.at("from")) == "closed");
  BOOST_CHECK(one->state->breaker.load() == breaker_state::open);
  BOOST_TEST(one->state->open_until_ns.load() > to_ns(steady_now()));
  BOOST_TEST(!one->state->tripped.load());
  BOOST_CHECK(key_of(world, 1)->state->breaker.load() == breaker_state::closed);

  const auto breakers = get(world, "/admin/v1/breakers").at("breakers").as_array();
  BOOST_TEST(text(breakers.at(0).at("state")) == "open");
  BOOST_TEST(breakers.at(0).at("openings").to_number<int>() == 1);
  BOOST_TEST(breakers.at(0).at("open_in_ms").to_number<int>() > 0);
  BOOST_TEST(text(breakers.at(1).at("state")) == "closed");
}

BOOST_AUTO_TEST_CASE(an_open_breaker_goes_half_open_by_itself_and_closes_after_its_probes) {
  auto config = two_keys();
  config.providers[0].breaker.open_for = milliseconds(20);
  actor_world world(config, {});
  event_watch events(world);
  const auto one = key_of(world, 0);
  world.report(requests(one, call_result::server_error, 6));
  events.wait_for({{"type", "breaker"}, {"to", "half_open"}});
  BOOST_REQUIRE(one->state->take_probe());
  BOOST_REQUIRE(one->state->take_probe());
  auto probes = requests(one, call_result::ok, 2);
  for (auto& record : probes) record.attempts[0].outcome.probe = true;
  world.report(std::move(probes));
  events.wait_for({{"type", "breaker"}, {"to", "closed"}});
  BOOST_CHECK(one->state->breaker.load() == breaker_state::closed);
  BOOST_TEST(one->state->ramp_from_ns.load() > 0);
}

BOOST_AUTO_TEST_CASE(a_reachable_endpoint_ends_an_opening_by_connect_failures_ahead_of_time) {
  io_hooks hooks;
  std::atomic<int> probes{0};
  hooks.probe_endpoint = [&](const std::string& base_url, const std::function<void(bool)>& then) {
    BOOST_TEST(base_url == "http://127.0.0.1:1");
    then(++probes > 1);
  };
  actor_world world(two_keys(), hooks);
  event_watch events(world);
  world.report(requests(key_of(world, 0), call_result::connect_failed, 6));
  events.wait_for({{"type", "breaker"}, {"from", "open"}, {"to", "half_open"}});
  BOOST_TEST(probes.load() == 2);
}

BOOST_AUTO_TEST_CASE(a_probe_hook_that_throws_costs_a_restart_and_nothing_else) {
  io_hooks hooks;
  hooks.probe_endpoint = [](const std::string&, const std::function<void(bool)>&) { throw std::runtime_error("no sockets here"); };
  actor_world world(two_keys(), hooks);
  const auto one = key_of(world, 0);
  world.report(requests(one, call_result::connect_failed, 6));
  get_until(world, "/admin/v1/status", [](const auto& s) { return s.at("actor_restarts").template to_number<int>() >= 1; });
  // The successor begins closed and learns anew.
  get_until(world, "/admin/v1/breakers", [](const auto& b) { return text(b.at("breakers").at(0).at("state")) == "closed"; });
  event_watch events(world);
  world.report(requests(one, call_result::server_error, 6));
  events.wait_for({{"type", "breaker"}, {"key", "one"}, {"to", "open"}});
}

BOOST_AUTO_TEST_CASE(a_refused_credential_parks_its_key) {
  actor_world world(two_keys(), {});
  event_watch events(world);
  const auto two = key_of(world, 1);
  world.report(requests(two, call_result::unauthorized, 3));
  const auto event = events.wait_for({{"type", "parked"}, {"key", "two"}});
  BOOST_TEST(text(event.at("why")) == "unauthorized");
  BOOST_TEST(text(event.at("for")) == "300s");
  BOOST_TEST(two->state->parked_until_ns.load() > to_ns(steady_now() + seconds(200)));
  const auto keys = get(world, "/admin/v1/keys").at("keys").as_array();
  BOOST_TEST(keys.at(1).at("parked").as_bool());
  BOOST_TEST(text(keys.at(1).at("parked_for")) == "unauthorized");
  BOOST_TEST(!keys.at(0).at("parked").as_bool());
}

BOOST_AUTO_TEST_CASE(a_rest_that_an_io_thread_gave_a_key_is_told_once_with_its_end) {
  actor_world world(two_keys(), {});
  event_watch events(world);
  const auto one = key_of(world, 0);
  one->state->park(steady_now() + milliseconds(300), routing::park_reason::retry_after);
  world.report(requests(one, call_result::rate_limited, 3));
  const auto event = events.wait_for({{"type", "parked"}, {"key", "one"}});
  BOOST_TEST(text(event.at("why")) == "retry_after");
  BOOST_TEST(text(event.at("for")) == "1s");
  events.wait_for({{"type", "unparked"}, {"key", "one"}});
}

BOOST_AUTO_TEST_CASE(a_new_credential_ends_the_parking) {
  actor_world world(two_keys(), {});
  event_watch events(world);
  world.report(requests(key_of(world, 1), call_result::unauthorized, 1));
  events.wait_for({{"type", "parked"}});
  auto next = two_keys();
  next.providers[0].keys[1].value = secret("sk-another");
  BOOST_TEST(reload(world, next).has_value());
  get_until(world, "/admin/v1/keys", [](const auto& k) { return !k.at("keys").at(1).at("parked").as_bool(); });
}

BOOST_AUTO_TEST_CASE(a_reload_keeps_the_state_of_unchanged_keys) {
  actor_world world(two_keys(), {});
  event_watch events(world);
  const auto one = key_of(world, 0);
  world.report(requests(one, call_result::server_error, 6));
  events.wait_for({{"type", "breaker"}, {"to", "open"}});

  auto next = two_keys();
  next.providers[0].keys[0].weight = 0.9;
  next.providers[0].keys[0].rpm = 7;
  next.providers[0].keys.erase(next.providers[0].keys.begin() + 1);
  next.providers[0].keys.push_back(key_named("three", 1));
  BOOST_TEST(reload(world, next).has_value());
  const auto yard = world.feed().current();
  BOOST_TEST(yard->version == 2u);
  BOOST_TEST(key_of(world, 0)->state == one->state);
  BOOST_TEST(key_of(world, 0)->config.weight == 0.9);
  BOOST_TEST(one->state->requests.limit() == 7);
  BOOST_CHECK(one->state->breaker.load() == breaker_state::open);
  BOOST_TEST(key_of(world, 1)->config.name == "three");
  BOOST_TEST(key_of(world, 1)->state->id != one->state->id);
  const auto status = get(world, "/admin/v1/status");
  std::set<std::string> names;
  for (const auto& actor : status.at("actors").as_array()) names.insert(text(actor.at("name")));
  BOOST_TEST(names.contains("key openai/three"));
  BOOST_TEST(!names.contains("key openai/two"));
  BOOST_TEST(!names.contains("breaker openai/two"));
}

BOOST_AUTO_TEST_CASE(a_reload_that_does_not_compile_is_refused_whole) {
  actor_world world(two_keys(), {});
  auto bad = two_keys();
  bad.providers[0].keys[0].rpm = 3;
  bad.routes[0].stages.pop_back();
  std::get<config::balance_stage_config>(bad.routes[0].stages[0].what).targets[0].target = "openai/gpt-17";
  const auto refused = reload(world, bad);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.failure().message.find("gpt-17") != std::string::npos);
  BOOST_TEST(key_of(world, 0)->state->requests.limit() == 500);
  BOOST_TEST(world.feed().current()->find_route("auto")->stages.size() == 2u);
  BOOST_TEST(reload(world, two_keys()).has_value());
}

BOOST_AUTO_TEST_CASE(status_lists_every_actor_with_state_and_mailbox) {
  actor_world world(two_keys(), {nullptr, nullptr, [] { return 17; }});
  const auto status = get(world, "/admin/v1/status");
  BOOST_TEST(text(status.at("node")) == "yard-test");
  BOOST_TEST(status.at("ready").as_bool());
  BOOST_TEST(status.at("connections").to_number<int>() == 17);
  BOOST_TEST(status.at("yard_version").to_number<int>() == 1);
  std::multiset<std::string> kinds;
  for (const auto& actor : status.at("actors").as_array()) {
    kinds.insert(text(actor.at("kind")));
    BOOST_TEST(actor.at("mailbox").is_number(), text(actor.at("name")) << " gave no mailbox depth");
    BOOST_TEST(text(actor.at("state")) != "no answer");
  }
  const std::multiset<std::string> expected{"supervisor", "admin", "breaker", "breaker", "config", "events", "intake", "key",
                                            "key",        "ledger", "metrics", "route",  "stage",  "stage",
                                            "virtual_keys"};
  BOOST_TEST(kinds == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(decisions_and_spend_follow_the_records) {
  actor_world world(two_keys(), {});
  const auto one = key_of(world, 0);
  auto failed_over = request({attempt(one, call_result::server_error), attempt(key_of(world, 1), call_result::ok)}, 9);
  failed_over.route = world.feed().current()->find_route("auto");
  world.report({failed_over});
  const auto log = get_until(world, "/admin/v1/decisions", [](const auto& d) { return !d.at("decisions").as_array().empty(); });
  const auto& decision = log.at("decisions").at(0);
  BOOST_TEST(text(decision.at("key")) == "two");
  BOOST_TEST(decision.at("attempts").as_array().size() == 2u);
  const auto same = get(world, "/admin/v1/decisions/" + failed_over.id.to_string());
  BOOST_TEST(text(same.at("route")) == "auto");
  BOOST_TEST(ask(world, "GET", "/admin/v1/decisions/00000000-0000-0000-0000-0000000000ff").status == 404);
  account(world.ledger(), failed_over);
  const auto spend = get(world, "/admin/v1/spend", "by=route");
  BOOST_TEST(text(spend.at("groups").at(0).at("name")) == "auto");
  BOOST_TEST(text(spend.at("total").at("cost_usd")) == "0.000450000");
  BOOST_TEST(ask(world, "GET", "/admin/v1/spend", "by=colour").status == 400);
}

BOOST_AUTO_TEST_CASE(every_record_is_either_accounted_for_or_counted_as_dropped) {
  actor_world world(two_keys(), {});
  const auto one = key_of(world, 0);
  for (int i = 0; i < 2000; ++i) world.report(requests(one, call_result::ok, 64));
  const auto status = get_until(world, "/admin/v1/status", [](const auto& s) { return s.at("unworked_batches").template to_number<int>() == 0; });
  const auto keys = get(world, "/admin/v1/keys");
  const auto dropped = status.at("records_dropped").to_number<std::int64_t>();
  BOOST_TEST(keys.at("keys").at(0).at("calls").to_number<std::int64_t>() + dropped == 2000 * 64);
}

BOOST_AUTO_TEST_CASE(metrics_are_prometheus_text_with_the_contracts_names) {
  actor_world world(two_keys(), {});
  const auto record = request({attempt(key_of(world, 0), call_result::server_error), attempt(key_of(world, 1), call_result::ok)});
  account(world.ledger(), record);
  world.report({record});
  get_until(world, "/admin/v1/status", [](const auto& s) { return s.at("unworked_batches").template to_number<int>() == 0; });
  const auto answer = ask(world, "GET", "/metrics");
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.content_type.starts_with("text/plain; version=0.0.4"));
  for (const auto* name :
       {"switchyard_requests_total{", "switchyard_request_duration_seconds_bucket{", "switchyard_overhead_seconds_bucket{",
        "switchyard_time_to_first_token_seconds", "switchyard_upstream_duration_seconds_bucket{", "switchyard_upstream_errors_total{",
        "switchyard_tokens_total{", "switchyard_cost_usd_total{", "switchyard_failovers_total{", "switchyard_breaker_state{",
        "switchyard_key_weight{", "switchyard_key_in_flight{", "switchyard_rate_limit_remaining{", "switchyard_ledger_entries_total 2",
        "switchyard_records_dropped_total 0", "switchyard_cluster_members{state=\"alive\"} 1", "switchyard_build_info{"})
    BOOST_TEST(answer.body.find(name) != std::string::npos, name << " is missing");
}

BOOST_AUTO_TEST_CASE(config_is_shown_without_secrets) {
  actor_world world(two_keys(), {});
  const auto answer = ask(world, "GET", "/admin/v1/config");
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body.find("very-secret") == std::string::npos);
  BOOST_TEST(boost::json::parse(answer.body).as_object().contains("providers"));
}

BOOST_AUTO_TEST_CASE(unknown_paths_and_wrong_methods_are_told_apart) {
  actor_world world(two_keys(), {});
  const auto unknown = ask(world, "GET", "/admin/v1/nonsense");
  BOOST_TEST(unknown.status == 404);
  BOOST_TEST(text(boost::json::parse(unknown.body).at("error").at("code")) == "not_found");
  BOOST_TEST(ask(world, "DELETE", "/admin/v1/keys").status == 405);
  BOOST_TEST(ask(world, "GET", "/admin/v1/explain").status == 405);
  BOOST_TEST(ask(world, "GET", "/admin/v1/decisions/").status == 404);
}

BOOST_AUTO_TEST_CASE(drain_calls_the_hook_for_this_node_only) {
  std::atomic<int> drains{0};
  io_hooks hooks;
  hooks.drain = [&] { ++drains; };
  actor_world world(two_keys(), hooks);
  BOOST_TEST(ask(world, "POST", "/admin/v1/drain", "", R"({"node":"another"})").status == 404);
  BOOST_TEST(ask(world, "POST", "/admin/v1/drain", "", "{").status == 400);
  BOOST_TEST(drains.load() == 0);
  BOOST_TEST(ask(world, "POST", "/admin/v1/drain", "", R"({"node":"yard-test"})").status == 202);
  BOOST_TEST(drains.load() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_reported_before_the_end_is_worked_off) {
  std::weak_ptr<const routing::key_entry> key;
  {
    actor_world world(two_keys(), {});
    key = key_of(world, 0);
    for (int i = 0; i < 20; ++i) world.report(requests(key.lock(), call_result::ok, 10));
  }
  BOOST_TEST(key.expired());
}

BOOST_AUTO_TEST_SUITE_END()
