#include "config/addresses.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(addresses)

using namespace switchyard::config;

BOOST_AUTO_TEST_CASE(a_listen_address_is_an_ip_or_localhost_and_a_port) {
  BOOST_TEST((parse_listen_address("127.0.0.1:8080") == listen_address{"127.0.0.1", 8080}));
  BOOST_TEST((parse_listen_address("0.0.0.0:0") == listen_address{"0.0.0.0", 0}));
  BOOST_TEST((parse_listen_address("[::1]:8080") == listen_address{"::1", 8080}));
  BOOST_TEST((parse_listen_address("localhost:65535") == listen_address{"localhost", 65535}));
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_listen_address) {
  for (const char* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:8080", "[::1]",
                           "[::1]8080", "[127.0.0.1]:80", "example.com:80", "127.0.0.1:80 ", "127.0.0.256:80", "[::1:80", "[]:80", "*:80"})
    BOOST_TEST(!parse_listen_address(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_listen_address_prints_as_it_can_be_read) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:8080", "localhost:0"}) BOOST_TEST(to_string(*parse_listen_address(text)) == text);
}

BOOST_AUTO_TEST_CASE(loopback_is_told_from_the_rest) {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "0:0:0:0:0:0:0:1", "localhost"}) BOOST_TEST(is_loopback({host, 1}), host);
  for (const char* host : {"0.0.0.0", "10.0.0.1", "::", "::2", "128.0.0.1"}) BOOST_TEST(!is_loopback({host, 1}), host);
}

BOOST_AUTO_TEST_CASE(equal_ports_clash_on_equal_or_all_interfaces) {
  BOOST_TEST(clash({"127.0.0.1", 80}, {"127.0.0.1", 80}));
  BOOST_TEST(clash({"localhost", 80}, {"127.0.0.1", 80}));
  BOOST_TEST(clash({"0.0.0.0", 80}, {"127.0.0.1", 80}));
  BOOST_TEST(clash({"10.0.0.1", 80}, {"::", 80}));
  BOOST_TEST(!clash({"127.0.0.1", 80}, {"10.0.0.1", 80}));
  BOOST_TEST(!clash({"127.0.0.1", 80}, {"127.0.0.1", 81}));
  BOOST_TEST(!clash({"127.0.0.1", 0}, {"127.0.0.1", 0}));
}

BOOST_AUTO_TEST_CASE(a_base_url_loses_trailing_slashes_and_one_v1) {
  const auto is = [](const char* given, const char* kept) { BOOST_TEST(normalise_base_url(given).value_or("(refused)") == kept, given); };
  is("https://api.openai.com", "https://api.openai.com");
  is("https://api.openai.com/", "https://api.openai.com");
  is("https://api.openai.com/v1", "https://api.openai.com");
  is("https://api.openai.com/v1//", "https://api.openai.com");
  is("https://api.groq.com/openai/v1", "https://api.groq.com/openai");
  is("https://api.groq.com/openai", "https://api.groq.com/openai");
  is("http://127.0.0.1:8000/v1/v1", "http://127.0.0.1:8000/v1");
  is("http://[::1]:8000/a", "http://[::1]:8000/a");
  is("http://host_name/xv1", "http://host_name/xv1");
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_base_url) {
  for (const char* text : {"", "api.openai.com", "ftp://a", "HTTPS://a", "https://", "https:///v1", "https://a b", "https://u:p@host",
                           "https://host?x=1", "https://host#x", "https://host:0", "https://host:99999", "https://host:", "https://host:x",
                           "https://[::1", "https://[x]", "https://h\\x", "https://h\xc3\xb6st", "https://host/\n"})
    BOOST_TEST(!normalise_base_url(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
