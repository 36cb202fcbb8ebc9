#include "providers/openai/responses_custom_input.hpp"

#include "providers/json_scan.hpp"

#include <algorithm>

namespace switchyard::providers::responses {

namespace {

constexpr std::size_t longest_key = 16;   // more is certainly not "input"

[[nodiscard]] bool is_hex(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

void append_quoted(std::string& out, std::string_view text) {
  std::string quoted;
  json::append_string(quoted, text);
  out.append(quoted, 1, quoted.size() - 2);
}

}  // namespace

void custom_input::feed(std::string_view fragment, std::string& out) {
  const std::string text = json::unescape(fragment);
  if (!found_) all_ += text;
  for (const char c : text) take(c, out);
  if (found_) all_.clear();
}

void custom_input::take(char c, std::string& out) {
  switch (at_) {
    case at::done: return;
    case at::input: return take_input(c, out);
    case at::key:
    case at::skipped_string:
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        at_ = at_ == at::key ? at::after_key : at::outside;
        return;
      }
      if (at_ == at::key && key_.size() < longest_key) key_ += c;
      return;
    case at::after_key:
      if (c == ':' || c == ' ' || c == '\n' || c == '\t' || c == '\r') return;
      if (c == '"') {
        found_ = key_ == "input";
        at_ = found_ ? at::input : at::skipped_string;
        return;
      }
      at_ = at::outside;
      break;
    case at::outside: break;
  }
  if (c == '{' || c == '[') {
    wants_key_ = ++depth_ == 1 && c == '{';
  } else if (c == '}' || c == ']') {
    --depth_;
  } else if (c == ',') {
    wants_key_ = depth_ == 1;
  } else if (c == '"') {
    at_ = wants_key_ && depth_ == 1 ? at::key : at::skipped_string;
    wants_key_ = false;
    key_.clear();
  }
}

void custom_input::take_input(char c, std::string& out) {
  if (escape_.empty()) {
    if (c == '"') {
      at_ = at::done;
    } else if (c == '\\') {
      escape_ = c;
    } else if (static_cast<unsigned char>(c) < 0x20) {   // models forget to escape line ends
      append_quoted(out, std::string_view(&c, 1));
    } else {
      out += c;
    }
    return;
  }
  escape_ += c;
  const bool unicode = escape_[1] == 'u';
  const bool is_valid = unicode ? escape_.size() == 2 || is_hex(c) : std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
  if (!is_valid) {   // no escape after all
    out += "\\\\";
    const std::string rest = escape_.substr(1);
    escape_.clear();
    for (const char each : rest) take_input(each, out);
  } else if (!unicode || escape_.size() == 6) {
    out += escape_;
    escape_.clear();
  }
}

void custom_input::finish(std::string& out) {
  if (found_ || all_.empty()) return;
  append_quoted(out, all_);
  all_.clear();
}

}  // namespace switchyard::providers::responses
