#include "net/request_validator.hpp"

#include <algorithm>
#include <array>

namespace switchyard::net {

namespace {

constexpr auto token_table = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return token_table[static_cast<unsigned char>(c)]; });
}

bool is_field_value(std::string_view text) noexcept {
  // Without an early end, so that the compiler looks at 16 characters a step.
  unsigned char bad = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= static_cast<unsigned char>((byte < 0x20 && byte != '\t') || byte == 0x7f);
  }
  return bad == 0;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

error bad(std::string message) { return client_error(error_code::invalid_request, std::move(message)); }

error with_status(error what, int status) {
  what.status = status;
  return what;
}

// Does a comma-separated list hold this word?
bool list_holds(std::string_view list, std::string_view word) noexcept {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (equal_ignoring_case(trim(list.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::optional<error> read_request_line(std::string_view line, request_framing& out) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("malformed request line: expected METHOD TARGET HTTP/1.1");
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(out.method)) return bad("malformed request line: the method is not a token");
  if (version == "HTTP/1.0")
    out.minor_version = 0;
  else if (version != "HTTP/1.1")
    return version.substr(0, 5) == "HTTP/" ? with_status(bad("only HTTP/1.1 is spoken here"), 505)
                                           : bad("malformed request line: expected HTTP/1.1 after the target");
  const bool visible = std::all_of(out.target.begin(), out.target.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
  if (!visible || out.target.find('#') != std::string_view::npos) return bad("the request target holds characters that must be percent-encoded");
  if (out.target.empty() || (out.target.front() != '/' && out.target != "*")) return bad("the request target must start with '/'");
  return std::nullopt;
}

std::optional<error> read_content_length(std::string_view value, request_framing& out) {
  if (out.content_length) return bad("content-length is given twice");
  if (value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return bad("content-length must be a decimal number");
  std::uint64_t length = 0;
  for (const char c : value) length = length * 10 + static_cast<std::uint64_t>(c - '0');
  out.content_length = length;
  return std::nullopt;
}

struct seen_fields {
  int hosts = 0;
  bool transfer_encoding = false;
};

std::optional<error> read_field(std::string_view name, std::string_view value, request_framing& out, seen_fields& seen) {
  // Only the lengths that matter are compared: most fields cost one switch.
  switch (name.size()) {
    case 4:
      if (equal_ignoring_case(name, "host")) {
        if (++seen.hosts > 1) return bad("host is given twice");
        if (!is_valid_host(value)) return bad("host is malformed: expected name[:port]");
      }
      break;
    case 6:
      if (equal_ignoring_case(name, "expect")) {
        if (!equal_ignoring_case(value, "100-continue")) return with_status(bad("unknown expectation: only 100-continue is met"), 417);
        out.expect_continue = true;
      }
      break;
    case 10:
      if (equal_ignoring_case(name, "connection")) {
        if (list_holds(value, "close")) out.keep_alive = false;
        if (out.minor_version == 0 && list_holds(value, "keep-alive")) out.keep_alive = true;
      }
      break;
    case 14:
      if (equal_ignoring_case(name, "content-length")) return read_content_length(value, out);
      break;
    case 17:
      if (equal_ignoring_case(name, "transfer-encoding")) {
        if (seen.transfer_encoding) return bad("transfer-encoding is given twice");
        if (!equal_ignoring_case(value, "chunked")) return bad("transfer-encoding must be exactly 'chunked'");
        seen.transfer_encoding = true;
        out.chunked = true;
      }
      break;
    default: break;
  }
  return std::nullopt;
}

}  // namespace

bool is_valid_host(std::string_view host) noexcept {
  std::string_view name = host;
  std::string_view port;
  bool has_port = false;
  if (!host.empty() && host.front() == '[') {
    const auto close = host.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    name = host.substr(1, close - 1);
    const auto rest = host.substr(close + 1);
    if (!rest.empty()) {
      if (rest.front() != ':') return false;
      has_port = true;
      port = rest.substr(1);
    }
    if (!std::all_of(name.begin(), name.end(), [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
        }))
      return false;
  } else {
    const auto colon = host.find(':');
    if (colon != std::string_view::npos) {
      has_port = true;
      name = host.substr(0, colon);
      port = host.substr(colon + 1);
    }
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
        }))
      return false;
  }
  if (!has_port) return true;
  return !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

result<request_framing> validate_request_head(std::string_view head, std::vector<header>* fields_out) {
  if (fields_out != nullptr) fields_out->clear();
  if (head.size() > max_head_bytes) return with_status(bad("the request head is larger than 16 KiB"), 431);
  if (head.size() < 4 || head.substr(head.size() - 4) != "\r\n\r\n") return bad("the request head is not terminated");
  request_framing framing;
  seen_fields seen;
  std::size_t fields = 0;
  bool first_line = true;
  std::string_view rest = head.substr(0, head.size() - 2);
  while (!rest.empty()) {
    const auto cr = rest.find('\r');
    if (cr == std::string_view::npos || cr + 1 >= rest.size() || rest[cr + 1] != '\n') return bad("lines must end with CR LF");
    const auto line = rest.substr(0, cr);
    rest.remove_prefix(cr + 2);
    // A bare LF is found by what is checked anyway; here it is only given its name.
    const auto broken = [line](const char* why) { return bad(line.find('\n') != std::string_view::npos ? "lines must end with CR LF" : why); };
    if (first_line) {
      first_line = false;
      if (line.find('\n') != std::string_view::npos) return bad("lines must end with CR LF");
      if (auto problem = read_request_line(line, framing)) return *std::move(problem);
      framing.keep_alive = framing.minor_version == 1;
      continue;
    }
    if (line.empty()) return bad("an empty line within the request head");
    if (line.front() == ' ' || line.front() == '\t') return broken("folded header lines are not accepted");
    // The name goes up to the first character that is not a token's: that must be the colon.
    std::size_t colon = 0;
    while (colon < line.size() && token_table[static_cast<unsigned char>(line[colon])]) ++colon;
    if (colon == 0 || colon == line.size() || line[colon] != ':') return broken("malformed header line: expected name: value");
    const auto value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) return broken("a header value holds control characters");
    if (++fields > max_head_fields) return with_status(bad("more than 100 header fields"), 431);
    if (auto problem = read_field(line.substr(0, colon), value, framing, seen)) return *std::move(problem);
    if (fields_out != nullptr) fields_out->push_back({line.substr(0, colon), value});
  }
  if (seen.hosts == 0 && framing.minor_version == 1) return bad("host is missing");
  if (framing.chunked && framing.content_length) return bad("transfer-encoding and content-length exclude each other");
  if (framing.chunked && framing.minor_version == 0) return bad("HTTP/1.0 has no transfer-encoding");
  return framing;
}

}  // namespace switchyard::net
