// What the admin client must understand of HTTP/1.1 and event streams. Pure: bytes in, values out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::ctl {

/// "http://127.0.0.1:8081/prefix" taken apart.
struct admin_url {
  std::string host;
  std::string port = "80";
  std::string prefix;        ///< path before /admin/v1, without a slash at its end

  /// nullopt with `why` set when it is no http:// URL.
  [[nodiscard]] static std::optional<admin_url> parse(std::string_view text, std::string& why);
  /// For the Host field: IPv6 in brackets, port included.
  [[nodiscard]] std::string authority() const;
};

/// Percent-encodes everything but unreserved characters: fit for a path segment or a query value.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Reads one response from bytes as they arrive, and hands its body on as it comes.
class response_reader {
 public:
  explicit response_reader(std::function<void(std::string_view)> on_body) : on_body_(std::move(on_body)) {}

  /// Takes the next bytes; false once they are no HTTP/1.1 response.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// The peer closed: is that a complete response?
  [[nodiscard]] bool finish() noexcept;
  [[nodiscard]] bool complete() const noexcept { return state_ == state::complete; }
  [[nodiscard]] bool head_seen() const noexcept { return state_ != state::head; }
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  enum class state { head, sized, until_close, chunk_size, chunk_data, chunk_end, trailer, complete };
  [[nodiscard]] bool read_head(std::string_view head);
  /// Works on what is buffered; true while there is more to do.
  [[nodiscard]] bool step(bool& broken);
  [[nodiscard]] std::optional<std::string> take_line();

  std::function<void(std::string_view)> on_body_;
  std::string buffer_;
  state state_ = state::head;
  std::uint64_t left_ = 0;
  int status_ = 0;
};

/// Splits a text/event-stream into its events' data.
class event_reader {
 public:
  explicit event_reader(std::function<void(const std::string&)> on_event) : on_event_(std::move(on_event)) {}
  void feed(std::string_view bytes);

 private:
  void line(std::string_view text);

  std::function<void(const std::string&)> on_event_;
  std::string buffer_;
  std::string data_;
  bool has_data_ = false;
};

}  // namespace switchyard::ctl
