// What providers say of their limits in headers. Spellings differ, meanings do not:
//   x-ratelimit-{limit,remaining,reset}-{requests,tokens}                      OpenAI, Groq, Azure, Fireworks
//   x-ratelimit-{limit,remaining,reset}-{requests-day,tokens-minute,...}       Cerebras; -{req,tokens}-minute Mistral
//   x-ratelimit-{limit,remaining,reset}, ratelimit-{limit,remaining,reset}     OpenRouter, Together, the IETF draft: requests
//   anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}   Anthropic; resets are RFC 3339 time stamps
#include "providers/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace switchyard::providers {

namespace {

constexpr milliseconds longest = std::chrono::hours(1);
constexpr milliseconds unknown_reset = seconds(1);   // something is used up and nothing says until when
constexpr double epoch_like = 1e8;                   // a bare number above that is a time stamp, not a duration in seconds

[[nodiscard]] milliseconds capped(double ms) noexcept {
  if (!(ms > 0)) return milliseconds(0);
  if (ms >= static_cast<double>(longest.count())) return longest;
  return milliseconds(static_cast<std::int64_t>(std::ceil(ms)));
}

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// A non-negative decimal such as "7" or "1.5"; advances `text` behind it.
[[nodiscard]] bool read_decimal(std::string_view& text, double& out) noexcept {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (problem != std::errc{} || !(value >= 0) || !std::isfinite(value)) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  out = value;
  return true;
}

[[nodiscard]] std::optional<std::int64_t> read_count(std::string_view text) noexcept {
  text = trimmed(text);
  double value = 0;
  if (text.starts_with('-')) return 0;   // some count below zero
  if (!read_decimal(text, value) || value > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

[[nodiscard]] bool read_digits(std::string_view text, int& out) noexcept {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc{} && end == text.data() + text.size() && out >= 0;
}

/// The clock counts nanoseconds and ends in 2262; whoever means a year beyond 2200 means never.
[[nodiscard]] std::chrono::year within_the_clock(int year) noexcept { return std::chrono::year(std::clamp(year, 1970, 2200)); }

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110's preferred form; nobody sends the obsolete two).
[[nodiscard]] std::optional<wall_time> read_http_date(std::string_view text) noexcept {
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text[3] != ',' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") return std::nullopt;
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  if (month == months.end() || !read_digits(text.substr(5, 2), day) || !read_digits(text.substr(12, 4), year) ||
      !read_digits(text.substr(17, 2), hour) || !read_digits(text.substr(20, 2), minute) || !read_digits(text.substr(23, 2), second))
    return std::nullopt;
  const std::chrono::year_month_day date{within_the_clock(year), std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
}

/// "2025-01-01T00:00:00Z", "2025-01-01T00:00:00.25+01:00" (RFC 3339). A fraction is cut to milliseconds.
[[nodiscard]] std::optional<wall_time> read_rfc3339(std::string_view text) noexcept {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':' || !read_digits(text.substr(0, 4), year) || !read_digits(text.substr(5, 2), month) ||
      !read_digits(text.substr(8, 2), day) || !read_digits(text.substr(11, 2), hour) || !read_digits(text.substr(14, 2), minute) ||
      !read_digits(text.substr(17, 2), second))
    return std::nullopt;
  const std::chrono::year_month_day date{within_the_clock(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  text.remove_prefix(19);
  milliseconds fraction{0};
  if (text.front() == '.') {
    text.remove_prefix(1);
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 9) return std::nullopt;
    int worth = 100;
    for (std::size_t i = 0; i < digits && worth > 0; ++i, worth /= 10) fraction += milliseconds((text[i] - '0') * worth);
    text.remove_prefix(digits);
  }
  int offset_hours = 0, offset_minutes = 0;
  const bool numeric = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
                       read_digits(text.substr(1, 2), offset_hours) && read_digits(text.substr(4, 2), offset_minutes);
  if (!numeric && text != "Z" && text != "z") return std::nullopt;
  const auto offset = (std::chrono::hours(offset_hours) + std::chrono::minutes(offset_minutes)) * (text[0] == '-' ? -1 : 1);
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second) + fraction - offset;
}

/// A limit is whatever is closest to running out: of several windows the one with the least left.
struct window {
  std::optional<std::int64_t> limit, remaining;
  milliseconds reset{0};
};

enum class part { none, limit, remaining, reset };

[[nodiscard]] part read_part(std::string_view word) noexcept {
  if (equal_ignoring_case(word, "limit")) return part::limit;
  if (equal_ignoring_case(word, "remaining")) return part::remaining;
  if (equal_ignoring_case(word, "reset")) return part::reset;
  return part::none;
}

/// A duration, or a time stamp relative to `now`.
[[nodiscard]] milliseconds read_reset(std::string_view value, wall_time now) noexcept {
  if (const auto at = read_rfc3339(trimmed(value))) return capped(std::chrono::duration<double, std::milli>(*at - now).count());
  return parse_reset_duration(value);
}

void set(window& of, part which, std::string_view value, wall_time now) noexcept {
  switch (which) {
    case part::limit: of.limit = read_count(value); break;
    case part::remaining: of.remaining = read_count(value); break;
    case part::reset: of.reset = read_reset(value, now); break;
    case part::none: break;
  }
}

[[nodiscard]] bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept {
  return equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

/// The share left, for choosing between windows; unknown counts as full.
[[nodiscard]] double share(const window& of) noexcept {
  if (!of.remaining) return 2;
  if (*of.remaining <= 0) return 0;
  if (!of.limit || *of.limit <= 0) return 1;
  return std::min(1.0, static_cast<double>(*of.remaining) / static_cast<double>(*of.limit));
}

}  // namespace

milliseconds parse_reset_duration(std::string_view text) noexcept {
  text = trimmed(text);
  double total_ms = 0;
  bool first = true;
  while (!text.empty()) {
    double value = 0;
    if (!read_decimal(text, value)) return milliseconds(0);
    if (text.empty()) return first && value < epoch_like ? capped(value * 1e3) : milliseconds(0);
    double unit_ms = 0;
    std::size_t length = 1;
    if (text.starts_with("ms")) {
      unit_ms = 1;
      length = 2;
    } else if (text.starts_with("us") || text.starts_with("ns")) {
      unit_ms = text[0] == 'u' ? 1e-3 : 1e-6;
      length = 2;
    } else if (text.starts_with("\xC2\xB5s") || text.starts_with("\xCE\xBCs")) {
      unit_ms = 1e-3;
      length = 3;
    } else {
      switch (text.front()) {
        case 's': unit_ms = 1e3; break;
        case 'm': unit_ms = 60e3; break;
        case 'h': unit_ms = 3600e3; break;
        case 'd': unit_ms = 86400e3; break;
        default: return milliseconds(0);
      }
    }
    total_ms += value * unit_ms;
    text.remove_prefix(length);
    first = false;
  }
  return capped(total_ms);
}

milliseconds read_retry_after(std::span<const header> headers, wall_time now) noexcept {
  if (auto text = trimmed(find_header(headers, "retry-after-ms")); !text.empty()) {
    double ms = 0;
    if (read_decimal(text, ms) && text.empty() && ms > 0) return capped(ms);
  }
  auto text = trimmed(find_header(headers, "retry-after"));
  if (text.empty()) return milliseconds(0);
  if (const auto date = read_http_date(text))
    return capped(std::chrono::duration<double, std::milli>(*date - now).count());
  double value = 0;
  return read_decimal(text, value) && text.empty() ? capped(value * 1e3) : milliseconds(0);
}

rate_limit_report read_rate_limit_headers(std::span<const header> headers, wall_time now) noexcept {
  // One window per kind and period; [0] plain, [1] minute, [2] hour, [3] day; Anthropic's input and
  // output tokens take [1] and [2].
  std::array<window, 4> requests, tokens;
  for (const auto& h : headers) {
    std::string_view name = h.name;
    if (starts_with_ignoring_case(name, "anthropic-ratelimit-")) {
      name.remove_prefix(20);
      const auto dash = name.rfind('-');
      if (dash == std::string_view::npos) continue;
      const auto kind = name.substr(0, dash);
      const auto which = read_part(name.substr(dash + 1));
      if (equal_ignoring_case(kind, "requests")) set(requests[0], which, h.value, now);
      if (equal_ignoring_case(kind, "tokens")) set(tokens[0], which, h.value, now);
      if (equal_ignoring_case(kind, "input-tokens")) set(tokens[1], which, h.value, now);
      if (equal_ignoring_case(kind, "output-tokens")) set(tokens[2], which, h.value, now);
      continue;
    }
    if (starts_with_ignoring_case(name, "x-")) name.remove_prefix(2);
    if (!starts_with_ignoring_case(name, "ratelimit-")) continue;
    name.remove_prefix(10);
    const auto dash = name.find('-');
    const auto which = read_part(name.substr(0, dash));
    std::string_view kind = dash == std::string_view::npos ? std::string_view{} : name.substr(dash + 1);
    std::size_t period = 0;
    if (const auto cut = kind.find('-'); cut != std::string_view::npos) {
      const auto word = kind.substr(cut + 1);
      period = equal_ignoring_case(word, "minute") ? 1 : equal_ignoring_case(word, "hour") ? 2 : equal_ignoring_case(word, "day") ? 3 : 4;
      kind = kind.substr(0, cut);
    }
    if (which == part::none || period == 4) continue;
    if (kind.empty() || equal_ignoring_case(kind, "requests") || equal_ignoring_case(kind, "req"))
      set(requests[period], which, h.value, now);
    else if (equal_ignoring_case(kind, "tokens"))
      set(tokens[period], which, h.value, now);
  }
  const auto tighter = [](const window& a, const window& b) { return share(a) < share(b); };
  const auto& r = *std::min_element(requests.begin(), requests.end(), tighter);
  const auto& t = *std::min_element(tokens.begin(), tokens.end(), tighter);
  rate_limit_report report;
  report.requests_limit = r.limit;
  report.requests_remaining = r.remaining;
  report.requests_reset = r.reset;
  report.tokens_limit = t.limit;
  report.tokens_remaining = t.remaining;
  report.tokens_reset = t.reset;
  return report;
}

double rate_limit_report::headroom() const noexcept {
  double least = 1;
  const auto consider = [&](const std::optional<std::int64_t>& limit, const std::optional<std::int64_t>& remaining) {
    if (!remaining) return;
    if (*remaining <= 0) least = 0;
    if (limit && *limit > 0) least = std::min(least, static_cast<double>(*remaining) / static_cast<double>(*limit));
  };
  consider(requests_limit, requests_remaining);
  consider(tokens_limit, tokens_remaining);
  return std::clamp(least, 0.0, 1.0);
}

milliseconds rate_limit_report::rest_for() const noexcept {
  milliseconds rest{0};
  const auto consider = [&](const std::optional<std::int64_t>& remaining, milliseconds reset) {
    if (remaining && *remaining <= 0) rest = std::max(rest, reset.count() > 0 ? reset : unknown_reset);
  };
  consider(requests_remaining, requests_reset);
  consider(tokens_remaining, tokens_reset);
  return std::min(rest, longest);
}

}  // namespace switchyard::providers
