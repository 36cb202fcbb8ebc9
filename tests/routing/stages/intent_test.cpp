#include "routing/category_model.hpp"
#include "tests/routing/stages/stage_probe.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

BOOST_AUTO_TEST_SUITE(intent)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;

namespace {

using words = std::vector<std::string>;

config::signal_condition is(std::string signal, words wanted) { return {std::move(signal), std::move(wanted), {}}; }
config::signal_condition within(std::string signal, std::optional<double> least, std::optional<double> most) {
  return {std::move(signal), config::number_range{least, most, false, false}, {}};
}

config::stage_config rules(std::vector<config::intent_rule> all) {
  config::intent_stage_config made;
  made.rules = std::move(all);
  return {std::move(made), {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_rule_whose_conditions_all_hold_decides) {
  const auto got = ask({rules({{"with-tools", {within("tools", 1, {})}, "openai/a", {}},
                               {"short", {within("tokens.input", {}, 100), within("tools", 0, 0)}, "openai/b", {}},
                               {"rest", {}, "openai/c", {}}})},
                       {.text = "hello there"});
  BOOST_TEST(got.made.targets[0].name() == "openai/b");
  BOOST_TEST(got.verdicts.at(0).what == "matched");
  BOOST_TEST(got.verdicts.at(0).reason.starts_with("rule short (t"), got.verdicts.at(0).reason);
  BOOST_TEST(got.verdicts.at(0).reason.find("tools 0") != std::string::npos);
  BOOST_TEST(got.made.notes == "intent: " + got.verdicts.at(0).reason);
}

BOOST_AUTO_TEST_CASE(a_rule_without_conditions_always_holds) {
  const auto got = ask({rules({{"tools", {within("tools", 5, {})}, "openai/a", {}}, {"rest", {}, "openai/c", {}}})}, {.text = "hi"});
  BOOST_TEST(got.verdicts.at(0).reason == "rule rest");
}

BOOST_AUTO_TEST_CASE(no_rule_says_what_failed) {
  const auto got = ask({rules({{"tools", {within("tools", 5, {})}, "openai/a", {}}})}, {.text = "hi", .tools = 2});
  BOOST_TEST(got.verdicts.at(0).what == "none");
  BOOST_TEST(got.verdicts.at(0).reason == "no rule holds: tools (tools 2)");
  BOOST_TEST(got.made.targets.empty());
}

BOOST_AUTO_TEST_CASE(tags_user_and_region_are_matched_as_words) {
  const std::vector<config::stage_config> stages{rules({{"r", {is("tags.team", {"a", "b"}), is("user", {"bob"}), is("region", {"eu"})}, "openai/a", {}}})};
  BOOST_TEST(ask(stages, {.text = "x", .user = "bob", .region = "eu", .tags = {{"x", "y"}, {"team", "b"}}}).made.targets.size() == 1u);
  BOOST_TEST(ask(stages, {.text = "x", .user = "bob", .region = "us", .tags = {{"team", "b"}}}).made.targets.empty());
  BOOST_TEST(ask(stages, {.text = "x", .user = "eve", .region = "eu", .tags = {{"team", "b"}}}).made.targets.empty());
  BOOST_TEST(ask(stages, {.text = "x", .user = "bob", .region = "eu", .tags = {}}).made.targets.empty());
}

BOOST_AUTO_TEST_CASE(rules_about_tags_and_region_alone_need_no_prompt_and_no_models) {
  const auto stage = make_stage(rules({{"r", {is("tags.team", {"a"}), is("region", {"eu"})}, "openai/a", {}}}), yard_providers(), nullptr);
  BOOST_TEST_REQUIRE(stage.has_value());
  BOOST_TEST(((*stage)->models() == nullptr));
}

BOOST_AUTO_TEST_CASE(a_costly_signal_is_not_computed_when_a_cheap_condition_says_no) {
  const auto got = ask({rules({{"r", {is("domain", {"law"}), within("tools", 3, {})}, "openai/a", {}}})}, {.text = "sue them", .explain = false});
  BOOST_TEST(got.made.targets.empty());
  BOOST_TEST(!got.computed.contains(routing::signal::domain));
}

BOOST_AUTO_TEST_CASE(a_rule_decides_over_an_earlier_category) {
  config::semantic_stage_config like;
  like.threshold = 0.1;
  like.categories = {{"greeting", {"hello there"}, "openai/b", {}, {}}};
  const auto got = ask({{like, {}}, rules({{"all", {}, "anthropic/c", {}}})}, {.text = "hello there"});
  BOOST_TEST(got.made.targets[0].name() == "anthropic/c");
  BOOST_TEST(got.made.named_by == "intent");
}

BOOST_AUTO_TEST_CASE(the_model_that_the_client_named_stands) {
  const auto named = find_target(yard_providers(), "openai/gpt-4o").value();
  const auto got = ask({rules({{"all", {}, "anthropic/c", {}}})}, {.text = "hello", .asked = &named});
  BOOST_TEST(got.verdicts.at(0).what == "skipped");
  BOOST_TEST(got.made.targets.empty());
}

BOOST_AUTO_TEST_CASE(a_domain_model_names_the_domains_of_the_rules) {
  // Two labels: one is likelier the more the prompt is like the sample below, the other is not reached by anything.
  const auto sample = shelf().get().value()->embedding().embed("A recipe for lentil soup");
  category_model::category kitchen{"kitchen", 0.9f, -10, {}}, rest{"garage", 0.9f, 0, std::vector<float>(sample.size())};
  for (const float one : sample) kitchen.weights.push_back(20 * one);
  const auto path = std::filesystem::temp_directory_path() / ("switchyard-domains-" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << category_model({kitchen, rest}).write();
  config::intent_stage_config config;
  config.domain_model = path.string();
  config.rules = {{"cook", {is("domain", {"kitchen"})}, "openai/a", {}}, {"fix", {is("domain", {"garage"})}, "openai/b", {}}, {"unsure", {is("domain", {"other"})}, "openai/c", {}}};
  const auto cook = ask({{config, {}}}, {.text = "A recipe for lentil soup"});
  BOOST_TEST(cook.made.targets[0].name() == "openai/a");
  BOOST_TEST(cook.verdicts.at(0).reason == "rule cook (domain kitchen)");
  BOOST_TEST(!cook.computed.contains(routing::signal::domain));
  BOOST_TEST(ask({{config, {}}}, {.text = "Explain the statute of limitations"}).made.targets[0].name() == "openai/b");

  config.rules = {{"r", {is("domain", {"law"})}, "openai/a", {}}};
  const auto refused = make_stage({config, {}}, yard_providers(), &shelf());
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.failure().message.find("does not know the label 'law' of the rule 'r'") != std::string::npos, refused.failure().message);
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_SUITE_END()
