#include "net/server.hpp"

#include "tests/net/loopback.hpp"

#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <mutex>

BOOST_AUTO_TEST_SUITE(http_server)

using namespace switchyard;
using namespace switchyard::net;
using testing::loopback_server;
using testing::raw_client;

namespace {

task<void> echo(exchange& x) {
  auto body = co_await x.read_body(1u << 20);
  if (!body) {
    const header none[] = {{"x-failed", "yes"}};
    (void)co_await x.respond(http_status(body.failure()), none, std::string_view(body.failure().message));
    co_return;
  }
  const header headers[] = {{"content-type", "text/plain"}};
  const std::string_view pieces[] = {x.head().path, ":", *body};
  (void)co_await x.respond(200, headers, std::span<const std::string_view>(pieces));
}

}  // namespace

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  loopback_server server(echo);
  raw_client client(server.port);
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
  client.send(all);
  const auto answer = client.read_until(":abc", 100);
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = answer.find("/" + std::to_string(i) + ":abc", at);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, "answer " << i);
  }
}

BOOST_AUTO_TEST_CASE(a_chunked_body_arrives_whole) {
  loopback_server server(echo);
  raw_client client(server.port);
  client.send("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\n");
  BOOST_TEST(client.read_until("/c:abcde").find("200 OK") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_large_body_arrives_whole_and_too_large_a_one_is_413) {
  loopback_server server(echo);
  raw_client client(server.port);
  const std::string body(700'000, 'x');
  client.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 700000\r\n\r\n" + body);
  BOOST_TEST(client.read_until(body).find("content-length: 700005") != std::string::npos);
  raw_client other(server.port);
  other.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 70000000\r\n\r\n");
  const auto refused = other.read_to_end();
  BOOST_TEST(refused.find(" 413 ") != std::string::npos);
  BOOST_TEST(refused.find("connection: close") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(expect_continue_is_met_before_the_body) {
  loopback_server server(echo);
  raw_client client(server.port);
  client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  BOOST_TEST(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
  client.send("ok");
  BOOST_TEST(client.read_until("/e:ok").find("200 OK") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_smuggled_request_is_refused_and_the_connection_closed) {
  loopback_server server(echo);
  raw_client client(server.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto answer = client.read_to_end();
  BOOST_TEST(answer.starts_with("HTTP/1.1 400"));
  BOOST_TEST(answer.find("hidden") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_oversized_head_is_431) {
  loopback_server server(echo);
  raw_client client(server.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(40'000, 'x'));
  BOOST_TEST(client.read_to_end().starts_with("HTTP/1.1 431"));
}

BOOST_AUTO_TEST_CASE(a_slow_head_is_408_and_an_idle_connection_just_closes) {
  server_options options;
  options.header_timeout = milliseconds(50);
  options.idle_timeout = milliseconds(80);
  loopback_server server(echo, options);
  raw_client slow(server.port);
  slow.send("GET / HTTP/1.1\r\nHost:");
  BOOST_TEST(slow.read_to_end().starts_with("HTTP/1.1 408"));
  raw_client idle(server.port);
  BOOST_TEST(idle.read_to_end().empty());
}

BOOST_AUTO_TEST_CASE(http_1_0_gets_an_answer_and_a_close) {
  loopback_server server(echo);
  raw_client client(server.port);
  client.send("POST /old HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
  const auto answer = client.read_to_end();
  BOOST_TEST(answer.find("/old:x") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_handler_that_does_not_answer_gives_500) {
  loopback_server server([](exchange&) -> task<void> { co_return; });
  raw_client client(server.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(client.read_to_end().starts_with("HTTP/1.1 500"));
}

BOOST_AUTO_TEST_CASE(the_handler_learns_within_its_wait_that_the_client_left) {
  std::promise<bool> left;
  auto heard = left.get_future();
  loopback_server server([&left](exchange& x) -> task<void> {
    auto gone = std::make_shared<signal<bool>>();
    x.on_client_gone([gone] { gone->set(true); });
    const bool told = co_await *gone;
    left.set_value(told && x.client_gone());
  });
  raw_client client(server.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.close();
  BOOST_REQUIRE(heard.wait_for(seconds(5)) == std::future_status::ready);
  BOOST_TEST(heard.get());
}

BOOST_AUTO_TEST_CASE(a_client_that_closes_its_side_with_its_last_byte_has_left) {
  std::promise<bool> left;
  auto heard = left.get_future();
  loopback_server server([&left](exchange& x) -> task<void> {
    auto gone = std::make_shared<signal<bool>>();
    x.on_client_gone([gone] { gone->set(true); });
    left.set_value(co_await *gone);
  });
  raw_client client(server.port);
  client.send("GET / HT");               // the server is reading already
  testing::send_as_one_with_the_end(client.native(), "TP/1.1\r\nHost: a\r\n\r\n");
  BOOST_REQUIRE(heard.wait_for(seconds(5)) == std::future_status::ready);
  BOOST_TEST(heard.get());
}

BOOST_AUTO_TEST_CASE(a_stream_arrives_in_chunks_and_an_unfinished_one_is_cut) {
  loopback_server server([](exchange& x) -> task<void> {
    const header headers[] = {{"content-type", "text/event-stream"}};
    (void)co_await x.begin(200, headers);
    const std::string_view one[] = {"data: 1\n\n"};
    (void)co_await x.write(one);
    if (x.head().path == "/whole") (void)co_await x.end();
  });
  raw_client whole(server.port);
  whole.send("GET /whole HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(whole.read_until("0\r\n\r\n").find("9\r\ndata: 1\n\n\r\n0\r\n\r\n") != std::string::npos);
  raw_client cut(server.port);
  cut.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(cut.read_to_end().find("0\r\n\r\n") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_stops_the_writer_instead_of_growing_memory) {
  // 64 MiB are offered; the handler must still be waiting when only the socket buffers are full.
  std::atomic<std::size_t> written{0};
  loopback_server server([&written](exchange& x) -> task<void> {
    (void)co_await x.begin(200, {});
    const std::string block(64 * 1024, 'x');
    for (int i = 0; i < 1024; ++i) {
      const std::string_view pieces[] = {block};
      if (!co_await x.write(pieces)) co_return;
      written += block.size();
    }
    (void)co_await x.end();
  });
  raw_client client(server.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  (void)client.read_until("\r\n\r\n");
  // The writer's progress stops while nobody reads: two looks with a full loop turn between them see the same count.
  std::size_t before = 1;
  for (int calm = 0; calm < 20;) {
    const std::size_t now = written.load();
    calm = now == before ? calm + 1 : 0;
    before = now;
    testing::run_on<bool>(server.thread, [&]() -> task<bool> {
      co_await server.thread.sleep(milliseconds(10));
      co_return true;
    });
  }
  BOOST_TEST(before < 32u << 20);
}

BOOST_AUTO_TEST_CASE(draining_finishes_the_request_in_flight_and_closes_idle_connections) {
  std::promise<void> entered;
  auto inside = entered.get_future();
  auto release = std::make_shared<signal<bool>>();
  loopback_server server([&entered, release](exchange& x) -> task<void> {
    entered.set_value();
    co_await *release;
    (void)co_await x.respond(200, {}, std::string_view("finished"));
  });
  raw_client idle(server.port);
  raw_client busy(server.port);
  busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  inside.wait();
  auto draining = std::async(std::launch::async, [&] { server.it->drain(seconds(5)); });
  BOOST_TEST(idle.read_to_end().empty());
  server.thread.post([release] { release->set(true); });
  const auto answer = busy.read_to_end();
  BOOST_TEST(answer.find("finished") != std::string::npos);
  BOOST_TEST(answer.find("connection: close") != std::string::npos);
  draining.wait();
  BOOST_TEST(server.it->connections() == 0);
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_gets_503) {
  server_options options;
  options.max_connections = 1;
  loopback_server server(echo, options);
  raw_client first(server.port);
  first.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  BOOST_TEST(first.read_until("/1:").find("200") != std::string::npos);
  raw_client second(server.port);
  BOOST_TEST(second.read_to_end().starts_with("HTTP/1.1 503"));
}

BOOST_AUTO_TEST_SUITE_END()
