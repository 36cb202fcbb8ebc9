#include "tools/switchyardctl/admin_client.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace switchyard::ctl {

namespace {

constexpr int connect_timeout_ms = 5'000;
constexpr int answer_timeout_ms = 30'000;
constexpr int stream_quiet_timeout_ms = 120'000;   // the node writes a comment every 15 s

/// A socket that closes itself.
class socket_handle {
 public:
  explicit socket_handle(int fd) : fd_(fd) {}
  socket_handle(socket_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  socket_handle(const socket_handle&) = delete;
  socket_handle& operator=(const socket_handle&) = delete;
  socket_handle& operator=(socket_handle&&) = delete;
  ~socket_handle() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

// "Connection refused" -> "connection refused", to stand inside a sentence.
std::string reason(int number) {
  std::string text = std::strerror(number);
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

bool wait_for(int fd, short events, int timeout_ms) {
  pollfd entry{fd, events, 0};
  int ready = 0;
  do {
    ready = ::poll(&entry, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) errno = ETIMEDOUT;
  return ready > 0;
}

// Tries every address of the host in turn; on failure `why` is about the last one.
socket_handle connect_to(const admin_url& url, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int problem = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found); problem != 0) {
    why = "cannot resolve " + url.host + ": " + ::gai_strerror(problem);
    return socket_handle(-1);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    socket_handle made(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol));
    if (made.fd() < 0) {
      why = reason(errno);
      continue;
    }
    if (::connect(made.fd(), at->ai_addr, at->ai_addrlen) == 0) return made;
    int problem = errno;
    if (problem == EINPROGRESS) {
      problem = 0;
      socklen_t size = sizeof problem;
      if (!wait_for(made.fd(), POLLOUT, connect_timeout_ms))
        problem = errno;
      else
        ::getsockopt(made.fd(), SOL_SOCKET, SO_ERROR, &problem, &size);
      if (problem == 0) return made;
    }
    why = reason(problem);
  }
  return socket_handle(-1);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno != EINTR && (errno != EAGAIN || !wait_for(fd, POLLOUT, answer_timeout_ms)))
      return false;
  }
  return true;
}

std::string request_text(const admin_url& url, const secret& token, std::string_view method, std::string_view path,
                         std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(url.prefix).append(path).append(" HTTP/1.1\r\n");
  text.append("host: ").append(url.authority()).append("\r\nconnection: close\r\nuser-agent: switchyardctl\r\n");
  if (!token.empty()) text.append("authorization: Bearer ").append(token.reveal()).append("\r\n");
  if (!body.empty() || method != "GET") {
    text.append("content-type: application/json\r\ncontent-length: ").append(std::to_string(body.size())).append("\r\n");
  }
  return text.append("\r\n").append(body);
}

}  // namespace

error admin_client::unreachable(const std::string& why) const {
  return error{error_code::internal, error_origin::peer, true,
               "cannot reach " + url_text_ + ": " + why + "; is switchyard running? (--url names another admin address)", {}};
}

result<admin_reply> admin_client::exchange(std::string_view method, std::string_view path, std::string_view body,
                                           int quiet_timeout_ms,
                                           const std::function<void(std::string_view)>& on_body) const {
  std::string why;
  const socket_handle connection = connect_to(url_, why);
  if (connection.fd() < 0) return unreachable(why);
  if (!send_all(connection.fd(), request_text(url_, token_, method, path, body))) return unreachable(reason(errno));

  admin_reply reply;
  response_reader* seen = nullptr;
  response_reader reader([&](std::string_view piece) {
    if (on_body && seen->status() == 200)
      on_body(piece);
    else
      reply.body.append(piece);
  });
  seen = &reader;
  std::array<char, 64 * 1024> buffer{};
  while (!reader.complete()) {
    if (!wait_for(connection.fd(), POLLIN, quiet_timeout_ms)) return unreachable("no answer within " + std::to_string(quiet_timeout_ms / 1000) + " s");
    const auto got = ::recv(connection.fd(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return unreachable(reason(errno));
    if (got == 0) {
      if (!reader.finish()) return unreachable("the connection was closed before the answer was whole");
      break;
    }
    if (!reader.feed({buffer.data(), static_cast<std::size_t>(got)}))
      return unreachable("what answers there does not speak HTTP/1.1");
  }
  reply.status = reader.status();
  return reply;
}

result<admin_reply> admin_client::ask(std::string_view method, std::string_view path, std::string_view body) const {
  return exchange(method, path, body, answer_timeout_ms, {});
}

result<admin_reply> admin_client::follow(std::string_view path, std::function<void(const std::string&)> on_event) const {
  event_reader events(std::move(on_event));
  return exchange("GET", path, {}, stream_quiet_timeout_ms, [&](std::string_view piece) { events.feed(piece); });
}

}  // namespace switchyard::ctl
