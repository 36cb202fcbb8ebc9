// Who is there: heartbeats, suspicion, a second vote before anyone is called dead, and the way back from that.
//
//              answered within 1.2 s                   5 s and a second node agrees (N >= 3)
//        +---------- alive <--------+                +------------> dead
//        |             |            |                |                |
//        |             | 1.2 s, or  | answer         |                | higher incarnation
//        |             | link down  |                |                v
//        |             +---------> suspect ----------+              alive
//        |  leaving          forget
//        +-----------> left         (any) ----------> forgotten     both end by a higher incarnation
//
// M1  Only an answer to an own heartbeat counts as a sign of life, and only since the heartbeat was sent: late and doubled answers prove nothing new.
// M2  A node calls another dead only if it heard nothing from it for 5 s and (N >= 3) a node it sees as alive says within the last second that it
//     does not hear it either.
// M3  dead, left and forgotten at incarnation i end by an incarnation above i only, so that no late message revives anyone.
// M4  Nobody is removed but by forget(). Nothing that must be safe depends on views being equal.
// M5  Time in which this node did not run counts for nobody's silence; after it, all thresholds are up to 8 times as long (Lifeguard, arXiv 1707.00788).
// M6  An answer goes with the own next heartbeat to that node, which goes at once where it is due within 50 ms: both ways of both take
//     two packets. What is known of another is up to 400 ms old while all is well. Who says that it does not see this node alive is answered at once.
#pragma once

#include "cluster/membership_messages.hpp"
#include "cluster/outbox.hpp"

#include <deque>
#include <map>

namespace switchyard::cluster {

struct membership_options {
  milliseconds heartbeat_every{200};
  milliseconds heartbeat_to_the_dead_every{1000};
  milliseconds suspect_after{1200};              ///< 0.8 s for an answer that is late, as what is known may be 400 ms old (M6)
  milliseconds dead_after{5000};
  milliseconds most_lag{100};                    ///< of tick(), beyond tick_every; more means that this node itself is slow
  int most_patience = 8;
  bool second_vote = true;                       ///< false only to show that the simulation notices
};

struct member_change {
  node_name node;
  member_state state = member_state::alive;
  std::uint64_t incarnation = 0;
};

/// One node's view of all others. Not thread-safe.
class membership {
 public:
  /// `incarnation`: above every one used before, and on disk. tick() is called at least every tick_every, and messages are given no later than then.
  static constexpr milliseconds tick_every{200};
  membership(node_name self, std::vector<node_name> configured, std::uint64_t incarnation, steady_time now, membership_options options = {});

  void tick(steady_time now, outbox& out);
  /// `arrived`: when it reached this node.
  void on(const node_name& from, const heartbeat& message, steady_time now, outbox& out, steady_time arrived);
  void on(const node_name& from, const heartbeat_answer& message, steady_time now, steady_time arrived);
  void on(const node_name& from, const heartbeat& message, steady_time now, outbox& out) { on(from, message, now, out, now); }
  void on(const node_name& from, const heartbeat_answer& message, steady_time now) { on(from, message, now, now); }
  /// The connection broke: suspicion at once. A node that died by kill -9 is noticed so.
  void link_down(const node_name& peer, steady_time now);
  /// Says goodbye; from now on this node answers as one that leaves.
  void leave(steady_time now, outbox& out);
  /// An operator's word: the node is gone for good. Spreads by heartbeats.
  void forget(const node_name& node);

  /// Set when this node was called dead: persist it, then call incarnation_written(). Nothing else waits for that.
  [[nodiscard]] std::optional<std::uint64_t> incarnation_to_write() const noexcept { return wanted_; }
  void incarnation_written(std::uint64_t incarnation) noexcept;

  [[nodiscard]] const node_name& self() const noexcept { return self_; }
  [[nodiscard]] std::uint64_t incarnation() const noexcept { return incarnation_; }
  [[nodiscard]] member_state state_of(const node_name& node) const noexcept;
  /// The node itself is alive to itself until it leaves.
  [[nodiscard]] bool alive(const node_name& node) const noexcept { return state_of(node) == member_state::alive; }
  /// All configured nodes, this one included, by name.
  [[nodiscard]] std::vector<member_view> view() const;
  /// Of the newest answered heartbeat, without what it waited at either end; nullopt: none yet.
  [[nodiscard]] std::optional<nanoseconds> round_trip(const node_name& node) const noexcept;
  /// Others forgot this node: it must not serve until it was started anew.
  [[nodiscard]] bool forgotten() const noexcept { return forgotten_; }
  /// 1 to 8: by how much thresholds are lengthened now.
  [[nodiscard]] int patience() const noexcept { return patience_; }
  /// What changed since the last call, oldest first; also an alive node's new incarnation.
  [[nodiscard]] std::vector<member_change> take_changes() { return std::exchange(changes_, {}); }

 private:
  struct peer {
    member_state state = member_state::alive;
    std::uint64_t incarnation = 0;
    steady_time confirmed{};                     // when the newest answered heartbeat was sent
    steady_time next_heartbeat{};
    std::uint64_t first_valid_seq = 0;           // heartbeats before a link broke are not answered any more
    std::deque<std::pair<std::uint64_t, steady_time>> asked;   // seq, sent; the last 64
    std::vector<member_view> report;             // whom it does not see as alive
    steady_time reported{};
    bool has_reported = false;
    std::optional<heartbeat_answer> owed;        // for its newest heartbeat
    steady_time owed_since{};                    // when that arrived
    std::optional<nanoseconds> round_trip;
  };

  void measure_lag(steady_time now);
  void change(const node_name& node, peer& p, member_state to);
  // Incarnation, leaving, report: what both messages carry. False: it comes from an incarnation that is over.
  bool note(const node_name& from, peer& p, std::uint64_t incarnation, bool leaving, const std::vector<member_view>& others, steady_time now);
  void heed(const member_view& said);
  [[nodiscard]] bool another_agrees(const node_name& node, const peer& p, steady_time now) const;
  [[nodiscard]] std::vector<member_view> not_alive() const;
  void send_heartbeat(const node_name& node, peer& p, steady_time now, outbox& out);
  void answer(const node_name& node, peer& p, steady_time now, outbox& out);

  node_name self_;
  membership_options options_;
  std::uint64_t incarnation_;
  std::optional<std::uint64_t> wanted_;
  std::map<node_name, peer> peers_;
  std::vector<member_change> changes_;
  std::uint64_t seq_ = 0;
  steady_time last_tick_;
  steady_time patience_changed_;
  int patience_ = 1;
  bool leaving_ = false;
  bool forgotten_ = false;
};

}  // namespace switchyard::cluster
