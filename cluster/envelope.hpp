// The one thing on the wire between nodes, and the hello that opens a connection.
//
//   frame  = array [version (uint), kind (uint), body (bin)]        at most 1 MiB; more items than three are skipped
//   body   = a message (wire.hpp) of that kind
//   version: the protocol both agreed on by hello; the hello itself always goes out as version 1
#pragma once

#include "cluster/message.hpp"

#include <optional>

namespace switchyard::cluster {

/// A node speaks this version and the one before it (when there is one).
inline constexpr std::uint16_t newest_version = 1;
inline constexpr std::uint16_t oldest_version = 1;

struct envelope {
  std::uint16_t version = newest_version;
  std::uint16_t kind = 0;
  std::string body;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.version, self.kind, self.body);
  }
};

/// First message in both directions of a connection; nothing else is taken before it was accepted.
struct hello {
  static constexpr auto kind = message_kind::hello;
  std::string cluster;                           ///< id of the cluster: nodes of another one are refused
  node_name node;
  std::uint64_t incarnation = 0;
  std::uint16_t oldest = oldest_version;
  std::uint16_t newest = newest_version;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.cluster, self.node, self.incarnation, self.oldest, self.newest);
  }
};

/// Answer to a kind that is not known here: the sender stops sending it on this connection.
struct unsupported {
  static constexpr auto kind = message_kind::unsupported;
  std::uint16_t what = 0;
  std::uint16_t newest = newest_version;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.what, self.newest);
  }
};

/// A frame that would be longer than 1 MiB is an error: its sender did not split it.
[[nodiscard]] result<std::string> seal(const envelope& what);
/// Refuses frames over 1 MiB before looking into them.
[[nodiscard]] result<envelope> open(std::string_view frame);

template <class Message>
[[nodiscard]] envelope wrap(const Message& message, std::uint16_t version = newest_version) {
  return {version, static_cast<std::uint16_t>(Message::kind), encode(message)};
}

/// The version both sides speak. `proven`: the name that the peer's certificate (or shared secret) stands for.
[[nodiscard]] result<std::uint16_t> accept(const hello& ours, const hello& theirs, const node_name& proven);

}  // namespace switchyard::cluster
