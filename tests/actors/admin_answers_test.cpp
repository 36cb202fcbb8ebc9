#include "actors/admin_answers.hpp"
#include "actors/virtual_key_answers.hpp"

#include "small_world.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(admin_answers_suite)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;

namespace {

const steady_time now = steady_time{} + seconds(1000);

key_view view_of_one() {
  auto entry = std::make_shared<routing::key_entry>();
  entry->config = key_named("one", 0.7);
  entry->provider = "openai";
  entry->state = std::make_shared<routing::key_state>(1, 0.7, 500, 0);
  return {entry, std::nullopt, std::nullopt};
}

const wall_time noon{seconds(1'700'000'000)};   // 2023-11-14T22:13:20Z

}  // namespace

BOOST_AUTO_TEST_CASE(query_values_are_found_and_decoded) {
  BOOST_TEST(query_value("limit=20&route=auto", "route") == "auto");
  BOOST_TEST(query_value("limit=20&route=auto", "limit") == "20");
  BOOST_TEST(query_value("model=openai%2Fgpt+4", "model") == "openai/gpt 4");
  BOOST_TEST(query_value("a=%zz&b=%4", "a") == "%zz");
  BOOST_TEST(query_value("a=%zz&b=%4", "b") == "%4");
  BOOST_TEST(query_value("flag&x=1", "flag") == "");
  BOOST_TEST(query_value("", "x") == "");
  BOOST_TEST(query_value("&&x=1&", "x") == "1");
}

BOOST_AUTO_TEST_CASE(a_key_shows_config_state_and_health) {
  auto view = view_of_one();
  view.entry->state->park(now + seconds(6), routing::park_reason::retry_after);
  view.entry->state->in_flight = 2;
  key_view::health health;
  health.window.calls = 4;
  health.window.failures = 1;
  health.totals.calls = 40;
  health.latency_us = 12'500;
  view.health_report = health;
  const std::vector views{view};
  const auto body = boost::json::parse(keys_json(views, now));
  const auto& key = body.at("keys").at(0);
  BOOST_TEST(text(key.at("provider")) == "openai");
  BOOST_TEST(text(key.at("key")) == "one");
  BOOST_TEST(key.at("weight").as_double() == 0.7);
  BOOST_TEST(key.at("parked").as_bool());
  BOOST_TEST(text(key.at("parked_for")) == "retry_after");
  BOOST_TEST(key.at("parked_ms").to_number<int>() == 6000);
  BOOST_TEST(key.at("in_flight").to_number<int>() == 2);
  BOOST_TEST(key.at("latency_ms").as_double() == 12.5);
  BOOST_TEST(key.at("success_rate").as_double() == 0.75);
  BOOST_TEST(key.at("rpm").at("limit").to_number<int>() == 500);
  BOOST_TEST(key.at("tpm").at("limit").is_null());
  BOOST_TEST(body.as_object().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_silent_actor_is_shown_as_silent) {
  const std::vector views{view_of_one()};
  const auto keys = boost::json::parse(keys_json(views, now));
  BOOST_TEST(!keys.at("keys").at(0).at("answered").as_bool());
  const auto breakers = boost::json::parse(breakers_json(views));
  BOOST_TEST(!breakers.at("breakers").at(0).at("answered").as_bool());
  BOOST_TEST(text(breakers.at("breakers").at(0).at("state")) == "closed");
  const std::vector<actor_view> actors{{"key openai/one", "key", "no answer", std::nullopt}};
  const auto status = boost::json::parse(status_json({}, actors));
  BOOST_TEST(status.at("actors").at(0).at("mailbox").is_null());
  BOOST_TEST(!status.at("ready").as_bool());
}

BOOST_AUTO_TEST_CASE(virtual_keys_are_listed_without_their_secret) {
  routing::yard yard;
  auto entry = std::make_shared<routing::virtual_key_entry>();
  entry->config.name = "team-a";
  entry->config.key = secret("vk-very-secret");
  entry->config.budget = config::budget_config{0.1, config::budget_period::day, config::budget_mode::hard};
  entry->money = std::make_shared<routing::budget>("team-a", routing::budget::terms{100'000'000, config::budget_period::day}, 30'000'000, noon);
  BOOST_REQUIRE((entry->money->reserve(20'000'000, noon) == routing::budget::verdict::taken));
  entry->config.tags = {{"team", "a"}};
  entry->requests = std::make_shared<routing::rate_limit>(60);
  yard.virtual_keys = std::make_shared<routing::virtual_key_set>(std::vector<std::shared_ptr<const routing::virtual_key_entry>>{entry},
                                                                 std::vector<routing::virtual_key_set::credential>{});
  const auto shown = virtual_keys_json(yard, now, noon);
  BOOST_TEST(shown.find("very-secret") == std::string::npos);
  const auto row = boost::json::parse(shown).at("virtual_keys").at(0);
  BOOST_TEST(text(row.at("tags").at("team")) == "a");
  BOOST_TEST(row.at("rpm").at("remaining").to_number<int>() == 60);
  BOOST_TEST(text(row.at("state")) == "active");
  BOOST_TEST(text(row.at("budget").at("spent_usd")) == "0.030000000");
  BOOST_TEST(text(row.at("budget").at("reserved_usd")) == "0.020000000");
  BOOST_TEST(text(row.at("budget").at("remaining_usd")) == "0.050000000");
  BOOST_TEST(text(row.at("budget").at("resets_at")) == "2023-11-15T00:00:00Z");
  const auto limits = boost::json::parse(limits_json(yard, now, noon)).at("limits").as_array();
  BOOST_TEST(limits.size() == 2u);
  BOOST_TEST(text(limits.at(0).at("scope")) == "virtual_key");
  BOOST_TEST(text(limits.at(1).at("kind")) == "budget_usd");
  BOOST_TEST(limits.at(1).at("remaining").to_number<double>() == 0.05);
  BOOST_TEST(text(limits.at(1).at("resets_at")) == "2023-11-15T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(problems_have_code_and_message) {
  const auto answer = problem_answer(404, "not_found", "no \"such\" thing");
  BOOST_TEST(answer.status == 404);
  const auto body = boost::json::parse(answer.body);
  BOOST_TEST(text(body.at("error").at("code")) == "not_found");
  BOOST_TEST(text(body.at("error").at("message")) == "no \"such\" thing");
}

BOOST_AUTO_TEST_CASE(the_openapi_document_describes_the_routes) {
  const auto document = boost::json::parse(openapi_document());
  BOOST_TEST(text(document.at("openapi")) == "3.1.0");
  const auto& paths = document.at("paths").as_object();
  for (const auto* path : {"/admin/v1/status", "/admin/v1/keys", "/admin/v1/explain", "/admin/v1/decisions/{request_id}", "/metrics"})
    BOOST_TEST(paths.contains(path), path);
  BOOST_TEST(paths.at("/admin/v1/explain").as_object().contains("post"));
  const auto& parameters = paths.at("/admin/v1/decisions").at("get").at("parameters").as_array();
  BOOST_TEST(text(parameters.at(0).at("name")) == "limit");
  BOOST_TEST(text(document.at("components").at("schemas").at("problem").at("type")) == "object");
}

BOOST_AUTO_TEST_SUITE_END()
