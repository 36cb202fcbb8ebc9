#include "providers/dialect.hpp"

#include "providers/json_scan.hpp"

namespace switchyard::providers {

std::optional<error> refuse_unanswerable(const neutral::request& what, answers_per_request most) {
  const auto refuse = [](const std::string& name, const char* why) { return client_error(error_code::invalid_request, name + ": " + why, name); };
  if (what.previous_response) return refuse(std::string(what.previous_response.name), "refers to what another provider keeps; send the whole conversation instead");
  if (most == answers_per_request::one && what.choices && json::as_count(what.choices.value).value_or(1) > 1)
    return refuse(std::string(what.choices.name), "this provider gives one answer per request; expected 1");
  for (std::size_t n = 0; n < what.tools.size(); ++n) {
    const auto& tool = what.tools[n];
    if (!tool.kind.empty()) continue;   // hosted ones have neither
    const auto where = [n](const char* field) { return "tools[" + std::to_string(n) + "]." + field; };
    if (!json::is_string(tool.name)) return refuse(where("name"), "expected the name of the function, a string");
    if (!tool.parameters.empty() && !json::is_null(tool.parameters) && !json::is_object(tool.parameters))
      return refuse(where("parameters"), "expected a JSON Schema, an object");
  }
  return std::nullopt;
}

void note_if_lost(const dialect& to, const neutral::part& what, bool in_stream, neutral::dropped_fields& lost) {
  using neutral::part_kind;
  if (to.has_place_for(what, in_stream)) return;
  std::string_view name;
  switch (what.kind) {
    case part_kind::text: name = "text"; break;
    case part_kind::image: name = "image"; break;
    case part_kind::audio: name = "audio"; break;
    case part_kind::video: name = "video"; break;
    case part_kind::file: name = "file"; break;
    case part_kind::tool_call: name = "tool_call"; break;
    case part_kind::tool_result: name = "tool_result"; break;
    case part_kind::reasoning:
    case part_kind::redacted_reasoning: name = "reasoning"; break;
    case part_kind::refusal: name = "refusal"; break;
    case part_kind::cache_point: return;
    case part_kind::foreign:
      name = json::is_string(what.name) ? what.name.substr(1, what.name.size() - 2) : "part";   // what a provider's own tool did
      if (name.starts_with("messages.")) name.remove_prefix(9);
      break;
  }
  lost.add("answer." + std::string(name));
}

}  // namespace switchyard::providers
