#include "routing/selection.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <deque>
#include <set>

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;
using namespace std::chrono_literals;
using config::balance_strategy;

BOOST_TEST_DONT_PRINT_LOG_VALUE(error_code)

BOOST_AUTO_TEST_SUITE(selection_)

namespace {

const error went_wrong = upstream_failure(error_code::upstream_error, "the provider said 500");

struct walk_options {
  std::vector<target> fallbacks;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

struct bench {
  std::unique_ptr<selection> ask(std::shared_ptr<const provider_entry> where, const std::string& model, walk_options options = {}) {
    return start(direct, target{std::move(where), model}, std::move(options));
  }
  std::unique_ptr<selection> ask(std::shared_ptr<const route_entry> r, walk_options options = {}) {
    return start(std::move(r), std::nullopt, std::move(options));
  }
  std::unique_ptr<selection> start(std::shared_ptr<const route_entry> r, std::optional<target> asked, walk_options options) {
    selection_request request;
    request.route = std::move(r);
    request.asked = std::move(asked);
    request.fallbacks = std::move(options.fallbacks);
    request.input = &inputs.emplace_back(options.input_tokens);
    request.output_tokens = options.output_tokens;
    return std::make_unique<selection>(std::move(request), memory, random);
  }
  bool failed(selection& s, call_result how = call_result::server_error, milliseconds retry_after = 0ms) {
    return s.failed(how, went_wrong, retry_after, budget, t(60s), now);
  }
  // The names of the keys a request would be tried on when each attempt ends like this.
  std::vector<std::string> walk(selection& s, call_result how = call_result::server_error) {
    std::vector<std::string> names;
    for (;;) {
      auto pick = s.next(now);
      if (!pick) break;
      names.push_back(pick->provider->config.name + "/" + pick->model + " " + pick->key->config.name);
      selection::finish(*pick, 0, now);
      if (!failed(s, how)) break;
    }
    return names;
  }

  std::shared_ptr<const route_entry> direct = default_direct_route();
  std::deque<providers::input_estimate> inputs;
  balance_memory memory;
  random_source random{3};
  retry_budget budget{0.2};
  steady_time now = t(0s);
};

using names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(a_pick_holds_its_slot_and_tokens_until_it_is_finished) {
  auto k = key("k");
  k.rpm = 10;
  k.tpm = 1000;
  const auto p = provider("openai", {k});
  bench b;
  const auto s = b.ask(p, "gpt-4o", {{}, 100, 50});
  auto pick = s->next(b.now);
  BOOST_REQUIRE(pick);
  auto& state = *p->keys[0]->state;
  BOOST_TEST(pick->model == "gpt-4o");
  BOOST_TEST(state.in_flight.load() == 1);
  BOOST_TEST(state.requests.used(b.now) == 1);
  BOOST_TEST(state.tokens.used(b.now) == 150);
  selection::finish(*pick, 120, t(2s));
  BOOST_TEST(state.in_flight.load() == 0);
  BOOST_TEST(state.tokens.used(t(2s)) == 120);
  BOOST_TEST(s->reason() == "direct openai/gpt-4o by weighted: key k of 1");
}

BOOST_AUTO_TEST_CASE(only_keys_that_serve_the_model_are_taken) {
  const auto p = provider("openai", {key("a", 1, {"gpt-4o"}), key("b", 1, {"gpt-5*"})});
  bench b;
  for (int i = 0; i < 20; ++i) BOOST_TEST(b.ask(p, "gpt-5-mini")->next(b.now)->key->config.name == "b");
}

BOOST_AUTO_TEST_CASE(failover_goes_to_another_key_then_down_the_fallback_list) {
  const auto p = provider("openai", {key("a"), key("b")});
  const auto q = provider("anthropic", {key("c")});
  bench b;
  const auto s = b.ask(p, "gpt-4o", {{target{q, "claude"}}});
  const auto tried = b.walk(*s);
  BOOST_REQUIRE(tried.size() == 4u);
  BOOST_TEST((std::set<std::string>(tried.begin(), tried.begin() + 2) == std::set<std::string>{"openai/gpt-4o a", "openai/gpt-4o b"}));
  BOOST_TEST(tried[2] == "anthropic/claude c");
  BOOST_TEST(tried[3] == "anthropic/claude c");
  BOOST_TEST(s->attempts() == 4);
  BOOST_TEST(s->next(b.now).failure().message == went_wrong.message);
}

BOOST_AUTO_TEST_CASE(a_provider_whose_format_cannot_say_the_request_is_passed_over_without_paying_a_retry) {
  const auto p = provider("openai", {key("a"), key("b")});
  const auto q = provider("anthropic", {key("c")});
  bench b;
  b.budget = retry_budget(0.0, 0);
  const auto s = b.ask(p, "gpt-4o", {{target{q, "claude"}}});
  const auto tried = b.walk(*s, call_result::not_asked);
  BOOST_REQUIRE(tried.size() == 2u);
  BOOST_TEST(tried[0].starts_with("openai/gpt-4o "));
  BOOST_TEST(tried[1] == "anthropic/claude c");
}

BOOST_AUTO_TEST_CASE(attempts_are_bounded_per_target) {
  const auto p = provider("openai", {key("a"), key("b"), key("c"), key("d")});
  bench b;
  BOOST_TEST(b.walk(*b.ask(p, "m")).size() == 2u);
  config::provider_config config;
  config.name = "once";
  config.keys = {key("a"), key("b")};
  config.retry.attempts = 1;
  BOOST_TEST(b.walk(*b.ask(provider(config), "m")).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_key_is_tried_again_only_when_no_other_is_left_and_after_a_jittered_pause) {
  config::provider_config config;
  config.name = "openai";
  config.keys = {key("a"), key("b")};
  config.retry.attempts = 6;
  const auto p = provider(config);
  bench b;
  const auto s = b.ask(p, "m");
  std::vector<milliseconds> waits;
  names order;
  for (;;) {
    auto pick = s->next(b.now);
    if (!pick) break;
    waits.push_back(pick->wait);
    order.push_back(pick->key->config.name);
    selection::finish(*pick, 0, b.now);
    if (!b.failed(*s)) break;
  }
  BOOST_REQUIRE(order.size() == 6u);
  BOOST_TEST(order[0] != order[1]);
  BOOST_TEST(waits[0].count() == 0);
  BOOST_TEST(waits[1].count() == 0);
  BOOST_TEST(waits[2].count() <= 100);
  BOOST_TEST(waits[5].count() <= 2000);
  BOOST_TEST((waits[2] + waits[3] + waits[4] + waits[5]).count() > 0);
}

BOOST_AUTO_TEST_CASE(the_pause_never_passes_the_deadline) {
  config::provider_config config;
  config.name = "openai";
  config.keys = {key("a")};
  config.retry.backoff = 10s;
  config.retry.max_backoff = 10s;
  const auto p = provider(config);
  bench b;
  for (int i = 0; i < 10; ++i) {
    const auto s = b.ask(p, "m");
    auto pick = s->next(b.now);
    selection::finish(*pick, 0, b.now);
    retry_budget fresh(0.2);
    BOOST_REQUIRE(s->failed(call_result::timeout, went_wrong, 0ms, fresh, b.now + 30ms, b.now));
    auto again = s->next(b.now);
    BOOST_TEST(again->wait.count() <= 30);
    selection::finish(*again, 0, b.now);
  }
}

BOOST_AUTO_TEST_CASE(after_the_deadline_nothing_is_tried) {
  const auto p = provider("openai", {key("a"), key("b")});
  bench b;
  const auto s = b.ask(p, "m");
  (void)s->next(b.now);
  BOOST_TEST(!s->failed(call_result::timeout, went_wrong, 0ms, b.budget, t(1s), t(1s)));
}

BOOST_AUTO_TEST_CASE(what_is_about_the_request_is_not_tried_again) {
  const auto p = provider("openai", {key("a"), key("b")});
  bench b;
  for (const auto how : {call_result::request_refused, call_result::client_gone, call_result::stream_broken}) {
    const auto s = b.ask(p, "m");
    auto pick = s->next(b.now);
    BOOST_TEST(!b.failed(*s, how));
    selection::finish(*pick, 0, b.now);
  }
}

BOOST_AUTO_TEST_CASE(a_spent_retry_budget_lets_the_error_stand) {
  const auto p = provider("openai", {key("a"), key("b")});
  bench b;
  b.budget = retry_budget(0.0, 0);
  const auto s = b.ask(p, "m");
  (void)s->next(b.now);
  BOOST_TEST(!b.failed(*s));
}

BOOST_AUTO_TEST_CASE(a_retry_is_only_paid_for_when_there_is_something_to_try) {
  config::provider_config config;
  config.name = "openai";
  config.keys = {key("a")};
  config.retry.attempts = 1;
  const auto p = provider(config);
  bench b;
  b.budget = retry_budget(0.0, 1);
  const auto s = b.ask(p, "m");
  (void)s->next(b.now);
  BOOST_TEST(!b.failed(*s));
  BOOST_TEST(b.budget.take_retry(b.now));
}

BOOST_AUTO_TEST_CASE(a_key_that_answered_429_is_not_asked_again_by_this_request) {
  const auto p = provider("openai", {key("a")});
  const auto q = provider("anthropic", {key("c")});
  bench b;
  const auto s = b.ask(p, "m", {{target{q, "claude"}}});
  (void)s->next(b.now);
  BOOST_TEST(b.failed(*s, call_result::rate_limited, 7s));
  auto pick = s->next(b.now);
  BOOST_TEST(pick->key->config.name == "c");
  BOOST_TEST(s->reason() == "direct anthropic/claude by weighted: key c of 1, fallback 1 after a: rate_limited");
}

BOOST_AUTO_TEST_CASE(when_every_key_answered_429_the_client_learns_the_shortest_wait) {
  const auto p = provider("openai", {key("a"), key("b")});
  bench b;
  const auto s = b.ask(p, "m");
  (void)s->next(b.now);
  BOOST_TEST(b.failed(*s, call_result::rate_limited, 9s));
  (void)s->next(b.now);
  BOOST_TEST(b.failed(*s, call_result::rate_limited, 2500ms));
  const auto end = s->next(b.now);
  BOOST_REQUIRE(!end);
  BOOST_TEST(end.failure().code == error_code::rate_limited);
  BOOST_TEST(end.failure().retry_after_s == 3);
}

BOOST_AUTO_TEST_CASE(keys_at_their_limits_are_a_429_with_the_moment_they_have_room) {
  auto k = key("a");
  k.rpm = 1;
  const auto p = provider("openai", {k});
  bench b;
  BOOST_REQUIRE(b.ask(p, "m")->next(b.now));
  const auto end = b.ask(p, "m")->next(t(20s));
  BOOST_REQUIRE(!end);
  BOOST_TEST(end.failure().code == error_code::rate_limited);
  BOOST_TEST(end.failure().retry_after_s == 41);
  BOOST_TEST(end.failure().message == "every key is rate limited: openai/m a: rpm limit 41.0 s");
}

BOOST_AUTO_TEST_CASE(a_full_key_is_limited_too) {
  auto k = key("a");
  k.max_in_flight = 1;
  const auto p = provider("openai", {k});
  bench b;
  BOOST_REQUIRE(b.ask(p, "m")->next(b.now));
  const auto end = b.ask(p, "m")->next(b.now);
  BOOST_TEST(end.failure().code == error_code::rate_limited);
  BOOST_TEST(end.failure().retry_after_s == 1);
}

BOOST_AUTO_TEST_CASE(a_refused_token_reservation_leaves_nothing_behind) {
  auto k = key("a");
  k.rpm = 10;
  k.tpm = 100;
  const auto p = provider("openai", {k});
  bench b;
  BOOST_REQUIRE(b.ask(p, "m", {{}, 60, 0})->next(b.now));
  BOOST_TEST(!b.ask(p, "m", {{}, 60, 0})->next(b.now));
  BOOST_TEST(p->keys[0]->state->requests.used(b.now) == 1);
  BOOST_TEST(p->keys[0]->state->in_flight.load() == 1);
}

BOOST_AUTO_TEST_CASE(when_breakers_closed_the_last_key_the_answer_names_each_and_the_soonest) {
  const auto p = provider("openai", {key("a"), key("b")});
  p->keys[0]->state->breaker = breaker_state::open;
  p->keys[0]->state->open_until_ns = to_ns(t(4200ms));
  p->keys[1]->state->park(t(600s), park_reason::quota);
  bench b;
  const auto end = b.ask(p, "m")->next(b.now);
  BOOST_REQUIRE(!end);
  BOOST_TEST(end.failure().code == error_code::no_healthy_upstream);
  BOOST_TEST(http_status(end.failure()) == 503);
  BOOST_TEST(end.failure().retry_after_s == 5);
  BOOST_TEST(end.failure().message ==
             "no key can take this request: openai/m a: breaker open 4.2 s; openai/m b: parked: quota 600.0 s");
}

BOOST_AUTO_TEST_CASE(a_key_parked_by_retry_after_counts_as_limited) {
  const auto p = provider("openai", {key("a")});
  p->keys[0]->state->park(t(7s), park_reason::retry_after);
  bench b;
  const auto end = b.ask(p, "m")->next(b.now);
  BOOST_TEST(end.failure().code == error_code::rate_limited);
  BOOST_TEST(end.failure().retry_after_s == 7);
}

BOOST_AUTO_TEST_CASE(a_half_open_key_is_probed_first_and_only_within_its_permits) {
  const auto p = provider("openai", {key("a"), key("b")});
  auto& state = *p->keys[0]->state;
  state.probes_left = 2;
  state.breaker = breaker_state::half_open;
  bench b;
  for (int i = 0; i < 2; ++i) {
    const auto pick = b.ask(p, "m")->next(b.now);
    BOOST_TEST(pick->key->config.name == "a");
    BOOST_TEST(pick->probe);
  }
  const auto pick = b.ask(p, "m")->next(b.now);
  BOOST_TEST(pick->key->config.name == "b");
  BOOST_TEST(!pick->probe);
}

BOOST_AUTO_TEST_CASE(a_second_attempt_is_not_spent_on_a_probe_while_a_healthy_key_is_left) {
  const auto p = provider("openai", {key("a"), key("b"), key("c")});
  bench b;
  const auto s = b.ask(p, "m");
  auto first = s->next(b.now);
  for (const auto& k : p->keys) {
    if (k == first->key) continue;
    k->state->probes_left = 2;
    k->state->breaker = breaker_state::half_open;
    break;
  }
  BOOST_TEST(b.failed(*s));
  BOOST_TEST(!s->next(b.now)->probe);
}

BOOST_AUTO_TEST_CASE(a_spare_key_is_not_probed_while_others_can_serve) {
  const auto p = provider("openai", {key("spare", 0.0), key("a")});
  p->keys[0]->state->probes_left = 2;
  p->keys[0]->state->breaker = breaker_state::half_open;
  bench b;
  BOOST_TEST(b.ask(p, "m")->next(b.now)->key->config.name == "a");
}

BOOST_AUTO_TEST_CASE(a_route_without_targets_begins_with_its_first_fallback) {
  const std::vector<std::shared_ptr<const provider_entry>> all = {provider("openai", {key("a")}), provider("anthropic", {key("b")})};
  const auto r = route("auto", all, {balance_of(balance_strategy::weighted), fallback_to({"anthropic/claude", "openai/gpt-4o"})});
  bench b;
  BOOST_TEST(b.walk(*b.ask(r)) == (names{"anthropic/claude b", "anthropic/claude b", "openai/gpt-4o a", "openai/gpt-4o a"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_clients_own_list_replaces_the_routes) {
  const std::vector<std::shared_ptr<const provider_entry>> all = {provider("openai", {key("a")}), provider("anthropic", {key("b")}),
                                                                  provider("gemini", {key("c")})};
  const auto r = route("auto", all, {balance_of(balance_strategy::weighted, {{"openai/gpt-4o", 1, {}}}), fallback_to({"anthropic/claude"})});
  bench b;
  const auto tried = b.walk(*b.ask(r, {{target{all[2], "flash"}}}));
  BOOST_TEST(tried == (names{"openai/gpt-4o a", "openai/gpt-4o a", "gemini/flash c", "gemini/flash c"}), boost::test_tools::per_element());
  const auto headed = route("headed", all, {fallback_to({"anthropic/claude", "openai/gpt-4o"})});
  BOOST_TEST(b.walk(*b.ask(headed, {{target{all[2], "flash"}}}))[2] == "gemini/flash c");
}

BOOST_AUTO_TEST_CASE(a_target_listed_twice_is_tried_once) {
  const auto p = provider("openai", {key("a")});
  const std::vector<std::shared_ptr<const provider_entry>> all = {p};
  const auto r = route("direct", all, {fallback_to({"openai/gpt-4o", "openai/gpt-4o"})});
  bench b;
  const auto s = b.start(r, target{p, "gpt-4o"}, {});
  BOOST_TEST(b.walk(*s).size() == 2u);
  BOOST_TEST(s->exclusions(b.now).size() == 1u);
}

BOOST_AUTO_TEST_CASE(several_targets_are_shared_by_target_and_key_weight_and_fail_over_within_the_target_first) {
  const std::vector<std::shared_ptr<const provider_entry>> all = {provider("openai", {key("a"), key("b")}), provider("azure", {key("c")})};
  const auto r = route("auto", all, {balance_of(balance_strategy::weighted, {{"openai/m", 0.45, {}}, {"azure/m", 0.1, {}}})});
  bench b;
  int azure = 0;
  for (int i = 0; i < 1000; ++i) {
    auto pick = b.ask(r)->next(b.now);
    azure += pick->provider->config.name == "azure";
    selection::finish(*pick, 0, b.now);
  }
  BOOST_TEST(std::abs(azure - 100) < 10);   // 0.1 of 0.45 x 2 keys + 0.1
  all[1]->keys[0]->state->park(t(1s), park_reason::quota);
  const auto s = b.ask(r);
  auto first = s->next(b.now);
  all[1]->keys[0]->state->unpark();
  BOOST_TEST(b.failed(*s));
  BOOST_TEST(s->next(b.now)->provider->config.name == "openai");
  BOOST_TEST(b.failed(*s));
  BOOST_TEST(s->next(b.now)->provider->config.name == "azure");
}

BOOST_AUTO_TEST_CASE(a_route_that_leads_nowhere_says_so) {
  bench b;
  const auto end = b.ask(b.direct)->next(b.now);
  BOOST_REQUIRE(!end);
  BOOST_TEST(end.failure().code == error_code::no_healthy_upstream);
  BOOST_TEST(end.failure().message == "no key can take this request: route 'direct' leads to no target");
}

BOOST_AUTO_TEST_CASE(a_preview_reserves_nothing) {
  auto k = key("a");
  k.rpm = 1;
  const auto p = provider("openai", {k});
  bench b;
  const auto s = b.ask(p, "m");
  for (int i = 0; i < 3; ++i) BOOST_TEST(s->preview(b.now)->key->config.name == "a");
  BOOST_TEST(p->keys[0]->state->in_flight.load() == 0);
  BOOST_TEST(p->keys[0]->state->requests.used(b.now) == 0);
  BOOST_TEST(s->attempts() == 0);
}

BOOST_AUTO_TEST_CASE(exclusions_list_every_key_with_its_verdict) {
  const auto p = provider("openai", {key("a", 0.7), key("b", 0.3, {"other"}), key("c"), key("d")});
  p->keys[2]->state->park(t(6200ms), park_reason::retry_after);
  bench b;
  const auto s = b.ask(p, "m");
  p->keys[3]->state->tripped = true;
  (void)s->next(b.now);
  auto rows = s->exclusions(b.now);
  BOOST_REQUIRE(rows.size() == 4u);
  BOOST_TEST(rows[0].because == "");
  BOOST_TEST(rows[0].weight == 0.7);
  BOOST_TEST(rows[1].because == "serves other models");
  BOOST_TEST(rows[2].because == "parked: retry_after 6.2 s");
  BOOST_TEST(rows[3].because == "breaker open");
  (void)b.failed(*s, call_result::timeout);
  BOOST_TEST(s->exclusions(b.now)[0].because == "tried: timeout");
}

BOOST_AUTO_TEST_CASE(the_reason_line_is_fit_for_a_header_whatever_the_client_called_the_model) {
  const auto p = provider("openai", {key("a"), key("b")});
  bench b;
  const auto s = b.ask(p, "evil\r\nset-cookie: x=1 \xc3\xa9" + std::string(5000, 'z'));
  (void)s->next(b.now);
  (void)b.failed(*s);
  (void)s->next(b.now);
  const auto line = s->reason();
  BOOST_TEST(line.size() <= 300u);
  for (const char c : line) BOOST_TEST((c >= 0x20 && c < 0x7f));
  BOOST_TEST(line.find(": server_error") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
