// The HTTP/1.1 server: listeners on every I/O thread (SO_REUSEPORT), strict requests, limits, graceful drain.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "net/exchange.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace switchyard::net {

struct server_options {
  config::listen_address listen;
  int max_connections = 10000;                   ///< over all threads; one more is closed at once after a 503
  milliseconds header_timeout = seconds(10);     ///< first byte -> end of head
  milliseconds idle_timeout = seconds(75);       ///< keep-alive without a request; a body or response that stands still
  std::optional<config::tls_files> tls;
  /// A client came where none was connected. On an I/O thread.
  std::function<void()> first_connection;
  /// The body of an error that the server itself answers (400, 408, 413, 431, 503). Default: {"error":{...}} of OpenAI.
  std::function<std::string(const error&)> error_body;
};

/// Handles one request; answers it through the exchange. A handler that returns without an answer gives 500.
using handler = std::function<task<void>(exchange&)>;

class server {
 public:
  /// The threads must outlive the server; `serve` is called on them.
  server(std::span<io_thread* const> threads, server_options options, handler serve);
  ~server();

  /// Binds and listens; the address with the real port.
  [[nodiscard]] result<config::listen_address> start();
  /// Stops accepting, lets requests in flight finish, closes idle connections. Ends early when all are gone.
  /// Blocks the calling thread (not an I/O thread), at most `limit`; then what is left is cut.
  void drain(milliseconds limit);
  /// Open client connections.
  [[nodiscard]] int connections() const noexcept;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace switchyard::net
