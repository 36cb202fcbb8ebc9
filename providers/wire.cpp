#include "providers/wire.hpp"

namespace switchyard::providers {

const stream_step& stream_decoder::more() {
  static const stream_step nothing;
  return nothing;
}

const stream_step& stream_decoder::close() {
  static const stream_step nothing;
  return nothing;
}

bool wire::is_stream(std::string_view content_type) const noexcept {
  constexpr std::string_view events = "text/event-stream";
  return content_type.size() >= events.size() && equal_ignoring_case(content_type.substr(0, events.size()), events);
}

std::string ingress::count_body(std::int64_t input_tokens) const { return "{\"input_tokens\":" + std::to_string(input_tokens) + "}"; }

}  // namespace switchyard::providers
