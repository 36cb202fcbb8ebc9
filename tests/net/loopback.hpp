// A server and a blocking raw client on loopback, for tests of net/.
#pragma once

#include "net/server.hpp"
#include "net/upstream.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>

namespace switchyard::net::testing {

/// One I/O thread with one server on a free port.
struct loopback_server {
  explicit loopback_server(handler serve, server_options options = {}) : thread("test-server") {
    options.listen = {"127.0.0.1", 0};
    io_thread* const threads[] = {&thread};
    it = std::make_unique<server>(threads, std::move(options), std::move(serve));
    port = it->start().value().port;
    thread.start();
  }
  ~loopback_server() {
    it->drain(milliseconds(1000));
    thread.stop();
    thread.join();
  }
  [[nodiscard]] endpoint where() const { return {false, "127.0.0.1", port}; }

  io_thread thread;
  std::unique_ptr<server> it;
  std::uint16_t port = 0;
};

/// The bytes and the end of the stream leave in one segment: the other side is told of both at once.
inline void send_as_one_with_the_end(int socket, const std::string& bytes) {
  const int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
  (void)!::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  (void)::shutdown(socket, SHUT_WR);
}

/// Until what was received ends with `end`, or the peer closes.
inline void read_until_it_ends_with(int socket, const std::string& end) {
  std::string all;
  char buffer[4096];
  while (!all.ends_with(end)) {
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n <= 0) return;
    all.append(buffer, static_cast<std::size_t>(n));
  }
}

/// Waits at most 5 s for anything: a test that would hang fails instead.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~raw_client() { close(); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void send(const std::string& bytes) { (void)!::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  /// Until `marker` has been received `times` times, the peer closes, or 5 s are over.
  std::string read_until(const std::string& marker, int times = 1) {
    std::string all;
    while (count(all, marker) < times) {
      pollfd waiting{socket_, POLLIN, 0};
      if (::poll(&waiting, 1, 5000) <= 0) break;
      char buffer[4096];
      const ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      all.append(buffer, static_cast<std::size_t>(n));
    }
    return all;
  }
  std::string read_to_end() { return read_until("\x01never\x01"); }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int native() const { return socket_; }

 private:
  static int count(const std::string& text, const std::string& marker) {
    int n = 0;
    for (std::size_t at = text.find(marker); at != std::string::npos; at = text.find(marker, at + marker.size())) ++n;
    return n;
  }
  int socket_;
  bool connected_ = false;
};

/// Runs a coroutine on a thread and waits for its value.
template <class T, class Make>
T run_on(io_thread& thread, Make make) {
  std::promise<T> promise;
  auto value = promise.get_future();
  thread.post([&] {
    detach([](Make& build, std::promise<T>& result) -> task<void> { result.set_value(co_await build()); }(make, promise));
  });
  return value.get();
}

}  // namespace switchyard::net::testing
