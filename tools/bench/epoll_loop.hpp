// What bench_mock and bench_load share: non-blocking sockets on one epoll, and the few lines of HTTP they need.
// Plain system calls on purpose: the measuring side must cost less than what is measured, and share no code with it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace switchyard::bench {

using bench_clock = std::chrono::steady_clock;

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline void watch(int epoll, int fd, std::uint32_t events, void* who, int operation = EPOLL_CTL_ADD) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  if (epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

inline void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// The value of content-length in a message head, or 0. Both spellings that occur here are searched.
inline std::size_t content_length(std::string_view head) {
  for (const std::string_view name : {"content-length: ", "Content-Length: "}) {
    const std::size_t at = head.find(name);
    if (at == std::string_view::npos) continue;
    std::size_t n = 0;
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), n);
    return n;
  }
  return 0;
}

inline bool is_chunked(std::string_view head) {
  return head.find("ransfer-encoding: chunked") != std::string_view::npos || head.find("ransfer-Encoding: chunked") != std::string_view::npos;
}

/// Appends what is readable; false: the peer closed or failed.
inline bool read_some(int fd, std::string& into) {
  char buffer[65536];
  while (true) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n > 0) {
      into.append(buffer, static_cast<std::size_t>(n));
      if (static_cast<std::size_t>(n) < sizeof buffer) return true;
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else {
      return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
  }
}

}  // namespace switchyard::bench
