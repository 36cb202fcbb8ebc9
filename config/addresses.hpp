// Where to listen and where a provider is: reading, checking and printing both.
#pragma once

#include "config/config.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

/// "127.0.0.1:8080", "[::1]:8080", "localhost:0": an IP address or localhost, and a port. nullopt: anything else.
/// The host comes without brackets.
[[nodiscard]] std::optional<listen_address> parse_listen_address(std::string_view text);
/// The same, but the host may be any name, and the port is not 0.
[[nodiscard]] std::optional<listen_address> parse_peer_address(std::string_view text);
/// The inverse; brackets around an IPv6 host.
[[nodiscard]] std::string to_string(const listen_address& address);

/// 127.0.0.0/8, ::1 or localhost.
[[nodiscard]] bool is_loopback(const listen_address& address);
/// Would binding both fail? Equal ports, and equal hosts or one that covers every interface. Port 0 never clashes.
[[nodiscard]] bool clash(const listen_address& a, const listen_address& b);

/// "http(s)://host[:port][/prefix]" without user, query or fragment; trailing slashes and then one trailing "/v1" are
/// trimmed, since the wires append "/v1/..." themselves. nullopt: not such a URL.
[[nodiscard]] std::optional<std::string> normalise_base_url(std::string_view text);

}  // namespace switchyard::config
