#include "tests/routing/stages/stage_probe.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

BOOST_AUTO_TEST_SUITE(semantic)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;

namespace {

config::semantic_category category(std::string name, std::vector<std::string> examples, std::string where) {
  config::semantic_category made;
  made.name = std::move(name);
  made.examples = std::move(examples);
  made.target = std::move(where);
  return made;
}

config::semantic_stage_config topics() {
  config::semantic_stage_config made;
  made.threshold = 0.3;
  made.categories = {
      category("code", {"Write a Python function that sorts a list", "Why does this loop never end?", "Implement binary search in C++",
                        "Fix the bug in my recursive function"}, "anthropic/claude-sonnet-4-5"),
      category("law", {"Is this clause of the contract enforceable?", "What are my rights as a tenant?", "Explain the statute of limitations"},
               "openai/gpt-4o"),
      category("cooking", {"How long do I boil an egg?", "A recipe for lentil soup", "What can I cook with leftover rice?"}, "openai/gpt-4o-mini")};
  return made;
}

config::stage_config stage_of(config::semantic_stage_config made) { return {std::move(made), {}}; }

constexpr std::string_view seed_example = "Write a Python function to calculate Fibonacci numbers recursively";

}  // namespace

BOOST_AUTO_TEST_CASE(the_worked_example_goes_to_the_code_model_and_says_why) {
  const auto got = ask({stage_of(topics())}, {.text = seed_example});
  BOOST_TEST_REQUIRE(got.made.targets.size() == 1u);
  BOOST_TEST(got.made.targets[0].name() == "anthropic/claude-sonnet-4-5");
  BOOST_TEST(got.verdicts.at(0).what == "matched");
  BOOST_TEST(got.verdicts.at(0).reason.starts_with("category code 0."), got.verdicts.at(0).reason);
  BOOST_TEST(got.verdicts.at(0).reason.find("(next ") != std::string::npos);
  BOOST_TEST(got.made.notes == "semantic: " + got.verdicts.at(0).reason);
  BOOST_TEST(got.made.named_by == "semantic");
}

BOOST_AUTO_TEST_CASE(what_no_category_is_like_is_left_to_later_stages) {
  const auto got = ask({stage_of(topics()), balance_of(config::balance_strategy::weighted, {{"openai/o4", 1, {}}})}, {.text = "zxqv"});
  BOOST_TEST(got.verdicts.at(0).what == "none");
  BOOST_TEST(got.made.targets[0].name() == "openai/o4");
}

BOOST_AUTO_TEST_CASE(the_fallback_takes_what_fits_no_category) {
  auto config = topics();
  config.fallback = "openai/o4";
  const auto got = ask({stage_of(config)}, {.text = "zxqv"});
  BOOST_TEST(got.verdicts.at(0).what == "fallback");
  BOOST_TEST(got.made.targets[0].name() == "openai/o4");
}

BOOST_AUTO_TEST_CASE(a_balance_stage_keeps_the_target_that_a_category_named) {
  const auto got = ask({stage_of(topics()), balance_of(config::balance_strategy::adaptive, {{"openai/o4", 1, {}}})}, {.text = seed_example});
  BOOST_TEST(got.made.targets[0].name() == "anthropic/claude-sonnet-4-5");
  BOOST_TEST((got.made.strategy == config::balance_strategy::adaptive));
}

BOOST_AUTO_TEST_CASE(a_category_replaces_the_targets_of_a_balance_stage_before_it) {
  const auto got = ask({balance_of(config::balance_strategy::adaptive, {{"openai/o4", 1, {}}}), stage_of(topics())}, {.text = seed_example});
  BOOST_TEST(got.made.targets[0].name() == "anthropic/claude-sonnet-4-5");
}

BOOST_AUTO_TEST_CASE(a_threshold_of_its_own_can_keep_a_category_out) {
  auto config = topics();
  config.categories[0].threshold = 0.99;
  const auto got = ask({stage_of(config)}, {.text = seed_example});
  BOOST_TEST(got.verdicts.at(0).what == "none");
  BOOST_TEST(got.verdicts.at(0).reason.starts_with("below the threshold: category code"));
}

BOOST_AUTO_TEST_CASE(a_lead_smaller_than_the_margin_is_no_choice) {
  auto config = topics();
  config.margin = 0.9;
  const auto got = ask({stage_of(config)}, {.text = seed_example});
  BOOST_TEST(got.verdicts.at(0).reason.starts_with("too close to call"));
  BOOST_TEST(got.made.targets.empty());
}

BOOST_AUTO_TEST_CASE(the_model_that_the_client_named_stands) {
  const auto named = find_target(yard_providers(), "openai/gpt-4o").value();
  const auto got = ask({stage_of(topics())}, {.text = seed_example, .asked = &named});
  BOOST_TEST(got.verdicts.at(0).what == "skipped");
  BOOST_TEST(got.made.targets.empty());
  BOOST_TEST(got.made.notes.empty());
}

BOOST_AUTO_TEST_CASE(an_example_is_like_itself) {
  auto config = topics();
  config.top_k = 1;
  config.categories = {category("one", {"A recipe for lentil soup"}, "openai/gpt-4o"), category("two", {"Explain the statute of limitations"}, "openai/o4")};
  const auto got = ask({stage_of(config)}, {.text = "A recipe for lentil soup"});
  BOOST_TEST(got.verdicts.at(0).reason.starts_with("category one 1.00"), got.verdicts.at(0).reason);
}

BOOST_AUTO_TEST_CASE(the_nearest_example_counts_more_where_examples_differ) {
  const auto& model = shelf().get().value()->embedding();
  const std::string asked = "A recipe for lentil soup";
  for (const auto& [other, share] : {std::pair("Explain the statute of limitations", 0.5), std::pair("A recipe for tomato soup", 0.25)}) {
    const auto alike = static_cast<double>(cosine(model.embed(asked), model.embed(other)));
    BOOST_TEST_REQUIRE((share == 0.5 ? alike < 0.25 : alike > 0.32));
    const auto whole = (1 + alike) / std::sqrt(2 + 2 * alike);                  // to the middle of the two
    auto config = topics();
    config.top_k = 1;
    config.categories = {category("one", {asked, other}, "openai/gpt-4o")};
    const auto reason = ask({stage_of(config)}, {.text = asked}).verdicts.at(0).reason;
    BOOST_TEST_REQUIRE(reason.starts_with("category one "), reason);
    BOOST_TEST(std::abs(std::stod(reason.substr(13)) - (share + (1 - share) * whole)) < 0.006, reason);
  }
}

BOOST_AUTO_TEST_CASE(more_nearest_examples_than_a_category_has_are_all_of_them) {
  auto config = topics();
  config.top_k = 100;
  const auto got = ask({stage_of(config)}, {.text = seed_example});
  BOOST_TEST(got.made.targets[0].name() == "anthropic/claude-sonnet-4-5");
}

BOOST_AUTO_TEST_CASE(no_prompt_is_no_decision) {
  const auto got = ask({stage_of(topics())}, {.text = "", .has_prompt = false});
  BOOST_TEST(got.verdicts.at(0).what == "skipped");
  BOOST_TEST((got.route->models != nullptr));
  BOOST_TEST(got.route->targets.empty());
}

BOOST_AUTO_TEST_CASE(a_category_with_an_unknown_target_does_not_compile) {
  auto config = topics();
  config.categories[1].target = "nowhere/x";
  const auto made = make_stage(stage_of(config), yard_providers(), &shelf());
  BOOST_TEST_REQUIRE(!made.has_value());
  BOOST_TEST(made.failure().message.find("nowhere") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_the_signal_models_it_does_not_compile_and_says_which_file_is_missing) {
  model_shelf empty("/nonexistent-folder");
  const auto made = make_stage(stage_of(topics()), yard_providers(), &empty);
  BOOST_TEST_REQUIRE(!made.has_value());
  BOOST_TEST(made.failure().message.find("'semantic' needs the signal models") != std::string::npos, made.failure().message);
  BOOST_TEST(made.failure().message.find("/nonexistent-folder") != std::string::npos, made.failure().message);
}

BOOST_AUTO_TEST_SUITE_END()
