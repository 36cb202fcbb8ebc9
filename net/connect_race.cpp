#include "net/connect_race.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>

namespace switchyard::net {

namespace {
constexpr milliseconds stagger{250};
}

connect_race::connect_race(io_thread& thread, std::vector<asio::ip::tcp::endpoint> addresses, winner call)
    : thread_(thread), addresses_(std::move(addresses)), call_(std::move(call)) {}

void connect_race::start() { try_next(); }

void connect_race::try_next() {
  if (over_ || next_ >= addresses_.size()) return;
  const auto address = addresses_[next_++];
  auto socket = std::make_shared<tcp_socket>(context_of(thread_));
  running_.push_back(socket);
  socket->async_connect(address, [self = shared_from_this(), socket](const system_error& failure) {
    if (self->over_) return;
    if (!failure) return self->finish({}, std::move(*socket));
    ++self->failed_;
    if (self->failed_ == self->addresses_.size()) return self->finish(failure, std::nullopt);
    self->try_next();
  });
  if (next_ < addresses_.size())
    thread_.arm(stagger_, stagger, [self = shared_from_this()] { self->try_next(); });
}

void connect_race::abandon(system_error why) { finish(why, std::nullopt); }

void connect_race::finish(system_error failure, std::optional<tcp_socket> socket) {
  if (over_) return;
  over_ = true;
  const auto keep = shared_from_this();
  stagger_.cancel();
  system_error ignored;
  for (auto& other : running_)
    if (other->is_open()) other->close(ignored);
  running_.clear();
  std::exchange(call_, nullptr)(failure, std::move(socket));
}

std::vector<asio::ip::tcp::endpoint> interleave_families(const std::vector<asio::ip::tcp::endpoint>& addresses) {
  std::vector<asio::ip::tcp::endpoint> first;
  std::vector<asio::ip::tcp::endpoint> second;
  for (const auto& address : addresses)
    (address.protocol() == addresses.front().protocol() ? first : second).push_back(address);
  std::vector<asio::ip::tcp::endpoint> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

}  // namespace switchyard::net
