#include "providers/anthropic/turns.hpp"

#include "providers/anthropic/blocks.hpp"

#include <algorithm>

namespace switchyard::providers::anthropic {

namespace {

using neutral::part_kind;

void place(const neutral::part& part, std::vector<placed_part>& into, neutral::dropped_fields& dropped) {
  if (part.kind != part_kind::cache_point) {
    if (is_expressible(part, dropped)) into.push_back({&part});
  } else if (!into.empty()) {
    into.back().cached = true;
  }
}

[[nodiscard]] bool is_thought(const turn& turn) noexcept {
  if (turn.parts.empty()) return false;
  const auto kind = turn.parts.front().part->kind;
  return kind == part_kind::reasoning || kind == part_kind::redacted_reasoning;
}

[[nodiscard]] bool has(const turn& turn, part_kind kind) noexcept {
  return std::any_of(turn.parts.begin(), turn.parts.end(), [&](const placed_part& p) { return p.part->kind == kind; });
}

}  // namespace

bool conversation::ends_in_unproven_turn() const noexcept {
  if (turns.size() < 2 || turns.back().assistant || !has(turns.back(), part_kind::tool_result)) return false;
  return !is_thought(turns[turns.size() - 2]);
}

conversation arrange(const neutral::request& what, neutral::dropped_fields& dropped) {
  conversation out;
  for (const auto& message : what.messages) {
    if (!message.name.empty()) dropped.add("messages.name");
    if (message.role == neutral::role::system || message.role == neutral::role::developer) {
      for (const auto& part : message.parts) {
        const bool has_place = part.kind == part_kind::text || part.kind == part_kind::cache_point;
        if (has_place) place(part, out.system, dropped);
        else dropped.add("messages.system");   // pictures and the like
      }
      continue;
    }
    const bool assistant = message.role == neutral::role::assistant;
    turn fresh{.assistant = assistant, .parts = {}};
    const bool goes_on = !out.turns.empty() && out.turns.back().assistant == assistant;
    turn& into = goes_on ? out.turns.back() : fresh;
    for (const auto& part : message.parts) place(part, into.parts, dropped);
    if (!goes_on && !fresh.parts.empty()) out.turns.push_back(std::move(fresh));
  }
  for (auto& turn : out.turns)
    if (!turn.assistant)
      std::stable_partition(turn.parts.begin(), turn.parts.end(), [](const placed_part& p) { return p.part->kind == part_kind::tool_result; });
  return out;
}

}  // namespace switchyard::providers::anthropic
