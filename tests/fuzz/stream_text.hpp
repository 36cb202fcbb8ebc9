// A stream's text made of an input's bytes, and whether its events are what they should be.
#pragma once

#include "providers/bedrock/event_stream.hpp"
#include "providers/sse_splitter.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace switchyard::fuzz {

/// Lines become frames, their first byte the event's type: so that payloads are reached that no mutation could give the right checksum.
[[nodiscard]] inline std::string as_frames(std::string_view text) {
  constexpr std::string_view types[] = {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata",
                                        "throttlingException", "somethingNew"};
  std::string out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty()) continue;
    const auto type = static_cast<std::uint8_t>(line.front()) % std::size(types);
    providers::frame_writer frame(out, types[type].ends_with("Exception") ? "exception" : "event", types[type]);
    out += line.substr(1);
    frame.end();
  }
  return out;
}

/// Every event is JSON (or, of server-sent events, the end marker), and there is no JSON outside of them. What is not whole is not looked at.
[[nodiscard]] inline bool is_well_formed(std::string_view text, bool frames) {
  if (frames) {
    providers::frame_splitter splitter;
    splitter.feed(text);
    for (providers::event_frame frame; splitter.next(frame);)
      if (!is_object(frame.payload)) return false;
    return splitter.fault().empty();
  }
  providers::sse_splitter splitter;
  splitter.feed(text);
  std::string joined;
  for (providers::sse_piece event; splitter.next(event);) {
    const auto fields = providers::read_sse_fields(event.bytes, joined);
    if (fields.has_data && !fields.data.empty() && fields.data != "[DONE]" && !is_object(fields.data)) return false;
    if (!fields.has_data && event.bytes.find('{') != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace switchyard::fuzz
