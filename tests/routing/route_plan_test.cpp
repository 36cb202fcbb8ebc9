#include "routing/route_plan.hpp"
#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(route_plan_suite)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;

namespace {

yard small_yard() {
  yard made;
  made.region = "eu-west";
  made.providers = {provider("openai", {key("a")})};
  config::route_config config;
  config.name = "auto";
  made.routes = {compile_route(config, {})};
  made.direct = default_direct_route();
  return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_named_model_goes_by_the_direct_route) {
  const auto yard = small_yard();
  route_wish wish;
  wish.model = "openai/m";
  const auto plan = plan_route(yard, wish);
  BOOST_TEST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->wanted.route->name == "direct");
  BOOST_TEST(plan->wanted.asked.value().name() == "openai/m");
  BOOST_TEST(!plan->filler.has_value());
  BOOST_TEST(plan->wanted.region == "eu-west");
}

BOOST_AUTO_TEST_CASE(a_forced_route_decides_and_the_model_only_fills_in) {
  const auto yard = small_yard();
  route_wish wish;
  wish.model = "openai/m";
  wish.route = "auto";
  const auto plan = plan_route(yard, wish);
  BOOST_TEST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->wanted.route->name == "auto");
  BOOST_TEST(!plan->wanted.asked.has_value());
  BOOST_TEST(plan->filler.value().name() == "openai/m");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_names_its_field) {
  const auto yard = small_yard();
  route_wish wish;
  wish.model = "openai/m";
  wish.route = "nope";
  BOOST_TEST(plan_route(yard, wish).failure().param == "x-switchyard-route");
  const std::vector<std::string> fallbacks{"nobody/m"};
  wish.route.reset();
  wish.fallbacks = fallbacks;
  BOOST_TEST(plan_route(yard, wish).failure().param == "fallbacks");
}

BOOST_AUTO_TEST_SUITE_END()
