#include "providers/anthropic/thinking.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::anthropic {

namespace {

constexpr std::int64_t least_budget = 1024;   // Anthropic refuses less

struct step {
  std::string_view effort;
  std::int64_t budget;       // what the effort asks of an older model
  std::int64_t up_to;        // budgets to this one mean that effort
};
constexpr std::array<step, 4> steps = {{{"low", 1024, 2048}, {"medium", 4096, 8192}, {"high", 16'384, 24'576}, {"xhigh", 24'576, INT64_MAX}}};

[[nodiscard]] std::string_view effort_of(std::int64_t budget) noexcept {
  for (const auto& s : steps)
    if (budget <= s.up_to) return s.effort;
  return steps.back().effort;
}

[[nodiscard]] std::int64_t budget_of(std::string_view effort) noexcept {
  for (const auto& s : steps)
    if (effort == s.effort) return s.budget;
  return 4096;   // an effort nobody has heard of, or "you decide"
}

}  // namespace

void read_thinking(std::string_view thinking, std::string_view effort, neutral::reasoning_wish& out,
                   std::vector<std::string_view>& unknown) {
  json::members walk(thinking);
  std::string_view type;
  for (json::member m; walk.next(m);) {
    if (m.name == "type") type = json::inside(m.value);
    else if (m.name == "budget_tokens") out.budget = json::as_count(m.value);
    else if (m.name == "display" && json::is_string(m.value)) out.show = json::inside(m.value) != "omitted";
  }
  if (type == "disabled") {
    out.budget = 0;
  } else if (type == "adaptive" || type == "between_tools") {
    out.budget = -1;
  } else if (!type.empty() && !out.budget) {
    out.budget = -1;
  }
  if (!type.empty()) out.name = "thinking";
  if (!json::has_text(effort)) return;
  if (out.budget == 0) {
    unknown.push_back("output_config.effort");   // elsewhere an effort would turn thinking on again
    return;
  }
  out.effort = json::is_text(effort, "max") ? std::string_view(R"("xhigh")") : effort;
  if (out.name.empty()) out.name = "output_config.effort";
}

thinking_plan plan_thinking(const neutral::request& what, const model_facts& model, std::int64_t max_tokens, bool unproven_turn,
                            neutral::dropped_fields& dropped) {
  using mode = thinking_plan::mode;
  thinking_plan plan;
  const auto& wish = what.reasoning;
  if (!wish.given()) return plan;
  const auto name = wish.name.empty() ? std::string_view("reasoning") : wish.name;
  std::string_view effort = json::inside(wish.effort);
  if (effort == "minimal") effort = "low";
  const bool off = effort == "none" || wish.budget == 0;
  if (off) {
    if (model.thinks()) plan.how = mode::off;
    return plan;   // a model that never thinks does as asked
  }
  if (effort.empty() && !wish.budget) return plan;   // only how to show what the model thinks by itself
  const bool forced = what.choice == neutral::tool_mode::required || what.choice == neutral::tool_mode::named;

  if (!model.thinks()) {
    dropped.add(name);
  } else if (model.thinks_adaptively()) {
    plan.how = mode::adaptive;
    plan.effort = !effort.empty() ? effort : wish.budget.value_or(-1) > 0 ? effort_of(*wish.budget) : std::string_view{};
    if ((plan.effort == "xhigh" || plan.effort == "max") && !model.knows_xhigh()) plan.effort = "high";
  } else if ((forced && !what.tools.empty()) || unproven_turn || max_tokens <= least_budget) {
    dropped.add(name);
  } else {
    plan.how = mode::budget;
    const auto wanted = wish.budget.value_or(-1) > 0 ? *wish.budget : budget_of(effort);
    plan.budget = std::max(least_budget, std::min(wanted, max_tokens / 4 * 3));
  }
  if (plan.constrains_sampling()) {
    if (wish.show) plan.display = *wish.show ? "summarized" : "omitted";
    else if (!wish.summary.empty() && model.thinks_adaptively()) plan.display = "summarized";
  }
  return plan;
}

void write_thinking(const thinking_plan& plan, json::out& out) {
  using mode = thinking_plan::mode;
  if (plan.how == mode::unsaid) return;
  out.key("thinking");
  out.begin_object();
  out.text("type", plan.how == mode::off ? "disabled" : plan.how == mode::budget ? "enabled" : "adaptive");
  if (plan.how == mode::budget) out.number("budget_tokens", plan.budget);
  if (!plan.display.empty()) out.text("display", plan.display);
  out.end_object();
}

}  // namespace switchyard::providers::anthropic
