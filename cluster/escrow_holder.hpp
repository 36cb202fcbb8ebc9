// A node's slices of hard budgets: what a request may cost is set aside, in the journal, before the provider is called.
//
//   reserve() -> held      -> written() names the attempt -> call the provider -> settle()
//             -> wait      a slice is on its way, or comes back from others: try again within 2 s, then 429 with retry-after
//             -> exhausted 402 budget_exceeded
//             -> owner_unavailable   429 budget_owner_unavailable
//
// In bulk, where a ledger of its own is the record of reservations (on disk before the provider is called, charged as reserved after a crash):
//
//   account()  all that this node has set aside and spent of the pool, by that ledger; asks for more when it runs low
//   wants_back() -> lower what may be committed, then give_back()
//
// E4  accepted >= open reservations + settled + returned, so a node never spends more than it was granted (but for a provider that bills above the
//     worst price: overrun()).
// E5  A grant counts once it is in the journal, and once only; what goes back leaves the purse before it is sent.
// E6  After a crash an open reservation is charged as reserved.
#pragma once

#include "cluster/escrow_owner.hpp"

#include <functional>

namespace switchyard::cluster {

enum class escrow_verdict : std::uint8_t { held, wait, exhausted, owner_unavailable };

/// Not thread-safe.
class escrow_holder {
 public:
  using alive_check = std::function<bool(const node_name&)>;

  escrow_holder(node_name self, std::vector<node_name> configured, std::uint64_t life, escrow_options options = {});

  /// At start: what stands in the journal, oldest first; then recovered(), once.
  void replay(const escrow_record& record);
  void recovered(journal_box& journal);

  /// `attempt` must not be open already. After `held` the provider is called once written() has named the attempt.
  [[nodiscard]] escrow_verdict reserve(const escrow_pool_name& pool, const std::string& attempt, nano_usd amount, steady_time now, const alive_check& alive, outbox& out,
                                       journal_box& journal);
  void settle(const escrow_pool_name& pool, const std::string& attempt, nano_usd cost, journal_box& journal);

  // -- in bulk -----------------------------------------------------------------------------------------------------------
  /// Once, before anything else but replay(): all pools are used so. What the journal knows nothing of must not be taken for unspent.
  void use_in_bulk();
  /// `committed`: of this pool, by the ledger. `wanted`: the largest or all of what could not be had since the last call; 0: nothing.
  void account(const escrow_pool_name& pool, nano_usd committed, nano_usd wanted, steady_time now, outbox& out);
  /// What whoever was refused may hope for: `held` never.
  [[nodiscard]] escrow_verdict outlook(const escrow_pool_name& pool, steady_time now, const alive_check& alive) const;
  /// Should go back: recalled, or idle. 0: nothing.
  [[nodiscard]] nano_usd wants_back(const escrow_pool_name& pool, steady_time now) const;
  /// `amount` cannot be committed any more.
  void give_back(const escrow_pool_name& pool, nano_usd amount, journal_box& journal);
  /// Accepted and not returned: the most that may be committed.
  [[nodiscard]] nano_usd in_hand(const escrow_pool_name& pool) const;

  /// Gives back what is not reserved: on leaving the cluster.
  void give_back_all(steady_time now, outbox& out, journal_box& journal);

  void tick(steady_time now, outbox& out, journal_box& journal);
  void on(const node_name& from, const escrow_grant& message, steady_time now, journal_box& journal);
  void on(const node_name& from, const escrow_returned& message, journal_box& journal);
  void on(const node_name& from, const escrow_recall& message, steady_time now, journal_box& journal);
  /// Attempts that may go to their provider now.
  [[nodiscard]] std::vector<std::string> written(std::uint64_t number, steady_time now, outbox& out);
  /// Purses of periods before `oldest` close once nothing of them is open.
  void drop_before(const std::string& budget, std::int64_t oldest);

  [[nodiscard]] nano_usd available(const escrow_pool_name& pool) const;
  /// By how much providers billed above reservations.
  [[nodiscard]] nano_usd overrun() const noexcept { return overrun_; }
  [[nodiscard]] std::vector<escrow_record> snapshot() const;
  [[nodiscard]] node_name owner_of(const std::string& budget) const;

 private:
  struct back {
    escrow_id id;
    nano_usd amount = 0;
    bool durable = false;
    steady_time sent{};
  };
  struct purse {
    nano_usd available = 0;
    std::map<std::string, nano_usd> open;        // attempt, reserved
    escrow_id accepted;                          // in the journal
    escrow_id accepting;                         // being written
    std::optional<escrow_id> asked;
    nano_usd asked_for = 0;
    steady_time asked_at{};
    steady_time asked_first{};                   // of this request
    steady_time used{};
    std::optional<steady_time> empty_at;         // when the owner said so
    bool more_may_come = false;
    std::optional<back> returning;
    nano_usd slice = 0;                          // the last grant
    nano_usd committed = 0;                      // in bulk: not in `available`
    bool accounted = false;                      // in bulk: `committed` was told
    bool recalled = false;                       // in bulk
  };
  struct waiting {
    escrow_step step;
    escrow_pool_name pool;
    std::string attempt;
    nano_usd amount = 0;
    escrow_id id;
  };

  [[nodiscard]] escrow_verdict refusal(const escrow_pool_name& name, const purse& p, steady_time now, const alive_check& alive) const;
  void ask(const escrow_pool_name& name, purse& p, nano_usd want, steady_time now, outbox& out);
  void give_back(const escrow_pool_name& name, purse& p, nano_usd amount, journal_box& journal);

  node_name self_;
  std::vector<node_name> configured_;
  std::uint64_t life_;
  escrow_options options_;
  bool bulk_ = false;
  std::uint64_t seq_ = 0;
  nano_usd overrun_ = 0;
  std::map<escrow_pool_name, purse> purses_;
  std::map<std::uint64_t, waiting> waiting_;     // by record number
};

}  // namespace switchyard::cluster
