#include "net/readiness.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace switchyard::net {

namespace {

constexpr std::size_t worth_joining = 4096;
constexpr std::uint32_t read_events = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// send() and recv() are points of cancellation: in a process of many threads the C library marks the thread before and behind each. Nobody
// cancels a thread here. ThreadSanitizer learns from the library's calls what a socket orders.
#if defined(__SANITIZE_THREAD__)
ssize_t send_bytes(int socket, const void* bytes, std::size_t size) noexcept { return ::send(socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT); }
ssize_t receive_bytes(int socket, void* into, std::size_t size) noexcept { return ::recv(socket, into, size, MSG_DONTWAIT); }
#else
ssize_t send_bytes(int socket, const void* bytes, std::size_t size) noexcept {
  return ::syscall(SYS_sendto, socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT, nullptr, 0);
}
ssize_t receive_bytes(int socket, void* into, std::size_t size) noexcept {
  return ::syscall(SYS_recvfrom, socket, into, size, MSG_DONTWAIT, nullptr, nullptr);
}
#endif

/// A head and a short body go out from one place: copying so little costs less than the kernel's reading of a list.
ssize_t send_parts(int socket, std::span<const iovec> parts) noexcept {
  if (parts.size() == 1) return send_bytes(socket, parts.front().iov_base, parts.front().iov_len);
  std::size_t size = 0;
  for (const auto& part : parts) size += part.iov_len;
  if (size <= worth_joining) {
    char joined[worth_joining];
    char* end = joined;
    for (const auto& part : parts) end = std::copy_n(static_cast<const char*>(part.iov_base), part.iov_len, end);
    return send_bytes(socket, joined, size);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min<std::size_t>(parts.size(), 64);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

system_error last_error() noexcept { return {errno, boost::system::system_category()}; }

}  // namespace

bool send_now(int socket, std::span<iovec>& parts, system_error& failure) noexcept {
  while (!parts.empty()) {
    const ssize_t sent = send_parts(socket, parts);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) failure = last_error();
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

// ---- a socket ----------------------------------------------------------------------------------------------------

plain_socket::plain_socket(readiness& home, tcp_socket&& socket) : home_(&home) {
  system_error failure;
  fd_ = socket.release(failure);
  if (failure) fd_ = -1;                 // never on Linux; every operation then fails
  home.add(*this);
}

plain_socket::~plain_socket() {
  sink_ = nullptr;
  writer_ = nullptr;                     // whoever wrote is gone, too
  close();
  if (queued_ && home_ != nullptr) home_->take_back_turn(*this);
}

void plain_socket::read(char* into, std::size_t size, std::shared_ptr<read_sink> whom) {
  into_ = into;
  size_ = size;
  sink_ = std::move(whom);
  read_aborted_ = fd_ < 0;
  if ((readable_ || read_aborted_) && home_ != nullptr) home_->give_turn(*this);
}

void plain_socket::cancel_read() {
  if (!sink_) return;
  read_aborted_ = true;
  if (home_ != nullptr) home_->give_turn(*this);
}

void plain_socket::write_rest(std::span<iovec> parts, std::function<void(const system_error&)> then) {
  parts_ = parts;
  writer_ = std::move(then);
  if (fd_ < 0 && home_ != nullptr) home_->give_turn(*this);
}

void plain_socket::close() noexcept {
  if (fd_ >= 0) {
    const bool anyone = sink_ != nullptr || writer_ != nullptr;
    if (home_ != nullptr) home_->remove(*this);
    ::close(std::exchange(fd_, -1));
    readable_ = false;
    read_aborted_ = true;
    if (anyone && home_ != nullptr) home_->give_turn(*this);
  }
}

void plain_socket::on_events(std::uint32_t events) {
  if ((events & read_events) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  // A writer may end the connection, a reader its object: what comes second asks for a turn of its own.
  const bool reads = sink_ != nullptr && readable_ && !read_aborted_;
  if (writer_ && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    if (reads) home_->give_turn(*this);
    return try_write();
  }
  if (reads) try_read();
}

void plain_socket::on_turn() {
  const system_error aborted = asio::error::operation_aborted;
  if (fd_ < 0 && writer_) {
    if (sink_) home_->give_turn(*this);
    return std::exchange(writer_, nullptr)(aborted);
  }
  if (!sink_) return;
  if (read_aborted_) {
    read_aborted_ = false;
    return std::exchange(sink_, nullptr)->on_read(aborted, 0);
  }
  if (readable_) try_read();
}

void plain_socket::try_read() {
  ssize_t n;
  do n = receive_bytes(fd_, into_, size_);
  while (n < 0 && errno == EINTR);
  system_error failure;
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      readable_ = false;
      return;
    }
    failure = last_error();
  } else if (n == 0) {
    failure = asio::error::eof;
  } else {
    readable_ = hung_up_ || static_cast<std::size_t>(n) == size_;
  }
  std::exchange(sink_, nullptr)->on_read(failure, n > 0 ? static_cast<std::size_t>(n) : 0);
}

void plain_socket::try_write() {
  system_error failure;
  if (!send_now(fd_, parts_, failure) && !failure) return;
  std::exchange(writer_, nullptr)(failure);
}

// ---- all of a thread's -------------------------------------------------------------------------------------------

readiness::readiness(asio::io_context& context) : epoll_(context) {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  epoll_.assign(fd);
  wait();
}

readiness::~readiness() {
  // Whoever waits is let go of, unheard, as Asio does.
  std::vector<std::shared_ptr<read_sink>> waiting;
  for (auto* one = first_; one != nullptr; one = one->next_) {
    one->home_ = nullptr;
    if (one->sink_) waiting.push_back(std::move(one->sink_));
  }
  for (auto* one : turns_) {             // closed ones are in no list
    if (one == nullptr) continue;
    one->home_ = nullptr;
    if (one->sink_) waiting.push_back(std::move(one->sink_));
  }
}

void readiness::add(plain_socket& one) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &one;
  if (one.fd_ >= 0) (void)::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, one.fd_, &event);
  one.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &one;
  first_ = &one;
}

/// Nothing of it is dispatched any more; a turn it was given stays.
void readiness::remove(plain_socket& one) noexcept {
  epoll_event none{};
  (void)::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, one.fd_, &none);
  (one.previous_ != nullptr ? one.previous_->next_ : first_) = one.next_;
  if (one.next_ != nullptr) one.next_->previous_ = one.previous_;
  one.previous_ = one.next_ = nullptr;
  for (int i = at_; i < count_; ++i)
    if (events_[static_cast<std::size_t>(i)].data.ptr == &one) events_[static_cast<std::size_t>(i)].data.ptr = nullptr;
}

void readiness::wait() {
  epoll_.async_wait(asio::posix::descriptor_base::wait_read, [this](const system_error& failure) {
    if (failure) return;
    dispatch();
    wait();                              // looks again: what came meanwhile is not missed
  });
}

void readiness::dispatch() {
  count_ = ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  for (at_ = 0; at_ < count_;) {
    const auto& event = events_[static_cast<std::size_t>(at_++)];
    if (event.data.ptr != nullptr) static_cast<plain_socket*>(event.data.ptr)->on_events(event.events);
  }
  at_ = count_ = 0;
}

void readiness::give_turn(plain_socket& one) {
  if (one.queued_) return;
  one.queued_ = true;
  turns_.push_back(&one);
  if (std::exchange(posted_, true)) return;
  asio::post(epoll_.get_executor(), [this] { take_turns(); });
}

void readiness::take_back_turn(plain_socket& one) noexcept {
  for (auto* list : {&turns_, &taking_}) std::replace(list->begin(), list->end(), &one, static_cast<plain_socket*>(nullptr));
}

void readiness::take_turns() {
  posted_ = false;
  taking_.swap(turns_);
  for (auto*& one : taking_) {
    if (one == nullptr) continue;
    auto* const now = std::exchange(one, nullptr);
    now->queued_ = false;
    now->on_turn();
  }
  taking_.clear();
}

}  // namespace switchyard::net
