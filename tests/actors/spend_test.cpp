#include "actors/spend.hpp"

#include "small_world.hpp"

#include <boost/test/unit_test.hpp>

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using routing::call_result;

namespace {

std::shared_ptr<const routing::key_entry> entry_at(std::string provider) {
  auto entry = std::make_shared<routing::key_entry>();
  entry->config = key_named("one", 1);
  entry->provider = std::move(provider);
  entry->state = std::make_shared<routing::key_state>(1, 1.0, 0, 0);
  return entry;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spend_suite)

BOOST_AUTO_TEST_CASE(groups_sum_up_to_the_total) {
  spend sums;
  for (const auto* provider : {"a", "a", "b"}) {
    auto record = request({attempt(entry_at(provider), call_result::ok)});
    record.virtual_key = provider;
    sums.add(record);
  }
  BOOST_TEST(sums.total().requests == 3u);
  BOOST_TEST(sums.total().cost == 3 * 450'000);
  const auto by_provider = sums.by("provider", {});
  BOOST_TEST(by_provider.at("a").cost == 2 * 450'000);
  BOOST_TEST(by_provider.at("b").input_tokens == 100);
  BOOST_TEST(sums.by("model", {}).contains("a/gpt-4o"));
  const auto by_tag = sums.by("tag", {{"a", {{"team", "red"}}}});
  BOOST_TEST(by_tag.size() == 1u);
  BOOST_TEST(by_tag.at("team=red").requests == 2u);
}

BOOST_AUTO_TEST_CASE(an_unknown_price_is_counted_and_not_taken_for_nothing) {
  spend sums;
  auto record = request({attempt(entry_at("a"), call_result::ok)});
  record.cost.reset();
  sums.add(record);
  BOOST_TEST(sums.total().unpriced == 1u);
  BOOST_TEST(sums.total().cost == 0);
}

BOOST_AUTO_TEST_CASE(a_request_that_reached_no_provider_is_not_spend) {
  spend sums;
  sums.add(request({}));
  BOOST_TEST(sums.total().requests == 0u);
}

BOOST_AUTO_TEST_CASE(model_names_without_end_go_to_other) {
  spend sums;
  const auto entry = entry_at("a");
  for (int i = 0; i < 5000; ++i) {
    auto record = request({attempt(entry, call_result::ok)});
    record.attempts[0].model = "model-" + std::to_string(i);
    sums.add(record);
  }
  const auto groups = sums.by("model", {});
  BOOST_TEST(groups.size() <= 2001u);
  BOOST_TEST(groups.at("other/other").requests == 3000u);
  BOOST_TEST(sums.total().requests == 5000u);
}

BOOST_AUTO_TEST_SUITE_END()
