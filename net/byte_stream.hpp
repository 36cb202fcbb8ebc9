// A TCP connection, plain or TLS, with the few operations the data plane needs. Included by net/*.cpp only.
#pragma once

#include "net/asio.hpp"
#include "net/readiness.hpp"
#include "net/task.hpp"

#include <sys/uio.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace switchyard::net {

/// One reader and one writer at a time. Operations end with operation_aborted after close().
class byte_stream {
 public:
  /// Connected; Asio's until start_plain() or start_tls().
  explicit byte_stream(tcp_socket socket) : socket_(std::move(socket)) {}

  /// From here on the connection waits by the thread's readiness.
  void start_plain(io_thread& thread) { plain_.emplace(readiness_of(thread), std::move(socket_)); }
  /// Turns the plain connection into a TLS one; the handshake is the caller's to start.
  tls_socket& start_tls(asio::ssl::context& context);
  [[nodiscard]] tls_socket* tls() noexcept { return tls_.get(); }
  /// Not after start_plain().
  [[nodiscard]] tcp_socket& socket() noexcept { return tls_ ? tls_->next_layer() : socket_; }

  void read(char* into, std::size_t size, std::shared_ptr<read_sink> whom);
  /// By Asio: not after start_plain(). Handler: void(system_error, size_t).
  template <class Handler>
  void async_read(char* into, std::size_t size, Handler handler) {
    if (tls_)
      tls_->async_read_some(asio::buffer(into, size), std::move(handler));
    else
      socket_.async_read_some(asio::buffer(into, size), std::move(handler));
  }
  /// The pending read ends with operation_aborted.
  void cancel_read() noexcept;

  /// What the socket takes now without waiting (plain connections only; TLS takes 0). Consumed parts leave `parts`.
  /// True: everything was written. A hard error is left in `failure`.
  [[nodiscard]] bool write_now(std::span<iovec>& parts, system_error& failure) noexcept;
  /// Writes the rest of `parts` as the socket takes it; comes after write_now() on plain connections.
  void async_write_rest(std::span<iovec> parts, std::function<void(const system_error&)> then);

  /// "127.0.0.1:51234"
  [[nodiscard]] std::string peer() const;
  void shutdown_send() noexcept;
  void close() noexcept;
  /// Drops the connection with a reset instead of an orderly end.
  void reset() noexcept;

 private:
  [[nodiscard]] int native() const noexcept;

  tcp_socket socket_;
  std::optional<plain_socket> plain_;
  std::unique_ptr<tls_socket> tls_;
};

/// co_await write_all(stream, parts): the error, if any. `parts` and what they point to must outlive it.
///
/// Plain connections are written together, once everything that was ready has been read: what the bytes wake up then finds them all at
/// once, instead of taking the processor away after each (a paced stream costs half as much that way). TLS is written at once.
class write_all {
 public:
  write_all(io_thread& thread, byte_stream& stream, std::span<iovec> parts) noexcept : thread_(thread), stream_(stream), parts_(parts) {}
  write_all(const write_all&) = delete;
  write_all& operator=(const write_all&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return parts_.empty(); }
  void await_suspend(std::coroutine_handle<> waiter);
  [[nodiscard]] system_error await_resume() const noexcept { return failure_; }

 private:
  struct outbox;
  void write_rest();

  io_thread& thread_;
  byte_stream& stream_;
  std::span<iovec> parts_;
  system_error failure_;
  bool over_ = false;
  std::coroutine_handle<> waiter_;
  write_all* next_ = nullptr;            // in the outbox
};

}  // namespace switchyard::net
