#include "net/byte_stream.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <vector>

namespace switchyard::net {

tls_socket& byte_stream::start_tls(asio::ssl::context& context) {
  tls_ = std::make_unique<tls_socket>(std::move(socket_), context);
  SSL_set_mode(tls_->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return *tls_;
}

void byte_stream::read(char* into, std::size_t size, std::shared_ptr<read_sink> whom) {
  if (plain_) return plain_->read(into, size, std::move(whom));
  async_read(into, size, [whom = std::move(whom)](const system_error& failure, std::size_t n) { whom->on_read(failure, n); });
}

void byte_stream::cancel_read() noexcept {
  system_error ignored;
  if (plain_)
    plain_->cancel_read();
  else
    socket().cancel(ignored);
}

bool byte_stream::write_now(std::span<iovec>& parts, system_error& failure) noexcept {
  return plain_ && send_now(plain_->native(), parts, failure);
}

void byte_stream::async_write_rest(std::span<iovec> parts, std::function<void(const system_error&)> then) {
  if (plain_) return plain_->write_rest(parts, std::move(then));
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(parts.size());
  for (const auto& part : parts) buffers.emplace_back(part.iov_base, part.iov_len);
  asio::async_write(*tls_, std::move(buffers), [then = std::move(then)](const system_error& failure, std::size_t) { then(failure); });
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
      asio::post(context_of(one.thread_), [this] { flush(); });
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
  stream_.async_write_rest(parts_, [this](const system_error& failure) {
    failure_ = failure;
    waiter_.resume();
  });
}

int byte_stream::native() const noexcept { return plain_ ? plain_->native() : const_cast<byte_stream*>(this)->socket().native_handle(); }

std::string byte_stream::peer() const {
  asio::ip::tcp::endpoint who;
  auto size = static_cast<socklen_t>(who.capacity());
  if (::getpeername(native(), who.data(), &size) != 0) return "unknown";
  who.resize(size);
  return who.address().to_string() + ":" + std::to_string(who.port());
}

void byte_stream::shutdown_send() noexcept { (void)::shutdown(native(), SHUT_WR); }

void byte_stream::close() noexcept {
  system_error ignored;
  if (plain_)
    plain_->close();
  else
    socket().close(ignored);
}

void byte_stream::reset() noexcept {
  const linger at_once{1, 0};
  (void)::setsockopt(native(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

}  // namespace switchyard::net
