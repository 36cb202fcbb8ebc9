// Cutting streams into events: server-sent events and AWS's binary frames. Byte 0: bit 0 which, bit 1 repairs the frames' checksums, so
// that what lies behind them is reached; then where it is cut (fuzz_target.hpp); the rest is the stream.
#include "providers/bedrock/crc32.hpp"
#include "providers/bedrock/event_stream.hpp"
#include "providers/sse_splitter.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::fuzz;

namespace {

/// The events of a text (their bounds and fields, spelled out), and every byte of it exactly once and in order.
std::string events_of(std::string_view text, const cuts* where) {
  std::string out, seen;
  sse_splitter splitter;
  const auto take = [&](std::string_view piece) {
    splitter.feed(piece);
    for (sse_piece event; splitter.next(event);) {
      std::string joined;
      const auto fields = read_sse_fields(event.bytes, joined);
      seen += event.bytes;
      // A CR LF that was cut belongs together.
      if (event.completes_last) {
        require(event.bytes == "\n");
        continue;
      }
      out.append(fields.event).append("|").append(fields.data).append(fields.has_data ? "!\n" : "?\n");
    }
    return true;
  };
  if (where == nullptr) take(text);
  else feed_cut(text, *where, take);
  require(!splitter.overlong());
  require(seen + std::string(splitter.pending()) == text);
  splitter.feed({});   // lets go of the last piece, which is gone
  seen += splitter.take_pending();
  require(seen == text);
  return out;
}

std::uint32_t u32(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<std::uint8_t>(text[i]);
  return value;
}
void put_u32(std::string& text, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) text[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

/// Right checksums for the frames as their sizes claim them to be.
std::string repaired(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; out.size() - at >= 16;) {
    put_u32(out, at + 8, crc32(std::string_view(out).substr(at, 8)));
    const std::size_t total = u32(out, at);
    if (total < 16 || total > out.size() - at) break;
    put_u32(out, at + total - 4, crc32(std::string_view(out).substr(at, total - 4)));
    at += total;
  }
  return out;
}

std::string frames_of(std::string_view text, const cuts* where) {
  std::string out, seen;
  frame_splitter splitter;
  const auto take = [&](std::string_view piece) {
    splitter.feed(piece);
    for (event_frame frame; splitter.next(frame);) {
      seen += frame.bytes;
      out.append(frame.message_type).append("|").append(frame.event_type).append("|").append(frame.content_type).append("|");
      out.append(frame.error_message).append("|").append(frame.payload).append("\n");
    }
    return splitter.fault().empty();
  };
  if (where == nullptr) take(text);
  else feed_cut(text, *where, take);
  require(text.starts_with(seen));
  if (splitter.fault().empty() && !splitter.is_inside_frame()) require(seen == text);
  return out.append(splitter.fault());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  choices input(bytes, size);
  const auto which = input.byte();
  const auto where = cuts::of(input);
  if ((which & 1) == 0) {
    require(events_of(input.rest(), nullptr) == events_of(input.rest(), &where));
  } else {
    const auto text = (which & 2) == 0 ? std::string(input.rest()) : repaired(input.rest());
    require(frames_of(text, nullptr) == frames_of(text, &where));
  }
  return 0;
}
