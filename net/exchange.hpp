// One request and its response on a client connection, as a handler sees it.
#pragma once

#include "base/clock.hpp"
#include "base/header.hpp"
#include "base/result.hpp"
#include "net/io_thread.hpp"
#include "net/task.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::net {

struct request_head {
  std::string_view method;
  std::string_view target;             ///< as sent: "/v1/models?limit=2"
  std::string_view path;               ///< up to '?'
  std::string_view query;              ///< after '?'
  std::vector<header> headers;
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept { return find_header(headers, name); }
};

/// Lives until its handler returns. All members on the connection's I/O thread.
class exchange {
 public:
  virtual ~exchange() = default;
  [[nodiscard]] virtual const request_head& head() const noexcept = 0;
  [[nodiscard]] virtual io_thread& thread() noexcept = 0;
  /// When the first byte of the request was read.
  [[nodiscard]] virtual steady_time started() const noexcept = 0;
  /// "127.0.0.1:51234"
  [[nodiscard]] virtual std::string peer() const = 0;

  /// The whole body (chunked decoded), once. 64 readable bytes follow it. Errors: 413 (too large), 408 (too slow),
  /// 400 (bad chunks), client gone. Stays valid until the exchange ends.
  [[nodiscard]] virtual task<result<std::string_view>> read_body(std::uint64_t max_bytes) = 0;

  /// The complete response; content-length, date and connection are added. The views may die after it returns.
  [[nodiscard]] virtual task<outcome> respond(int status, std::span<const header> headers, std::span<const std::string_view> body) = 0;
  [[nodiscard]] task<outcome> respond(int status, std::span<const header> headers, std::string_view body) {
    return respond_one(status, headers, body);
  }

  /// A response of unknown length: head, pieces (each write() waits until the socket has taken it), end.
  [[nodiscard]] virtual task<outcome> begin(int status, std::span<const header> headers) = 0;
  [[nodiscard]] virtual task<outcome> write(std::span<const std::string_view> pieces) = 0;
  [[nodiscard]] virtual task<outcome> end() = 0;
  /// Cuts the connection: a streamed response that must not look complete.
  virtual void abort() noexcept = 0;

  [[nodiscard]] virtual bool begun() const noexcept = 0;   ///< has any byte of a response been given to the socket?
  /// Has the client closed its side (or the connection failed)? Seen while the handler waits for something else, too.
  [[nodiscard]] virtual bool client_gone() const noexcept = 0;
  /// Called once, when that happens; {} clears. Not called after the handler has returned.
  virtual void on_client_gone(std::function<void()> call) = 0;

 private:
  task<outcome> respond_one(int status, std::span<const header> headers, std::string_view body) {
    const std::string_view pieces[] = {body};
    co_return co_await respond(status, headers, std::span<const std::string_view>(pieces));
  }
};

}  // namespace switchyard::net
