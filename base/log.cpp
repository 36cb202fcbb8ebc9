#include "base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <memory>

namespace switchyard::log {

namespace {

std::atomic<int> threshold{static_cast<int>(level::off)};
format shape = format::text;
std::shared_ptr<spdlog::logger> logger;

spdlog::level::level_enum to_spdlog(level at) {
  switch (at) {
    case level::trace: return spdlog::level::trace;
    case level::debug: return spdlog::level::debug;
    case level::info: return spdlog::level::info;
    case level::warn: return spdlog::level::warn;
    case level::error: return spdlog::level::err;
    case level::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

// A value that holds a blank, a quote or a control character is quoted, so a line stays a line.
void append_text_value(std::string& out, std::string_view text) {
  bool plain = !text.empty();
  for (const char c : text) plain = plain && static_cast<unsigned char>(c) > 0x20 && c != '"';
  if (plain)
    out += text;
  else
    append_json_string(out, text);
}

}  // namespace

void start(const settings& how) {
  shape = how.shape;
  spdlog::init_thread_pool(8192, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  logger = std::make_shared<spdlog::async_logger>("switchyard", sink, spdlog::thread_pool(),
                                                  spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern(shape == format::json ? R"({"at":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                                            : "%Y-%m-%dT%H:%M:%S.%e %^%-5l%$ %v");
  logger->set_level(to_spdlog(how.threshold));
  logger->flush_on(spdlog::level::warn);
  spdlog::flush_every(std::chrono::seconds(1));
  threshold.store(static_cast<int>(how.threshold), std::memory_order_relaxed);
}

void stop() noexcept {
  threshold.store(static_cast<int>(level::off), std::memory_order_relaxed);
  if (logger) logger->flush();
  logger.reset();
  spdlog::shutdown();
}

bool enabled(level at) noexcept { return static_cast<int>(at) >= threshold.load(std::memory_order_relaxed); }

void write(level at, std::string_view event, std::string_view message, std::initializer_list<field> fields) {
  if (!logger || !enabled(at)) return;
  std::string line;
  if (shape == format::json) {
    line += "\"event\":";
    append_json_string(line, event);
    line += ",\"message\":";
    append_json_string(line, message);
    for (const auto& f : fields) {
      line += ',';
      append_json_string(line, f.name);
      line += ':';
      append_json_string(line, f.value);
    }
  } else {
    line += event;
    line += ": ";
    line += message;
    for (const auto& f : fields) {
      line += ' ';
      line += f.name;
      line += '=';
      append_text_value(line, f.value);
    }
  }
  logger->log(to_spdlog(at), spdlog::string_view_t(line.data(), line.size()));
}

bool parse_level(std::string_view text, level& out) noexcept {
  constexpr std::pair<std::string_view, level> names[] = {{"trace", level::trace}, {"debug", level::debug},
                                                          {"info", level::info},   {"warn", level::warn},
                                                          {"error", level::error}, {"off", level::off}};
  for (const auto& [name, value] : names) {
    if (name == text) {
      out = value;
      return true;
    }
  }
  return false;
}

}  // namespace switchyard::log
