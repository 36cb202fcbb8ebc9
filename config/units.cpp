#include "config/units.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace switchyard::config {

namespace {

using unit_row = std::pair<std::string_view, std::uint64_t>;

// Largest first: formatting takes the first that divides.
constexpr std::array<unit_row, 5> duration_units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit_row, 3> size_units{{{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}}};
constexpr std::uint64_t longest_ms = 3650ull * 86'400'000;
constexpr std::uint64_t largest_size = 1ull << 63;

struct amount {
  std::uint64_t count;
  std::string_view unit;
};

std::optional<amount> split(std::string_view text) noexcept {
  amount parsed{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), parsed.count);
  if (failure != std::errc{}) return std::nullopt;
  parsed.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return parsed;
}

template <std::size_t N>
std::optional<std::uint64_t> scale(const amount& what, const std::array<unit_row, N>& units, std::uint64_t limit) noexcept {
  for (const auto& [name, factor] : units) {
    if (name != what.unit) continue;
    if (what.count > limit / factor) return std::nullopt;
    return what.count * factor;
  }
  return std::nullopt;
}

/// Reads `digits` digits off the front; -1: they are not there.
int take_digits(std::string_view& text, std::size_t digits) noexcept {
  int value = 0;
  if (text.size() < digits) return -1;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) noexcept {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) noexcept {
  const auto parsed = split(text);
  if (!parsed) return std::nullopt;
  const auto ms = scale(*parsed, duration_units, longest_ms);
  if (!ms) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(*ms));
}

std::string format_duration(milliseconds duration) {
  const auto ms = static_cast<std::uint64_t>(duration.count());
  if (ms == 0) return "0s";
  for (const auto& [name, factor] : duration_units)
    if (ms % factor == 0) return std::to_string(ms / factor) + std::string(name);
  return std::to_string(ms) + "ms";
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  const auto parsed = split(text);
  if (!parsed) return std::nullopt;
  if (parsed->unit.empty()) return parsed->count <= largest_size ? std::optional(parsed->count) : std::nullopt;
  return scale(*parsed, size_units, largest_size);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes != 0)
    for (const auto& [name, factor] : size_units)
      if (bytes % factor == 0) return std::to_string(bytes / factor) + std::string(name);
  return std::to_string(bytes);
}

std::optional<wall_time> parse_time(std::string_view text) noexcept {
  const int year = take_digits(text, 4);
  if (year < 1970 || !take(text, '-')) return std::nullopt;
  const int month = take_digits(text, 2);
  if (month < 1 || !take(text, '-')) return std::nullopt;
  const int day = take_digits(text, 2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day < 0 ? 0 : day))};
  if (!date.ok()) return std::nullopt;
  auto at = seconds(std::chrono::sys_days(date).time_since_epoch());
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ':')) return std::nullopt;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59 || !take(text, ':')) return std::nullopt;
    const int second = take_digits(text, 2);
    if (second < 0 || second > 59) return std::nullopt;
    at += seconds(hour * 3600 + minute * 60 + second);
    if (!take(text, 'Z')) {
      const int sign = take(text, '+') ? 1 : take(text, '-') ? -1 : 0;
      const int hours = take_digits(text, 2);
      if (sign == 0 || hours < 0 || hours > 23 || !take(text, ':')) return std::nullopt;
      const int minutes = take_digits(text, 2);
      if (minutes < 0 || minutes > 59) return std::nullopt;
      at -= seconds(sign * (hours * 3600 + minutes * 60));
    }
    if (!text.empty() || at.count() < 0) return std::nullopt;
  }
  return wall_time(at);
}

std::string format_time(wall_time at) {
  const auto whole = std::chrono::floor<seconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(whole);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(whole - day);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace switchyard::config
