// Looks fields of parsed JSON up; a wrong type reads as "not there".
#pragma once

#include "tools/sim/reply.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <variant>

namespace switchyard::sim {

/// Either what was asked or the refusal to send.
template <class T>
using parsed = std::variant<T, reply>;

/// The field; nothing when it is missing or null.
[[nodiscard]] const boost::json::value* field_of(const boost::json::object& from, std::string_view key) noexcept;
[[nodiscard]] std::string_view text_of(const boost::json::object& from, std::string_view key) noexcept;
[[nodiscard]] const boost::json::object* object_of(const boost::json::object& from, std::string_view key) noexcept;
[[nodiscard]] const boost::json::array* array_of(const boost::json::object& from, std::string_view key) noexcept;
[[nodiscard]] bool flag_of(const boost::json::object& from, std::string_view key, bool otherwise) noexcept;
/// A whole number; nothing for everything else.
[[nodiscard]] std::optional<std::int64_t> integer_of(const boost::json::value& from) noexcept;

/// The first key of `from` that is not among `known`; empty: none.
[[nodiscard]] std::string_view unknown_key(const boost::json::object& from, std::initializer_list<std::string_view> known) noexcept;

[[nodiscard]] bool is_one_of(std::string_view word, std::initializer_list<std::string_view> known) noexcept;
/// Letters, digits and the characters of `more` only, 1 to `longest` bytes.
[[nodiscard]] bool is_name(std::string_view text, std::string_view more, std::size_t longest) noexcept;
/// Base64 with the standard alphabet (or the one for URLs) and right padding.
[[nodiscard]] bool is_base64(std::string_view text) noexcept;
[[nodiscard]] bool is_blank(std::string_view text) noexcept;

}  // namespace switchyard::sim
