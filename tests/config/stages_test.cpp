// How guard, semantic and intent are read: config/stage_guard.cpp, stage_semantic.cpp, stage_intent.cpp.
#include "tests/config/support.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(stages)

using namespace switchyard::config;
using namespace switchyard::config::testing;

namespace {

template <class Stage>
Stage stage_of(const std::string& text) {
  const auto result = load("providers: {openai: {keys: [{value: x}]}}\nroutes: [{name: r, stages: [" + text + "]}]");
  BOOST_TEST_REQUIRE(result.value.has_value(), listed(result.problems));
  return std::get<Stage>(result.value->routes.at(0).stages.at(0).what);
}

number_range range_of(const std::string& wanted) {
  const auto stage = stage_of<intent_stage_config>("intent: {rules: [{name: r, when: {complexity: " + wanted + "}, target: openai/a}]}");
  return std::get<number_range>(stage.rules.at(0).when.at(0).wanted);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_guard_that_says_nothing_flags_everything) {
  const auto guard = stage_of<guard_stage_config>("guard: {}");
  BOOST_TEST((guard.pii == guard_action::flag && guard.jailbreak == guard_action::flag && guard.harmful == guard_action::flag));
  BOOST_TEST(guard.pii_kinds.empty());
}

BOOST_AUTO_TEST_CASE(off_is_a_word_and_no_boolean) {
  const auto guard = stage_of<guard_stage_config>("guard: {pii: off, jailbreak: off, harmful: block}");
  BOOST_TEST((guard.pii == guard_action::off && guard.jailbreak == guard_action::off && guard.harmful == guard_action::block));
}

BOOST_AUTO_TEST_CASE(a_category_may_have_a_threshold_of_its_own) {
  const auto stage = stage_of<semantic_stage_config>(
      "semantic: {threshold: 0.3, margin: 0.1, top_k: 2, fallback: openai/c,"
      " categories: [{name: computer science, examples: [x, \"y\\nz\"], target: openai/a, threshold: 0.6}, {name: b, examples: [z], target: openai/b}]}");
  BOOST_TEST(stage.categories.at(0).name == "computer science");
  BOOST_TEST(stage.categories.at(0).examples.at(1) == "y\nz");
  BOOST_TEST(stage.categories.at(0).threshold.value() == 0.6);
  BOOST_TEST(!stage.categories.at(1).threshold.has_value());
  BOOST_TEST(stage.fallback == "openai/c");
  BOOST_TEST(stage.top_k == 2);
}

BOOST_AUTO_TEST_CASE(a_model_stands_in_for_examples) {
  const auto stage = stage_of<semantic_stage_config>("semantic: {model: m.bin, categories: [{name: a, target: openai/a}]}");
  BOOST_TEST(stage.model == "m.bin");
}

BOOST_AUTO_TEST_CASE(vectors_may_come_from_a_provider_within_300_ms_unless_told_otherwise) {
  const auto stage = stage_of<semantic_stage_config>("semantic: {embedding: {provider: openai/a}, categories: [{name: a, examples: [x], target: openai/a}]}");
  BOOST_TEST(stage.embedding.value().provider == "openai/a");
  BOOST_TEST(stage.embedding->timeout.count() == 300);
  const auto patient = stage_of<semantic_stage_config>(
      "semantic: {embedding: {provider: openai/a, timeout: 2s}, categories: [{name: a, examples: [x], target: openai/a}]}");
  BOOST_TEST(patient.embedding.value().timeout.count() == 2000);
}

BOOST_AUTO_TEST_CASE(numbers_of_rules_may_be_bounds_ranges_and_figures) {
  BOOST_TEST(!range_of("\"> 0.7\"").holds(0.7));
  BOOST_TEST(range_of("\"> 0.7\"").holds(0.71));
  BOOST_TEST(range_of("\">=0.7\"").holds(0.7));
  BOOST_TEST(!range_of("'< 3'").holds(3));
  BOOST_TEST(range_of("'<= 3'").holds(3));
  BOOST_TEST(range_of("0.2..0.8").holds(0.2));
  BOOST_TEST(range_of("0.2..0.8").holds(0.8));
  BOOST_TEST(!range_of("0.2..0.8").holds(0.81));
  BOOST_TEST(range_of("1..").holds(1e9));
  BOOST_TEST(range_of("..5").holds(-4));
  BOOST_TEST(range_of("3").holds(3));
  BOOST_TEST(!range_of("3").holds(2));
  BOOST_TEST(range_of("\"0.5\"").holds(0.5));
}

BOOST_AUTO_TEST_CASE(words_of_rules_may_be_one_or_a_list) {
  const auto stage = stage_of<intent_stage_config>(
      "intent: {rules: [{name: r, when: {domain: law, format: [code, json], tags.team: [a, b], user: bob, language: de}, target: openai/a}]}");
  const auto& when = stage.rules.at(0).when;
  BOOST_TEST_REQUIRE(when.size() == 5u);
  BOOST_TEST(std::get<std::vector<std::string>>(when[0].wanted).at(0) == "law");
  BOOST_TEST(std::get<std::vector<std::string>>(when[1].wanted).size() == 2u);
  BOOST_TEST(when[2].signal == "tags.team");
}

BOOST_AUTO_TEST_CASE(a_rule_without_conditions_may_stand_last) {
  const auto stage = stage_of<intent_stage_config>(
      "intent: {rules: [{name: r, when: {turns: 1}, target: openai/a}, {name: rest, when: {}, target: openai/b}]}");
  BOOST_TEST(stage.rules.at(1).when.empty());
}

BOOST_AUTO_TEST_SUITE_END()
