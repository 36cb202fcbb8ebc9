#include "config/addresses.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace switchyard::config {

namespace {

bool is_ipv4(const std::string& host) noexcept {
  in_addr parsed{};
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

std::optional<std::array<unsigned char, 16>> ipv6_bytes(const std::string& host) noexcept {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_host_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool covers_every_interface(const std::string& host) noexcept {
  if (host == "0.0.0.0") return true;
  const auto bytes = ipv6_bytes(host);
  return bytes && *bytes == std::array<unsigned char, 16>{};
}

/// Splits "host:port" or "[v6]:port"; the port part is empty when there is none.
struct authority {
  std::string host;
  bool bracketed = false;
  std::string_view port;
  bool has_port = false;
};

std::optional<authority> split_authority(std::string_view text) {
  authority parsed;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    parsed.host = text.substr(1, close - 1);
    parsed.bracketed = true;
    text.remove_prefix(close + 1);
  } else {
    parsed.host = text.substr(0, text.find(':'));
    text.remove_prefix(parsed.host.size());
  }
  if (text.empty()) return parsed;
  if (text.front() != ':') return std::nullopt;
  parsed.port = text.substr(1);
  parsed.has_port = true;
  return parsed;
}

}  // namespace

std::optional<listen_address> parse_listen_address(std::string_view text) {
  const auto parts = split_authority(text);
  if (!parts || !parts->has_port) return std::nullopt;
  const auto port = parse_port(parts->port);
  const bool host_fits = parts->bracketed ? ipv6_bytes(parts->host).has_value()
                                          : parts->host == "localhost" || is_ipv4(parts->host);
  if (!port || !host_fits) return std::nullopt;
  return listen_address{parts->host, *port};
}

std::optional<listen_address> parse_peer_address(std::string_view text) {
  const auto parts = split_authority(text);
  if (!parts || !parts->has_port) return std::nullopt;
  const auto port = parse_port(parts->port).value_or(0);
  const bool host_fits = parts->bracketed ? ipv6_bytes(parts->host).has_value() : is_host_name(parts->host);
  if (port == 0 || !host_fits) return std::nullopt;
  return listen_address{parts->host, port};
}

std::string to_string(const listen_address& address) {
  const bool brackets = address.host.find(':') != std::string::npos;
  return (brackets ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_loopback(const listen_address& address) {
  if (address.host == "localhost") return true;
  if (is_ipv4(address.host)) return address.host.starts_with("127.");
  const auto bytes = ipv6_bytes(address.host);
  if (!bytes) return false;
  return std::all_of(bytes->begin(), bytes->end() - 1, [](unsigned char b) { return b == 0; }) && bytes->back() == 1;
}

bool clash(const listen_address& a, const listen_address& b) {
  if (a.port == 0 || a.port != b.port) return false;
  const auto canonical = [](const std::string& host) { return host == "localhost" ? std::string("127.0.0.1") : host; };
  return canonical(a.host) == canonical(b.host) || covers_every_interface(a.host) || covers_every_interface(b.host);
}

std::optional<std::string> normalise_base_url(std::string_view text) {
  std::string_view rest = text;
  const std::string_view scheme = rest.starts_with("https://") ? "https://" : "http://";
  if (!rest.starts_with(scheme)) return std::nullopt;
  rest.remove_prefix(scheme.size());
  for (const char c : rest)
    if (c <= 0x20 || c >= 0x7f || std::string_view("@?#\\\"<>^`{|}").find(c) != std::string_view::npos) return std::nullopt;

  const auto slash = std::min(rest.find('/'), rest.size());
  const auto parts = split_authority(rest.substr(0, slash));
  if (!parts) return std::nullopt;
  if (parts->bracketed ? !ipv6_bytes(parts->host) : !is_host_name(parts->host)) return std::nullopt;
  if (parts->has_port && parse_port(parts->port).value_or(0) == 0) return std::nullopt;

  std::string_view prefix = rest.substr(slash);
  const auto trim_slashes = [&prefix] {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
  };
  trim_slashes();
  if (prefix.ends_with("/v1")) {
    prefix.remove_suffix(3);
    trim_slashes();
  }
  return std::string(scheme) + std::string(rest.substr(0, slash)) + std::string(prefix);
}

}  // namespace switchyard::config
