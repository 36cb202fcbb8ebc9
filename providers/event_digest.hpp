// An event too long to be held: its bytes go by once, and what nobody will read of it is left out on the way.
//
//   data: {"type":"response.output_text.done","output_index":0,"content_index":0,"text":"a megabyte"}
//   data: {"type":"response.output_text.done","output_index":0,"content_index":0,"text":""}               its digest
//
// The digest is what the event would be if the values of some members were empty: a string "", an array [], an object {}. Whether a member
// may be left out is for its reader to say, from the name and from what has come of the event before it. Survives any split of the bytes.
// What is not well-formed stays so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers {

class digest_rule {
 public:
  virtual ~digest_rule() = default;
  /// A long event begins.
  virtual void next_event() = 0;
  /// A member `name` comes: will nobody read its value? `before` is what the digest has of the event's JSON so far, without its end.
  [[nodiscard]] virtual bool is_idle(std::string_view name, std::string_view before) = 0;
};

class event_digest {
 public:
  /// `rule` must outlive this.
  explicit event_digest(digest_rule& rule) : rule_(rule) {}

  void begin();
  /// Appends to `out`, which holds the event's digest so far and nothing else, what is worth keeping of `bytes`.
  void feed(std::string_view bytes, std::string& out);

 private:
  enum class place : unsigned char { line_start, other_line, json };
  void take(char c, std::string& out);
  [[nodiscard]] bool leaves_out(const std::string& out);
  [[nodiscard]] bool keeps() const noexcept { return !skipping_string_ && skip_depth_ == 0; }

  digest_rule& rule_;
  place place_ = place::line_start;
  std::size_t matched_ = 0;              // of "data:" at the start of a line
  std::size_t json_ = 0;                 // where the JSON begins in the digest
  std::vector<bool> objects_;            // the containers we are in: an object?
  std::size_t name_ = 0, name_size_ = 0; // the last member's name in the digest
  bool in_string_ = false, escaped_ = false;
  bool is_name_ = false;                 // the string we are in
  bool wants_name_ = false;              // the next string is one
  bool wants_value_ = false;             // of a member
  bool skipping_string_ = false;
  std::size_t skip_depth_ = 0;           // of the container that is left out
};

}  // namespace switchyard::providers
