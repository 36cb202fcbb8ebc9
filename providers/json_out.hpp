// Writes compact JSON onto the end of a string, values as they come: raw JSON text, text to be quoted, numbers.
#pragma once

#include "providers/json_scan.hpp"

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace switchyard::providers::json {

/// begin_object, key, value, …, end_object: the caller keeps the order valid; commas are put where they belong. Any number of values may
/// be written by others into str() between calls if they are announced by place().
class out {
 public:
  explicit out(std::string& into) noexcept : into_(into) {}

  void begin_object() { place(), into_ += '{', comma_ = false; }
  void end_object() { into_ += '}', comma_ = true; }
  void begin_array() { place(), into_ += '[', comma_ = false; }
  void end_array() { into_ += ']', comma_ = true; }
  /// `name` needs no escaping.
  void key(std::string_view name) {
    place();
    into_ += '"';
    into_ += name;
    into_ += "\":";
    comma_ = false;
  }
  /// A value that is JSON already.
  void raw(std::string_view value) { place(), into_ += value, comma_ = true; }
  /// A value that is to become a JSON string.
  void text(std::string_view value) { place(), append_string(into_, value), comma_ = true; }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  void number(std::int64_t value) {
    char digits[24];
    raw({digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, value).ptr - digits)});
  }

  void raw(std::string_view name, std::string_view value) { key(name), raw(value); }
  void text(std::string_view name, std::string_view value) { key(name), text(value); }
  void boolean(std::string_view name, bool value) { key(name), boolean(value); }
  void number(std::string_view name, std::int64_t value) { key(name), number(value); }
  /// Only when there is one.
  void raw_if(std::string_view name, std::string_view value) {
    if (!value.empty()) raw(name, value);
  }

  /// An array of what `write(*this, row)` makes of each row.
  template <class Rows, class Write>
  void list(std::string_view name, const Rows& rows, Write&& write) {
    key(name);
    begin_array();
    for (const auto& row : rows) write(*this, row);
    end_array();
  }

  /// A comma if one is due: the next value is written by someone else straight into str(), who then calls placed().
  void place() {
    if (comma_) into_ += ',';
  }
  void placed() noexcept { comma_ = true; }
  [[nodiscard]] std::string& str() noexcept { return into_; }

 private:
  std::string& into_;
  bool comma_ = false;
};

/// The inside of a JSON string value: without its quotes. "" for anything else.
[[nodiscard]] inline std::string_view inside(std::string_view value) noexcept {
  return is_string(value) ? value.substr(1, value.size() - 2) : std::string_view{};
}
/// Is `value` the JSON string `text` (which needs no escaping)?
[[nodiscard]] inline bool is_text(std::string_view value, std::string_view text) noexcept { return is_string(value) && inside(value) == text; }

}  // namespace switchyard::providers::json
