#include "routing/provider_vectors.hpp"
#include "tests/routing/stages/stage_probe.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(provider_vectors_suite)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;

namespace {

provider_vector vector(std::vector<float> values) { return std::make_shared<const std::vector<float>>(std::move(values)); }

/// Two categories of one example each; the provider's vectors are told apart by their first two numbers.
config::semantic_stage_config topics() {
  config::semantic_stage_config made;
  made.threshold = 0.5;
  config::semantic_category one;
  one.name = "code";
  one.examples = {"Write a Python function"};
  one.target = "anthropic/claude-sonnet-4-5";
  made.categories.push_back(one);
  one.name = "law";
  one.examples = {"Is this clause enforceable?"};
  one.target = "openai/gpt-4o";
  made.categories.push_back(one);
  made.embedding = config::embedding_source{"openai/text-embedding-3-small", milliseconds(300), {}};
  return made;
}

std::shared_ptr<const route_entry> route_of(std::vector<config::stage_config> stages) {
  config::route_config config;
  config.name = "auto";
  std::vector<std::shared_ptr<const stage>> compiled;
  for (const auto& one : stages) compiled.push_back(make_stage(one, yard_providers(), &shelf()).value());
  return compile_route(config, std::move(compiled));
}

config::stage_config guard_of(config::guard_action pii) {
  config::guard_stage_config made;
  made.pii = pii;
  made.jailbreak = made.harmful = config::guard_action::off;
  return {made, {}};
}

struct one_prompt {
  explicit one_prompt(std::string_view text) : turns{{speaker::user, text}} {
    asked.turns = turns;
    known.emplace(*shelf().get().value(), asked);
    request.known = &*known;
  }
  turn turns[1];
  prompt asked;
  std::optional<understanding> known;
  stage_request request;
};

struct asked_stage {
  decision made;
  verdict said;
};
asked_stage decide(const route_entry& route, const stage_request& request) {
  std::vector<verdict> verdicts;
  auto made = run_stages(route, request, &verdicts);
  return {std::move(made), std::move(verdicts.back())};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_providers_vectors_decide_where_they_are_there) {
  const auto route = route_of({{topics(), {}}});
  provided_vectors given;
  given.examples = example_vectors::make(*route->stages[0]->embedding(), {vector({1, 0, 0}), vector({0, 1, 0})});
  given.query = vector({0, 1, 0});
  one_prompt about("Write a Python function");
  about.request.provided = &given;
  const auto got = decide(*route, about.request);
  BOOST_TEST_REQUIRE(got.made.targets.size() == 1u);
  BOOST_TEST(got.made.targets[0].name() == "openai/gpt-4o");
  BOOST_TEST(got.said.reason == "category law 1.00 (next code 0.00) by openai/text-embedding-3-small");
  BOOST_TEST(!about.known->knows(signal::vector));
}

BOOST_AUTO_TEST_CASE(thresholds_hold_for_a_providers_vectors_too) {
  auto config = topics();
  config.threshold = 0.9;
  const auto route = route_of({{config, {}}});
  provided_vectors given;
  given.examples = example_vectors::make(*route->stages[0]->embedding(), {vector({1, 0, 0}), vector({0, 1, 0})});
  given.query = vector({0.6f, 0, 0.8f});
  one_prompt about("Write a Python function");
  about.request.provided = &given;
  BOOST_TEST(decide(*route, about.request).said.what == "none");
}

BOOST_AUTO_TEST_CASE(the_built_in_embedding_serves_instead_and_says_why) {
  const auto route = route_of({{topics(), {}}});
  provided_vectors given;
  given.why_not = "the provider took longer than 300 ms";
  one_prompt about("Write a Python function");
  about.request.provided = &given;
  const auto got = decide(*route, about.request);
  BOOST_TEST(got.made.targets[0].name() == "anthropic/claude-sonnet-4-5");
  BOOST_TEST(got.made.notes.find("; built-in embedding: the provider took longer than 300 ms") != std::string::npos, got.made.notes);
}

BOOST_AUTO_TEST_CASE(vectors_of_different_lengths_are_no_set) {
  const auto route = route_of({{topics(), {}}});
  const auto& wish = *route->stages[0]->embedding();
  BOOST_TEST((example_vectors::make(wish, {vector({1, 0, 0}), vector({0, 1})}) == nullptr));
  BOOST_TEST((example_vectors::make(wish, {vector({1, 0, 0})}) == nullptr));
}

BOOST_AUTO_TEST_CASE(only_routes_that_want_vectors_have_books_for_them) {
  auto plain = topics();
  plain.embedding.reset();
  BOOST_TEST((route_of({{plain, {}}})->embeds == nullptr));
  BOOST_TEST(route_of({{topics(), {}}})->embeds->name == "auto/embedding");
}

BOOST_AUTO_TEST_CASE(what_the_guard_masks_is_not_shown_to_the_embedding_provider) {
  const auto route = route_of({guard_of(config::guard_action::mask), {topics(), {}}});
  one_prompt about("Write a mail to bob.smith@example.com about the lease");
  const auto need = vector_needed(*route, about.request);
  BOOST_TEST_REQUIRE(need.has_value());
  BOOST_TEST(need->text == "Write a mail to [EMAIL] about the lease");
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_for_what_is_refused_named_or_empty) {
  const auto blocks = route_of({guard_of(config::guard_action::block), {topics(), {}}});
  one_prompt personal("Write to bob.smith@example.com");
  BOOST_TEST(!vector_needed(*blocks, personal.request).has_value());

  const auto route = route_of({{topics(), {}}});
  one_prompt named("Write a Python function");
  const target asked{yard_providers()[0], "gpt-4o", 1};
  named.request.asked = &asked;
  BOOST_TEST(!vector_needed(*route, named.request).has_value());
  one_prompt empty("  \n");
  BOOST_TEST(!vector_needed(*route, empty.request).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
