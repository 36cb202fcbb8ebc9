// Cuts a server-sent event stream into whole events, however its bytes arrive, without copying what arrives whole.
//
//   stream = *event          event = *(line eol) eol          eol = CR LF / LF / CR
//
// Every byte fed comes out exactly once and in order: an event includes its blank line. Comments and stray blank lines are events too.
// Except, if its reader wants that, of events that are still unfinished after 64 KiB: of these the digest comes out (event_digest.hpp).
#pragma once

#include "providers/event_digest.hpp"
#include "providers/packed_text.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace switchyard::providers {

/// One event, or the LF that completes the CR LF of the event before it.
struct sse_piece {
  std::string_view bytes;
  bool completes_last = false;
  const packed_text* whole = nullptr;    ///< of a digested event whose bytes were to be kept: all of them
};

class sse_splitter {
 public:
  /// An event longer than this is refused.
  static constexpr std::size_t longest_event = 8u << 20;
  /// An event of which so much has come, and not its end, is digested if that is wanted.
  static constexpr std::size_t long_event = 64u << 10;

  enum class long_bytes { dropped, kept };
  /// From now on only the digest of long events is held, and maybe all their bytes, packed. `rule` must outlive this.
  void digest_long_events(digest_rule& rule, long_bytes bytes);

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
  struct long_events {
    explicit long_events(digest_rule& rule) : digest(rule) {}
    event_digest digest;
    packed_text whole, last_whole;  // of the event under way, of the one that came out last
    std::size_t size = 0;           // of the event under way; 0: it is not long
    bool keeps_bytes = false;
  };

  void keep_rest();
  void add(std::string_view rest);
  void digest(std::string_view bytes);
  [[nodiscard]] bool is_long() const noexcept { return long_ != nullptr && long_->size != 0; }
  [[nodiscard]] std::size_t size_so_far() const noexcept { return is_long() ? long_->size : tail_.size(); }

  std::string tail_;              // the unfinished event of earlier chunks, or its digest
  std::string joined_;            // an event that needed more than one chunk; lives until the next feed
  std::string_view chunk_;
  std::size_t at_ = 0;            // scanned so far
  std::size_t start_ = 0;         // of the current event in the chunk
  bool line_empty_ = true;
  bool line_ended_by_cr_ = false; // an LF now belongs to that line
  bool event_ended_by_cr_ = false;
  bool overlong_ = false;
  std::unique_ptr<long_events> long_;
};

/// An event's fields. `data` points into the event when it has one data line, else into `storage`.
struct sse_fields {
  std::string_view event;
  std::string_view data;
  bool has_data = false;
};
[[nodiscard]] sse_fields read_sse_fields(std::string_view event, std::string& storage);

}  // namespace switchyard::providers
