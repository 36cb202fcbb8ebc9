// What carries messages between nodes. Messages may be lost, doubled and late, as every protocol here expects; nothing waits.
//
//   send() --frames--> the peers that are linked                            other nodes --> take(): ups, downs and messages in order
//
// A link exists once both ends have accepted the other's hello (envelope.hpp). What a peer does not read is kept up to a bound; then the oldest go.
#pragma once

#include "cluster/envelope.hpp"
#include "cluster/outbox.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace switchyard::cluster {

/// Where to look for a node.
struct dial_target {
  std::string host;                              ///< an address, or a name that may lead to several nodes
  std::uint16_t port = 0;
  node_name node;                                ///< whom to expect there; empty: anyone
  friend bool operator==(const dial_target&, const dial_target&) = default;
};

struct arrival {
  enum class what : std::uint8_t { up, down, message };
  what kind = what::message;
  node_name from;
  message_kind message{};
  std::string body;                              ///< of a message; of an up: the address seen at the other end, without a port; of a down: why
  std::uint64_t incarnation = 0;                 ///< of an up: as in its hello
  steady_time at{};                              ///< when it came; left out: when it is taken
};

/// Nothing waits for these: they are taken with the next tick, up to 200 ms later. So is a heartbeat that comes right behind an answer: the own next
/// heartbeat answers it (membership.hpp). Else four nodes' heartbeats alone would wake an idle one 50 times a second.
[[nodiscard]] constexpr bool can_wait(message_kind kind, message_kind before) noexcept {
  return kind == message_kind::heartbeat_answer || kind == message_kind::register_digest || kind == message_kind::record_digest ||
         (kind == message_kind::heartbeat && before == message_kind::heartbeat_answer);
}

struct transport_figures {
  std::uint64_t links = 0;                       ///< open now
  std::uint64_t sent = 0, received = 0;          ///< frames
  std::uint64_t sent_bytes = 0, received_bytes = 0;
  std::uint64_t dropped = 0;                     ///< messages that found no room, or no link
  std::uint64_t refused = 0;                     ///< connections that were no member's
};

/// All calls from any thread.
class transport {
 public:
  virtual ~transport() = default;
  /// To whoever is linked; the rest is dropped and counted.
  virtual void send(std::vector<outgoing> messages) = 0;
  /// What came since the last call. While much waits here nothing more is read from the peers.
  [[nodiscard]] virtual std::vector<arrival> take() = 0;
  /// Called once something came that cannot wait, and again only after take(); on the transport's thread.
  virtual void on_arrival(std::function<void()> call) = 0;
  /// Opens connections to these until told otherwise, again and again where there is none.
  virtual void dial(std::vector<dial_target> targets) = 0;
  /// What later hellos say.
  virtual void set_incarnation(std::uint64_t incarnation) = 0;
  /// Ends a link; where it is dialled, it comes back.
  virtual void drop(const node_name& peer, std::string why) = 0;
  [[nodiscard]] virtual transport_figures figures() const = 0;
};

}  // namespace switchyard::cluster
