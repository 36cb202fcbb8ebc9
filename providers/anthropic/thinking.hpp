// Thinking, between a client's wish (an effort, a budget) and what a Claude model can be asked for.
//
//   effort    budget (older models)   from a budget (models that think adaptively)
//   none      off                     0
//   minimal   1024                    -
//   low       1024                    up to 2048
//   medium    4096                    up to 8192
//   high      16384                   up to 24576
//   xhigh     24576                   more            "max" is read as xhigh; models before 4.7 are asked for high
//
// A budget is at least 1024 and leaves a quarter of max_tokens for the answer. -1 (the model decides) is adaptive, or medium.
#pragma once

#include "providers/anthropic/model_facts.hpp"
#include "providers/json_out.hpp"
#include "providers/neutral.hpp"

namespace switchyard::providers::anthropic {

struct thinking_plan {
  enum class mode { unsaid, off, budget, adaptive };
  thinking_plan::mode how = mode::unsaid;
  std::int64_t budget = 0;
  std::string_view effort;     ///< output_config.effort, unquoted; empty: none
  std::string_view display;    ///< "summarized", "omitted" or not said
  [[nodiscard]] bool constrains_sampling() const noexcept { return how == mode::budget || how == mode::adaptive; }
};

/// Reads `thinking` and `output_config.effort`; the latter is no wish, but `unknown`, when thinking is off.
void read_thinking(std::string_view thinking, std::string_view effort, neutral::reasoning_wish& out,
                   std::vector<std::string_view>& unknown);

/// What to ask `model` for; what cannot be had goes to `dropped`. `unproven_turn`: the conversation ends in results of tools called by a
/// turn that does not begin with a signed thought, which Anthropic refuses together with a budget (as it does with a forced tool).
[[nodiscard]] thinking_plan plan_thinking(const neutral::request& what, const model_facts& model, std::int64_t max_tokens,
                                          bool unproven_turn, neutral::dropped_fields& dropped);

/// The `thinking` member, if there is one.
void write_thinking(const thinking_plan& plan, json::out& out);

}  // namespace switchyard::providers::anthropic
