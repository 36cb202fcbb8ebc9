#include "net/egress_filter.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace switchyard::net {

namespace {

namespace ip = boost::asio::ip;

struct range_v4 {
  std::uint32_t network;
  int bits;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept { return a << 24 | b << 16 | c << 8 | d; }

// IANA's special-purpose registry (RFC 6890 and later), and 6to4's relays.
constexpr range_v4 not_public_v4[] = {
    {v4(0, 0, 0, 0), 8},       {v4(10, 0, 0, 0), 8},    {v4(100, 64, 0, 0), 10}, {v4(127, 0, 0, 0), 8},   {v4(169, 254, 0, 0), 16},
    {v4(172, 16, 0, 0), 12},   {v4(192, 0, 0, 0), 24},  {v4(192, 0, 2, 0), 24},  {v4(192, 88, 99, 0), 24}, {v4(192, 168, 0, 0), 16},
    {v4(198, 18, 0, 0), 15},   {v4(198, 51, 100, 0), 24}, {v4(203, 0, 113, 0), 24}, {v4(224, 0, 0, 0), 4}, {v4(240, 0, 0, 0), 4},
};

bool is_public(std::uint32_t address) noexcept {
  return std::none_of(std::begin(not_public_v4), std::end(not_public_v4),
                      [&](const range_v4& range) { return (address ^ range.network) >> (32 - range.bits) == 0; });
}

bool is_public(const ip::address_v6::bytes_type& b) noexcept {
  // Global unicast is 2000::/3; everything else (::1, v4-mapped, NAT64, fc00::/7, fe80::/10, fec0::/10, multicast) lies outside.
  if ((b[0] & 0xe0) != 0x20) return false;
  const auto begins = [&](std::uint8_t first, std::uint8_t second) { return b[0] == first && b[1] == second; };
  if (begins(0x20, 0x01) && b[2] < 2) return false;                                    // 2001::/23: Teredo, ORCHID, ...
  if (begins(0x20, 0x01) && b[2] == 0x0d && b[3] == 0xb8) return false;                // documentation
  if (begins(0x20, 0x02)) return false;                                                // 6to4
  return !(begins(0x3f, 0xff) && b[2] < 0x10);                                         // documentation
}

}  // namespace

bool is_public_address(std::string_view address) noexcept {
  boost::system::error_code failure;
  const auto parsed = ip::make_address(address, failure);
  if (failure) return false;
  return parsed.is_v4() ? is_public(parsed.to_v4().to_uint()) : is_public(parsed.to_v6().to_bytes());
}

bool names_own_network(std::string_view host) noexcept {
  boost::system::error_code failure;
  (void)ip::make_address(host, failure);
  return !failure || host == "localhost" || host.ends_with(".localhost");
}

}  // namespace switchyard::net
