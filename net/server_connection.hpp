// One client connection: reads requests strictly in order, runs a handler for each, notices at once when the client leaves.
// Included by net/*.cpp only.
#pragma once

#include "net/byte_buffer.hpp"
#include "net/byte_stream.hpp"
#include "net/deadline.hpp"
#include "net/exchange.hpp"
#include "net/http_parser.hpp"
#include "net/request_validator.hpp"
#include "net/server.hpp"

#include <memory>
#include <string>
#include <vector>

namespace switchyard::net {

/// What the connections of one server share; counters are touched by all its threads.
struct server_shared {
  server_options options;
  handler serve;
  std::atomic<int> open{0};
  std::atomic<bool> draining{false};
};

/// Kept alive by the operations it has under way.
///
/// A read is pending whenever the connection waits for something else, so that the client's leaving is seen within one
/// wake-up; what it sends meanwhile (pipelining) is kept up to 64 KiB, then reading stops until the handler is done.
class server_connection final : public exchange, public read_sink, public std::enable_shared_from_this<server_connection> {
 public:
  server_connection(io_thread& thread, std::shared_ptr<server_shared> shared, tcp_socket socket);
  ~server_connection() override;

  void start(asio::ssl::context* tls);
  /// Draining: closes now if no request is under way, else after the current one.
  void stop_when_idle();
  /// Cuts whatever is under way.
  void cut();

  // exchange
  const request_head& head() const noexcept override { return head_; }
  io_thread& thread() noexcept override { return thread_; }
  steady_time started() const noexcept override { return started_; }
  std::string peer() const override;
  task<result<std::string_view>> read_body(std::uint64_t max_bytes) override;
  using exchange::respond;
  task<outcome> respond(int status, std::span<const header> headers, std::span<const std::string_view> body) override;
  task<outcome> begin(int status, std::span<const header> headers) override;
  task<outcome> write(std::span<const std::string_view> pieces) override;
  task<outcome> end() override;
  void abort() noexcept override { cut(); }
  bool begun() const noexcept override { return begun_; }
  bool client_gone() const noexcept override { return gone_; }
  void on_client_gone(std::function<void()> call) override;

 private:
  task<void> run(asio::ssl::context* tls);
  task<bool> handshake(asio::ssl::context& tls);
  task<bool> read_head();
  task<bool> more();                     // waits for more bytes; false: closed
  void read_in_background();             // watch for the client's leaving while something else is awaited
  void start_read();
  void on_read(const system_error& failure, std::size_t n) override;
  void lost();
  void after_handler();
  task<void> refuse(error what);
  task<result<std::string_view>> read_sized_body(std::uint64_t length);
  task<result<std::string_view>> read_chunked_body(std::uint64_t max_bytes);
  void write_head(int status, std::span<const header> headers, std::optional<std::uint64_t> length);
  task<outcome> send(std::span<iovec> parts);
  void wait_at_most(milliseconds limit) { deadline_.set(thread_.now() + limit); }

  io_thread& thread_;
  std::shared_ptr<server_shared> shared_;
  byte_stream stream_;
  deadline deadline_;

  byte_buffer in_;                       // what the socket gave and nobody has used
  bool reading_ = false;
  bool gone_ = false;
  bool closed_ = false;
  bool timed_out_ = false;
  std::coroutine_handle<> reader_;       // who waits in more()
  std::function<void()> on_gone_;

  request_parser parser_;
  request_framing framing_;
  std::string head_bytes_;
  request_head head_;
  byte_buffer body_;
  std::string chunked_body_;
  bool body_read_ = false;
  bool busy_ = false;                    // a request is under way
  steady_time started_{};

  std::string out_head_;                 // the response head not yet sent, or the one being sent
  bool begun_ = false;
  bool streaming_ = false;
  bool ended_ = false;
  bool keep_alive_ = true;
};

/// "Tue, 24 Nov 2026 11:00:00 GMT", made once a second per thread.
[[nodiscard]] std::string_view http_date();
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

}  // namespace switchyard::net
