#include "net/upstream.hpp"

#include <charconv>

namespace switchyard::net {

namespace {
error bad_url(std::string_view url, const char* expected) {
  std::string message = "not a base URL: '";
  message.append(url).append("': ").append(expected);
  return client_error(error_code::invalid_request, std::move(message), "base_url");
}
}  // namespace

result<base_url> parse_base_url(std::string_view url) {
  base_url parsed;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    parsed.where.tls = true;
    parsed.where.port = 443;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad_url(url, "expected http:// or https://");
  }
  if (rest.find_first_of("@?# \t\r\n\\") != std::string_view::npos) return bad_url(url, "userinfo, query and fragment are not allowed");
  const auto slash = rest.find('/');
  auto authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) parsed.prefix = rest.substr(slash);
  while (!parsed.prefix.empty() && parsed.prefix.back() == '/') parsed.prefix.pop_back();

  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return bad_url(url, "expected ']' after the address");
    parsed.where.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
  } else {
    const auto colon = authority.find(':');
    parsed.where.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (parsed.where.host.empty()) return bad_url(url, "expected a host");
  if (!port.empty()) {
    if (port.front() != ':') return bad_url(url, "expected :port");
    port.remove_prefix(1);
    unsigned number = 0;
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (failure != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535) return bad_url(url, "expected a port from 1 to 65535");
    parsed.where.port = static_cast<std::uint16_t>(number);
  }
  return parsed;
}

}  // namespace switchyard::net
