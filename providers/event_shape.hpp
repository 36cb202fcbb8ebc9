// An event that differs from an earlier one in a few values alone need not be read again: comparing costs a tenth of reading.
//
//   data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" rain"}}      one value may differ: " rain"
//
// A value is a string, a whole number or an object, and has to be one of the same sort again.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace switchyard::providers {

class event_shape {
 public:
  static constexpr std::size_t most_values = 4;
  using values = std::array<std::string_view, most_values>;

  /// `differing`: JSON values within `event`, empty ones left out. An event that they do not stand in (it was joined from several lines) and
  /// a long one are not remembered.
  void remember(std::string_view event, std::initializer_list<std::string_view> differing);
  void forget() noexcept { count_ = 0; }
  /// Is `event` the one remembered but for its values? Then they are in `found`, in the order in which they were given to remember().
  [[nodiscard]] bool matches(std::string_view event, values& found);

 private:
  struct hole {
    std::size_t literal_end = 0;         // of what stands before the value, in literals_
    std::size_t given = 0;               // its place in `differing`
    char sort = '"';                     // '"', '0' or '{'
  };
  std::string literals_;                 // the event without its values
  std::array<hole, most_values> holes_;  // in the event's order
  std::size_t count_ = 0;                // of them; 0: nothing is remembered
  std::string object_;                   // the last object found: counts stay the same for most of many streams, and comparing is cheaper
};

}  // namespace switchyard::providers
