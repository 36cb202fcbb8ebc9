#include "routing/virtual_key.hpp"

#include "config/units.hpp"
#include "routing/worst_cost.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(virtual_keys)

using namespace switchyard;
using namespace switchyard::routing;

namespace {

const wall_time noon = config::parse_time("2026-11-26T12:00:00Z").value();

std::shared_ptr<virtual_key_entry> entry(std::string name, std::vector<std::string> models = {}, std::vector<std::string> routes = {}) {
  auto out = std::make_shared<virtual_key_entry>();
  out->config.name = std::move(name);
  out->config.models = std::move(models);
  out->config.routes = std::move(routes);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_key_is_found_by_its_whole_value_only) {
  std::vector<std::shared_ptr<const virtual_key_entry>> all;
  std::vector<virtual_key_set::credential> credentials;
  for (const char* name : {"a", "b", "c"}) {
    credentials.push_back({sha256(std::string("sy-the-same-first-twenty-characters-") + name), all.size(), std::nullopt});
    all.push_back(entry(name));
  }
  const virtual_key_set set(all, credentials);
  BOOST_REQUIRE(set.find("sy-the-same-first-twenty-characters-b", noon) != nullptr);
  BOOST_TEST(set.find("sy-the-same-first-twenty-characters-b", noon)->config.name == "b");
  BOOST_TEST(set.find("sy-the-same-first-twenty-characters-", noon) == nullptr);
  BOOST_TEST(set.find("sy-the-same-first-twenty-characters-bb", noon) == nullptr);
  BOOST_TEST(set.find("", noon) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_value_before_a_rotation_is_taken_until_its_end) {
  const virtual_key_set set({entry("a")}, {{sha256("new"), 0, std::nullopt}, {sha256("old"), 0, noon}});
  BOOST_TEST(set.find("new", noon) != nullptr);
  BOOST_TEST(set.find("old", noon - seconds(1)) != nullptr);
  BOOST_TEST(set.find("old", noon) == nullptr);
}

BOOST_AUTO_TEST_CASE(where_there_was_a_key_one_is_required_for_ever) {
  BOOST_TEST(!virtual_key_set({}, {}).required());
  auto revoked = entry("a");
  revoked->revoked = noon;
  const virtual_key_set set({revoked}, {});
  BOOST_TEST(set.required());
  BOOST_TEST(set.find("anything", noon) == nullptr);
}

BOOST_AUTO_TEST_CASE(models_are_patterns_with_or_without_the_provider) {
  BOOST_TEST(entry("a")->allows_model("openai/gpt-4o"));
  BOOST_TEST(entry("a", {"openai/*"})->allows_model("openai/gpt-4o"));
  BOOST_TEST(!entry("a", {"openai/*"})->allows_model("azure/gpt-4o"));
  BOOST_TEST(entry("a", {"gpt-4o*"})->allows_model("azure/gpt-4o-mini"));
  BOOST_TEST(!entry("a", {"gpt-4o"})->allows_model("openai/gpt-4o-mini"));
  BOOST_TEST(entry("a", {}, {"auto"})->allows_route("auto"));
  BOOST_TEST(!entry("a", {}, {"auto"})->allows_route("direct"));
}

BOOST_AUTO_TEST_CASE(what_a_parent_does_not_allow_its_child_may_not_whatever_it_says) {
  auto parent = entry("team", {"openai/*"}, {"auto"});
  auto child = entry("alice", {"*"}, {"auto", "direct"});
  child->parent = parent;
  BOOST_TEST(child->allows_model("openai/gpt-4o"));
  BOOST_TEST(!child->allows_model("azure/gpt-4o"));
  BOOST_TEST(!child->allows_route("direct"));
  BOOST_TEST(child->refusal(noon).empty());
  parent->config.expires = noon;
  BOOST_TEST(child->refusal(noon) == "The key 'team' above this API key expired at 2026-11-26T12:00:00Z.");
  BOOST_TEST(child->refusal(noon - seconds(1)).empty());
  parent->revoked = noon;
  BOOST_TEST(child->refusal(noon) == "The key 'team' above this API key was revoked.");
}

BOOST_AUTO_TEST_CASE(an_expired_key_says_when) {
  auto key = entry("a");
  key->config.expires = noon;
  BOOST_TEST(key->refusal(noon - seconds(1)).empty());
  BOOST_TEST(key->refusal(noon) == "This API key expired at 2026-11-26T12:00:00Z.");
}

BOOST_AUTO_TEST_CASE(the_worst_cost_is_at_the_dearest_rates) {
  providers::model_prices prices;
  BOOST_TEST(!worst_cost(prices, 100, 100).has_value());
  prices.input = usd_to_nano(1);                 // 1000 nano-dollars a token
  BOOST_TEST(!worst_cost(prices, 100, 100).has_value());
  prices.output = usd_to_nano(10);
  BOOST_TEST(worst_cost(prices, 100, 50).value() == (125 + 16) * 1000 + 50 * 10'000);
  prices.cached_input = usd_to_nano(0.1);        // cheaper: does not count
  prices.cache_write = usd_to_nano(1.25);
  BOOST_TEST(worst_cost(prices, 100, 50).value() == (125 + 16) * 1250 + 50 * 10'000);
  prices.tiers[0] = {100'000, {.input = usd_to_nano(2), .output = usd_to_nano(20)}};
  BOOST_TEST(worst_cost(prices, 100'000, 1).value() == (125'000 + 16) * 2000ll + 20'000);
  BOOST_TEST(worst_cost(prices, INT64_MAX, INT64_MAX).value() > usd_to_nano(1'000'000));
}

BOOST_AUTO_TEST_SUITE_END()
