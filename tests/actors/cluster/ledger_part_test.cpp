#include "actors/cluster/ledger_part.hpp"

#include "cluster/rendezvous.hpp"
#include "tests/actors/cluster/part_yard.hpp"

#include <algorithm>
#include <future>
#include <random>

BOOST_AUTO_TEST_SUITE(ledger_part_)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using namespace std::chrono_literals;

namespace {

struct ledger_node {
  explicit ledger_node(const std::string& name) : ledger(ledger_writer::in_memory(name)), part(ledger) {}
  void spend(int rows, std::size_t noise = 0) {
    std::vector<ledger_entry> entries;
    std::mt19937 chance(7);
    for (int i = 0; i < rows; ++i) {
      ledger_entry entry;
      ++number;
      for (std::size_t at = 0; at < 4; ++at) entry.id.request.bytes[at] = static_cast<std::uint8_t>(number >> (8 * at));
      entry.id.attempt = 1;
      entry.settles = entry.whole = entry.last = true;
      entry.cost = 1000;
      for (std::size_t at = 0; at < noise; ++at) entry.model += static_cast<char>(' ' + chance() % 95);
      entries.push_back(entry);
    }
    std::promise<bool> durable;
    ledger->submit(std::move(entries), [&](bool yes) { durable.set_value(yes); });
    BOOST_REQUIRE(durable.get_future().get());
  }
  /// Returns once the writer has worked off its errands.
  void settle() {
    std::promise<void> through;
    BOOST_REQUIRE(ledger->send([&](storage::ledger&, storage::store&) { through.set_value(); }));
    through.get_future().get();
  }
  [[nodiscard]] std::vector<std::string> rows() const {
    std::vector<std::string> all;
    const auto lives = storage::ledger_lives(ledger->newest());
    for (const auto& life : *lives) {
      const auto run = storage::read_row_run(ledger->newest(), life.incarnation, life.first, 1'000'000, 1u << 30);
      all.insert(all.end(), run->rows.begin(), run->rows.end());
    }
    return all;
  }
  [[nodiscard]] std::vector<std::string> kept_of(const std::string& origin) const {
    std::vector<std::string> all;
    (void)storage::each_kept_row(ledger->newest(), origin, 1, 1, 1'000'000, [&](std::uint64_t, std::string_view row) {
      all.emplace_back(row);
      return true;
    });
    return all;
  }

  std::uint32_t number = 0;
  std::shared_ptr<ledger_writer> ledger;
  ledger_part part;
};

struct ledger_yard : part_yard {
  ledger_yard() : part_yard({"a", "b", "c"}) {
    for (const auto* name : {"a", "b", "c"}) {
      nodes.emplace(name, std::make_unique<ledger_node>(name));
      add(name, at(name).part);
    }
    every_tick = [this] {
      for (auto& [name, node] : nodes) node->settle();
    };
  }
  ledger_node& at(const std::string& name) { return *nodes.at(name); }
  /// 0: the node that keeps a's rows, 1: who does when that one is away.
  static std::string successor(std::size_t place = 0) {
    auto order = cluster::owners_of("ledger a", std::vector<cluster::node_name>{"a", "b", "c"});
    std::erase(order, "a");
    return order[place];
  }
  std::map<std::string, std::unique_ptr<ledger_node>> nodes;
};

}  // namespace

BOOST_AUTO_TEST_CASE(rows_are_on_the_successor_within_a_second_as_they_stand_in_their_ledger) {
  ledger_yard yard;
  yard.at("a").spend(1500);
  yard.run_for(1s);
  const auto own = yard.at("a").rows();
  BOOST_TEST(own.size() == 1500u);
  BOOST_TEST((yard.at(ledger_yard::successor()).kept_of("a") == own));
  BOOST_TEST(yard.protocols("a").shipper.lag() == 0u);
  BOOST_TEST(yard.at(ledger_yard::successor(1)).kept_of("a").empty());
}

BOOST_AUTO_TEST_CASE(rows_that_cannot_be_packed_into_one_frame_go_in_several) {
  ledger_yard yard;
  yard.at("a").spend(3000, 900);                 // 2.8 MB of which LZ4 makes no less
  yard.run_for(3s);
  BOOST_TEST((yard.at(ledger_yard::successor()).kept_of("a") == yard.at("a").rows()));
  BOOST_TEST(yard.protocols("a").shipper.lag() == 0u);
}

BOOST_AUTO_TEST_CASE(rows_that_are_no_longer_at_hand_are_read_from_the_disk) {
  ledger_yard yard;
  yard.down = {"b", "c"};
  yard.at("a").spend(200);
  yard.run_for(100ms);
  (void)yard.at("a").ledger->send([](storage::ledger& ledger, storage::store&) { ledger.recent().keep(5000); });
  yard.at("a").spend(100);                       // some 5000 bytes hold the last twenty or thirty
  yard.down = {};
  yard.run_for(10s);
  auto own = yard.at("a").rows();
  BOOST_TEST(own.size() == 300u);
  std::vector<std::string> kept;
  for (const auto* name : {"b", "c"})
    for (auto& row : yard.at(name).kept_of("a")) kept.push_back(std::move(row));
  std::sort(own.begin(), own.end());
  std::sort(kept.begin(), kept.end());
  BOOST_TEST((kept == own));
  BOOST_TEST(yard.protocols("a").shipper.lag() == 0u);
}

BOOST_AUTO_TEST_CASE(the_next_node_keeps_rows_while_the_successor_is_away) {
  ledger_yard yard;
  yard.at("a").spend(10);
  yard.run_for(1s);
  yard.down = {ledger_yard::successor()};
  yard.at("a").spend(10);
  yard.run_for(8s);
  BOOST_TEST(yard.at(ledger_yard::successor()).kept_of("a").size() == 10u);
  BOOST_TEST(yard.at(ledger_yard::successor(1)).kept_of("a").size() == 10u);
  BOOST_TEST(yard.protocols("a").shipper.lag() == 0u);
}

BOOST_AUTO_TEST_CASE(after_a_restart_only_what_was_not_shipped_is_and_what_is_kept_is_known) {
  ledger_yard yard;
  yard.at("a").spend(300);
  yard.run_for(3s);
  yard.start("a");
  yard.start(ledger_yard::successor());
  BOOST_TEST(yard.protocols("a").shipper.lag() == 0u);
  BOOST_TEST(yard.protocols(ledger_yard::successor()).collector.kept("a", 1).first_missing(1) == 301u);
  yard.at("a").spend(5);
  yard.run_for(1s);
  BOOST_TEST((yard.at(ledger_yard::successor()).kept_of("a") == yard.at("a").rows()));
}

BOOST_AUTO_TEST_CASE(rows_that_retention_dropped_before_they_were_shipped_are_passed_over) {
  ledger_yard yard;
  yard.down = {"b", "c"};
  yard.at("a").spend(20);
  yard.run_for(100ms);
  bool dropped = false;
  (void)yard.at("a").ledger->send([&](storage::ledger& ledger, storage::store& on) {
    ledger.recent().keep(0);                     // they are old
    storage::write_batch batch;
    batch.erase_range(storage::table::ledger_rows, storage::row_id{{}, 1, 1}.key(), storage::row_id{{}, 1, 8}.key());
    dropped = on.write(batch, storage::survives::process).has_value();
  });
  yard.at("a").settle();
  BOOST_TEST(dropped);
  yard.down = {};
  yard.run_for(10s);
  std::vector<std::string> kept;
  for (const auto* name : {"b", "c"})
    for (auto& row : yard.at(name).kept_of("a")) kept.push_back(std::move(row));
  BOOST_TEST((kept == yard.at("a").rows()));
  BOOST_TEST(kept.size() == 13u);
  BOOST_TEST(yard.protocols("a").shipper.lag() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
