#include "tools/switchyardctl/http_message.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(http_message)

using namespace switchyard::ctl;

namespace {

struct reading {
  std::string body;
  response_reader reader{[this](std::string_view piece) { body.append(piece); }};
};

admin_url good(std::string_view text) {
  std::string why;
  auto url = admin_url::parse(text, why);
  BOOST_REQUIRE_MESSAGE(url.has_value(), why);
  return *url;
}

bool refused(std::string_view text) {
  std::string why;
  return !admin_url::parse(text, why) && !why.empty();
}

}  // namespace

BOOST_AUTO_TEST_CASE(urls_are_taken_apart) {
  BOOST_TEST(good("http://127.0.0.1:8081").authority() == "127.0.0.1:8081");
  BOOST_TEST(good("http://yard-a").port == "80");
  BOOST_TEST(good("http://[::1]:8081/").host == "::1");
  BOOST_TEST(good("http://[::1]:8081/").authority() == "[::1]:8081");
  BOOST_TEST(good("http://proxy/yard/a/").prefix == "/yard/a");
}

BOOST_AUTO_TEST_CASE(what_is_no_admin_url_is_refused_with_a_reason) {
  for (const auto* text : {"", "127.0.0.1:8081", "https://a:1", "http://", "http://:80", "http://a:0", "http://a:99999", "http://a:x",
                           "http://[::1", "http://a b:1", "http://a\r\nx: y", "http://user@host:1", "http://a/\r\n"})
    BOOST_TEST(refused(text), text);
}

BOOST_AUTO_TEST_CASE(path_segments_are_percent_encoded) { BOOST_TEST(percent_encoded("a/b?c d-é") == "a%2Fb%3Fc%20d-%C3%A9"); }

BOOST_AUTO_TEST_CASE(a_sized_body_is_whole_after_its_last_byte) {
  reading r;
  BOOST_TEST(r.reader.feed("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhel"));
  BOOST_TEST(!r.reader.complete());
  BOOST_TEST(!r.reader.finish());
  BOOST_TEST(r.reader.feed("lo"));
  BOOST_TEST(r.reader.complete());
  BOOST_TEST(r.reader.status() == 404);
  BOOST_TEST(r.body == "hello");
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_read_however_it_is_cut) {
  const std::string wire =
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nWiki\r\nA;x=y\r\n0123456789\r\n0\r\nx-end: 1\r\n\r\n";
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    reading r;
    for (std::size_t at = 0; at < wire.size(); at += step) BOOST_REQUIRE(r.reader.feed(wire.substr(at, step)));
    BOOST_TEST(r.reader.complete());
    BOOST_TEST(r.body == "Wiki0123456789");
  }
}

BOOST_AUTO_TEST_CASE(a_body_without_a_size_ends_with_the_connection) {
  reading r;
  BOOST_TEST(r.reader.feed("HTTP/1.0 200 OK\r\n\r\nabc"));
  BOOST_TEST(!r.reader.complete());
  BOOST_TEST(r.reader.finish());
  BOOST_TEST(r.body == "abc");
}

BOOST_AUTO_TEST_CASE(an_interim_head_is_skipped_and_204_has_no_body) {
  reading r;
  BOOST_TEST(r.reader.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
  BOOST_TEST(r.reader.complete());
  BOOST_TEST(r.reader.status() == 204);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_noticed) {
  for (const auto* bytes : {"SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n"}) {
    reading r;
    BOOST_TEST(!r.reader.feed(bytes), bytes);
  }
  reading endless;
  BOOST_TEST(!endless.reader.feed("HTTP/1.1 200 OK\r\nx: " + std::string(100'000, 'a')));
}

BOOST_AUTO_TEST_CASE(events_are_joined_from_their_data_lines) {
  std::vector<std::string> seen;
  event_reader events([&](const std::string& data) { seen.push_back(data); });
  const std::string wire = ": connected\n\ndata: {\"a\":1}\n\nevent: x\r\ndata: one\r\ndata:two\r\n\r\ndata: unfinished\n";
  for (const char c : wire) events.feed(std::string(1, c));
  const std::vector<std::string> wanted{"{\"a\":1}", "one\ntwo"};
  BOOST_TEST(seen == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
