// Stand-ins for what a provider is not to see: "[EMAIL_1]" goes out in place of an address, and the address comes back in the answer.
//
//   placeholder = "[" KIND "_" number "]"          KIND of A-Z and "_"; one number a text and kind, counted from 1 in the order of the request
// The same text has the same placeholder within a request, so that the model can still tell who is who; and in the next request of the
// conversation, too, as long as its beginning is repeated. A placeholder that the client's own text holds already is not used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::providers {

class placeholder_book {
 public:
  /// `text`: plain, as it is to come back. `body`: the request, in which no new placeholder may occur.
  [[nodiscard]] std::string_view stand_in(std::string_view kind, std::string_view text, std::string_view body);

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  /// How a text stands within a JSON string, and within JSON that is itself the content of a JSON string (a tool call's arguments).
  enum class nesting : std::uint8_t { string, string_in_string };
  /// The text behind a placeholder, escaped; empty: it is none of ours.
  [[nodiscard]] std::string_view text_of(std::string_view placeholder, nesting where) const noexcept;
  /// Appends the inside of a JSON string to `out` with every placeholder of ours replaced by its text. False: it holds none, `out` is untouched.
  [[nodiscard]] bool put_back(std::string_view inside, nesting where, std::string& out) const;
  /// Could `text` be the beginning of one of ours?
  [[nodiscard]] bool begins_one(std::string_view text) const noexcept;
  [[nodiscard]] std::size_t longest() const noexcept { return longest_; }

 private:
  struct entry {
    std::string placeholder;
    std::string text;                            ///< as it came
    std::string escaped;                         ///< for nesting::string
    std::string escaped_twice;
  };
  std::deque<entry> entries_;                    ///< a deque: stand_in() gives views
  std::size_t longest_ = 0;
};

/// A JSON text's string values, without a tree: whatever the structure, one after the other.
struct json_string {
  std::string_view key;                          ///< of the member it is the value of, or of the list it stands in; raw
  std::size_t begin = 0;                         ///< of what is between the quotes
  std::size_t end = 0;
  placeholder_book::nesting nesting = placeholder_book::nesting::string;
};
void find_strings(std::string_view json, std::vector<json_string>& out);

/// Puts the texts back into every string value of a JSON text. False: there was nothing to put back, `out` is untouched.
[[nodiscard]] bool restore(const placeholder_book& book, std::string_view json, std::string& out);

/// Puts them back into a stream, event by event, where a placeholder may come in pieces: "[EM", "AIL_", "1]".
///
/// An event whose text ends in what may become a placeholder is held until the text's next piece shows what it is. Only its tail moves on
/// to that next event; if there is none, it goes out as it came. Nothing else waits: at most one event per text is held.
class stream_restorer {
 public:
  /// Server-sent events; frames of AWS's event stream; the objects of one JSON array (Gemini without alt=sse).
  enum class shape : std::uint8_t { events, frames, array };
  stream_restorer(const placeholder_book& book, shape of_stream) : book_(book), shape_(of_stream) {}

  /// Whole events in, whole events out; valid until the next call, and as long as `events` are.
  [[nodiscard]] std::span<const std::string_view> feed(std::span<const std::string_view> events);
  /// The stream has ended: what the last feed() gave, and behind it what was still held.
  [[nodiscard]] std::span<const std::string_view> finish();
  /// A stream that is there in full.
  [[nodiscard]] std::string whole(std::string_view stream);

 private:
  struct held_event {
    std::string key;                             ///< the member that holds the text
    std::string identity;                        ///< which of several texts it is
    std::string pending;                         ///< the tail that may become a placeholder
    std::string without;                         ///< the event less that tail
    std::string whole;                           ///< the event as it would go out if nothing follows
  };
  struct edit {
    std::size_t begin, end;
    std::string text;
  };

  void split(std::string_view bytes);
  void take(std::string_view event);
  void emit(std::string event) { out_.push_back(made_.emplace_back(std::move(event))); }
  void release_all();
  void release_others();
  [[nodiscard]] std::string rebuilt(std::string_view event, std::string_view payload, std::span<const edit> edits) const;

  const placeholder_book& book_;
  shape shape_;
  bool last_is_held_ = false;                    ///< the newest event is the newest held one
  std::vector<held_event> held_;
  std::vector<json_string> strings_;             ///< scratch
  std::vector<std::string_view> out_;
  std::deque<std::string> made_;
};

}  // namespace switchyard::providers
