// Calls to providers: pooled keep-alive connections per endpoint and thread, TLS, every wait bounded.
#pragma once

#include "base/clock.hpp"
#include "base/header.hpp"
#include "base/result.hpp"
#include "net/io_thread.hpp"
#include "net/task.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::net {

/// Where a base URL points: scheme, host, port. The path prefix is not part of it.
struct endpoint {
  bool tls = false;
  std::string host;
  std::uint16_t port = 80;
  bool allow_private = false;          ///< its name may lead into the own network (see egress_filter.hpp)
  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// "https://host[:port][/prefix]" -> endpoint and prefix ("" or "/v1"). Userinfo, query and fragment are refused.
struct base_url {
  endpoint where;
  std::string prefix;
};
[[nodiscard]] result<base_url> parse_base_url(std::string_view url);

struct call_limits {
  milliseconds connect = seconds(2);             ///< name, TCP and TLS together
  milliseconds first_byte = seconds(60);         ///< request written -> first byte of the head
  milliseconds idle = seconds(60);               ///< between bytes of the answer; a request that is not taken
  steady_time deadline = steady_time::max();     ///< the whole call
};

/// Why a call failed, beside the error's text.
enum class call_fault : std::uint8_t { none, connect, timeout, reset, protocol, cancelled };

struct response_head {
  int status = 0;
  std::vector<header> headers;                   ///< valid as long as the call
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept { return find_header(headers, name); }
};

/// One call. Destroying it before the body is read to its end closes the connection; else it returns to the pool.
class upstream_call {
 public:
  upstream_call(io_thread& thread, const endpoint& where, const call_limits& limits);
  ~upstream_call();
  upstream_call(const upstream_call&) = delete;
  upstream_call& operator=(const upstream_call&) = delete;

  /// Takes a pooled or a new connection, writes the request (content-length is added; `head_lines` is "name: value\r\n"...),
  /// waits for the head. A pooled connection that the peer had closed before its first byte is replaced once, silently.
  [[nodiscard]] task<result<response_head*>> send(std::string_view method, std::string_view path, std::string_view head_lines,
                                                  std::span<const std::string_view> body);
  /// The next decoded piece of the body; empty at its end. Valid until the next call. Truncation is an error.
  [[nodiscard]] task<result<std::string_view>> read_body();
  /// The whole body, at most `max_bytes`, else an error. 64 readable bytes follow it.
  [[nodiscard]] task<result<std::string_view>> read_all(std::size_t max_bytes);
  /// Reads and drops what is left of the body for at most `limit`, so that the connection may be used again.
  [[nodiscard]] task<void> skip_rest(milliseconds limit);

  /// Ends whatever waits with call_fault::cancelled. From this thread.
  void cancel() noexcept;
  [[nodiscard]] call_fault fault() const noexcept;
  /// Time from the request being written to the first byte of the answer; 0 before.
  [[nodiscard]] microseconds first_byte_after() const noexcept;
  /// Time this call has spent waiting for the provider so far (connect, write, answer).
  [[nodiscard]] microseconds waited() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Is the endpoint reachable (TCP, and TLS where it applies)? For breakers; leaves the connection in the pool.
[[nodiscard]] task<bool> probe_endpoint(io_thread& thread, endpoint where, milliseconds limit);

/// How TLS upstreams are verified; process-wide, set before the first call.
struct upstream_tls_options {
  std::string ca_file;                 ///< empty: the system store
};
void set_upstream_tls(const upstream_tls_options& options);

}  // namespace switchyard::net
