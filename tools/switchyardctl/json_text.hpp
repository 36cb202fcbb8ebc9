// Reading the admin API's JSON without trusting its shape, and figures as people read them.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::ctl {

/// What stands at "window.calls"; nullptr when anything on the way is missing or null.
[[nodiscard]] const boost::json::value* member(const boost::json::value& from, std::string_view dotted_path) noexcept;
/// A scalar as text, a list joined by commas, an object as JSON; "-" when missing, null or empty.
[[nodiscard]] std::string text_at(const boost::json::value& from, std::string_view dotted_path);
[[nodiscard]] std::string text_of(const boost::json::value& what);
[[nodiscard]] std::optional<double> number_at(const boost::json::value& from, std::string_view dotted_path) noexcept;

/// The list itself, or the one under `name` in an object; an empty list otherwise.
[[nodiscard]] const boost::json::array& list_of(const boost::json::value& answer, std::string_view name) noexcept;

/// Two blanks per level, short enough to read.
[[nodiscard]] std::string indented_json(const boost::json::value& what);

/// At most `digits` behind the point, no trailing zeros: 0.7, 12, 3.25.
[[nodiscard]] std::string short_number(double value, int digits = 2);
/// 850us, 12.3ms, 4.2s, 3m 5s, 2h 10m, 4d 3h.
[[nodiscard]] std::string short_duration(double microseconds);
/// 0.934 -> 93.4%.
[[nodiscard]] std::string percent(double share);
/// "2025-11-24T12:38:31.204Z" -> "12:38:31.204"; other texts as they are.
[[nodiscard]] std::string clock_of(const std::string& timestamp);

}  // namespace switchyard::ctl
