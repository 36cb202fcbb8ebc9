#include "actors/metrics_book.hpp"

#include "small_world.hpp"

#include <boost/test/unit_test.hpp>

#include <regex>
#include <sstream>

BOOST_AUTO_TEST_SUITE(metrics_book_suite)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using routing::call_result;

namespace {

std::shared_ptr<const routing::key_entry> entry_named(std::string name) {
  auto entry = std::make_shared<routing::key_entry>();
  entry->config = key_named(std::move(name), 1);
  entry->provider = "openai";
  entry->state = std::make_shared<routing::key_state>(1, 0.5, 500, 0);
  return entry;
}

bool has(const std::string& text, const std::string& line) { return text.find(line + "\n") != std::string::npos; }

std::string rendered(const metrics_book& book, std::vector<std::shared_ptr<const routing::key_entry>> keys = {}) {
  live_figures live;
  live.keys = std::move(keys);
  live.version = "1.2.3";
  live.now = steady_time{} + seconds(1000);
  return book.render(live);
}

}  // namespace

BOOST_AUTO_TEST_CASE(counts_land_under_the_contracts_labels) {
  metrics_book book;
  auto record = request({attempt(entry_named("one"), call_result::server_error), attempt(entry_named("two"), call_result::ok)});
  book.add(record);
  book.add(record);
  const auto text = rendered(book);
  BOOST_TEST(has(text, R"(switchyard_requests_total{route="",provider="openai",model="gpt-4o",code="200"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_upstream_errors_total{provider="openai",key="one",kind="server_error"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_tokens_total{provider="openai",model="gpt-4o",direction="input"} 200)"));
  BOOST_TEST(has(text, R"(switchyard_tokens_total{provider="openai",model="gpt-4o",direction="output"} 40)"));
  BOOST_TEST(has(text, R"(switchyard_failovers_total{from="openai/one",to="openai/two",reason="server_error"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_upstream_duration_seconds_count{provider="openai",model="gpt-4o",key="two"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_build_info{version="1.2.3"} 1)"));
  BOOST_TEST(has(text, R"(switchyard_cluster_members{state="alive"} 1)"));
  BOOST_TEST(text.find(R"(switchyard_cost_usd_total{provider="openai",model="gpt-4o",route=""} 0.0009)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_price_is_counted_and_costs_nothing) {
  metrics_book book;
  auto record = request({attempt(entry_named("one"), call_result::ok)});
  record.cost.reset();
  record.unpriced = true;
  book.add(record);
  const auto text = rendered(book);
  BOOST_TEST(has(text, R"(switchyard_unpriced_requests_total{provider="openai",model="gpt-4o"} 1)"));
  BOOST_TEST(text.find("switchyard_cost_usd_total{") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(savings_only_grow_and_what_cost_more_is_told_beside_them) {
  metrics_book book;
  auto record = request({attempt(entry_named("one"), call_result::ok)});
  record.saved = 2'000'000'000;
  book.add(record);
  record.saved = -500'000'000;
  book.add(record);
  record.saved = 250'000'000;
  record.saved_by = "cache";
  record.attempts.clear();                       // a hit asks nobody
  record.cost.reset();
  book.add(record);
  const auto text = rendered(book);
  BOOST_TEST(has(text, R"(switchyard_savings_usd_total{reason="routing"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_savings_usd_total{reason="cache"} 0.25)"));
  BOOST_TEST(has(text, R"(switchyard_baseline_exceeded_usd_total{reason="routing"} 0.5)"));
}

BOOST_AUTO_TEST_CASE(a_budget_is_shown_as_it_is_at_that_moment) {
  auto entry = std::make_shared<routing::virtual_key_entry>();
  entry->config.name = "alice";
  const wall_time now{seconds(1'700'000'000)};
  entry->money = std::make_shared<routing::budget>("alice", routing::budget::terms{2'000'000'000, config::budget_period::day}, 2'500'000'000, now);
  live_figures live;
  live.at = now;
  live.virtual_keys = std::make_shared<routing::virtual_key_set>(std::vector<std::shared_ptr<const routing::virtual_key_entry>>{entry},
                                                                 std::vector<routing::virtual_key_set::credential>{});
  const auto text = metrics_book().render(live);
  BOOST_TEST(has(text, R"(switchyard_budget_limit_usd{virtual_key="alice",period="day"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_budget_spent_usd{virtual_key="alice",period="day"} 2.5)"));
  BOOST_TEST(has(text, R"(switchyard_budget_overspent_usd{virtual_key="alice",period="day"} 0.5)"));
}

BOOST_AUTO_TEST_CASE(buckets_are_cumulative_and_end_at_infinity) {
  metrics_book book;
  auto record = request({});
  record.overhead = microseconds(150);
  book.add(record);
  record.overhead = seconds(1000);
  book.add(record);
  const auto text = rendered(book);
  BOOST_TEST(has(text, R"(switchyard_overhead_seconds_bucket{le="0.0001"} 0)"));
  BOOST_TEST(has(text, R"(switchyard_overhead_seconds_bucket{le="0.00025"} 1)"));
  BOOST_TEST(has(text, R"(switchyard_overhead_seconds_bucket{le="300"} 1)"));
  BOOST_TEST(has(text, R"(switchyard_overhead_seconds_bucket{le="+Inf"} 2)"));
  BOOST_TEST(has(text, "switchyard_overhead_seconds_count 2"));
}

BOOST_AUTO_TEST_CASE(a_routes_stages_are_timed_by_name) {
  config::config all = two_keys();
  actor_world world(all, {});
  metrics_book book;
  auto record = request({});
  record.route = world.feed().current()->find_route("auto");
  record.stage_times = {nanoseconds(400), microseconds(20)};
  book.add(record);
  const auto text = rendered(book);
  BOOST_TEST(has(text, R"(switchyard_stage_duration_seconds_bucket{route="auto",stage="balance",le="1e-06"} 1)"));
  BOOST_TEST(has(text, R"(switchyard_stage_duration_seconds_bucket{route="auto",stage="fallback",le="1e-05"} 0)"));
  BOOST_TEST(has(text, R"(switchyard_stage_duration_seconds_count{route="auto",stage="fallback"} 1)"));
}

BOOST_AUTO_TEST_CASE(what_a_guard_finds_is_counted_by_check_and_action) {
  actor_world world(two_keys(), {});
  metrics_book book;
  auto record = request({});
  record.route = world.feed().current()->find_route("auto");
  record.findings.push_back({"pii", "mask", 1});
  record.findings.push_back({"jailbreak", "flag", 0.7f});
  book.add(record);
  book.add(record);
  const auto text = rendered(book);
  BOOST_TEST(has(text, R"(switchyard_guard_findings_total{route="auto",check="pii",action="mask"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_guard_findings_total{route="auto",check="jailbreak",action="flag"} 2)"));
}

BOOST_AUTO_TEST_CASE(live_figures_are_those_of_the_moment) {
  const auto key = entry_named("one");
  key->state->in_flight = 3;
  key->state->breaker = routing::breaker_state::open;
  BOOST_REQUIRE(key->state->requests.reserve(100, steady_time{} + seconds(1000)));
  const auto text = rendered({}, {key});
  BOOST_TEST(has(text, R"(switchyard_breaker_state{provider="openai",key="one"} 2)"));
  BOOST_TEST(has(text, R"(switchyard_key_in_flight{provider="openai",key="one"} 3)"));
  BOOST_TEST(has(text, R"(switchyard_key_weight{provider="openai",key="one"} 0.5)"));
  BOOST_TEST(has(text, R"(switchyard_rate_limit_remaining{provider="openai",key="one",kind="requests"} 400)"));
  BOOST_TEST(text.find(R"(kind="tokens")") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_model_no_provider_knows_is_other) {
  metrics_book book;
  auto record = request({attempt(entry_named("one"), call_result::request_refused)});
  record.attempts[0].model = "made-up";
  book.add(record);
  BOOST_TEST(rendered(book).find("made-up") == std::string::npos);
  record.attempts[0].outcome.result = call_result::ok;
  book.add(record);
  BOOST_TEST(rendered(book).find(R"(model="made-up")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(series_do_not_grow_with_what_clients_send) {
  metrics_book book;
  const auto key = entry_named("one");
  for (int i = 0; i < 10'000; ++i) {
    auto record = request({attempt(key, call_result::ok)});
    record.attempts[0].model = "model-" + std::to_string(i);
    book.add(record);
  }
  BOOST_TEST(book.series() < 3000u);
}

BOOST_AUTO_TEST_CASE(every_line_is_prometheus_text) {
  metrics_book book;
  auto odd = entry_named("quo\"te\\and\nnewline");
  book.add(request({attempt(odd, call_result::ok)}));
  std::istringstream lines(rendered(book, {odd}));
  const std::regex sample(R"re([a-z_]+(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? [-+0-9.eInf]+)re");
  const std::regex comment(R"re(# (HELP|TYPE) switchyard_[a-z_]+ .+)re");
  for (std::string line; std::getline(lines, line);)
    BOOST_TEST((std::regex_match(line, sample) || std::regex_match(line, comment)), line);
}

BOOST_AUTO_TEST_SUITE_END()
