#include "net/byte_stream.hpp"

#include <boost/asio/post.hpp>
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

namespace {

constexpr std::size_t worth_joining = 4096;

/// A head and a short body go out from one place: copying so little costs less than the kernel's reading of a list.
ssize_t send_parts(int socket, std::span<const iovec> parts) noexcept {
  constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (parts.size() == 1) return ::send(socket, parts.front().iov_base, parts.front().iov_len, flags);
  std::size_t size = 0;
  for (const auto& part : parts) size += part.iov_len;
  if (size <= worth_joining) {
    char joined[worth_joining];
    char* end = joined;
    for (const auto& part : parts) end = std::copy_n(static_cast<const char*>(part.iov_base), part.iov_len, end);
    return ::send(socket, joined, size, flags);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min<std::size_t>(parts.size(), 64);
  return ::sendmsg(socket, &message, flags);
}

}  // namespace

bool byte_stream::write_now(std::span<iovec>& parts, system_error& failure) noexcept {
  if (tls_) return false;
  while (!parts.empty()) {
    const ssize_t sent = send_parts(plain_.native_handle(), parts);
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

/// What this thread has to write before it waits again. Its coroutines are suspended, so nothing in it can go away.
struct write_all::outbox {
  write_all* first = nullptr;
  write_all* last = nullptr;

  static outbox& here() noexcept {
    thread_local outbox instance;
    return instance;
  }

  void add(write_all& one) {
    if (first == nullptr) {
      first = &one;
      asio::post(one.stream_.socket().get_executor(), [this] { flush(); });
    } else {
      last->next_ = &one;
    }
    last = &one;
  }

  void flush() {
    // All writes, then all that follows from them: that may fill the outbox anew.
    write_all* const begin = std::exchange(first, nullptr);
    const io_thread::time_slice slice(begin->thread_);
    for (auto* one = begin; one != nullptr; one = one->next_)
      one->over_ = one->stream_.write_now(one->parts_, one->failure_) || one->failure_;
    for (auto* one = begin; one != nullptr;) {
      auto* const following = one->next_;          // `one` ends with its coroutine's next step
      if (one->over_)
        one->waiter_.resume();
      else
        one->write_rest();
      one = following;
    }
  }
};

void write_all::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  if (stream_.tls() != nullptr)
    write_rest();
  else
    outbox::here().add(*this);
}

void write_all::write_rest() {
  stream_.async_write_rest(parts_, [this](const system_error& failure, std::size_t) {
    failure_ = failure;
    waiter_.resume();
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
