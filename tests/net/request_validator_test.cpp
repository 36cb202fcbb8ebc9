#include "net/request_validator.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(request_validator)

using namespace switchyard;
using net::validate_request_head;

namespace {

std::string head(const std::string& line, const std::string& fields) { return line + "\r\n" + fields + "\r\n"; }
std::string post(const std::string& fields) { return head("POST /v1/chat/completions HTTP/1.1", "Host: yard\r\n" + fields); }

int status_of(const std::string& text) {
  const auto framing = validate_request_head(text);
  return framing ? 200 : http_status(framing.failure());
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_ordinary_request_passes_with_its_framing) {
  const std::string text = post("Content-Length: 12\r\nConnection: keep-alive\r\n");
  const auto framing = validate_request_head(text);
  BOOST_REQUIRE(framing);
  BOOST_TEST(framing->method == "POST");
  BOOST_TEST(framing->target == "/v1/chat/completions");
  BOOST_TEST(framing->content_length.value() == 12u);
  BOOST_TEST(framing->keep_alive);
  BOOST_TEST(!framing->chunked);
}

BOOST_AUTO_TEST_CASE(chunked_is_the_only_transfer_coding) {
  const std::string text = post("Transfer-Encoding: chunked\r\n");
  const auto framing = validate_request_head(text);
  BOOST_REQUIRE(framing);
  BOOST_TEST(framing->chunked);
  for (const char* coding : {"gzip", "identity", "xchunked", "\"chunked\"", "chunked, gzip", "gzip, chunked", "chunked,", "chunked;q=1", "", "chunk", "Chunked chunked"})
    BOOST_TEST(status_of(post("Transfer-Encoding: " + std::string(coding) + "\r\n")) == 400, coding);
}

BOOST_AUTO_TEST_CASE(two_framings_are_refused) {
  BOOST_TEST(status_of(post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")) == 400);
  BOOST_TEST(status_of(post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")) == 400);
  BOOST_TEST(status_of(post("Content-Length: 3\r\nContent-Length: 3\r\n")) == 400);
  BOOST_TEST(status_of(post("Content-Length: 3\r\nContent-Length: 4\r\n")) == 400);
  BOOST_TEST(status_of(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 400);
  BOOST_TEST(status_of(head("POST / HTTP/1.0", "Host: a\r\nTransfer-Encoding: chunked\r\n")) == 400);
}

BOOST_AUTO_TEST_CASE(content_length_is_plain_digits) {
  for (const char* value : {"", "-1", "+3", "0x3", "3 3", "3,3", "1e3", "3.0", "99999999999999999999"})
    BOOST_TEST(status_of(post("Content-Length: " + std::string(value) + "\r\n")) == 400, value);
}

BOOST_AUTO_TEST_CASE(host_is_exactly_one_and_well_formed) {
  BOOST_TEST(status_of(head("GET / HTTP/1.1", "")) == 400);
  BOOST_TEST(status_of(head("GET / HTTP/1.1", "Host: a\r\nHost: a\r\n")) == 400);
  for (const char* host : {"", "a/?x#", "a b", "a@b", "a:port", "a:", "[::1", "a,b", "a:123456", "[]"})
    BOOST_TEST(status_of(head("GET / HTTP/1.1", "Host: " + std::string(host) + "\r\n")) == 400, host);
  for (const char* host : {"a", "a.b-c:8080", "127.0.0.1:80", "[::1]:8080", "localhost"})
    BOOST_TEST(status_of(head("GET / HTTP/1.1", "Host: " + std::string(host) + "\r\n")) == 200, host);
  BOOST_TEST(status_of(head("GET / HTTP/1.0", "")) == 200);
}

BOOST_AUTO_TEST_CASE(lines_and_names_are_strict) {
  BOOST_TEST(status_of(post("A: b\r\n c\r\n")) == 400);                     // obs-fold
  BOOST_TEST(status_of(post(" A: b\r\n")) == 400);
  BOOST_TEST(status_of(post("A : b\r\n")) == 400);
  BOOST_TEST(status_of(post("A\x01: b\r\n")) == 400);
  BOOST_TEST(status_of(post(": b\r\n")) == 400);
  BOOST_TEST(status_of(post("A b\r\n")) == 400);
  BOOST_TEST(status_of(post("A: b\nC: d\r\n")) == 400);                     // bare LF
  BOOST_TEST(status_of(post("A: b\rC: d\r\n")) == 400);                     // bare CR
  BOOST_TEST(status_of(post(std::string("A: b\0c\r\n", 8))) == 400);
  BOOST_TEST(status_of(post("A: b\x7f\r\n")) == 400);
  BOOST_TEST(status_of(post("A: tab\tis fine\r\n")) == 200);
}

BOOST_AUTO_TEST_CASE(the_request_line_is_strict) {
  for (const char* line : {"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /a b HTTP/1.1", "G\x01T / HTTP/1.1", "GET http://a/ HTTP/1.1",
                           "CONNECT a:80 HTTP/1.1", "GET /\x80 HTTP/1.1", "GET /a#b HTTP/1.1", "GET a HTTP/1.1", "GET / http/1.1", "/ HTTP/1.1"})
    BOOST_TEST(status_of(head(line, "Host: a\r\n")) == 400, line);
  BOOST_TEST(status_of(head("GET / HTTP/2.0", "Host: a\r\n")) == 505);
  BOOST_TEST(status_of(head("GET / HTTP/1.2", "Host: a\r\n")) == 505);
}

BOOST_AUTO_TEST_CASE(size_and_number_of_fields_are_bounded) {
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a" + std::to_string(i) + ": b\r\n";
  BOOST_TEST(status_of(post(many)) == 431);
  BOOST_TEST(status_of(post("A: " + std::string(17 * 1024, 'x') + "\r\n")) == 431);
  BOOST_TEST(status_of(post("Expect: 200-ok\r\n")) == 417);
}

BOOST_AUTO_TEST_CASE(connection_and_version_decide_about_keep_alive) {
  const auto keeps = [](const std::string& text) { return validate_request_head(text)->keep_alive; };
  BOOST_TEST(keeps(head("GET / HTTP/1.1", "Host: a\r\n")));
  BOOST_TEST(!keeps(head("GET / HTTP/1.1", "Host: a\r\nConnection: x, Close\r\n")));
  BOOST_TEST(!keeps(head("GET / HTTP/1.0", "Host: a\r\n")));
  BOOST_TEST(keeps(head("GET / HTTP/1.0", "Host: a\r\nConnection: keep-alive\r\n")));
}

BOOST_AUTO_TEST_SUITE_END()
