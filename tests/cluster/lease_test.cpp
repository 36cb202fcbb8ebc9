#include "cluster/lease_holder.hpp"
#include "cluster/lease_owner.hpp"
#include "cluster/journal.hpp"
#include "cluster/rendezvous.hpp"
#include "tests/cluster/support.hpp"

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

const std::string key = "openai/key-1 rpm";
const auto shard = shard_of(key);

// One owner and messages made by hand: what it grants, whatever a holder may claim.
struct owner_fixture {
  explicit owner_fixture(std::int64_t limit = 600, std::size_t nodes = 5) : owner(nodes, 1, t(0s)) { owner.configure({{key, limit}}, t(0s)); }

  lease_grant ask(const node_name& from, nanoseconds now, std::uint64_t stamp, std::int64_t want, std::int64_t unused = 0, std::int64_t returned = 0) {
    outbox out;
    owner.on(from, lease_request{shard, 1, ++seq[from], 1, stamp, {{key, want, unused, returned, 0, {}}}}, t(now), out);
    const auto answer = sent<lease_grant>(out.take(), from);
    return answer.empty() ? lease_grant{} : answer[0];
  }
  static std::int64_t amount(const lease_grant& grant) { return grant.granted.empty() ? 0 : grant.granted[0].amount; }
  // Attaches and takes all there is, at that time.
  std::uint64_t attach(const node_name& from, nanoseconds now) { return ask(from, now, ask(from, now, 0, 0).stamp, 0).stamp; }

  // Attached from `start` on, and nothing taken; returns the newest stamp.
  std::uint64_t idle(const node_name& from, nanoseconds start, nanoseconds end) {
    auto stamp = attach(from, start);
    for (auto at = start; at <= end; at += 100ms) stamp = ask(from, at, stamp, 0).stamp;
    return stamp;
  }

  lease_owner owner;
  std::map<node_name, std::uint64_t> seq;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lease_terms_)

BOOST_AUTO_TEST_CASE(burst_and_rate_add_up_to_the_limit) {
  for (const std::int64_t limit : {1, 2, 3, 7, 10, 60, 100, 600, 10'000, 2'000'000, 1'000'000'000})
    for (const std::size_t nodes : {1u, 2u, 5u, 9u}) {
      const auto terms = lease_terms::of(limit, nodes);
      BOOST_TEST(terms.burst + terms.rate <= std::max<std::int64_t>(limit, 2) * micro);
      BOOST_TEST(terms.burst >= micro);
    }
  BOOST_TEST(lease_terms::of(600, 5).burst == 30 * micro);
  BOOST_TEST(lease_terms::of(600, 5).rate == 570 * micro);
  BOOST_TEST(lease_terms::of(60, 5).burst == 5 * micro);
}

BOOST_AUTO_TEST_CASE(a_bucket_loses_no_fraction) {
  token_bucket bucket(t(0s));
  for (auto at = 0us; at < 60s; at += 7us) bucket.fill(t(at), 7 * micro, 100 * micro);
  bucket.fill(t(60s), 7 * micro, 100 * micro);
  BOOST_TEST(bucket.whole() == 7);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lease_owners)

BOOST_AUTO_TEST_CASE(a_new_owner_is_empty_and_grants_nothing_for_one_ttl) {
  owner_fixture f;
  auto stamp = f.ask("a", 0s, 0, 9).stamp;
  for (auto at = 100ms; at < 2000ms; at += 100ms) {
    const auto grant = f.ask("a", at, stamp, 9);
    BOOST_TEST(f.amount(grant) == 0);
    stamp = grant.stamp;
  }
  BOOST_TEST(f.amount(f.ask("a", 2s, stamp, 9)) == 0);
}

BOOST_AUTO_TEST_CASE(a_part_of_the_nodes_gets_that_part_of_the_rate) {
  for (const int attached : {1, 2, 5}) {
    owner_fixture f;
    std::map<node_name, std::uint64_t> stamps;
    std::int64_t granted = 0;
    for (auto at = 100ms; at < 122s; at += 100ms)
      for (int i = 0; i < attached; ++i) {
        const node_name node(1, static_cast<char>('a' + i));
        const auto grant = f.ask(node, at, stamps[node], 100);
        stamps[node] = grant.stamp;
        granted += f.amount(grant);
      }
    BOOST_TEST(f.owner.attached(shard, t(122s)) == static_cast<std::size_t>(attached));
    BOOST_TEST(static_cast<double>(granted) > 0.97 * 2 * 570 * attached / 5);
    BOOST_TEST(static_cast<double>(granted) <= 2 * 570.0 * attached / 5);
  }
}

BOOST_AUTO_TEST_CASE(attachment_ends_ttl_after_the_stamp_was_made_however_late_it_is_shown) {
  owner_fixture f;
  const auto stamp = f.ask("a", 3s, 0, 0).stamp;
  BOOST_TEST(f.owner.attached(shard, t(3s)) == 0u);
  (void)f.ask("a", 4900ms, stamp, 0);
  BOOST_TEST(f.owner.attached(shard, t(4999ms)) == 1u);
  BOOST_TEST(f.owner.attached(shard, t(5001ms)) == 0u);
  BOOST_TEST(f.amount(f.ask("a", 60s, stamp, 5)) == 0);      // a message that was 55 s on its way
  BOOST_TEST(f.owner.attached(shard, t(60s)) == 0u);
}

BOOST_AUTO_TEST_CASE(stamps_of_another_life_prove_nothing) {
  owner_fixture f;
  outbox out;
  f.owner.on("a", lease_request{shard, 1, 1, 99, static_cast<std::uint64_t>(to_ns(t(3s))), {{key, 5, 0, 0, 0, {}}}}, t(3s), out);
  BOOST_TEST(f.owner.attached(shard, t(3s)) == 0u);
  BOOST_TEST(sent<lease_grant>(out.take(), "a")[0].granted.empty());
}

BOOST_AUTO_TEST_CASE(unused_tokens_count_against_the_burst_until_they_are_reported_or_void) {
  owner_fixture f(600, 1);
  const auto stamp = f.idle("a", 2s, 5800ms);                // 3.8 s at 9.5/s: full
  const auto all = f.ask("a", 5800ms, stamp, 1000);
  BOOST_TEST(f.amount(all) == 30);
  const auto none = f.ask("a", 7000ms, all.stamp, 1000, 30);
  BOOST_TEST(f.amount(none) == 0);                           // 30 unused are the whole burst
  const auto some = f.ask("a", 7100ms, none.stamp, 1000, 20);
  BOOST_TEST(f.amount(some) == 0);
  const auto refilled = f.ask("a", 7300ms, some.stamp, 1000, 0);
  BOOST_TEST(f.amount(refilled) == 1);                       // since 20 were left: 0.2 s
}

BOOST_AUTO_TEST_CASE(returned_tokens_go_to_who_needs_them_and_are_booked_once) {
  owner_fixture f(600, 2);
  auto a = f.attach("a", 2s);
  auto b = f.attach("b", 2s);
  a = f.ask("a", 3s, a, 0).stamp;
  b = f.ask("b", 3s, b, 0).stamp;
  const auto grant = f.ask("a", 4s, a, 19);
  BOOST_TEST(f.amount(grant) == 19);
  const auto before = f.ask("b", 4s, b, 100);
  BOOST_TEST(f.amount(before) == 0);
  outbox out;
  const lease_request back{shard, 1, ++f.seq["a"], 1, grant.stamp, {{key, 0, 4, 15, 0, {}}}};
  f.owner.on("a", back, t(4s), out);
  f.owner.on("a", back, t(4s), out);
  BOOST_TEST(out.take().size() == 1u);
  BOOST_TEST(f.amount(f.ask("b", 4s, before.stamp, 100)) == 15);
}

BOOST_AUTO_TEST_CASE(old_and_doubled_requests_are_dropped) {
  owner_fixture f;
  f.seq["a"] = 5;
  (void)f.ask("a", 3s, 0, 0);
  f.seq["a"] = 3;
  BOOST_TEST(f.ask("a", 3s, 0, 0).stamp == 0u);
}

BOOST_AUTO_TEST_CASE(a_node_forgotten_makes_the_shares_of_the_others_larger_after_one_ttl) {
  owner_fixture f(600, 5);
  auto stamp = f.idle("a", 2s, 10s);
  BOOST_TEST(f.amount(f.ask("a", 10s, stamp, 100)) == 6);    // a fifth of 30
  f.owner.resize(4, t(10s));
  stamp = f.ask("a", 10s, stamp, 0).stamp;
  for (auto at = 10100ms; at < 12s; at += 100ms) {
    const auto grant = f.ask("a", at, stamp, 100);
    BOOST_TEST(f.amount(grant) == 0);
    stamp = grant.stamp;
  }
  for (auto at = 12s; at <= 20s; at += 1s)
    for (auto step = 0ms; step < 1s; step += 100ms) stamp = f.ask("a", at + step, stamp, 0).stamp;
  BOOST_TEST(f.amount(f.ask("a", 21s, stamp, 100)) == 7);    // a quarter of 30
}

BOOST_AUTO_TEST_CASE(the_providers_word_only_lowers) {
  owner_fixture f(600, 1);
  const auto stamp = f.idle("a", 2s, 5s);
  outbox out;
  f.owner.on("a", lease_request{shard, 1, ++f.seq["a"], 1, stamp, {{key, 100, 0, 0, 0, 3}}}, t(5s), out);
  BOOST_TEST(f.amount(sent<lease_grant>(out.take(), "a")[0]) == 3);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

// Holders and owners of several nodes, messages at once, every 10 ms.
struct lease_yard {
  lease_yard(std::vector<node_name> names, std::int64_t limit, lease_options options = {}) : names(names) {
    for (const auto& name : names) {
      owners.emplace(name, lease_owner(names.size(), 1, t(0s), options)).first->second.configure({{key, limit}}, t(0s));
      holders.emplace(name, lease_holder(name, names, 1, t(0s), options)).first->second.configure({{key, limit}});
    }
  }
  template <class EachStep>
  void run_until(nanoseconds end, EachStep each) {
    for (; now < end; now += 10ms) {
      for (const auto& name : names) {
        outbox out;
        holders.at(name).tick(t(now), [&](const node_name& other) { return reachable(name, other); }, out);
        for (const auto& mail : out.take()) {
          if (!reachable(name, mail.to)) continue;
          outbox back;
          owners.at(mail.to).on(name, *decode<lease_request>(mail.body), t(now), back);
          for (const auto& answer : back.take()) holders.at(name).on(mail.to, *decode<lease_grant>(answer.body), t(now));
        }
      }
      each();
    }
  }
  bool reachable(const node_name& a, const node_name& b) const { return a == b || !(cut == a || cut == b); }
  bool take(const node_name& node, std::int64_t amount = 1) { return holders.at(node).take(key, amount, t(now)); }

  std::vector<node_name> names;
  std::map<node_name, lease_owner> owners;
  std::map<node_name, lease_holder> holders;
  node_name cut;
  nanoseconds now{0};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lease_holders)

BOOST_AUTO_TEST_CASE(all_nodes_together_use_the_whole_limit_and_no_more) {
  lease_yard yard({"a", "b", "c"}, 600);
  int used = 0;
  yard.run_until(8s, [] {});
  yard.run_until(68s, [&] { for (const auto& n : yard.names) used += yard.take(n); });
  BOOST_TEST(used <= 600);
  BOOST_TEST(used >= 564);
}

BOOST_AUTO_TEST_CASE(an_idle_nodes_share_is_used_by_the_others) {
  lease_yard yard({"a", "b", "c"}, 600);
  int used = 0;
  yard.run_until(8s, [] {});
  yard.run_until(68s, [&] { used += yard.take("b"); });
  BOOST_TEST(used >= 564);
}

BOOST_AUTO_TEST_CASE(a_node_cut_off_uses_its_own_share) {
  lease_yard yard({"a", "b", "c"}, 600);
  yard.run_until(8s, [] {});
  yard.cut = yard.owners.begin()->first;
  int alone = 0, others = 0;
  yard.run_until(18s, [] {});
  yard.run_until(78s, [&] {
    for (const auto& n : yard.names) (n == yard.cut ? alone : others) += yard.take(n);
  });
  BOOST_TEST(alone > 180);
  BOOST_TEST(alone <= 200);
  BOOST_TEST(others > 370);
  BOOST_TEST(others <= 400);
}

BOOST_AUTO_TEST_CASE(a_node_that_was_stopped_finds_its_tokens_void) {
  lease_yard yard({"a"}, 600);
  yard.run_until(8s, [&] { (void)yard.take("a"); });
  BOOST_TEST(yard.holders.at("a").held(key, t(yard.now)) >= 0);
  while (yard.holders.at("a").held(key, t(yard.now)) == 0) yard.run_until(yard.now + 10ms, [] {});
  yard.now += 2s;
  BOOST_TEST(!yard.take("a"));

  lease_options broken;
  broken.age_is_checked = false;
  lease_yard careless({"a"}, 600, broken);
  careless.run_until(8s, [&] { (void)careless.take("a"); });
  while (careless.holders.at("a").held(key, t(careless.now)) == 0) careless.run_until(careless.now + 10ms, [] {});
  careless.now += 2s;
  BOOST_TEST(careless.take("a"));
}

BOOST_AUTO_TEST_CASE(no_second_owner_is_shown_a_stamp_before_the_first_has_stopped_counting) {
  lease_yard yard({"a", "b", "c"}, 600);
  yard.run_until(8s, [] {});
  const auto first = yard.holders.at("a").owner(shard);
  BOOST_TEST(!first.empty());
  const node_name node = first == "a" ? "b" : "a";
  yard.cut = first;
  const auto since = yard.now;
  std::optional<nanoseconds> moved;
  yard.run_until(since + 4200ms, [&] {
    const auto& owner = yard.holders.at(node).owner(shard);
    if (owner.empty() || owner == first) return;
    if (!moved) moved = yard.now;
    BOOST_TEST(yard.owners.at(first).attached(shard, t(yard.now)) <= 1u);   // itself
  });
  BOOST_REQUIRE(moved.has_value());
  BOOST_TEST((*moved - since > 2900ms));
}

BOOST_AUTO_TEST_CASE(debt_is_paid_first_and_too_high_estimates_come_back) {
  lease_yard yard({"a"}, 60'000);                            // tokens: burst 3000, half of it 1500
  yard.run_until(10s, [&] { (void)yard.take("a", 200); });
  while (!yard.take("a", 5000)) yard.run_until(yard.now + 10ms, [] {});
  BOOST_TEST(yard.holders.at("a").held(key, t(yard.now)) < -2000);
  const auto since = yard.now;
  while (!yard.take("a", 10)) yard.run_until(yard.now + 10ms, [] {});
  BOOST_TEST((yard.now - since > 2s));                       // 950 tokens a second
  yard.holders.at("a").settle(key, 5000, 6000, t(yard.now));
  BOOST_TEST(!yard.take("a", 10));
  yard.holders.at("a").settle(key, 6000, 500, t(yard.now));
  yard.run_until(yard.now + 300ms, [] {});
  BOOST_TEST(yard.take("a", 10));
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_not_there_limits_nothing) {
  lease_holder holder("a", {"a"}, 1, t(0s));
  BOOST_TEST(holder.take("unknown", 1'000'000, t(0s)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lease_holders_in_bulk)

BOOST_AUTO_TEST_CASE(something_is_held_ahead_of_any_demand_and_renewed) {
  lease_yard yard({"a", "b", "c"}, 600);
  auto& a = yard.holders.at("a");
  const auto l = a.find(key);
  BOOST_REQUIRE(l != nullptr);
  BOOST_TEST(a.enough(*l) == 5);                             // half of a third of 30
  std::int64_t level = 0, least = INT64_MAX;
  const auto lend = [&] {
    const bool ends = a.wants_back(*l, t(yard.now));
    a.repay(*l, 0, 0, 0);
    if (ends) a.end_loan(*l, t(yard.now));
    const auto loan = a.lend(*l, t(yard.now));
    level = loan.level;
    if (level > 0) BOOST_TEST((loan.until > t(yard.now) + 200ms));
    least = std::min(least, level);
  };
  yard.run_until(6s, lend);
  least = INT64_MAX;
  yard.run_until(20s, lend);
  BOOST_TEST(least >= 3);
  BOOST_TEST(level <= 10);
}

BOOST_AUTO_TEST_CASE(what_is_lent_does_not_go_back_before_the_loan_ends) {
  lease_yard yard({"a"}, 600);
  auto& a = yard.holders.at("a");
  const auto l = a.find(key);
  a.repay(*l, 0, 0, 0);
  yard.run_until(5s, [&] { (void)a.lend(*l, t(yard.now)); });
  const auto lent = a.lend(*l, t(yard.now)).level;
  BOOST_TEST_REQUIRE(lent > 0);
  yard.run_until(yard.now + 3s, [] {});                      // nobody ends it: void by now, and still not the owner's
  BOOST_TEST(a.wants_back(*l, t(yard.now)));
  a.repay(*l, 2, 0, 0);                                      // used in time, told late: no debt
  a.end_loan(*l, t(yard.now));
  BOOST_TEST(a.held(key, t(yard.now)) >= 0);
}

BOOST_AUTO_TEST_CASE(what_was_used_above_the_loan_is_debt) {
  lease_yard yard({"a"}, 60'000);
  auto& a = yard.holders.at("a");
  const auto l = a.find(key);
  a.repay(*l, 0, 0, 0);
  yard.run_until(8s, [&] { (void)a.lend(*l, t(yard.now)); });
  const auto lent = a.lend(*l, t(yard.now)).level;
  BOOST_TEST_REQUIRE(lent >= 1500);
  a.repay(*l, lent + 700, 0, 0);
  BOOST_TEST(a.lend(*l, t(yard.now)).level == -700);
}

BOOST_AUTO_TEST_CASE(a_tick_every_20_ms_is_for_demand_that_finds_too_little_or_comes_a_few_tokens_at_a_time) {
  lease_yard yard({"a", "b"}, 600'000);                       // 10,000 a second
  auto& a = yard.holders.at("a");
  const auto l = a.find(key);
  std::int64_t uses = 0, level = 0;                          // each 10 ms
  const auto use = [&] {
    a.repay(*l, std::min(uses, level), uses > level ? uses - level : 0, 0);
    if (a.wants_back(*l, t(yard.now))) a.end_loan(*l, t(yard.now));
    level = a.lend(*l, t(yard.now)).level;
  };
  BOOST_TEST(a.is_pressed());                                 // no owner yet
  yard.run_until(10s, use);
  BOOST_TEST(!a.is_pressed());
  uses = 1;                                                  // 20 ahead
  yard.run_until(15s, use);
  BOOST_TEST(a.is_pressed());
  uses = 50;                                                 // 2,000 held ahead: half of that lasts for 200 ms
  yard.run_until(20s, use);
  BOOST_TEST(!a.is_pressed());
  uses = 300;                                                // three times what there is
  yard.run_until(30s, use);
  BOOST_TEST(a.is_pressed());
}

BOOST_AUTO_TEST_CASE(below_two_a_minute_and_node_nobody_holds_ahead) {
  lease_yard yard({"a", "b", "c", "d", "e"}, 9);
  const auto l = yard.holders.at("a").find(key);
  yard.holders.at("a").repay(*l, 0, 0, 0);
  yard.run_until(30s, [] {});
  BOOST_TEST(yard.holders.at("a").held(key, t(yard.now)) == 0);
  yard.holders.at("a").repay(*l, 0, 1, 1);                   // refused once
  yard.run_until(31s, [] {});
  BOOST_TEST(yard.holders.at("a").held(key, t(yard.now)) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

const std::vector<node_name> recorded_names{"a", "b", "c"};
const node_name first_owner = owners_of(shard_name(shard), recorded_names).front();
const node_name guest = first_owner == "a" ? "b" : "a";

// A holder that draws on the first owner, and its records, which are on disk when the test says so.
struct recorded_life {
  recorded_life(std::uint64_t life, nanoseconds born, const std::vector<record_to_write>& disk) : holder(guest, recorded_names, life, t(born)), now(born) {
    for (const auto& record : disk) holder.replay(*decode<lease_record>(record.content));
    holder.configure({{key, 600}});
    owner.configure({{key, 600}}, t(0s));
  }
  /// Does it show a stamp to anybody until then?
  bool shows_until(nanoseconds end) {
    bool shown = false;
    for (; now < end; now += 10ms) {
      outbox out;
      holder.tick(t(now), [this](const node_name& other) { return other != gone; }, out, &journal);
      for (const auto& mail : out.take()) {
        const auto asked = *decode<lease_request>(mail.body);
        shown = shown || asked.stamp != 0;
        outbox back;
        owner.on(guest, asked, t(now), back);
        for (const auto& answer : back.take()) holder.on(mail.to, *decode<lease_grant>(answer.body), t(now));
      }
    }
    return shown;
  }
  lease_owner owner{3, 1, t(0s)};
  lease_holder holder;
  journal_box journal;
  nanoseconds now;
  node_name gone;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded_attachments)

BOOST_AUTO_TEST_CASE(a_stamp_is_shown_only_when_its_owner_is_on_disk) {
  recorded_life node(1, 0s, {});
  BOOST_TEST(!node.shows_until(6s));
  const auto records = node.journal.take();
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(decode<lease_record>(records[0].content)->owner == first_owner);
  node.holder.written(1);
  BOOST_TEST(node.shows_until(6100ms));
  BOOST_TEST(node.journal.take().empty());
}

BOOST_AUTO_TEST_CASE(a_new_life_shows_stamps_at_once_where_its_disk_says_that_the_one_before_did) {
  recorded_life before(1, 0s, {});
  (void)before.shows_until(6s);
  const auto disk = before.journal.take();
  recorded_life after(2, 10s, disk), forgetful(3, 10s, {});
  BOOST_TEST(after.shows_until(10100ms));
  BOOST_TEST(after.holder.has_begun());
  BOOST_TEST(!forgetful.shows_until(13900ms));
  BOOST_TEST(!forgetful.holder.has_begun());
  // Among other nodes it says nothing.
  auto other = *decode<lease_record>(disk[0].content);
  other.set ^= 1;
  recorded_life moved(4, 10s, {{1, encode(other)}});
  BOOST_TEST(!moved.shows_until(13900ms));
}

BOOST_AUTO_TEST_CASE(an_owner_that_is_returned_to_is_recorded_behind_the_one_that_was_on_its_way) {
  recorded_life node(1, 0s, {});
  (void)node.shows_until(6s);
  node.holder.written(1);
  (void)node.shows_until(7s);
  node.gone = first_owner;
  (void)node.shows_until(20s);                   // with the next one, were that on disk
  node.gone = {};
  (void)node.shows_until(40s);
  std::vector<node_name> said;
  for (const auto& record : node.journal.take()) said.push_back(decode<lease_record>(record.content)->owner);
  BOOST_REQUIRE(said.size() >= 3u);
  BOOST_TEST(said.front() == first_owner);
  BOOST_TEST(said[1] != first_owner);
  BOOST_TEST(said.back() == first_owner);
}

BOOST_AUTO_TEST_SUITE_END()
