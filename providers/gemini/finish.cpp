#include "providers/gemini/finish.hpp"

#include "providers/json_out.hpp"

namespace switchyard::providers::gemini {

namespace {

using enum neutral::finish_reason;

struct row {
  std::string_view name;
  neutral::finish_reason reason;
};

constexpr row rows[] = {
    {"STOP", stop},
    {"MAX_TOKENS", length},
    {"SAFETY", content_filter},
    {"RECITATION", content_filter},
    {"BLOCKLIST", content_filter},
    {"PROHIBITED_CONTENT", content_filter},
    {"SPII", content_filter},
    {"MODEL_ARMOR", content_filter},
    {"IMAGE_SAFETY", content_filter},
    {"IMAGE_PROHIBITED_CONTENT", content_filter},
    {"IMAGE_RECITATION", content_filter},
    {"MALFORMED_FUNCTION_CALL", malformed_call},
    {"UNEXPECTED_TOOL_CALL", malformed_call},
    {"TOO_MANY_TOOL_CALLS", malformed_call},
};

}  // namespace

neutral::finish_reason read_finish(std::string_view value, bool calls) noexcept {
  for (const auto& r : rows)
    if (json::is_text(value, r.name)) return r.reason == stop && calls ? tool_calls : r.reason;
  return other;   // OTHER, LANGUAGE, NO_IMAGE, MISSING_THOUGHT_SIGNATURE, … and what is yet to come
}

std::string_view finish_name(neutral::finish_reason reason) noexcept {
  switch (reason) {
    case stop:
    case stop_sequence:
    case tool_calls: return "STOP";
    case length:
    case context_exceeded: return "MAX_TOKENS";
    case content_filter:
    case refusal: return "SAFETY";
    case malformed_call: return "MALFORMED_FUNCTION_CALL";
    case none:
    case pause:
    case other: break;
  }
  return "OTHER";
}

}  // namespace switchyard::providers::gemini
