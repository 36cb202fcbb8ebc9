#include "net/egress_filter.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>

BOOST_AUTO_TEST_SUITE(egress_filter)

using namespace switchyard::net;

BOOST_AUTO_TEST_CASE(sixty_addresses_are_told_apart) {
  struct row {
    std::string_view address;
    bool is_public;
  };
  constexpr row rows[] = {
      // IPv4: own network, this host, neighbours
      {"0.0.0.0", false}, {"0.1.2.3", false}, {"10.0.0.0", false}, {"10.255.255.255", false}, {"9.255.255.255", true}, {"11.0.0.0", true},
      {"100.63.255.255", true}, {"100.64.0.0", false}, {"100.127.255.255", false}, {"100.128.0.0", true}, {"127.0.0.1", false},
      {"127.255.255.255", false}, {"126.255.255.255", true}, {"128.0.0.1", true}, {"169.254.169.254", false}, {"169.253.255.255", true},
      {"172.15.255.255", true}, {"172.16.0.0", false}, {"172.31.255.255", false}, {"172.32.0.0", true}, {"192.167.255.255", true},
      {"192.168.0.1", false}, {"192.169.0.0", true},
      // IPv4: reserved, documentation, 6to4 relays, benchmarks, multicast
      {"192.0.0.1", false}, {"192.0.1.1", true}, {"192.0.2.1", false}, {"192.88.99.1", false}, {"198.17.255.255", true}, {"198.18.0.0", false},
      {"198.19.255.255", false}, {"198.20.0.0", true}, {"198.51.100.7", false}, {"203.0.113.9", false}, {"223.255.255.255", true},
      {"224.0.0.1", false}, {"239.255.255.255", false}, {"240.0.0.1", false}, {"255.255.255.255", false},
      // real ones
      {"1.1.1.1", true}, {"8.8.8.8", true}, {"104.18.7.192", true},
      // IPv6: own network, this host, neighbours
      {"::", false}, {"::1", false}, {"fe80::1", false}, {"febf::1", false}, {"fec0::1", false}, {"fc00::1", false}, {"fd12:3456:789a::1", false},
      {"ff02::1", false}, {"100::1", false}, {"5f00::1", false},
      // IPv6 that carries IPv4 inside
      {"::ffff:10.0.0.1", false}, {"::ffff:8.8.8.8", false}, {"::8.8.8.8", false}, {"64:ff9b::8.8.8.8", false}, {"64:ff9b:1::1", false},
      {"2002:0a00:0001::1", false}, {"2002:0808:0808::1", false}, {"2001:0:4136:e378::1", false},
      // IPv6: documentation and real ones
      {"2001:db8::1", false}, {"3fff::1", false}, {"2001:20::1", false}, {"2606:4700::6812:7c0", true}, {"2a00:1450:4001:81b::200a", true},
      {"2001:4860:4860::8888", true}, {"2001:200::1", true}, {"3ffe::1", true},
      // no address
      {"", false}, {"api.openai.com", false}, {"8.8.8", false}, {"0x08080808", false}, {"[::1]", false},
  };
  static_assert(std::size(rows) >= 60);
  for (const auto& [address, expected] : rows) BOOST_TEST(is_public_address(address) == expected, address);
}

BOOST_AUTO_TEST_CASE(a_literal_address_and_localhost_are_meant_as_they_stand) {
  for (const std::string_view host : {"127.0.0.1", "10.1.2.3", "::1", "fd00::1", "8.8.8.8", "localhost", "sim.localhost"})
    BOOST_TEST(names_own_network(host), host);
  for (const std::string_view host : {"api.openai.com", "vllm", "vllm.internal", "localhost.example.com", "notlocalhost", "127.0.0.1.nip.io", ""})
    BOOST_TEST(!names_own_network(host), host);
}

BOOST_AUTO_TEST_SUITE_END()
