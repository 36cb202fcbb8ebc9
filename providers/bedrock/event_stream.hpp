// AWS's binary event stream (application/vnd.amazon.eventstream): cutting it into frames, however its bytes arrive, and writing frames.
//
//   stream  = *frame
//   frame   = total:u32 headers_size:u32 prelude_crc:u32 headers payload crc:u32      integers are big-endian
//             total: bytes of the whole frame, 16 + headers_size + payload; prelude_crc: of the first 8 bytes; crc: of all before it
//   headers = *(name_size:u8 name type:u8 value)
//   value   = by type: 0 true, 1 false: nothing / 2: u8 / 3: u16 / 4: u32 / 5: u64 / 6 bytes, 7 text: size:u16 and that many bytes /
//             8 time: u64, ms since 1970 / 9 uuid: 16 bytes
//
// What a frame is stands in its text headers: ":message-type" event with ":event-type" and ":content-type", exception with
// ":exception-type", or error with ":error-code" and ":error-message".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchyard::providers {

/// One whole frame; `bytes` are the frame itself, the rest points into it. Headers it does not have are empty.
struct event_frame {
  std::string_view bytes;
  std::string_view message_type;     ///< "event", "exception", "error"
  std::string_view event_type;       ///< "contentBlockDelta"; of exceptions their type, of errors their code
  std::string_view content_type;
  std::string_view error_message;
  std::string_view payload;

  [[nodiscard]] bool is_event() const noexcept { return message_type == "event"; }
};

/// Every byte fed comes out exactly once and in order, as part of a frame whose checksums are right. Copies only frames that arrive in pieces.
class frame_splitter {
 public:
  static constexpr std::size_t longest_frame = 8u << 20;      // AWS allows 16 MiB of payload; Converse sends a few hundred bytes
  static constexpr std::size_t longest_headers = 128u << 10;  // AWS's own limit

  /// Continues with `chunk`; the frames then come from next(). Earlier frames become invalid.
  void feed(std::string_view chunk);
  /// False when no whole frame is left, or after a fault.
  [[nodiscard]] bool next(event_frame& out);
  /// What is wrong with the stream, for people; empty: nothing. Nothing comes out after it.
  [[nodiscard]] std::string_view fault() const noexcept { return fault_; }
  /// A frame has begun and not ended.
  [[nodiscard]] bool is_inside_frame() const noexcept { return !tail_.empty(); }

 private:
  [[nodiscard]] std::size_t frame_size(std::string_view begin);
  [[nodiscard]] bool fill_tail(std::size_t wanted);
  [[nodiscard]] bool open(std::string_view frame, event_frame& out);
  [[nodiscard]] bool read_headers(std::string_view block, event_frame& out);

  std::string tail_;         // the unfinished frame of earlier chunks
  std::string joined_;       // a frame that needed more than one chunk; lives until the next feed
  std::string_view chunk_;   // not looked at yet
  std::string_view fault_;

  struct place {
    std::size_t at = 0, size = 0;
  };
  std::string headers_;      // the last frame's: most frames of a stream have the same
  place message_type_, event_type_, content_type_, error_message_;   // in them
};

/// Writes one frame onto the end of a string: its headers first, then whatever is appended to the string, then end().
class frame_writer {
 public:
  /// `message_type`: "event" or "exception"; `type`: what ":event-type" or ":exception-type" is to say. The payload is to be JSON.
  frame_writer(std::string& out, std::string_view message_type, std::string_view type);
  /// Fills in sizes and checksums. Precondition: the frame is shorter than 4 GiB.
  void end();

 private:
  std::string& out_;
  std::size_t begin_;
};

}  // namespace switchyard::providers
