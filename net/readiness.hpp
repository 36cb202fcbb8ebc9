// Which plain sockets of an I/O thread can be read or written: an epoll of its own within Asio's. Included by net/*.cpp only.
//
//   kernel --edge--> our epoll --readable--> Asio's epoll --handler--> dispatch(): every socket that has something
//
// Asio tries a read before it waits for one, and where a proxy reads there is nothing yet: the client has just got its answer, the provider
// its request. Here a read waits first. Edges come with EPOLLRDHUP, so that a read that was not filled is known to have been the last one
// unless the peer has closed: a request costs two reads instead of four, and no operation objects.
#pragma once

#include "net/asio.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <sys/epoll.h>
#include <sys/uio.h>

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace switchyard::net {

class readiness;

/// Hears of a read's end. An error at the end of the stream, too (asio::error::eof), and after close() or cancel_read() (operation_aborted).
class read_sink {
 public:
  virtual void on_read(const system_error& failure, std::size_t n) = 0;

 protected:
  ~read_sink() = default;
};

/// A connected TCP socket that waits by readiness. One reader and one writer at a time, neither is called within the call that starts it.
class plain_socket {
 public:
  /// Takes the socket over from Asio.
  plain_socket(readiness& home, tcp_socket&& socket);
  ~plain_socket();
  plain_socket(const plain_socket&) = delete;
  plain_socket& operator=(const plain_socket&) = delete;

  /// `into` and `whom` are held until the sink was called.
  void read(char* into, std::size_t size, std::shared_ptr<read_sink> whom);
  void cancel_read();
  /// Writes the rest of `parts`, of which the socket has just taken all it could; they must outlive it.
  void write_rest(std::span<iovec> parts, std::function<void(const system_error&)> then);
  void close() noexcept;
  [[nodiscard]] int native() const noexcept { return fd_; }

 private:
  friend class readiness;
  void on_events(std::uint32_t events);
  void on_turn();
  void try_read();
  void try_write();

  readiness* home_;                      // null: the thread's loop is gone
  int fd_;
  bool readable_ = false;                // an edge came, and it is not known that all was read
  bool hung_up_ = false;                 // the peer has closed its side, or the connection failed
  bool read_aborted_ = false;
  bool queued_ = false;                  // in home_->turns_
  char* into_ = nullptr;
  std::size_t size_ = 0;
  std::shared_ptr<read_sink> sink_;      // null: nobody reads
  std::span<iovec> parts_;
  std::function<void(const system_error&)> writer_;
  plain_socket* previous_ = nullptr;     // all sockets of home_
  plain_socket* next_ = nullptr;
};

/// One per I/O thread.
class readiness {
 public:
  explicit readiness(asio::io_context& context);
  ~readiness();
  readiness(const readiness&) = delete;
  readiness& operator=(const readiness&) = delete;

 private:
  friend class plain_socket;
  void add(plain_socket& one);
  void remove(plain_socket& one) noexcept;
  void wait();
  void dispatch();
  void give_turn(plain_socket& one);     // on_turn() soon, by the loop
  void take_back_turn(plain_socket& one) noexcept;
  void take_turns();

  asio::posix::basic_stream_descriptor<executor> epoll_;
  std::array<epoll_event, 128> events_;
  int at_ = 0;                           // being dispatched: events_[at_, count_)
  int count_ = 0;
  std::vector<plain_socket*> turns_;     // null: it has gone
  std::vector<plain_socket*> taking_;
  bool posted_ = false;
  plain_socket* first_ = nullptr;
};

/// Sends what the socket takes now. Consumed parts leave `parts`. True: everything was sent. A hard error is left in `failure`.
[[nodiscard]] bool send_now(int socket, std::span<iovec>& parts, system_error& failure) noexcept;

}  // namespace switchyard::net
