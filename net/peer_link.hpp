// One connection to another node: TLS, hello, frames. Included by net/peer_link*.cpp only.
//
//   bytes  = [length (4 bytes, big-endian), frame]...              frame: cluster/envelope.hpp, at most 1 MiB; before the hello was accepted 1 KiB
//
//   connected --TLS--> greeting --hello accepted--> open --> closed          opening takes 3 s at most
#pragma once

#include "cluster/transport.hpp"
#include "net/asio.hpp"
#include "net/byte_stream.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <string>

namespace switchyard::net {

class peer_link;

struct peer_traffic {
  std::atomic<std::uint64_t> sent{0}, received{0};   ///< frames
  std::atomic<std::uint64_t> sent_bytes{0}, received_bytes{0};
};

/// What a link asks of those it belongs to. Called on the link's thread.
class peer_link_owner {
 public:
  virtual ~peer_link_owner() = default;
  [[nodiscard]] virtual cluster::hello own_hello() const = 0;
  /// The other end said who it is and proved it: an error ends the link.
  [[nodiscard]] virtual outcome greeted(peer_link& link, const cluster::hello& theirs) = 0;
  virtual void received(peer_link& link, cluster::envelope&& message) = 0;
  /// Nothing more is to be read for now.
  [[nodiscard]] virtual bool full() const = 0;
  virtual void closed(peer_link& link, const std::string& why) = 0;

  peer_traffic traffic;
};

class peer_link : public std::enable_shared_from_this<peer_link> {
 public:
  /// Bytes and messages that wait for a slow peer; the oldest go first.
  static constexpr std::size_t most_waiting_bytes = 4u << 20;
  static constexpr std::size_t most_waiting_messages = 2048;
  static constexpr milliseconds opening_limit = seconds(3);

  peer_link(peer_link_owner& owner, tcp_socket socket, bool dialled);

  /// Without a context the connection stays plain, and the other end is whoever it says.
  void start(asio::ssl::context* tls);
  /// Queues a frame; flush() sends what is queued. Returns how many old ones went for it.
  [[nodiscard]] std::size_t queue(std::string frame);
  void flush();
  void resume();                                 ///< reads on after full()
  void close(const std::string& why);

  [[nodiscard]] bool is_open() const noexcept { return stage_ == stage::open; }
  [[nodiscard]] bool is_closed() const noexcept { return stage_ == stage::closed; }

  const bool dialled;
  const asio::ip::tcp::endpoint other_end;
  const steady_time since = steady_now();
  cluster::node_name name;                       ///< once open
  std::uint64_t incarnation = 0;
  std::uint16_t version = 1;                     ///< of the frames
  steady_time spare_since = steady_time::max();  ///< another link to the same node is used instead of this one
  steady_time heard{};                           ///< when bytes came last
  bool was_open = false;

 private:
  enum class stage : std::uint8_t { handshake, greeting, open, closed };
  void greet();
  void read();
  void take(std::size_t size);
  [[nodiscard]] outcome take_frame(std::string_view frame);
  void write();

  peer_link_owner& owner_;
  byte_stream stream_;
  stage stage_ = stage::handshake;
  std::array<char, 16384> chunk_;                // one TLS record
  std::string in_;                               // the beginning of a frame
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  steady_time long_until_{};                     // a long frame came within the last seconds
  std::string writing_;
  bool is_writing_ = false;
  bool is_reading_ = false;
};

}  // namespace switchyard::net
