// Connecting to the first of several addresses that answers (in the spirit of RFC 8305). Included by net/*.cpp only.
#pragma once

#include "net/asio.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace switchyard::net {

/// Tries the addresses in turn, a new one every 250 ms or as soon as one fails; the first connection wins, the rest are dropped.
class connect_race : public std::enable_shared_from_this<connect_race> {
 public:
  using winner = std::function<void(system_error, std::optional<tcp_socket>)>;
  connect_race(io_thread& thread, std::vector<asio::ip::tcp::endpoint> addresses, winner call);
  void start();
  /// Ends with operation_aborted unless it has ended already.
  void abandon(system_error why);

 private:
  void try_next();
  void finish(system_error failure, std::optional<tcp_socket> socket);

  io_thread& thread_;
  std::vector<asio::ip::tcp::endpoint> addresses_;
  winner call_;
  std::vector<std::shared_ptr<tcp_socket>> running_;
  io_thread::timer stagger_;
  std::size_t next_ = 0;
  std::size_t failed_ = 0;
  bool over_ = false;
};

/// Alternates address families, keeping the order within each, so that a dead family costs one stagger only.
[[nodiscard]] std::vector<asio::ip::tcp::endpoint> interleave_families(const std::vector<asio::ip::tcp::endpoint>& addresses);

}  // namespace switchyard::net
