#include "net/upstream.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(base_url)

using namespace switchyard;

BOOST_AUTO_TEST_CASE(scheme_host_port_and_prefix_are_taken_apart) {
  const auto plain = net::parse_base_url("https://api.groq.com/openai/");
  BOOST_REQUIRE(plain);
  BOOST_TEST(plain->where.tls);
  BOOST_TEST(plain->where.host == "api.groq.com");
  BOOST_TEST(plain->where.port == 443);
  BOOST_TEST(plain->prefix == "/openai");
  const auto v6 = net::parse_base_url("http://[::1]:8080");
  BOOST_REQUIRE(v6);
  BOOST_TEST(v6->where.host == "::1");
  BOOST_TEST(v6->where.port == 8080);
  BOOST_TEST(v6->prefix.empty());
}

BOOST_AUTO_TEST_CASE(anything_that_could_move_the_host_is_refused) {
  for (const char* url : {"ftp://a", "http://", "http://a@b", "http://a?x", "http://a#x", "http://a:0", "http://a:70000", "http://a:b", "http://[::1", "a.b", "http://a b"})
    BOOST_TEST(!net::parse_base_url(url), url);
}

BOOST_AUTO_TEST_SUITE_END()
