#include "routing/yard.hpp"

#include "tests/routing/yard_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(error_code)

BOOST_AUTO_TEST_SUITE(yard_)

namespace {

yard make_yard(std::vector<std::shared_ptr<const provider_entry>> providers) {
  yard made;
  made.providers = std::move(providers);
  made.direct = default_direct_route();
  return made;
}

std::string leads_to(const yard& y, std::string_view model) {
  const auto found = y.resolve(model);
  if (!found) return found.failure().message;
  return found->route->name + " " + (found->asked ? found->asked->name() : "-");
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_pattern_is_exact_or_a_prefix) {
  BOOST_TEST(pattern_matches("gpt-4o", "gpt-4o"));
  BOOST_TEST(!pattern_matches("gpt-4o", "gpt-4o-mini"));
  BOOST_TEST(pattern_matches("gpt-4o*", "gpt-4o-mini"));
  BOOST_TEST(pattern_matches("*", ""));
  BOOST_TEST(!pattern_matches("", "x"));
}

BOOST_AUTO_TEST_CASE(a_provider_and_model_leads_to_that_target_by_the_direct_route) {
  const auto y = make_yard({provider("openai", {key("a", 1, {"gpt-4o"})})});
  BOOST_TEST(leads_to(y, "openai/gpt-4o") == "direct openai/gpt-4o");
}

BOOST_AUTO_TEST_CASE(a_bare_model_leads_to_the_one_provider_that_names_it) {
  const auto y = make_yard({provider("openai", {key("a", 1, {"gpt-*"})}), provider("anthropic", {key("b", 1, {"claude"})}),
                            provider("router", {key("c")})});
  BOOST_TEST(leads_to(y, "gpt-4o") == "direct openai/gpt-4o");
  BOOST_TEST(leads_to(y, "claude") == "direct anthropic/claude");
  BOOST_TEST(leads_to(y, "something-else") == "direct router/something-else");
}

BOOST_AUTO_TEST_CASE(a_bare_model_of_two_providers_is_refused_with_the_choices) {
  const auto y = make_yard({provider("openai", {key("a", 1, {"gpt-4o"})}), provider("azure", {key("b", 1, {"gpt-4o"})})});
  BOOST_TEST(leads_to(y, "gpt-4o") ==
             "The model 'gpt-4o' does not exist: several providers serve it; use 'openai/gpt-4o' or 'azure/gpt-4o'");
  const auto open = make_yard({provider("one", {key("a")}), provider("two", {key("b")})});
  BOOST_TEST(leads_to(open, "x") == "The model 'x' does not exist: several providers may serve it; use 'one/x' or 'two/x'");
}

BOOST_AUTO_TEST_CASE(a_model_name_may_hold_slashes) {
  const auto y = make_yard({provider("openai", {key("a", 1, {"gpt-4o"})}), provider("together", {key("b", 1, {"meta-llama/llama-3"})})});
  BOOST_TEST(leads_to(y, "meta-llama/llama-3") == "direct together/meta-llama/llama-3");
  BOOST_TEST(leads_to(y, "together/meta-llama/llama-3") == "direct together/meta-llama/llama-3");
}

BOOST_AUTO_TEST_CASE(an_unknown_model_is_a_404_about_the_model_that_says_why) {
  const auto y = make_yard({provider("openai", {key("a", 1, {"gpt-4o"})}), provider("open", {key("b")})});
  const auto found = y.resolve("nowhere/gpt-4o");
  BOOST_REQUIRE(!found);
  BOOST_TEST(found.failure().code == error_code::unknown_model);
  BOOST_TEST(http_status(found.failure()) == 404);
  BOOST_TEST(found.failure().param == "model");
  BOOST_TEST(found.failure().message ==
             "The model 'nowhere/gpt-4o' does not exist: no provider 'nowhere' (configured: openai, open)");
  BOOST_TEST(leads_to(y, "openai/gpt-5") == "The model 'openai/gpt-5' does not exist: no key of provider 'openai' serves it");
  const auto closed = make_yard({provider("openai", {key("a", 1, {"gpt-4o"})})});
  BOOST_TEST(leads_to(closed, "x") == "The model 'x' does not exist: no key of any provider serves it (configured: openai)");
}

BOOST_AUTO_TEST_CASE(a_hostile_model_name_is_shown_harmless_and_short) {
  const auto y = make_yard({provider("openai", {key("a", 1, {"gpt-4o"})})});
  const auto found = y.resolve("x\r\n" + std::string(100'000, 'y'));
  BOOST_TEST(found.failure().message.size() < 400u);
  BOOST_TEST(found.failure().message.find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_model_is_an_invalid_request) {
  BOOST_TEST(make_yard({}).resolve("").failure().code == error_code::invalid_request);
}

BOOST_AUTO_TEST_CASE(a_route_is_found_by_name_and_alias_before_any_model) {
  auto y = make_yard({provider("openai", {key("a", 1, {"gpt-4o", "auto"})})});
  config::route_config config;
  config.name = "auto";
  config.aliases = {"switchyard/auto"};
  y.routes.push_back(compile_route(config, {}));
  BOOST_TEST(leads_to(y, "auto") == "auto -");
  BOOST_TEST(leads_to(y, "switchyard/auto") == "auto -");
  BOOST_TEST(leads_to(y, "openai/auto") == "direct openai/auto");
}

BOOST_AUTO_TEST_CASE(a_routes_baseline_is_a_price_and_needs_no_key) {
  config::provider_config openai;
  openai.name = "openai";
  openai.keys = {key("a", 1, {"gpt-4o-mini"})};
  openai.prices = {{"gpt-4o", {2.5, 10.0, 1.25}}};
  const std::vector<std::shared_ptr<const provider_entry>> providers{provider(openai)};
  config::route_config config;
  config.name = "auto";
  config.baseline = "openai/gpt-4o";
  BOOST_TEST(compile_route(config, {}, providers)->baseline_price.output.value() == 10'000'000'000);
  BOOST_TEST(compile_route(config, {}, providers)->baseline == "openai/gpt-4o");
  config.baseline = "openai/nobody-knows";
  BOOST_TEST(!compile_route(config, {}, providers)->baseline_price.known());
  config.baseline = "";
  BOOST_TEST(!compile_route(config, {}, providers)->baseline_price.known());
}

BOOST_AUTO_TEST_CASE(a_price_is_the_models_own_or_the_longest_pattern_and_never_guessed) {
  config::provider_config config;
  config.name = "openai";
  config.keys = {key("a")};
  config.prices = {{"gpt-*", {1.0, 2.0, {}}}, {"gpt-4o*", {3.0, 4.0, {}}}, {"gpt-4o", {2.5, 10.0, 1.25}}};
  const auto p = provider(config);
  BOOST_TEST(p->price_of("gpt-4o").input.value() == 2'500'000'000);
  BOOST_TEST(p->price_of("gpt-4o").cached_input.value() == 1'250'000'000);
  BOOST_TEST(p->price_of("gpt-4o-mini").input.value() == 3'000'000'000);
  BOOST_TEST(p->price_of("gpt-3").output.value() == 2'000'000'000);
  BOOST_TEST(!p->price_of("no-such-model").known());
}

BOOST_AUTO_TEST_CASE(a_configured_price_overrides_the_catalogue_whole) {
  config::provider_config config;
  config.name = "openai";
  config.keys = {key("a")};
  config.prices = {{"gpt-4o", {.input = 1.0, .output = 2.0, .cached_input = {}, .per_request = 0.001}}};
  const auto p = provider(config);
  BOOST_TEST(p->price_of("gpt-4o-mini").input.value() == 150'000'000, "the catalogue's");
  BOOST_TEST(p->configured_price("gpt-4o-mini") == nullptr);
  BOOST_TEST(p->price_of("gpt-4o").input.value() == 1'000'000'000);
  BOOST_TEST(p->price_of("gpt-4o").per_request.value() == 1'000'000);
  BOOST_TEST(!p->price_of("gpt-4o").cached_input, "nothing of the catalogue is mixed in");
}

BOOST_AUTO_TEST_CASE(a_provider_under_its_own_name_has_its_hosts_prices) {
  config::provider_config config;
  config.name = "groq-eu";
  config.base_url = "https://api.groq.com/openai";
  config.keys = {key("a")};
  BOOST_TEST(provider(config)->price_of("llama-3.3-70b-versatile").known());
  config.base_url = "http://127.0.0.1:9000";
  BOOST_TEST(!provider(config)->price_of("llama-3.3-70b-versatile").known());
}

BOOST_AUTO_TEST_SUITE_END()
