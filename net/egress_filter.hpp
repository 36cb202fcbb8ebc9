// Where calls to providers may go: the public Internet, unless the configuration says otherwise.
//
// A provider's name that suddenly resolves into the own network (rebinding, a poisoned resolver, a typing mistake) would hand its key and the
// client's prompt to whoever answers there. So the address is judged when it is dialled, and that very address is dialled.
#pragma once

#include <string_view>

namespace switchyard::net {

/// Is the address (IPv4 or IPv6 text) one of the public Internet? Not: private, loopback, link-local, shared (100.64/10), multicast, reserved,
/// documentation, and what can carry such an address inside: v4-mapped, NAT64, 6to4, Teredo. Text that is no address is not public.
[[nodiscard]] bool is_public_address(std::string_view address) noexcept;

/// May a provider with that host dial its own network without being asked? Yes where the configuration leaves no doubt: the host is an address
/// itself, or "localhost".
[[nodiscard]] bool names_own_network(std::string_view host) noexcept;

}  // namespace switchyard::net
