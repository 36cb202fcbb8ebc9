#include "routing/signals/understanding.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

BOOST_AUTO_TEST_SUITE(understanding_)

using namespace switchyard;
using namespace switchyard::routing;
using rsignal = switchyard::routing::signal;

namespace {

const signal_models& models() {
  static const auto loaded = signal_models::load(std::string(SWITCHYARD_SOURCE_DIR) + "/models");
  BOOST_REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.failure().message));
  return **loaded;
}

int clock_reads = 0;
steady_time ticking() { return steady_time{} + microseconds{++clock_reads}; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_signal_is_computed_when_asked_for_and_only_once) {
  const turn turns[] = {{speaker::user, "what is the capital of Peru"}};
  clock_reads = 0;
  understanding seen(models(), {.turns = turns}, ticking);
  BOOST_TEST(!seen.knows(rsignal::vector));
  BOOST_TEST(clock_reads == 0);
  const auto first = seen.vector();
  const auto reads = clock_reads;
  BOOST_TEST(reads == 2);
  BOOST_TEST(seen.vector().data() == first.data());
  BOOST_TEST(clock_reads == reads);
  BOOST_TEST(seen.knows(rsignal::vector));
  BOOST_TEST(!seen.knows(rsignal::domain));
  BOOST_TEST(seen.took(rsignal::vector).count() == 1000);
  const auto vector = models().embedding().embed(turns[0].text);
  BOOST_TEST(std::equal(first.begin(), first.end(), vector.begin(), vector.end()));
}

BOOST_AUTO_TEST_CASE(counts_come_from_the_prompt) {
  const turn turns[] = {{speaker::system, "be kind"}, {speaker::user, "hello"}};
  understanding seen(models(), {.turns = turns, .tools = 2, .images = 3, .input_tokens = 77, .most_output_tokens = 9});
  BOOST_TEST(std::get<double>(seen.value(rsignal::turns)) == 2);
  BOOST_TEST(std::get<double>(seen.value(rsignal::tools)) == 2);
  BOOST_TEST(std::get<double>(seen.value(rsignal::images)) == 3);
  BOOST_TEST(std::get<double>(seen.value(rsignal::input_tokens)) == 77);
  BOOST_TEST(std::get<double>(seen.value(rsignal::output_tokens)) <= 9);
  BOOST_TEST(seen.tokens().output_high <= 9);
}

BOOST_AUTO_TEST_CASE(an_empty_prompt_is_no_trouble) {
  understanding seen(models(), {});
  for (std::size_t i = 0; i < signal_count; ++i) static_cast<void>(seen.value(static_cast<rsignal>(i)));
  BOOST_TEST(seen.query().empty());
  BOOST_TEST(seen.pii().spans.empty());
  BOOST_TEST(!seen.clarity().clear);
}

BOOST_AUTO_TEST_CASE(names_of_the_contract_are_known_in_rules_and_no_others) {
  for (const auto* name : {"domain", "complexity", "format", "safety.pii", "safety.jailbreak", "safety.harmful", "tokens.input", "tokens.output",
                           "language", "turns", "tools", "images"}) {
    const auto found = signal_named(name);
    BOOST_REQUIRE_MESSAGE(found, name);
    BOOST_TEST(to_string(*found) == name);
    understanding seen(models(), {});
    BOOST_TEST(std::holds_alternative<double>(seen.value(*found)) == is_number(*found), name);
  }
  BOOST_TEST(!signal_named("vector"));
  BOOST_TEST(!signal_named("tokens"));
  BOOST_TEST(domain_named("computer science").has_value());
  BOOST_TEST(format_named("json").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
