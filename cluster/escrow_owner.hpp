// A hard budget's owner: its durable pool, out of which nodes get slices.
//
// E1  amount >= granted - returned, at every moment and after every crash: a grant is in the journal before it is sent, a return is in the
//     holder's journal before it is sent and in ours before it is answered.
// E2  Grants and returns are booked once: per holder ids only grow, one of each is under way at a time, and the last one is remembered.
// E3  The pool does not move to another node by itself: the owner is the first of owners_of(budget) over the configured nodes, dead or alive.
#pragma once

#include "cluster/escrow_messages.hpp"
#include "cluster/journal.hpp"
#include "cluster/outbox.hpp"

#include <map>

namespace switchyard::cluster {

struct budget_terms {
  std::string budget;
  nano_usd amount = 0;                           ///< a period
  nano_usd largest_request = 0;                  ///< the worst price of one request
};

struct escrow_options {
  int slices = 50;                               ///< a slice is amount / slices, or twice the largest request
  milliseconds repeat{500};                      ///< what was not answered is sent again, recalls included
  milliseconds owner_silent{2000};
  milliseconds idle{10'000};                     ///< a slice nobody used for so long goes back
  bool written_before_sent = true;               ///< false only to show that the simulation notices
};

/// Not thread-safe.
class escrow_owner {
 public:
  explicit escrow_owner(escrow_options options = {}) : options_(options) {}

  /// Budgets of others are granted nothing. A smaller amount grants nothing until enough came back.
  void configure(const std::vector<budget_terms>& budgets);
  /// At start: what stands in the journal, oldest first.
  void replay(const escrow_record& record);

  /// `period`: the budget's present one by this node's wall clock; one more or less is taken too (clocks differ).
  void on(const node_name& from, const escrow_request& message, std::int64_t period, steady_time now, outbox& out, journal_box& journal);
  void on(const node_name& from, const escrow_return& message, outbox& out, journal_box& journal);
  void written(std::uint64_t number, outbox& out);
  /// Pools of periods before `oldest` are closed.
  void drop_before(const std::string& budget, std::int64_t oldest);

  /// Granted and not returned; what is left is amount - out().
  [[nodiscard]] nano_usd out(const escrow_pool_name& pool) const;
  /// Records that replay to the present state: what a journal is cut down to. Call when nothing waits to be written.
  [[nodiscard]] std::vector<escrow_record> snapshot() const;

 private:
  struct booking {
    escrow_id id;
    nano_usd amount = 0;
    bool durable = true;
  };
  struct holder {
    booking grant;
    booking back;
    nano_usd out = 0;
  };
  struct pool {
    nano_usd out = 0;
    std::map<node_name, holder> holders;
    steady_time recalled{};
  };
  struct waiting {
    escrow_pool_name pool;
    node_name holder;
    bool is_return = false;
  };

  bool recall(const escrow_pool_name& name, pool& p, const node_name& except, steady_time now, outbox& out) const;

  escrow_options options_;
  std::map<std::string, budget_terms> budgets_;
  std::map<escrow_pool_name, pool> pools_;
  std::map<std::uint64_t, waiting> waiting_;     // by record number
};

}  // namespace switchyard::cluster
