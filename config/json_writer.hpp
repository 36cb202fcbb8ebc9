// Writes JSON in the order it is told, indented by two blanks.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace switchyard::config {

/// begin_object, key, value, key, value, end_object: the caller keeps the order valid. Text must be UTF-8.
class json_writer {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_list() { open('['); }
  void end_list() { close(']'); }
  void key(std::string_view name);

  void text(std::string_view value);
  void null();
  void boolean(bool value);
  template <class Number>
    requires std::is_arithmetic_v<Number> && (!std::same_as<Number, bool>)
  void number(Number value) {
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    raw(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  void member(std::string_view name, std::string_view value) { key(name), text(value); }
  void member(std::string_view name, const char* value) { key(name), text(value); }
  void member(std::string_view name, bool value) { key(name), boolean(value); }
  template <class Number>
    requires std::is_arithmetic_v<Number> && (!std::same_as<Number, bool>)
  void member(std::string_view name, Number value) {
    key(name), number(value);
  }

  /// The text so far; ends with a newline once the outermost value is closed.
  [[nodiscard]] const std::string& str() const noexcept { return out_; }

 private:
  void open(char bracket);
  void close(char bracket);
  void raw(std::string_view token);
  void place();                                  ///< comma and line break before a value or key
  void line_break();

  std::string out_;
  int depth_ = 0;
  bool first_ = true;                            ///< nothing stands in the innermost bracket yet
  bool after_key_ = false;
};

}  // namespace switchyard::config
