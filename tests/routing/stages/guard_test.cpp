#include "routing/stages/guard.hpp"

#include "config/signal_words.hpp"
#include "tests/routing/stages/stage_probe.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(guard_)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::routing::testing;
using config::guard_action;

namespace {

config::stage_config guard(guard_action pii, guard_action jailbreak = guard_action::off, guard_action harmful = guard_action::off) {
  config::guard_stage_config made;
  made.pii = pii;
  made.jailbreak = jailbreak;
  made.harmful = harmful;
  return {std::move(made), {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(harmless_text_passes) {
  const auto got = ask({guard(guard_action::block, guard_action::block, guard_action::block)}, {.text = "What is the capital of France?"});
  BOOST_TEST(got.verdicts.at(0).what == "passed");
  BOOST_TEST(!got.made.refusal.has_value());
  BOOST_TEST(got.made.findings.empty());
}

BOOST_AUTO_TEST_CASE(checks_that_are_off_are_not_computed) {
  const auto computed = ask({guard(guard_action::off)}, {.text = "mail bob@example.com", .explain = false}).computed;
  BOOST_TEST(!computed.contains(routing::signal::pii));
  BOOST_TEST(!computed.contains(routing::signal::jailbreak));
  BOOST_TEST(!computed.contains(routing::signal::harmful));
}

BOOST_AUTO_TEST_CASE(a_score_at_the_threshold_is_a_finding) {
  config::guard_stage_config made;
  made.pii = guard_action::off;
  made.jailbreak = guard_action::block;
  made.jailbreak_threshold = 0;
  made.harmful = guard_action::flag;
  const auto got = ask({{made, {}}}, {.text = "hello"});
  BOOST_TEST_REQUIRE(got.made.refusal.has_value());
  BOOST_TEST((got.made.refusal->code == error_code::guard_blocked));
  BOOST_TEST(http_status(*got.made.refusal) == 400);
  BOOST_TEST(got.made.refusal->message == "The request was blocked by the guard's jailbreak check.");
  BOOST_TEST(got.verdicts.at(0).what == "blocked");
  BOOST_TEST(got.made.findings.size() == 1u);   // what comes behind the check that blocks is not asked
}

BOOST_AUTO_TEST_CASE(a_refusal_ends_the_stages) {
  config::guard_stage_config made;
  made.pii = guard_action::off;
  made.harmful = guard_action::block;
  made.harmful_threshold = 0;
  const auto got = ask({{made, {}}, balance_of(config::balance_strategy::weighted, {{"openai/o4", 1, {}}})}, {.text = "hello"});
  BOOST_TEST(got.verdicts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(masking_is_asked_for_even_where_the_signals_saw_nothing) {
  const auto got = ask({guard(guard_action::mask)}, {.text = "hello"});
  BOOST_TEST(got.made.masked_kinds == (1u << pii_kind_count) - 1);
}

BOOST_AUTO_TEST_CASE(only_the_wanted_kinds_are_masked) {
  config::guard_stage_config made;
  made.pii = guard_action::mask;
  made.pii_kinds = {"email", "iban"};
  const auto got = ask({{made, {}}}, {.text = "hello"});
  BOOST_TEST(got.made.masked_kinds == ((1u << static_cast<unsigned>(pii_kind::email)) | (1u << static_cast<unsigned>(pii_kind::iban))));
}

BOOST_AUTO_TEST_CASE(an_answer_is_withheld_only_by_a_guard_that_judges_answers) {
  config::guard_stage_config made;
  made.harmful = guard_action::block;
  made.harmful_threshold = 0;
  BOOST_TEST(!stages::judges_answers(*make_stage({made, {}}, yard_providers(), &shelf()).value()));
  made.answers = true;
  const auto judge = make_stage({made, {}}, yard_providers(), &shelf()).value();
  BOOST_TEST_REQUIRE(stages::judges_answers(*judge));
  const turn turns[] = {{speaker::user, "hello"}};
  prompt said;
  said.turns = turns;
  const auto models = shelf().get().value();
  understanding known(*models, said);
  const auto judged = stages::judge_answer(*judge, known);
  BOOST_TEST_REQUIRE(judged.refusal.has_value());
  BOOST_TEST(judged.refusal->message == "The answer was withheld by the guard's harmful check.");
  BOOST_TEST((judged.refusal->code == error_code::guard_blocked));
  BOOST_TEST_REQUIRE(judged.findings.size() == 1u);
  BOOST_TEST(judged.findings[0].check == "answer_harmful");
  BOOST_TEST(!known.knows(routing::signal::jailbreak));
}

BOOST_AUTO_TEST_CASE(the_configurations_words_are_those_of_the_signals) {
  for (const auto& word : config::signal_words()) {
    const auto which = signal_named(word.name);
    const bool elsewhere = word.name == "user" || word.name == "region";
    BOOST_TEST(which.has_value() != elsewhere, word.name);
    if (which) BOOST_TEST(is_number(*which) == (word.kind == config::signal_kind::number), word.name);
  }
  BOOST_TEST(config::domain_words().size() == domain_count);
  for (const auto word : config::domain_words()) BOOST_TEST(domain_named(word).has_value(), word);
  BOOST_TEST(config::format_words().size() == format_count);
  for (const auto word : config::format_words()) BOOST_TEST(format_named(word).has_value(), word);
  BOOST_TEST(config::pii_words().size() == pii_kind_count);
  for (const auto word : config::pii_words()) BOOST_TEST(pii_kind_named(word).has_value(), word);
}

BOOST_AUTO_TEST_SUITE_END()
