#include "cluster/escrow_holder.hpp"
#include "cluster/soft_budget.hpp"
#include "tests/cluster/support.hpp"

#include <map>

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

constexpr nano_usd dollar = 1'000'000'000;
const escrow_pool_name day{"vk-1 day", 7};
const std::vector<node_name> two = {"a", "b"};

// An owner and a holder on two nodes, their journals, and messages that go only when told.
struct escrow_pair {
  escrow_pair() : owner_node(escrow_holder("a", two, 1).owner_of(day.budget)), holder_node(owner_node == "a" ? "b" : "a"), holder(holder_node, two, 1) {
    owner.configure({{day.budget, 100 * dollar, dollar / 10}});
  }
  escrow_verdict reserve(const std::string& attempt, nano_usd amount) {
    return holder.reserve(day, attempt, amount, t(now), [this](const node_name&) { return owner_alive; }, from_holder, holder_box);
  }
  // Everything is written, everything arrives.
  std::vector<std::string> settle_down() {
    std::vector<std::string> ready;
    for (int round = 0; round < 6; ++round) {
      for (const auto& name : write_holder()) ready.push_back(name);
      to_owner();
      write_owner();
      to_holder();
    }
    return ready;
  }
  std::vector<std::string> write_holder() {
    std::vector<std::string> ready;
    for (auto& record : holder_box.take()) {
      holder_disk.push_back(*decode<escrow_record>(record.content));
      for (const auto& name : holder.written(record.number, t(now), from_holder)) ready.push_back(name);
    }
    return ready;
  }
  void write_owner() {
    for (auto& record : owner_box.take()) {
      owner_disk.push_back(*decode<escrow_record>(record.content));
      owner.written(record.number, from_owner);
    }
  }
  void to_owner() {
    for (const auto& mail : from_holder.take()) {
      if (mail.kind == message_kind::escrow_request) owner.on(holder_node, *decode<escrow_request>(mail.body), 7, t(now), from_owner, owner_box);
      if (mail.kind == message_kind::escrow_return) owner.on(holder_node, *decode<escrow_return>(mail.body), from_owner, owner_box);
    }
  }
  void to_holder() {
    for (const auto& mail : from_owner.take()) {
      if (mail.to != holder_node) continue;
      if (mail.kind == message_kind::escrow_grant) holder.on(owner_node, *decode<escrow_grant>(mail.body), t(now), holder_box);
      if (mail.kind == message_kind::escrow_returned) holder.on(owner_node, *decode<escrow_returned>(mail.body), holder_box);
      if (mail.kind == message_kind::escrow_recall) holder.on(owner_node, *decode<escrow_recall>(mail.body), t(now), holder_box);
    }
  }
  void tick(nanoseconds later) {
    now += later;
    holder.tick(t(now), from_holder, holder_box);
  }
  // Nothing that was not written survives.
  void crash_holder() {
    holder_box = {};
    (void)from_holder.take();
    holder = escrow_holder(holder_node, two, ++life);
    for (const auto& record : holder_disk) holder.replay(record);
    holder.recovered(holder_box);
  }
  void crash_owner() {
    owner_box = {};
    (void)from_owner.take();
    owner = escrow_owner();
    owner.configure({{day.budget, 100 * dollar, dollar / 10}});
    for (const auto& record : owner_disk) owner.replay(record);
  }

  node_name owner_node, holder_node;
  escrow_owner owner;
  escrow_holder holder;
  outbox from_owner, from_holder;
  journal_box owner_box, holder_box;
  std::vector<escrow_record> owner_disk, holder_disk;
  nanoseconds now{0};
  std::uint64_t life = 1;
  bool owner_alive = true;
};

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(switchyard::cluster::escrow_verdict)

BOOST_AUTO_TEST_SUITE(escrow)

BOOST_AUTO_TEST_CASE(a_request_is_called_only_when_its_reservation_is_written) {
  escrow_pair p;
  BOOST_TEST(p.reserve("r1", dollar) == escrow_verdict::wait);
  (void)p.settle_down();
  BOOST_TEST(p.holder.available(day) == 2 * dollar);           // 2 % of 100
  BOOST_TEST(p.reserve("r1", dollar) == escrow_verdict::held);
  BOOST_TEST(p.holder.available(day) == dollar);
  const auto ready = p.write_holder();
  BOOST_REQUIRE(ready.size() == 1u);
  BOOST_TEST(ready[0] == "r1");
  p.holder.settle(day, "r1", dollar / 4, p.holder_box);
  BOOST_TEST(p.holder.available(day) == dollar + dollar * 3 / 4);
}

BOOST_AUTO_TEST_CASE(a_grant_that_was_lost_is_repeated_and_booked_once) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  p.to_owner();
  p.write_owner();
  (void)p.from_owner.take();                                   // lost
  p.tick(500ms);
  p.to_owner();
  auto grants = p.from_owner.take();
  BOOST_REQUIRE(grants.size() == 1u);
  const auto grant = *decode<escrow_grant>(grants[0].body);
  p.holder.on(p.owner_node, grant, t(p.now), p.holder_box);
  p.holder.on(p.owner_node, grant, t(p.now), p.holder_box);
  (void)p.write_holder();
  p.holder.on(p.owner_node, grant, t(p.now), p.holder_box);
  (void)p.write_holder();
  BOOST_TEST(p.holder.available(day) == 2 * dollar);
  BOOST_TEST(p.owner.out(day) == 2 * dollar);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_it_is_written) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  p.to_owner();
  BOOST_TEST(p.from_owner.empty());
  p.crash_owner();                                             // failpoint: grant
  BOOST_TEST(p.owner.out(day) == 0);
  p.tick(500ms);
  (void)p.settle_down();
  BOOST_TEST(p.owner.out(day) == 2 * dollar);
  BOOST_TEST(p.holder.available(day) == 2 * dollar);
}

BOOST_AUTO_TEST_CASE(a_holder_that_crashed_before_it_wrote_a_grant_gets_that_one_again) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  p.to_owner();
  p.write_owner();
  p.to_holder();
  p.crash_holder();                                            // failpoint: accept
  BOOST_TEST(p.holder.available(day) == 0);
  (void)p.reserve("r2", dollar);
  (void)p.settle_down();
  BOOST_TEST(p.owner.out(day) == 2 * dollar);
  BOOST_TEST(p.holder.available(day) == 2 * dollar);
}

BOOST_AUTO_TEST_CASE(after_a_crash_what_was_open_is_charged_as_reserved) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  (void)p.settle_down();
  (void)p.reserve("r1", dollar);
  (void)p.reserve("r2", dollar / 2);
  (void)p.settle_down();
  p.holder.settle(day, "r2", dollar / 10, p.holder_box);
  (void)p.settle_down();
  const auto before = p.holder.available(day);
  p.holder.settle(day, "r1", 0, p.holder_box);                 // failpoint: settle, never written
  p.crash_holder();
  BOOST_TEST(p.holder.available(day) == before);
  (void)p.write_holder();
  p.crash_holder();
  BOOST_TEST(p.holder.available(day) == before);
}

BOOST_AUTO_TEST_CASE(what_goes_back_is_booked_once_through_crashes_on_both_sides) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  (void)p.settle_down();
  p.tick(11s);                                                 // idle
  BOOST_TEST(p.holder.available(day) == 0);
  p.crash_holder();                                            // failpoint: return, before it was written
  BOOST_TEST(p.holder.available(day) == 2 * dollar);
  p.tick(11s);
  (void)p.write_holder();
  p.to_owner();
  p.crash_owner();                                             // failpoint: return, before the owner wrote it
  BOOST_TEST(p.owner.out(day) == 2 * dollar);
  p.tick(500ms);
  p.to_owner();
  p.write_owner();
  (void)p.from_owner.take();                                   // the answer is lost
  BOOST_TEST(p.owner.out(day) == 0);
  p.crash_holder();
  p.crash_owner();
  p.tick(500ms);
  (void)p.settle_down();
  BOOST_TEST(p.owner.out(day) == 0);
  BOOST_TEST(p.holder.available(day) == 0);
  p.tick(500ms);
  BOOST_TEST(p.from_holder.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_pool_refuses_and_a_lost_owner_says_so) {
  escrow_pair p;
  p.owner.configure({{day.budget, dollar, dollar / 10}});
  (void)p.reserve("r1", dollar);
  (void)p.settle_down();
  BOOST_TEST(p.holder.available(day) == dollar);                 // a slice is 0.20 (twice the dearest request); more was wanted, and is all there is
  BOOST_TEST(p.reserve("r1", dollar) == escrow_verdict::held);
  (void)p.settle_down();
  BOOST_TEST(p.reserve("r2", 1) == escrow_verdict::wait);        // r1 may cost less than reserved
  (void)p.settle_down();
  p.holder.settle(day, "r1", dollar, p.holder_box);
  p.tick(300ms);
  (void)p.reserve("r2", 1);
  (void)p.settle_down();
  BOOST_TEST(p.reserve("r2", 1) == escrow_verdict::exhausted);
  p.owner_alive = false;
  BOOST_TEST(p.reserve("r3", 1) == escrow_verdict::owner_unavailable);
}

BOOST_AUTO_TEST_CASE(a_new_period_is_a_new_pool) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  (void)p.settle_down();
  const escrow_pool_name tomorrow{day.budget, 8};
  BOOST_TEST(p.holder.available(tomorrow) == 0);
  outbox out;
  journal_box journal;
  p.owner.on(p.holder_node, escrow_request{tomorrow, {1, 50}, {}, dollar}, 7, t(0s), out, journal);   // its clock is ahead
  BOOST_TEST(journal.take().size() == 1u);
  p.owner.on(p.holder_node, escrow_request{{day.budget, 9}, {1, 51}, {}, dollar}, 7, t(0s), out, journal);
  BOOST_TEST(journal.take().empty());
  p.owner.drop_before(day.budget, 8);
  BOOST_TEST(p.owner.out(day) == 0);
  BOOST_TEST(p.owner.out(tomorrow) == 2 * dollar);
}

BOOST_AUTO_TEST_CASE(snapshots_replay_to_the_same_state) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  (void)p.settle_down();
  (void)p.reserve("r1", dollar / 2);
  (void)p.reserve("r2", dollar);
  (void)p.settle_down();
  p.holder.settle(day, "r2", dollar / 5, p.holder_box);
  (void)p.settle_down();
  const auto out = p.owner.out(day);
  p.owner_disk = p.owner.snapshot();
  p.holder_disk = p.holder.snapshot();
  const auto available = p.holder.available(day);
  p.crash_owner();
  p.crash_holder();
  BOOST_TEST(p.owner.out(day) == out);
  BOOST_TEST(p.holder.available(day) == available);
}

BOOST_AUTO_TEST_CASE(a_provider_that_bills_more_than_the_worst_price_is_counted) {
  escrow_pair p;
  (void)p.reserve("r1", dollar);
  (void)p.settle_down();
  (void)p.reserve("r1", dollar);
  p.holder.settle(day, "r1", dollar + 5, p.holder_box);
  BOOST_TEST(p.holder.overrun() == 5);
}

// In bulk: the ledger's figure stands for all reservations.
BOOST_AUTO_TEST_CASE(in_bulk_what_was_committed_is_told_in_one_figure) {
  escrow_pair p;
  p.holder.use_in_bulk();
  p.holder.account(day, 0, dollar / 2, t(p.now), p.from_holder);
  (void)p.settle_down();
  BOOST_TEST(p.holder.in_hand(day) == 2 * dollar);
  p.holder.account(day, dollar + dollar / 4, 0, t(p.now), p.from_holder);
  BOOST_TEST(p.holder.available(day) == dollar * 3 / 4);
  (void)p.settle_down();                                     // below half a slice: the next one was asked for
  BOOST_TEST(p.holder.in_hand(day) == 4 * dollar);
  BOOST_TEST(p.owner.out(day) == 4 * dollar);
}

BOOST_AUTO_TEST_CASE(in_bulk_nothing_goes_back_after_a_crash_before_the_ledger_has_spoken) {
  escrow_pair p;
  p.holder.use_in_bulk();
  p.holder.account(day, 0, dollar, t(p.now), p.from_holder);
  (void)p.settle_down();
  p.holder.account(day, dollar, 0, t(p.now), p.from_holder);
  p.crash_holder();
  p.holder.use_in_bulk();
  p.tick(20s);
  p.holder.on(p.owner_node, escrow_recall{day}, t(p.now), p.holder_box);
  p.tick(20s);
  BOOST_TEST(p.holder.wants_back(day, t(p.now)) == 0);
  BOOST_TEST(p.holder_box.take().empty());
  p.holder.account(day, dollar, 0, t(p.now), p.from_holder);
  BOOST_TEST(p.holder.available(day) == dollar);
  p.now += 11s;
  BOOST_TEST(p.holder.wants_back(day, t(p.now)) == dollar);  // idle
  p.holder.give_back(day, dollar, p.holder_box);
  BOOST_TEST(p.holder.in_hand(day) == dollar);
  (void)p.settle_down();
  BOOST_TEST(p.owner.out(day) == dollar);
}

BOOST_AUTO_TEST_CASE(in_bulk_ids_grow_over_protocols_that_were_put_together_anew_in_one_life) {
  escrow_pair p;
  p.holder.use_in_bulk();
  p.holder.account(day, 0, dollar, t(p.now), p.from_holder);
  (void)p.settle_down();
  --p.life;                                                  // the same life again
  p.crash_holder();
  p.holder.use_in_bulk();
  p.holder.account(day, 2 * dollar, dollar, t(p.now), p.from_holder);
  (void)p.settle_down();
  BOOST_TEST(p.holder.in_hand(day) == 4 * dollar);
}

BOOST_AUTO_TEST_CASE(in_bulk_what_is_owed_to_a_new_period_is_asked_for_at_once) {
  escrow_pair p;
  p.holder.use_in_bulk();
  p.holder.account(day, dollar / 8, 0, t(p.now), p.from_holder);   // calls that were under way when it began
  (void)p.settle_down();
  BOOST_TEST(p.holder.in_hand(day) == 2 * dollar);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(soft_budgets)

BOOST_AUTO_TEST_CASE(others_counts_are_part_of_the_sum) {
  soft_budget budget(100);
  BOOST_TEST(budget.reserve(1, 60));
  budget.learn("b", {1, 20, 10});
  BOOST_TEST(!budget.reserve(1, 20));
  BOOST_TEST(budget.reserve(1, 10));
  budget.settle(1, 60, 5);
  BOOST_TEST(budget.known(1) == 5 + 10 + 30);
  budget.learn("b", {0, 99, 0});                               // an old one
  BOOST_TEST(budget.known(1) == 45);
}

BOOST_AUTO_TEST_CASE(a_new_period_begins_at_nothing) {
  soft_budget budget(100);
  BOOST_TEST(budget.reserve(1, 100));
  budget.learn("b", {1, 50, 0});
  BOOST_TEST(budget.reserve(2, 100));
  budget.settle(1, 100, 100);
  BOOST_TEST(budget.own().spent == 0);
  BOOST_TEST(budget.own().reserved == 100);
}

BOOST_AUTO_TEST_SUITE_END()
