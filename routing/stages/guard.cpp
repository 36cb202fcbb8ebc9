// Checks in this order, each only when it is on: pii, jailbreak, harmful. The first that blocks ends the request; what was found before it
// stays on record. A refusal names the check and, for personal data, the kinds; never the text that matched.
//
//   pii:  any span of a wanted kind with a confidence of at least `sure_enough`
//   jailbreak, harmful: score >= the stage's threshold
// Masking is only decided here: whoever sends the request replaces the spans (actors/request_mask.hpp), in full, however long it is.
#include "routing/stages/guard.hpp"

#include "routing/signals/understanding.hpp"

#include <cstdio>

namespace switchyard::routing::stages {

namespace {

using config::guard_action;

constexpr float sure_enough = 0.5f;

std::string_view word_of(guard_action action) noexcept {
  switch (action) {
    case guard_action::off: return "off";
    case guard_action::flag: return "flag";
    case guard_action::mask: return "mask";
    case guard_action::block: return "block";
  }
  return "off";
}

std::string_view past_of(guard_action action) noexcept {
  switch (action) {
    case guard_action::off: return "off";
    case guard_action::flag: return "flagged";
    case guard_action::mask: return "masked";
    case guard_action::block: return "blocked";
  }
  return "off";
}

std::uint32_t bit_of(pii_kind kind) noexcept { return 1u << static_cast<unsigned>(kind); }

std::string kinds_of(std::uint32_t found) {
  std::string text;
  for (std::size_t i = 0; i < pii_kind_count; ++i)
    if ((found & (1u << i)) != 0) text.append(text.empty() ? "" : ", ").append(to_string(static_cast<pii_kind>(i)));
  return text;
}

class guard_stage final : public stage {
 public:
  guard_stage(const config::guard_stage_config& config, std::shared_ptr<const signal_models> models)
      : stage("guard", "guard"), config_(config), models_(std::move(models)) {
    for (const auto& name : config_.pii_kinds)
      if (const auto kind = pii_kind_named(name)) wanted_kinds_ |= bit_of(*kind);
    if (config_.pii_kinds.empty()) wanted_kinds_ = (1u << pii_kind_count) - 1;
  }

  std::shared_ptr<const signal_models> models() const override { return models_; }

  verdict decide(decision_context& context) const override {
    if (context.request.known == nullptr) return say("skipped", context.explain ? "there is no prompt" : "");
    auto& known = *context.request.known;
    std::string reason;
    auto strongest = guard_action::off;
    const auto found = [&](std::string_view check, guard_action action, float score, const std::string& detail) {
      context.made.findings.push_back({check, word_of(action), score});
      char figure[16];
      std::snprintf(figure, sizeof figure, " %.2f ", static_cast<double>(score));
      std::string line(check);
      if (!detail.empty()) line.append(" (").append(detail).append(")");
      line.append(figure).append(past_of(action));
      context.made.note("guard: " + line);
      if (context.explain) reason.append(reason.empty() ? "" : "; ").append(line);
      strongest = std::max(strongest, action);
      if (action == guard_action::block) {
        context.made.refusal = client_error(error_code::guard_blocked, "The request was blocked by the guard's " + std::string(check) + " check" +
                                                                           (detail.empty() ? "." : ": it holds " + detail + "."));
      }
    };

    if (config_.pii != guard_action::off) {
      const auto [kinds, score] = wanted_pii(known);
      if (kinds != 0) found("pii", config_.pii, score, kinds_of(kinds));
      // Even with no finding: signals may have seen long text by its ends only.
      if (config_.pii == guard_action::mask) context.made.masked_kinds = wanted_kinds_;
    }
    if (!context.made.refusal && config_.jailbreak != guard_action::off)
      if (const auto score = known.jailbreak().score; score >= config_.jailbreak_threshold) found("jailbreak", config_.jailbreak, score, {});
    if (!context.made.refusal && config_.harmful != guard_action::off)
      if (const auto& seen = known.harmful(); seen.score >= config_.harmful_threshold) found("harmful", config_.harmful, seen.score, {});

    if (strongest == guard_action::off) return say("passed", context.explain ? "nothing found" : "");
    return say(past_of(strongest), std::move(reason));
  }

  [[nodiscard]] bool judges_answers() const noexcept { return config_.answers; }

  /// There is no masking here: what an answer holds came from the provider. It is flagged.
  [[nodiscard]] answer_judgement judge(understanding& known) const {
    answer_judgement out;
    const auto found = [&](std::string_view check, guard_action action, float score, const std::string& detail) {
      if (action == guard_action::mask) action = guard_action::flag;
      out.findings.push_back({check, word_of(action), score});
      if (action == guard_action::block && !out.refusal)
        out.refusal = client_error(error_code::guard_blocked, "The answer was withheld by the guard's " + std::string(check.substr(check.find('_') + 1)) +
                                                                  " check" + (detail.empty() ? "." : ": it holds " + detail + "."));
    };
    if (config_.pii != guard_action::off)
      if (const auto [kinds, score] = wanted_pii(known); kinds != 0) found("answer_pii", config_.pii, score, kinds_of(kinds));
    if (config_.harmful != guard_action::off)
      if (const auto& seen = known.harmful(); seen.score >= config_.harmful_threshold) found("answer_harmful", config_.harmful, seen.score, {});
    return out;
  }

 private:
  struct pii_seen {
    std::uint32_t kinds = 0;                     ///< bits
    float score = 0;
  };
  [[nodiscard]] pii_seen wanted_pii(understanding& known) const {
    pii_seen out;
    for (const auto& span : known.pii().spans) {
      if ((wanted_kinds_ & bit_of(span.kind)) == 0 || span.confidence < sure_enough) continue;
      out.kinds |= bit_of(span.kind);
      out.score = std::max(out.score, span.confidence);
    }
    return out;
  }

  config::guard_stage_config config_;
  std::shared_ptr<const signal_models> models_;
  std::uint32_t wanted_kinds_ = 0;
};

}  // namespace

bool judges_answers(const stage& of) noexcept { return of.kind() == "guard" && static_cast<const guard_stage&>(of).judges_answers(); }

answer_judgement judge_answer(const stage& of, understanding& known) { return static_cast<const guard_stage&>(of).judge(known); }

result<std::shared_ptr<const stage>> make_guard(const config::guard_stage_config& config, std::shared_ptr<const signal_models> models) {
  return std::shared_ptr<const stage>(std::make_shared<guard_stage>(config, std::move(models)));
}

}  // namespace switchyard::routing::stages
