// The log: asynchronous, to stderr, as text or as one JSON object a line. spdlog is used nowhere else.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace switchyard::log {

enum class level { trace, debug, info, warn, error, off };
enum class format { text, json };

/// One name=value pair of a log line. Never give it a secret.
struct field {
  std::string_view name;
  std::string value;

  field(std::string_view n, std::string_view v) : name(n), value(v) {}
  field(std::string_view n, const char* v) : name(n), value(v) {}
  field(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  field(std::string_view n, std::int64_t v) : name(n), value(std::to_string(v)) {}
  field(std::string_view n, std::uint64_t v) : name(n), value(std::to_string(v)) {}
  field(std::string_view n, int v) : name(n), value(std::to_string(v)) {}
  field(std::string_view n, double v) : name(n), value(std::to_string(v)) {}
};

struct settings {
  level threshold = level::info;
  format shape = format::text;
};

/// Starts the writer thread (queue of 8192 lines; the oldest is dropped when full). Call once, before any thread.
void start(const settings& how);
/// Writes what is queued and stops.
void stop() noexcept;
[[nodiscard]] bool enabled(level at) noexcept;
/// `event` is a stable identifier such as "breaker_opened"; the message is for people.
void write(level at, std::string_view event, std::string_view message, std::initializer_list<field> fields = {});

inline void debug(std::string_view event, std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::debug)) write(level::debug, event, message, fields);
}
inline void info(std::string_view event, std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::info)) write(level::info, event, message, fields);
}
inline void warn(std::string_view event, std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::warn)) write(level::warn, event, message, fields);
}
inline void error(std::string_view event, std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::error)) write(level::error, event, message, fields);
}

/// "info" -> level::info; false leaves `out` alone.
[[nodiscard]] bool parse_level(std::string_view text, level& out) noexcept;

}  // namespace switchyard::log
