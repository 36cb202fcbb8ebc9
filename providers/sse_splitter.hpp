// Cuts a server-sent event stream into whole events, however its bytes arrive, without copying what arrives whole.
//
//   stream = *event          event = *(line eol) eol          eol = CR LF / LF / CR
//
// Every byte fed comes out exactly once and in order: an event includes its blank line. Comments and stray blank lines are events too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchyard::providers {

/// One event, or the LF that completes the CR LF of the event before it.
struct sse_piece {
  std::string_view bytes;
  bool completes_last = false;
};

class sse_splitter {
 public:
  /// An event longer than this is refused.
  static constexpr std::size_t longest_event = 8u << 20;

  /// Continues with `chunk`; the pieces then come from next(). Earlier pieces become invalid.
  void feed(std::string_view chunk);
  /// False when the chunk has no whole event left.
  [[nodiscard]] bool next(sse_piece& out);
  /// An event has grown too long; nothing comes out any more.
  [[nodiscard]] bool overlong() const noexcept { return overlong_; }

  /// The unfinished event so far, after next() returned false.
  [[nodiscard]] std::string_view pending() const noexcept { return tail_; }
  /// Gives up waiting for its blank line: what was pending, as it stands. Lives until the next feed.
  [[nodiscard]] std::string_view take_pending();
  /// What next() has not looked at yet of the chunk.
  [[nodiscard]] std::string_view rest() const noexcept { return chunk_.substr(start_); }

 private:
  void keep_rest();

  std::string tail_;              // the unfinished event of earlier chunks
  std::string joined_;            // an event that needed more than one chunk; lives until the next feed
  std::string_view chunk_;
  std::size_t at_ = 0;            // scanned so far
  std::size_t start_ = 0;         // of the current event in the chunk
  bool line_empty_ = true;
  bool line_ended_by_cr_ = false; // an LF now belongs to that line
  bool event_ended_by_cr_ = false;
  bool overlong_ = false;
};

/// An event's fields. `data` points into the event when it has one data line, else into `storage`.
struct sse_fields {
  std::string_view event;
  std::string_view data;
  bool has_data = false;
};
[[nodiscard]] sse_fields read_sse_fields(std::string_view event, std::string& storage);

}  // namespace switchyard::providers
