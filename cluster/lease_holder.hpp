// What a node may use of the shared limits: it attaches to each shard's owner, keeps a little ahead of its demand, and gives back the rest.
//
//   no owner --- stamp asked for and received, bound_until passed ---> attached --- owner silent, gone, or a better one proven ---> no owner
//
// H1  A node shows its stamps to one owner at a time, and to another one only ttl (the owner's counting ends) + ttl (grants made meanwhile
//     to others are void) after it received the last stamp that it showed.
// H2  A token is used within ttl of the moment the request for it was sent, by this node's monotonic clock, looked at when it is used:
//     a node that was stopped finds its tokens void.
// H3  Grants that arrive out of order are dropped: what is reported unused covers all grants up to the stamp that is shown.
// H4  What was lent counts as held and unused until repay() says how much of it was used; none of it goes back to the owner while it is lent.
// H5  To which owner stamps are shown is on disk before that, so a node which starts again among the same nodes is free at once for the owner that its earlier life
//     was attached to: by H1 nobody else counts it. If that was the node itself, others are free after ttl, when what it granted is void. Without a record H1 is waited for.
#pragma once

#include "cluster/journal.hpp"
#include "cluster/lease_messages.hpp"
#include "cluster/lease_terms.hpp"
#include "cluster/outbox.hpp"

#include <deque>
#include <functional>
#include <map>

namespace switchyard::cluster {

/// A shard's stamps are shown to that owner from now on.
struct lease_record {
  std::uint8_t shard = 0;
  node_name owner;
  std::uint64_t set = 0;                         ///< hash of all nodes' names

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.shard, self.owner, self.set);
  }
};

/// Not thread-safe. Tokens are taken one by one (take), or lent in bulk to whoever hands them to many threads (lend, repay); one way per limit.
class lease_holder {
  struct limit;

 public:
  using alive_check = std::function<bool(const node_name&)>;

  lease_holder(node_name self, std::vector<node_name> configured, std::uint64_t life, steady_time now, lease_options options = {});

  /// A record of an earlier life, oldest first; before configure().
  void replay(const lease_record& record) { recorded_[record.shard] = record.set == set_ ? record.owner : node_name(); }
  void configure(const std::vector<lease_limit>& limits);
  /// Takes `amount` or nothing. An amount above half the burst of this node's own share passes when that much is held; the rest is debt,
  /// and nothing else passes until grants have paid it.
  [[nodiscard]] bool take(const std::string& key, std::int64_t amount, steady_time now);

  // -- in bulk: repay, then lend, every tick -----------------------------------------------------------------------------
  /// Good until the next configure(). nullptr: no such limit.
  using handle = limit*;
  [[nodiscard]] handle find(const std::string& key);
  /// Above this an amount passes when this much is there.
  [[nodiscard]] std::int64_t enough(const limit& l) const noexcept;
  /// `used` of what was lent since the last call, debt included; `refused`: demand that found too little, `largest` the largest of it.
  void repay(limit& l, std::int64_t used, std::int64_t refused, std::int64_t largest) const;
  /// Is it time for end_loan()? Some of what was lent is too old to keep: goes_back(). Its user must have let go of that much by then.
  [[nodiscard]] bool wants_back(const limit& l, steady_time now) const;
  /// What end_loan() would give back to the owner.
  [[nodiscard]] std::int64_t goes_back(const limit& l, steady_time now) const;
  void end_loan(limit& l, steady_time now) const;
  void settle(limit& l, std::int64_t reserved, std::int64_t actual, steady_time now) const;
  void provider_said(limit& l, std::int64_t remaining) const;
  struct loan {
    std::int64_t level = 0;                      ///< all that is lent now, debt subtracted
    steady_time until{};                         ///< of all of it
  };
  /// Lends all that is held; nothing else may use it from then on.
  [[nodiscard]] loan lend(limit& l, steady_time now) const;
  /// Nothing to tell and nothing to lend: what is lent stays as it is.
  [[nodiscard]] bool is_quiet(const limit& l, steady_time now) const { return l.lends && l.leases.empty() && l.debt == l.debt_lent && !wants_back(l, now); }

  /// The amount turned out to be `actual`: more is debt; less pays debt, and the rest goes back to the owner. So the tokens really used within any 60 s
  /// are at most the limit and what was reserved too high at their beginning.
  void settle(const std::string& key, std::int64_t reserved, std::int64_t actual, steady_time now);
  /// The provider says how many are left; only ever lowers what the cluster grants.
  void provider_said(const std::string& key, std::int64_t remaining);
  /// Demand finds too little, or is a few tokens at a time, or there is no owner yet: tick() is worth calling every 20 ms. Else half of what is held
  /// lasts for 200 ms (`want_of`) and 100 ms will do.
  [[nodiscard]] bool is_pressed() const;
  /// At least every 100 ms; every 20 ms while is_pressed(). `alive`: this node's view of the others.
  /// `journal`: where H5's records go; without one nothing is recorded.
  void tick(steady_time now, const alive_check& alive, outbox& out, journal_box* journal = nullptr);
  /// Records up to `number` are on disk.
  void written(std::uint64_t number);
  void on(const node_name& from, const lease_grant& message, steady_time now);

  /// Every shard's owner counts this node, and of every limit of which something is held ahead of demand there is some.
  [[nodiscard]] bool has_begun() const;

  /// Held and usable now, debt subtracted.
  [[nodiscard]] std::int64_t held(const std::string& key, steady_time now);
  /// Empty: none.
  [[nodiscard]] const node_name& owner(std::uint8_t shard) const;

 private:
  struct lease {
    steady_time ends;
    std::int64_t amount;
  };
  struct limit {
    lease_terms terms;
    std::deque<lease> leases;                    // oldest first; never empty amounts
    std::deque<lease> lent;                      // older than `leases`
    std::int64_t debt_lent = 0;                  // the debt at the last lend()
    bool lends = false;                          // in bulk: some is held ahead of any demand
    std::int64_t reported = 0;                   // unused, by the last request
    std::int64_t debt = 0;
    std::int64_t asked_since = 0;                // demand since the last fold
    double demand = 0;                           // tokens a second, EWMA over 1 s
    std::int64_t unmet = 0;                      // the largest amount refused since the last grant
    std::int64_t to_return = 0;
    std::int64_t to_refund = 0;
    std::optional<std::int64_t> remaining;
    bool starved = false;                        // the last grant brought less than wanted
  };
  struct shard_state {
    std::vector<node_name> order;                // best owner first
    std::map<std::string, limit> limits;
    node_name owner;                             // asked now
    std::uint64_t owner_life = 0;
    std::uint64_t stamp = 0;                     // the newest received from `owner`; 0: none
    steady_time stamp_received{};
    bool shown = false;                          // attached: stamps go back
    steady_time bound_until{};                   // no other owner may be shown a stamp before
    node_name bound_to;
    node_name recorded;                          // on disk as the owner that stamps are shown to
    node_name recording;                         // on its way there, by that number
    std::uint64_t record = 0;
    steady_time asked_at{};
    steady_time answered_at{};                   // when the newest answered request was sent
    std::deque<std::pair<std::uint64_t, steady_time>> asked;   // seq, sent
    bool waiting = false;                        // for the answer to the last request
    std::map<node_name, steady_time> shunned;    // until
    std::map<node_name, steady_time> alive_since;
  };

  void choose_owner(shard_state& s, steady_time now, const alive_check& alive);
  // H1: no other owner counts this node any more.
  [[nodiscard]] bool is_free_for_owner(const shard_state& s, steady_time now) const;
  [[nodiscard]] nanoseconds too_old_before(const limit& l, steady_time now) const;
  // Of what is held, so much need not be renewed yet.
  [[nodiscard]] std::int64_t fresh(const limit& l, steady_time now) const;
  // Above this age what is not used is renewed; only where the burst has room for the old and the new.
  [[nodiscard]] nanoseconds renewed_before(const limit& l) const noexcept;
  // Held without any demand, so that a first request finds something.
  [[nodiscard]] std::int64_t least(const limit& l) const noexcept;
  [[nodiscard]] bool has_enough(const limit& l, steady_time now) const;
  [[nodiscard]] bool wants_to_ask(const shard_state& s, steady_time now) const;
  void ask(std::uint8_t number, shard_state& s, steady_time now, outbox& out, journal_box* journal);
  // H5; has it written where it is not.
  [[nodiscard]] bool is_recorded(std::uint8_t number, shard_state& s, journal_box* journal) const;
  void fold_demand(limit& l, nanoseconds passed) const;
  void drop_void(limit& l, steady_time now) const;
  [[nodiscard]] std::int64_t demand_ahead(const limit& l) const;   // of `want_of`
  [[nodiscard]] bool is_pressed(const limit& l) const;
  // What to hold ahead, debt included.
  [[nodiscard]] std::int64_t target(const limit& l) const;
  [[nodiscard]] static std::int64_t sum(const limit& l) noexcept;
  static void use(limit& l, std::int64_t amount) noexcept;
  static std::int64_t use(std::deque<lease>& from, std::int64_t amount) noexcept;   // returns what there was too little

  node_name self_;
  std::vector<node_name> configured_;
  std::uint64_t set_ = 0;
  std::uint64_t life_;
  lease_options options_;
  steady_time born_;
  steady_time folded_;
  std::uint64_t seq_ = 0;
  std::map<std::uint8_t, shard_state> shards_;
  std::map<std::uint8_t, node_name> recorded_;   // by earlier lives
};

}  // namespace switchyard::cluster
