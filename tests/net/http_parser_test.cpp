#include "net/http_parser.hpp"

#include "base/random.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(http_parser)

using namespace switchyard;

namespace {

// Feeds `raw` in pieces of the given sizes as a connection would, and returns the decoded body.
std::string decode(net::response_parser& parser, const std::string& raw, random_source& random) {
  std::string buffer;
  std::string body;
  std::size_t at = 0;
  while (at < raw.size() && !parser.done()) {
    const std::size_t n = std::min<std::size_t>(1 + random.below(7), raw.size() - at);
    buffer.append(raw, at, n);
    at += n;
    std::size_t decoded = 0;
    const auto used = parser.parse_body(buffer.data(), buffer.size(), decoded);
    BOOST_REQUIRE(used);
    body.append(buffer, 0, decoded);
    buffer.erase(0, *used);
  }
  return body;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_end_of_a_head_is_found_across_reads) {
  BOOST_TEST(net::find_head_end("GET / HTTP/1.1\r\n\r\nrest", 0) == 18u);
  BOOST_TEST(net::find_head_end("GET / HTTP/1.1\r\n\r", 0) == 0u);
  BOOST_TEST(net::find_head_end("GET / HTTP/1.1\r\n\r\n", 17) == 18u);
}

BOOST_AUTO_TEST_CASE(a_chunked_body_decodes_in_place_whatever_the_split) {
  const std::string head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  const std::string raw = "5\r\nhello\r\n1;ext=1\r\n \r\nA\r\n0123456789\r\n0\r\ntrailer: x\r\n\r\n";
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    random_source random(seed);
    net::response_parser parser;
    std::vector<header> fields;
    parser.reset();
    BOOST_REQUIRE(parser.parse_head(head, fields));
    BOOST_TEST(decode(parser, raw, random) == "hello 0123456789", "seed " << seed);
    BOOST_TEST(parser.done());
    BOOST_TEST(parser.keep_alive());
  }
}

BOOST_AUTO_TEST_CASE(a_sized_body_ends_at_its_length) {
  net::response_parser parser;
  std::vector<header> fields;
  parser.reset();
  const std::string head = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nX-A: b\r\n\r\n";
  BOOST_REQUIRE(parser.parse_head(head, fields));
  BOOST_TEST(parser.status() == 404);
  BOOST_TEST(find_header(fields, "x-a") == "b");
  BOOST_TEST(parser.remaining_length() == 4u);
  std::string body = "abcdEXTRA";
  std::size_t decoded = 0;
  BOOST_TEST(*parser.parse_body(body.data(), body.size(), decoded) == 4u);
  BOOST_TEST(decoded == 4u);
  BOOST_TEST(parser.done());
}

BOOST_AUTO_TEST_CASE(a_truncated_body_is_an_error_and_one_until_close_is_not) {
  std::vector<header> fields;
  net::response_parser sized;
  sized.reset();
  BOOST_REQUIRE(sized.parse_head("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", fields));
  BOOST_TEST(!sized.end_of_stream());
  net::response_parser open;
  open.reset();
  BOOST_REQUIRE(open.parse_head("HTTP/1.1 200 OK\r\n\r\n", fields));
  std::string body = "abc";
  std::size_t decoded = 0;
  BOOST_REQUIRE(open.parse_body(body.data(), body.size(), decoded));
  BOOST_TEST(decoded == 3u);
  BOOST_TEST(bool(open.end_of_stream()));
  BOOST_TEST(!open.keep_alive());
}

BOOST_AUTO_TEST_CASE(broken_chunks_are_an_error) {
  for (const char* raw : {"zz\r\nhello\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "-5\r\nhello\r\n", "FFFFFFFFFFFFFFFFF\r\n"}) {
    net::request_parser parser;
    std::vector<header> fields;
    BOOST_REQUIRE(parser.parse_head("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", fields));
    std::string out;
    BOOST_TEST(!parser.parse_chunks(raw, out), raw);
  }
}

BOOST_AUTO_TEST_SUITE_END()
