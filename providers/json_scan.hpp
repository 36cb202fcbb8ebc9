// Walks JSON text in place: members, elements and where each value stands, without a tree and without copying.
//
// For what simdjson's DOM cannot say (byte ranges to edit) and for stream events, too small to be worth a parse. Safe on any bytes:
// it never reads outside the text, and text whose structure does not close is reported, not guessed. It is no validator:
// what stands inside a skipped value is only balanced, and literals are taken as they come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::providers::json {

inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// First position at or after `at` that is not JSON white space (text.size() when there is none).
[[nodiscard]] std::size_t skip_space(std::string_view text, std::size_t at) noexcept;
/// `at` is an opening quote; the position after the closing one, or npos.
[[nodiscard]] std::size_t skip_string(std::string_view text, std::size_t at) noexcept;
/// `at` is the first byte of a value; the position after it, or npos when it does not end.
[[nodiscard]] std::size_t skip_value(std::string_view text, std::size_t at) noexcept;

/// `at` is an opening brace or bracket; the position after its closing one. npos: it does not close, or has an escape or a control character, which
/// the numbers and names of a stream's events do not have; it costs a third of skip_value() when there are many of them.
[[nodiscard]] std::size_t skip_plain_container(std::string_view text, std::size_t at) noexcept;
/// How many bytes at the front of a string's inside are characters that stand for themselves and take one byte each; the next one may, too
/// (a few signs are not told apart).
[[nodiscard]] std::size_t plain_characters(std::string_view inside) noexcept;

/// How deep containers nest (1 for "[]").
[[nodiscard]] std::size_t nesting_depth(std::string_view text) noexcept;

/// One member of an object. Positions count from the start of the text given to `members`.
struct member {
  std::string_view name;      ///< between the quotes, escapes as they stand
  std::string_view value;     ///< raw, quotes and brackets included
  std::size_t begin = 0;      ///< the name's opening quote
  std::size_t value_begin = 0;
  std::size_t end = 0;        ///< after the value
};

/// The members of the object that `text` holds. After next() returned false, ok() tells whether the object closed properly.
class members {
 public:
  explicit members(std::string_view text) noexcept;
  bool next(member& out) noexcept;
  [[nodiscard]] bool ok() const noexcept { return state_ == state::closed; }
  /// Position after the opening brace.
  [[nodiscard]] std::size_t after_open_brace() const noexcept { return open_; }
  /// Position after the closing brace; ok() only.
  [[nodiscard]] std::size_t end() const noexcept { return at_; }

 private:
  enum class state { first, more, closed, broken };
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t open_ = 0;
  state state_ = state::broken;
};

/// The elements of the array that `text` holds, likewise.
class elements {
 public:
  explicit elements(std::string_view text) noexcept;
  bool next(std::string_view& out) noexcept;
  [[nodiscard]] bool ok() const noexcept { return state_ == state::closed; }

 private:
  enum class state { first, more, closed, broken };
  std::string_view text_;
  std::size_t at_ = 0;
  state state_ = state::broken;
};

[[nodiscard]] inline bool is_string(std::string_view value) noexcept { return value.size() >= 2 && value.front() == '"'; }
/// What has to be a string is one, whatever came: the value itself or "".
[[nodiscard]] inline std::string_view or_empty(std::string_view value) noexcept { return is_string(value) ? value : std::string_view(R"("")"); }
[[nodiscard]] inline bool is_object(std::string_view value) noexcept { return !value.empty() && value.front() == '{'; }
[[nodiscard]] inline bool is_array(std::string_view value) noexcept { return !value.empty() && value.front() == '['; }
[[nodiscard]] inline bool is_null(std::string_view value) noexcept { return value == "null"; }
/// An object or array with something in it.
[[nodiscard]] bool has_entries(std::string_view value) noexcept;
/// A string with at least one character.
[[nodiscard]] inline bool has_text(std::string_view value) noexcept { return is_string(value) && value.size() > 2; }

/// The raw value of the first member of that name; empty when there is none or `object` is no object.
[[nodiscard]] std::string_view find(std::string_view object, std::string_view name) noexcept;
/// A non-negative integer ("12", also "12.0"); nullopt for anything else.
[[nodiscard]] std::optional<std::int64_t> as_count(std::string_view value) noexcept;
/// The text of a string value with its escapes resolved; malformed escapes are kept as they stand, lone surrogates become U+FFFD.
[[nodiscard]] std::string unescape(std::string_view value);
/// Characters in a string value, roughly: bytes, with an escape counted as one.
[[nodiscard]] std::size_t text_length(std::string_view value) noexcept;

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);

}  // namespace switchyard::providers::json
