#include "net/byte_stream.hpp"

#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace switchyard::net {

tls_socket& byte_stream::start_tls(asio::ssl::context& context) {
  tls_ = std::make_unique<tls_socket>(std::move(plain_), context);
  SSL_set_mode(tls_->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return *tls_;
}

bool byte_stream::write_now(std::span<iovec>& parts, system_error& failure) noexcept {
  if (tls_) return false;
  while (!parts.empty()) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = std::min<std::size_t>(parts.size(), 64);
    const ssize_t sent = ::sendmsg(plain_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) failure.assign(errno, boost::system::system_category());
      return false;
    }
    auto left = static_cast<std::size_t>(sent);
    while (!parts.empty() && left >= parts.front().iov_len) {
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (!parts.empty()) {
      parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + left;
      parts.front().iov_len -= left;
    }
  }
  return true;
}

template <class Handler>
void byte_stream::start_write(std::vector<asio::const_buffer> buffers, Handler handler) {
  if (tls_)
    asio::async_write(*tls_, std::move(buffers), std::move(handler));
  else
    asio::async_write(plain_, std::move(buffers), std::move(handler));
}

void write_all::await_suspend(std::coroutine_handle<> waiter) {
  stream_.async_write_rest(parts_, [this, waiter](const system_error& failure, std::size_t) {
    failure_ = failure;
    waiter.resume();
  });
}

void byte_stream::close() noexcept {
  system_error ignored;
  socket().close(ignored);
}

void byte_stream::reset() noexcept {
  system_error ignored;
  socket().set_option(asio::socket_base::linger(true, 0), ignored);
  socket().close(ignored);
}

}  // namespace switchyard::net
