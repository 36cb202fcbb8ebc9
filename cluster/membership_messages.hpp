// Heartbeats. kinds 10 and 11.
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

enum class member_state : std::uint8_t { alive, suspect, dead, left, forgotten };
constexpr member_state last_of(member_state) { return member_state::forgotten; }
[[nodiscard]] std::string_view to_string(member_state state) noexcept;

/// How the sender sees another node.
struct member_view {
  node_name node;
  member_state state = member_state::alive;
  std::uint64_t incarnation = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.node, self.state, self.incarnation);
  }
  friend bool operator==(const member_view&, const member_view&) = default;
};

/// Every 200 ms to every node.
struct heartbeat {
  static constexpr auto kind = message_kind::heartbeat;
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;
  bool leaving = false;
  std::vector<member_view> others;               ///< those the sender does not see as alive

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.incarnation, self.seq, self.leaving, self.others);
  }
};

/// With the sender's own next heartbeat, within 200 ms; alone shows that the way leads there and back.
struct heartbeat_answer {
  static constexpr auto kind = message_kind::heartbeat_answer;
  static constexpr std::size_t least = 4;
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;                         ///< of the heartbeat it answers
  bool leaving = false;
  std::vector<member_view> others;
  std::uint64_t waited_us = 0;                   ///< how long the heartbeat lay before it was answered: no part of the round trip

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.incarnation, self.seq, self.leaving, self.others, self.waited_us);
  }
};

}  // namespace switchyard::cluster
