// Connections to providers, one set of pools per I/O thread. Included by net/*.cpp only.
#pragma once

#include "net/byte_buffer.hpp"
#include "net/byte_stream.hpp"
#include "net/deadline.hpp"
#include "net/http_parser.hpp"
#include "net/upstream.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace switchyard::net {

class upstream_pools;

/// One connection to a provider. While idle in its pool a read is pending, so that its closing is seen at once.
class upstream_connection final : public read_sink, public std::enable_shared_from_this<upstream_connection> {
 public:
  upstream_connection(io_thread& thread, endpoint where, tcp_socket socket);

  byte_stream stream;
  byte_buffer in;
  const endpoint where;
  deadline limit;
  bool used_before = false;
  bool broken = false;
  bool timed_out = false;
  bool cancelled = false;
  steady_time idle_since{};

  // Of the call it carries; here, so that the next call finds their memory.
  response_parser parser;
  response_head head;
  std::string head_bytes;                // what `head` points into
  std::string request_head;

  /// Watches for the peer's closing; `pools` is told once if it closes (or speaks) while idle.
  void watch(upstream_pools& pools);
  /// Ends the watching: true when the connection is still good. A pending read goes on; read() takes it over.
  [[nodiscard]] bool unwatch();
  /// More bytes into `in`. The error is set at the end of the stream, too (asio::error::eof).
  [[nodiscard]] auto read() { return reader{*this}; }
  void fail_with_timeout();
  void cancel();

 private:
  struct reader {
    upstream_connection& self;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      self.waiter_ = waiter;
      self.start_read();
    }
    system_error await_resume() const noexcept { return self.last_; }
  };
  void start_read();
  void on_read(const system_error& failure, std::size_t n) override;
  bool reading_ = false;
  io_thread& thread_;
  std::coroutine_handle<> waiter_;
  upstream_pools* watcher_ = nullptr;
  system_error last_;
};

struct endpoint_hash {
  std::size_t operator()(const endpoint& e) const noexcept {
    return std::hash<std::string>{}(e.host) ^ (static_cast<std::size_t>(e.port) << 1 | static_cast<std::size_t>(e.tls));
  }
};

/// All pools of one I/O thread, with what connecting needs: resolved names and TLS sessions.
class upstream_pools {
 public:
  explicit upstream_pools(io_thread& thread);
  ~upstream_pools();

  /// An idle connection, newest first, or null.
  [[nodiscard]] std::shared_ptr<upstream_connection> take(const endpoint& where);
  /// At most 512 idle ones per endpoint, 60 to 65 s each.
  void give_back(std::shared_ptr<upstream_connection> connection);
  /// An idle one is of no use any more.
  void forget(const upstream_connection& connection);
  /// A new connection, TLS included, within `limit`. The error says what failed; never blocks the thread.
  /// `abandon` is set to a callback that ends the attempt early.
  [[nodiscard]] task<result<std::shared_ptr<upstream_connection>>> connect(endpoint where, milliseconds limit, std::function<void()>& abandon);

 private:
  struct addresses {
    std::vector<asio::ip::tcp::endpoint> found;
    steady_time expires{};
  };
  [[nodiscard]] task<result<std::vector<asio::ip::tcp::endpoint>>> resolve(const endpoint& where, std::function<void(system_error)>& stop);
  asio::ssl::context& tls_context();
  void remember_session(const endpoint& where, SSL* tls);

  void sweep();

  using idle_list = std::vector<std::shared_ptr<upstream_connection>>;   // oldest first
  io_thread& thread_;
  std::unordered_map<endpoint, idle_list, endpoint_hash> idle_;
  io_thread::timer sweeper_;
  std::map<std::string, addresses> names_;
  std::unordered_map<endpoint, std::shared_ptr<SSL_SESSION>, endpoint_hash> sessions_;
  std::optional<asio::ssl::context> tls_;
};

}  // namespace switchyard::net
