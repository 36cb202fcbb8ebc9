#include "net/upstream.hpp"

#include "tests/net/loopback.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

BOOST_AUTO_TEST_SUITE(upstream)

using namespace switchyard;
using namespace switchyard::net;
using testing::loopback_server;
using testing::run_on;

namespace {

struct client_thread {
  client_thread() : thread("test-client") { thread.start(); }
  io_thread thread;
};

/// A listener that accepts nothing by itself: the kernel completes the connection and nobody answers.
struct silent_listener {
  silent_listener() : socket(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    (void)::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    (void)::listen(socket, 16);
    (void)::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~silent_listener() { ::close(socket); }
  int socket;
  std::uint16_t port = 0;
};

struct answer {
  int status = 0;
  std::string body;
  call_fault fault = call_fault::none;
};

task<answer> ask(io_thread& thread, endpoint where, call_limits limits, std::string path) {
  upstream_call call(thread, where, limits);
  answer a;
  const std::string_view body[] = {"he", "llo"};
  auto head = co_await call.send("POST", path, "content-type: text/plain\r\n", body);
  if (head) {
    a.status = (*head)->status;
    auto whole = co_await call.read_all(1u << 20);
    if (whole) a.body = *whole;
  }
  a.fault = call.fault();
  co_return a;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_connection_is_used_again) {
  std::vector<std::string> peers;
  loopback_server server([&peers](exchange& x) -> task<void> {
    peers.push_back(x.peer());
    auto body = co_await x.read_body(1000);
    (void)co_await x.respond(200, {}, *body);
  });
  client_thread client;
  for (int i = 0; i < 3; ++i) {
    const auto a = run_on<answer>(client.thread, [&] { return ask(client.thread, server.where(), {}, "/"); });
    BOOST_TEST(a.status == 200);
    BOOST_TEST(a.body == "hello");
  }
  BOOST_REQUIRE(peers.size() == 3u);
  BOOST_TEST(peers[0] == peers[2]);
  client.thread.stop();
  client.thread.join();
}

BOOST_AUTO_TEST_CASE(a_streamed_body_comes_piece_by_piece) {
  loopback_server server([](exchange& x) -> task<void> {
    (void)co_await x.begin(200, {});
    for (int i = 0; i < 5; ++i) {
      const std::string text = "data: " + std::to_string(i) + "\n\n";
      const std::string_view pieces[] = {text};
      (void)co_await x.write(pieces);
      co_await x.thread().sleep(milliseconds(5));
    }
    (void)co_await x.end();
  });
  client_thread client;
  const auto seen = run_on<std::pair<int, std::string>>(client.thread, [&]() -> task<std::pair<int, std::string>> {
    upstream_call call(client.thread, server.where(), {});
    auto head = co_await call.send("POST", "/", "", {});
    std::pair<int, std::string> all{0, ""};
    while (head) {
      auto piece = co_await call.read_body();
      if (!piece || piece->empty()) break;
      ++all.first;
      all.second += *piece;
    }
    co_return all;
  });
  BOOST_TEST(seen.first >= 2);
  BOOST_TEST(seen.second == "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n");
  client.thread.stop();
  client.thread.join();
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_a_connect_fault) {
  std::uint16_t port = 0;
  {
    silent_listener gone;
    port = gone.port;
  }
  client_thread client;
  const auto a = run_on<answer>(client.thread, [&] { return ask(client.thread, {false, "127.0.0.1", port}, {}, "/"); });
  BOOST_TEST((a.fault == call_fault::connect));
}

BOOST_AUTO_TEST_CASE(a_silent_provider_is_a_timeout) {
  silent_listener silent;
  client_thread client;
  call_limits limits;
  limits.first_byte = milliseconds(60);
  const auto begun = steady_now();
  const auto a = run_on<answer>(client.thread, [&] { return ask(client.thread, {false, "127.0.0.1", silent.port}, limits, "/"); });
  BOOST_TEST((a.fault == call_fault::timeout));
  BOOST_TEST((steady_now() - begun < seconds(3)));
}

BOOST_AUTO_TEST_CASE(cancelling_ends_a_call_that_waits) {
  silent_listener silent;
  client_thread client;
  const auto fault = run_on<call_fault>(client.thread, [&]() -> task<call_fault> {
    upstream_call call(client.thread, {false, "127.0.0.1", silent.port}, {});
    io_thread::timer alarm;
    client.thread.arm(alarm, milliseconds(20), [&call] { call.cancel(); });
    auto head = co_await call.send("POST", "/", "", {});
    co_return head ? call_fault::none : call.fault();
  });
  BOOST_TEST((fault == call_fault::cancelled));
}

BOOST_AUTO_TEST_CASE(a_pooled_connection_that_the_provider_closed_is_replaced_silently) {
  int served = 0;
  server_options options;
  options.idle_timeout = milliseconds(30);
  loopback_server server([&served](exchange& x) -> task<void> {
    ++served;
    auto body = co_await x.read_body(1000);
    (void)co_await x.respond(200, {}, *body);
  }, options);
  client_thread client;
  for (int i = 0; i < 5; ++i) {
    const auto a = run_on<answer>(client.thread, [&]() -> task<answer> {
      co_await client.thread.sleep(milliseconds(20 + 5 * i));   // around the moment at which the server gives up the connection
      co_return co_await ask(client.thread, server.where(), {}, "/");
    });
    BOOST_TEST(a.status == 200);
  }
  BOOST_TEST(served == 5);
  client.thread.stop();
  client.thread.join();
}

BOOST_AUTO_TEST_CASE(a_truncated_answer_is_not_taken_for_a_whole_one) {
  loopback_server server([](exchange& x) -> task<void> {
    (void)co_await x.begin(200, {});
    const std::string_view pieces[] = {"half"};
    (void)co_await x.write(pieces);   // no end(): the connection is cut
  });
  client_thread client;
  const auto a = run_on<answer>(client.thread, [&] { return ask(client.thread, server.where(), {}, "/"); });
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.body.empty());
  BOOST_TEST((a.fault == call_fault::reset));
}

BOOST_AUTO_TEST_CASE(an_answer_in_one_segment_with_its_end_is_whole) {
  silent_listener listener;
  client_thread client;
  std::thread provider([&listener] {
    const int socket = ::accept(listener.socket, nullptr, nullptr);
    testing::read_until_it_ends_with(socket, "hello");
    testing::send_as_one_with_the_end(socket, "HTTP/1.1 200 OK\r\n\r\nas long as it lasts");
    ::close(socket);
  });
  call_limits limits;
  limits.idle = milliseconds(2000);
  const auto a = run_on<answer>(client.thread, [&] { return ask(client.thread, {false, "127.0.0.1", listener.port}, limits, "/"); });
  provider.join();
  BOOST_TEST(a.body == "as long as it lasts");
  BOOST_TEST((a.fault == call_fault::none));
}

BOOST_AUTO_TEST_SUITE_END()
