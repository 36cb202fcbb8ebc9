#include "net/peer_link.hpp"

#include "net/peer_tls.hpp"

#include <boost/asio/write.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace switchyard::net {

namespace {

constexpr std::size_t longest_hello = 1024;
constexpr std::size_t head_size = 4;
constexpr std::size_t written_at_once = 64 * 1024;
constexpr std::size_t kept_capacity = 16 * 1024;
constexpr milliseconds long_frames_for = seconds(2);   // after one, the room for another is kept so long
/// Data that nobody acknowledges for so long: the way is broken. Without it a link over a healed cut would wait for the next retransmission.
constexpr unsigned user_timeout_ms = 2000;

std::uint32_t length_at(const char* at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < head_size; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

error peer_error(std::string why) { return {error_code::internal, error_origin::peer, false, std::move(why), {}}; }

/// A frame behind its length.
void append_framed(std::string& out, std::string_view frame) {
  const auto size = static_cast<std::uint32_t>(frame.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  out += frame;
}

asio::ip::tcp::endpoint end_of(const tcp_socket& socket) {
  system_error ignored;
  return socket.remote_endpoint(ignored);
}

}  // namespace

peer_link::peer_link(peer_link_owner& owner, tcp_socket socket, bool dialled)
    : dialled(dialled), other_end(end_of(socket)), owner_(owner), stream_(std::move(socket)) {
  system_error ignored;
  stream_.socket().non_blocking(true, ignored);
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  (void)::setsockopt(stream_.socket().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
}

void peer_link::start(asio::ssl::context* tls) {
  if (tls == nullptr) {
    if (!other_end.address().is_loopback()) return close("without TLS only loopback connections are taken");
    return greet();
  }
  auto& secured = stream_.start_tls(*tls);
  secured.async_handshake(dialled ? asio::ssl::stream_base::client : asio::ssl::stream_base::server, [self = shared_from_this()](const system_error& failure) {
    if (self->is_closed()) return;
    if (failure) return self->close("TLS: " + failure.message());
    self->greet();
  });
}

void peer_link::greet() {
  stage_ = stage::greeting;
  auto hello = cluster::seal(cluster::wrap(owner_.own_hello(), 1));
  if (!hello) return close(hello.failure().message);
  (void)queue(hello.value());
  flush();
  read();
}

void peer_link::read() {
  if (is_reading_ || is_closed()) return;
  if (is_open() && owner_.full()) return;        // resume() comes back
  is_reading_ = true;
  stream_.async_read(chunk_.data(), chunk_.size(), [self = shared_from_this()](const system_error& failure, std::size_t size) {
    self->is_reading_ = false;
    if (self->is_closed()) return;
    if (failure) return self->close(failure == asio::error::eof ? "the other end closed it" : failure.message());
    self->take(size);
    self->read();
  });
}

void peer_link::resume() { read(); }

void peer_link::take(std::size_t size) {
  heard = steady_now();
  owner_.traffic.received_bytes.fetch_add(size, std::memory_order_relaxed);
  in_.append(chunk_.data(), size);
  std::size_t at = 0;
  while (in_.size() - at >= head_size) {
    const std::size_t length = length_at(in_.data() + at);
    if (const auto most = is_open() ? cluster::longest_frame : longest_hello; length == 0 || length > most)
      return close("a frame of " + std::to_string(length) + " bytes; at most " + std::to_string(most));
    if (in_.size() - at - head_size < length) {
      in_.erase(0, std::exchange(at, 0));
      in_.reserve(head_size + length);           // a long frame comes in pieces: not moved as it grows
      if (length > kept_capacity) long_until_ = heard + long_frames_for;
      break;
    }
    if (auto taken = take_frame(std::string_view(in_).substr(at + head_size, length)); !taken) return close(taken.failure().message);
    if (is_closed()) return;
    at += head_size + length;
  }
  in_.erase(0, at);
  if (in_.empty() && in_.capacity() > kept_capacity && heard >= long_until_) in_.shrink_to_fit();
}

outcome peer_link::take_frame(std::string_view frame) {
  auto message = cluster::open(frame);
  if (!message) return message.failure();
  if (is_open()) {
    if (message->kind == static_cast<std::uint16_t>(cluster::message_kind::hello)) return peer_error("a second hello");
    owner_.received(*this, std::move(message).value());
    return done{};
  }
  if (message->kind != static_cast<std::uint16_t>(cluster::message_kind::hello)) return peer_error("its first message is no hello");
  const auto theirs = cluster::decode<cluster::hello>(message->body);
  if (!theirs) return theirs.failure();
  const auto ours = owner_.own_hello();
  auto proven = theirs->node;
  if (auto* tls = stream_.tls()) {
    const auto names = peer_names(tls->native_handle());
    if (names.empty()) return peer_error("its certificate holds no DNS name");
    if (std::find(names.begin(), names.end(), theirs->node) == names.end()) proven = names.front();
  }
  if (theirs->node == ours.node && proven == ours.node) {   // itself, or another that has its name: the owner tells them apart
    name = theirs->node;
    return owner_.greeted(*this, *theirs);
  }
  const auto common = cluster::accept(ours, *theirs, proven);
  if (!common) return common.failure();
  name = theirs->node;
  incarnation = theirs->incarnation;
  version = *common;
  if (auto welcome = owner_.greeted(*this, *theirs); !welcome) return welcome;
  stage_ = stage::open;
  was_open = true;
  return done{};
}

std::size_t peer_link::queue(std::string frame) {
  std::size_t dropped = 0;
  waiting_bytes_ += frame.size();
  waiting_.push_back(std::move(frame));
  while (waiting_.size() > most_waiting_messages || (waiting_bytes_ > most_waiting_bytes && waiting_.size() > 1)) {
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
    ++dropped;
  }
  return dropped;
}

void peer_link::flush() {
  if (!is_writing_ && !is_closed() && stage_ != stage::handshake) write();
}

void peer_link::write() {
  writing_.clear();
  while (!waiting_.empty() && (writing_.empty() || writing_.size() + waiting_.front().size() <= written_at_once)) {
    append_framed(writing_, waiting_.front());
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
    owner_.traffic.sent.fetch_add(1, std::memory_order_relaxed);
  }
  if (writing_.empty()) {
    if (writing_.capacity() > 2 * written_at_once) writing_.shrink_to_fit();
    return;
  }
  owner_.traffic.sent_bytes.fetch_add(writing_.size(), std::memory_order_relaxed);
  is_writing_ = true;
  const auto then = [self = shared_from_this()](const system_error& failure, std::size_t) {
    self->is_writing_ = false;
    if (self->is_closed()) return;
    if (failure) return self->close(failure.message());
    self->write();
  };
  if (auto* tls = stream_.tls())
    asio::async_write(*tls, asio::buffer(writing_), then);
  else
    asio::async_write(stream_.socket(), asio::buffer(writing_), then);
}

void peer_link::close(const std::string& why) {
  if (is_closed()) return;
  const auto keep = shared_from_this();
  stage_ = stage::closed;
  stream_.close();
  waiting_.clear();
  owner_.closed(*this, why);
}

}  // namespace switchyard::net
