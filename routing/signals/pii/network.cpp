// Addresses of mail and machines: email, IPv4, IPv6, MAC.
#include "routing/signals/pii/rules.hpp"

#include <algorithm>

namespace switchyard::routing::pii {

namespace {

bool is_local(char c) noexcept { return is_digit(c) || is_letter(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-' || c == '\''; }

// Up to 255, no leading zero; the digits read, 0 when there is none.
std::size_t octet(std::string_view text, std::size_t at, int& value) noexcept {
  std::size_t length = 0;
  value = 0;
  while (length < 4 && is_digit(at_or_0(text, at + length))) value = value * 10 + (text[at + length++] - '0');
  const bool fine = length > 0 && length < 4 && value <= 255 && (length == 1 || text[at] != '0');
  return fine ? length : 0;
}

maybe ipv4(std::string_view text, std::size_t at) {
  if (at > 0 && (text[at - 1] == '.' || text[at - 1] == '-')) return std::nullopt;
  int parts[4];
  auto end = at;
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && at_or_0(text, end++) != '.') return std::nullopt;
    const auto length = octet(text, end, parts[i]);
    if (length == 0) return std::nullopt;
    end += length;
  }
  const char next = at_or_0(text, end);
  if (is_word(next) || (next == '.' && is_digit(at_or_0(text, end + 1))) || (next == '-' && is_word(at_or_0(text, end + 1)))) return std::nullopt;
  if (parts[0] == 0 || parts[0] == 127 || (parts[0] == 255 && parts[1] == 255)) return std::nullopt;   // nobody's: any, this machine, masks
  if (said_before(text, at, 24, {"version", "versions", "v", "ver", "release", "build", "firmware", "kernel", "driver", "section", "chapter",
                                 "clause", "update", "upgrade", "oid", "paragraph", "patch", "sdk"}))
    return std::nullopt;
  const bool same = parts[0] == parts[1] && parts[1] == parts[2] && parts[2] == parts[3];     // 8.8.8.8, 1.1.1.1
  const bool small = parts[0] < 10 && parts[1] < 32 && parts[2] < 32 && parts[3] < 32;        // 2.4.1.3 is a version as likely
  const bool told = said_before(text, at, 32, {"ip", "address", "server", "host", "ping", "ssh", "from", "client", "gateway", "dns", "subnet", "http",
                                               "https", "login", "traceroute"});
  if (small && !same && !told) return std::nullopt;
  return match{pii_kind::ip, at, end, told ? 0.98f : 0.9f};
}

// Groups of hexadecimal digits between `mark`s from `at` on: how many, and their sizes.
struct groups {
  int count = 0, empty = 0, widest = 0, all_pairs = 1, digits = 0, letters = 0;
  std::size_t end = 0;
};
groups hex_groups(std::string_view text, std::size_t at, char mark) noexcept {
  groups read;
  for (;;) {
    int width = 0;
    while (width < 5 && is_hex(at_or_0(text, at))) {
      read.digits += is_digit(text[at]);
      read.letters += !is_digit(text[at]);
      ++width;
      ++at;
    }
    read.count += width > 0;
    read.widest = std::max(read.widest, width);
    if (width != 2) read.all_pairs = 0;
    read.end = at;
    if (at_or_0(text, at) != mark) return read;
    const char next = at_or_0(text, at + 1);
    if (next == mark && read.empty == 0) {
      ++read.empty;
      at += 2;
      read.end = at;
      if (!is_hex(at_or_0(text, at))) return read;
      continue;
    }
    if (!is_hex(next) || read.count > 8) return read;
    ++at;
  }
}

maybe mac_or_ipv6(std::string_view text, std::size_t at) {
  const char before = at > 0 ? text[at - 1] : ' ';
  if (before == ':' || before == '-') return std::nullopt;
  for (const char mark : {':', '-'}) {
    const auto read = hex_groups(text, at, mark);
    const char next = at_or_0(text, read.end);
    if (is_word(next) || next == mark) continue;
    if (read.count == 6 && read.all_pairs && read.empty == 0 && read.end - at == 17) {
      const auto body = text.substr(at, 17);
      if (body.find_first_not_of("0:-") == body.npos) return std::nullopt;
      return match{pii_kind::mac, at, read.end, read.letters > 0 || mark == ':' ? 0.97f : 0.8f};
    }
    if (mark == '-' || read.widest > 4) continue;
    const bool whole = read.count == 8 && read.empty == 0 && read.widest >= 3;
    const bool shortened = read.empty == 1 && read.count >= 2 && read.count <= 7 && read.widest >= 3 && read.digits > 0 && read.end - at >= 7;
    if (whole || shortened) return match{pii_kind::ip, at, read.end, 0.95f};
  }
  return std::nullopt;
}

}  // namespace

maybe email_around(std::string_view text, std::size_t at, std::size_t from) {
  auto start = at;
  while (start > from && is_local(text[start - 1])) --start;
  while (start < at && (text[start] == '.' || text[start] == '\'' || text[start] == '-')) ++start;
  if (start == at || at - start > 64 || text[at - 1] == '.') return std::nullopt;
  auto end = at + 1, last_dot = at;
  while (end < text.size() && (is_digit(text[end]) || is_letter(text[end]) || text[end] == '-' || text[end] == '.')) {
    if (text[end] == '.') {
      if (last_dot == end - 1) break;
      last_dot = end;
    }
    ++end;
  }
  while (end > at && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  const auto host = text.substr(at + 1, end - at - 1);
  const auto dot = host.rfind('.');
  if (dot == host.npos || dot == 0 || host.size() > 253) return std::nullopt;
  const auto top = host.substr(dot + 1);
  const bool letters = top.size() >= 2 && std::all_of(top.begin(), top.end(), is_letter);
  if (!letters && !top.starts_with("xn--")) return std::nullopt;
  for (const auto* file : {"png", "jpg", "jpeg", "gif", "svg", "js", "css", "ts", "py", "webp"})     // logo@2x.png
    if (top == file) return std::nullopt;
  return match{pii_kind::email, start, end, 0.99f};
}

maybe network_address(std::string_view text, std::size_t at) {
  if (is_digit(text[at]))
    if (auto found = ipv4(text, at)) return found;
  return mac_or_ipv6(text, at);
}

}  // namespace switchyard::routing::pii
