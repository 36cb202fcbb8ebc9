#include "routing/pipeline.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;
using config::balance_strategy;

BOOST_TEST_DONT_PRINT_LOG_VALUE(balance_strategy)

BOOST_AUTO_TEST_SUITE(pipeline_)

namespace {
const std::vector<std::shared_ptr<const provider_entry>>& two_providers() {
  static const std::vector<std::shared_ptr<const provider_entry>> both = {provider("openai", {key("a")}), provider("anthropic", {key("b")})};
  return both;
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_provider_entry_knows_each_keys_state_and_url) {
  config::provider_config config;
  config.name = "openai";
  config.base_url = "https://api.example";
  config.keys = {key("a"), key("b")};
  config.keys[1].base_url = "https://eu.example";
  const std::shared_ptr<key_state> states[] = {std::make_shared<key_state>(7, 1.0, 0, 0), std::make_shared<key_state>(8, 1.0, 0, 0)};
  const auto entry = compile_provider(config, states);
  BOOST_TEST(entry->keys[0]->base_url == "https://api.example");
  BOOST_TEST(entry->keys[1]->base_url == "https://eu.example");
  BOOST_TEST(entry->keys[1]->state == states[1]);
  BOOST_TEST(entry->keys[1]->provider == "openai");
}

BOOST_AUTO_TEST_CASE(a_stage_with_an_unknown_target_does_not_compile) {
  const auto made = make_stage(fallback_to({"openai/gpt-4o", "nowhere/x"}), two_providers());
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.failure().message.find("no provider 'nowhere'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_route_sums_up_what_its_stages_say) {
  const auto r = route("auto", two_providers(), {balance_of(balance_strategy::adaptive, {{"openai/gpt-4o", 0.9, {}}, {"openai/gpt-5", 0.1, {}}}),
                                             fallback_to({"anthropic/claude"})});
  BOOST_TEST(r->strategy == balance_strategy::adaptive);
  BOOST_TEST(r->targets.size() == 2u);
  BOOST_TEST(r->targets[1].weight == 0.1);
  BOOST_TEST(r->fallbacks.front().name() == "anthropic/claude");
}

BOOST_AUTO_TEST_CASE(a_decision_shares_the_stages_targets_instead_of_copying_them) {
  const auto r = route("auto", two_providers(), {balance_of(balance_strategy::geo, {{"openai/gpt-4o", 1, {}}}), fallback_to({"anthropic/claude"})});
  const auto first = run_stages(*r, {});
  const auto second = run_stages(*r, {});
  BOOST_TEST(first.targets.data() == second.targets.data());
  BOOST_TEST(first.fallbacks[0].data() == second.fallbacks[0].data());
}

BOOST_AUTO_TEST_CASE(a_model_the_client_named_keeps_the_routes_strategy_but_not_its_targets) {
  const auto r = route("direct", two_providers(), {balance_of(balance_strategy::lowest_latency, {{"openai/gpt-4o", 1, {}}})});
  const target asked{two_providers()[1], "claude"};
  stage_request request;
  request.asked = &asked;
  const auto made = run_stages(*r, request);
  BOOST_TEST(made.strategy == balance_strategy::lowest_latency);
  BOOST_TEST(made.targets.empty());
}

BOOST_AUTO_TEST_CASE(every_stage_says_what_it_did_when_asked_to_explain) {
  const auto r = route("auto", two_providers(), {balance_of(balance_strategy::weighted, {{"openai/gpt-4o", 1, {}}}), fallback_to({"anthropic/claude"})});
  std::vector<verdict> lines;
  (void)run_stages(*r, {}, &lines);
  BOOST_REQUIRE(lines.size() == 2u);
  BOOST_TEST(lines[0].kind == "balance");
  BOOST_TEST(lines[0].what == "weighted");
  BOOST_TEST(lines[0].reason == "among openai/gpt-4o");
  BOOST_TEST(lines[1].name == "fallback");
  BOOST_TEST(lines[1].what == "appended");
  BOOST_TEST(lines[1].reason == "then anthropic/claude");
}

BOOST_AUTO_TEST_CASE(two_fallback_stages_append_in_order) {
  const auto r = route("auto", two_providers(), {fallback_to({"openai/a", "openai/b"}), fallback_to({"anthropic/c"})});
  BOOST_TEST(r->fallbacks.size() == 3u);
  BOOST_TEST(r->fallbacks[2].model == "c");
}

BOOST_AUTO_TEST_SUITE_END()
