// Hard budgets: messages (kinds 30 to 34) and the records both sides keep.
#pragma once

#include "base/money.hpp"
#include "cluster/message.hpp"

#include <compare>

namespace switchyard::cluster {

/// Of a grant or a return; a holder's ids only grow, over its lives too.
struct escrow_id {
  std::uint64_t life = 0;                        ///< the holder's incarnation at its start
  std::uint64_t seq = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.life, self.seq);
  }
  friend auto operator<=>(const escrow_id&, const escrow_id&) = default;
};

/// A budget in one of its periods: a new period is a new pool, nothing is ever subtracted to begin one.
struct escrow_pool_name {
  std::string budget;                            ///< "vk-7 day"
  std::int64_t period = 0;                       ///< UTC day number, for example

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.budget, self.period);
  }
  friend auto operator<=>(const escrow_pool_name&, const escrow_pool_name&) = default;
};

struct escrow_request {
  static constexpr auto kind = message_kind::escrow_request;
  escrow_pool_name pool;
  escrow_id id;
  escrow_id accepted;                            ///< the last grant that stands in the holder's journal
  nano_usd want = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.pool, self.id, self.accepted, self.want);
  }
};

struct escrow_grant {
  static constexpr auto kind = message_kind::escrow_grant;
  escrow_pool_name pool;
  escrow_id id;                                  ///< the request's, or that of an earlier grant that was never accepted
  nano_usd amount = 0;                           ///< 0: the pool is empty
  bool more_may_come = false;                    ///< others hold slices and were asked to give back

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.pool, self.id, self.amount, self.more_may_come);
  }
};

/// Repeated until answered.
struct escrow_return {
  static constexpr auto kind = message_kind::escrow_return;
  escrow_pool_name pool;
  escrow_id id;
  nano_usd amount = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.pool, self.id, self.amount);
  }
};

struct escrow_returned {
  static constexpr auto kind = message_kind::escrow_returned;
  escrow_pool_name pool;
  escrow_id id;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.pool, self.id);
  }
};

struct escrow_recall {
  static constexpr auto kind = message_kind::escrow_recall;
  escrow_pool_name pool;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.pool);
  }
};

enum class escrow_step : std::uint8_t {
  granted = 1,                                   ///< owner: `id`, `amount` to `who`
  took_back = 2,                                 ///< owner: `id`, `amount` from `who`
  carried = 3,                                   ///< owner, in a snapshot: `amount` is out in all, last grant and return aside
  accepted = 4,                                  ///< holder: grant `id` of `amount`
  reserved = 5,                                  ///< holder: at most `amount` for attempt `who`
  settled = 6,                                   ///< holder: attempt `who` cost `amount`
  returning = 7,                                 ///< holder: `amount` goes back as `id`
  return_done = 8,                               ///< holder: the owner has it
};
constexpr escrow_step last_of(escrow_step) { return escrow_step::return_done; }

struct escrow_record {
  escrow_step step = escrow_step::granted;
  escrow_pool_name pool;
  std::string who;
  escrow_id id;
  nano_usd amount = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.step, self.pool, self.who, self.id, self.amount);
  }
};

}  // namespace switchyard::cluster
