#include "providers/openai/responses_repeats.hpp"

#include "providers/json_out.hpp"
#include "providers/json_scan.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::responses {

bool repeating_events::is_idle(std::string_view name, std::string_view before) {
  constexpr std::array<std::string_view, 11> members{"text", "refusal", "arguments", "input", "part", "content", "summary", "output", "instructions", "tools", "logprobs"};
  if (std::find(members.begin(), members.end(), name) == members.end()) return false;
  if (!read_) {   // once: what comes later than the first of them is not looked for
    read_ = true;
    const auto type = json::inside(json::find(before, "type"));
    where_.type = type.starts_with("response.") ? type.substr(9) : std::string_view{};
    where_.output_index = json::as_count(json::find(before, "output_index"));
    where_.content_index = json::as_count(json::find(before, "content_index"));
  }
  return !where_.type.empty() && only_repeats(where_, name);
}

bool repeated_texts::only_repeats(const event_place& where, std::string_view name) const {
  return where.type != "failed" && !where.type.ends_with(".delta") && name != "output";   // pictures stand in it
}

}  // namespace switchyard::providers::responses
