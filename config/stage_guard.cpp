// guard: {pii: mask, jailbreak: block, harmful: flag, pii_kinds: [email, phone]}
#include "config/sections.hpp"
#include "config/signal_words.hpp"
#include "config/stage_kinds.hpp"

namespace switchyard::config {

namespace {

using action_words = std::vector<std::pair<std::string_view, guard_action>>;

rule_ptr<guard_action> action() {
  return std::make_shared<choice<guard_action>>(
      action_words{{"off", guard_action::off}, {"flag", guard_action::flag}, {"block", guard_action::block}});
}

/// What is masked can be put back into the answer, so only what stands in the text as it is can be masked.
rule_ptr<guard_action> pii_action() {
  return std::make_shared<choice<guard_action>>(action_words{
      {"off", guard_action::off}, {"flag", guard_action::flag}, {"mask", guard_action::mask}, {"block", guard_action::block}});
}

rule_ptr<guard_stage_config> guard_table() {
  return std::make_shared<section<guard_stage_config>>(
      std::vector<field<guard_stage_config>>{
          {"pii", &guard_stage_config::pii, pii_action(),
           "Personal data: flag it, refuse the request, or mask: the provider sees placeholders, the client its own text again."},
          {"jailbreak", &guard_stage_config::jailbreak, action(), "Attempts to get around instructions."},
          {"harmful", &guard_stage_config::harmful, action(), "Harmful content."},
          {"pii_kinds", &guard_stage_config::pii_kinds, std::make_shared<list_of<std::string>>(word_of(pii_words())),
           "The kinds of personal data that count; empty: all."},
          {"jailbreak_threshold", &guard_stage_config::jailbreak_threshold, number(0, 1), "A score from here on is a finding."},
          {"harmful_threshold", &guard_stage_config::harmful_threshold, number(0, 1), "A score from here on is a finding."},
          {"answers", &guard_stage_config::answers, boolean(),
           "Judge answers for pii (mask: flagged there) and harmful, too; nothing of an answer, streams included, is sent before all of it is."},
      },
      section_extras<guard_stage_config>{
          .foreign = {{"personal_data", "pii"}, {"injection", "jailbreak"}, {"toxicity", "harmful"}, {"kinds", "pii_kinds"}}});
}

}  // namespace

stage_kind_ptr guard_kind() {
  return make_stage_kind("guard", "Flags, masks or blocks personal data, jailbreaks and harmful content.", guard_table());
}

}  // namespace switchyard::config
