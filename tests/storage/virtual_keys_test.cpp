// Virtual keys on disk, and what they have spent after any death: both against every backend.
#include "storage/virtual_keys.hpp"

#include "config/units.hpp"
#include "storage/crc32c.hpp"
#include "storage/ledger.hpp"
#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"
#include "tests/storage/samples.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(stored_virtual_keys)

using namespace switchyard;
using namespace switchyard::storage;
using config::budget_period;

namespace {

enum class kept_in { memory, rocks };
std::ostream& operator<<(std::ostream& out, kept_in which) { return out << (which == kept_in::memory ? "memory" : "rocks"); }
const auto everywhere = boost::unit_test::data::make({kept_in::memory, kept_in::rocks});

struct place {
  explicit place(kept_in which) {
    if (which == kept_in::memory) it = std::make_unique<memory_store>();
    if (which == kept_in::rocks) open();
  }
  void open() {
    it.reset();
    auto made = open_rocks_store(folder.path("db"), on_damage::refuse);
    BOOST_REQUIRE(made);
    it = std::move(*made);
  }
  scratch_folder folder;
  std::unique_ptr<store> it;
};

std::unique_ptr<ledger> ledger_on(store& on, std::int64_t at_us = noon_us) {
  auto opened = ledger::open(on, "yard-a", at(at_us));
  BOOST_REQUIRE(opened);
  return std::move(opened->value);
}

void spend(ledger& on, std::uint32_t number, std::string key, nano_usd cost) {
  auto open = opening(number);
  auto end = settled(number);
  open.parties.virtual_key = end.parties.virtual_key = std::move(key);
  end.cost = cost;
  BOOST_REQUIRE(on.reserve(open));
  BOOST_REQUIRE(on.settle(end));
}

nano_usd spent(const reader& from, std::string_view key, budget_period period, std::int64_t at_us = noon_us) {
  const auto out = spent_in(from, key, period, at(at_us));
  BOOST_REQUIRE(out);
  return *out;
}

stored_virtual_key full(std::string name) {
  stored_virtual_key key;
  key.terms.name = std::move(name);
  key.terms.parent = "team";
  key.terms.rpm = 60;
  key.terms.tpm = 1000;
  key.terms.budget = {0.1, budget_period::week, config::budget_mode::soft};
  key.terms.expires = config::parse_time("2027-01-31");
  key.terms.models = {"openai/*", "gpt-4o"};
  key.terms.routes = {"auto"};
  key.terms.tags = {{"team", "red"}, {"stage", "test"}};
  key.digest = sha256("one");
  key.digest_before = sha256("two");
  key.before_until = config::parse_time("2026-12-01");
  key.created = config::parse_time("2026-11-26").value();
  key.rotated = config::parse_time("2026-11-27");
  key.revoked = config::parse_time("2026-11-28");
  key.change = 7;
  key.changed_by = "yard-b";
  return key;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_record_from_before_changes_were_counted_is_read) {
  auto key = full("veteran");
  key.change = 0;
  key.changed_by.clear();
  // As the version before wrote it: without the last two fields, which are one byte each.
  auto bytes = encode(key);
  bytes.resize(bytes.size() - 4 - 2);
  BOOST_REQUIRE(bytes[0] == '\xdc');
  BOOST_REQUIRE(bytes[2] == 19);
  bytes[2] = 17;
  const auto crc = crc32c(bytes);
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>((crc >> (8 * i)) & 0xff);
  const auto read = decode_virtual_key("veteran", bytes);
  BOOST_REQUIRE(read);
  BOOST_TEST(read->terms.tags.at("team") == "red");
  BOOST_TEST((read->revoked == key.revoked));
  BOOST_TEST(read->change == 0u);
  BOOST_TEST(read->changed_by.empty());
}

BOOST_DATA_TEST_CASE(a_key_is_read_as_it_was_put, everywhere, which) {
  place disk(which);
  stored_virtual_key plain;
  plain.terms.name = "plain";
  write_batch batch;
  put(batch, full("full"));
  put(batch, plain);
  BOOST_REQUIRE(disk.it->write(batch, survives::power));
  if (which == kept_in::rocks) disk.open();
  const auto all = read_virtual_keys(*disk.it);
  BOOST_REQUIRE(all);
  BOOST_REQUIRE(all->size() == 2u);
  const auto &key = all->front(), wanted = full("full");
  BOOST_TEST(key.terms.name == "full");
  BOOST_TEST(key.terms.parent == "team");
  BOOST_TEST(key.terms.rpm == 60);
  BOOST_TEST(key.terms.tpm == 1000);
  BOOST_TEST(key.terms.budget.value().usd == 0.1);
  BOOST_TEST((key.terms.budget->period == budget_period::week));
  BOOST_TEST((key.terms.budget->mode == config::budget_mode::soft));
  BOOST_TEST((key.terms.expires == wanted.terms.expires));
  BOOST_TEST(key.terms.models == wanted.terms.models);
  BOOST_TEST(key.terms.routes == wanted.terms.routes);
  BOOST_TEST((key.terms.tags == wanted.terms.tags));
  BOOST_TEST((key.digest == wanted.digest));
  BOOST_TEST(key.change == 7u);
  BOOST_TEST(key.changed_by == "yard-b");
  BOOST_TEST((key.digest_before == wanted.digest_before));
  BOOST_TEST((key.before_until == wanted.before_until));
  BOOST_TEST((key.created == wanted.created));
  BOOST_TEST((key.rotated == wanted.rotated));
  BOOST_TEST((key.revoked == wanted.revoked));
  const auto& bare = all->back();
  BOOST_TEST(!bare.terms.budget.has_value());
  BOOST_TEST(!bare.terms.expires.has_value());
  BOOST_TEST(!bare.before_until.has_value());
  BOOST_TEST(!bare.revoked.has_value());
}

BOOST_DATA_TEST_CASE(a_damaged_record_is_named_and_refused, everywhere, which) {
  place disk(which);
  write_batch batch;
  put(batch, full("hurt"));
  std::string bytes(batch[0].value);
  bytes[40] = static_cast<char>(bytes[40] ^ 1);
  batch.put(table::virtual_keys, "hurt", bytes);
  BOOST_REQUIRE(disk.it->write(batch, survives::process));
  const auto all = read_virtual_keys(*disk.it);
  BOOST_REQUIRE(!all);
  BOOST_TEST(all.failure().message.find("virtual key 'hurt' is damaged: checksum") != std::string::npos);
}

BOOST_DATA_TEST_CASE(a_keys_spending_is_that_of_its_rows, everywhere, which) {
  place disk(which);
  const auto l = ledger_on(*disk.it);
  spend(*l, 1, "alice", 500);
  spend(*l, 2, "alice", 700);
  spend(*l, 3, "bob", 90);
  spend(*l, 4, "", 1'000'000);
  BOOST_REQUIRE(l->commit(at(noon_us), survives::process));
  for (const auto period : {budget_period::hour, budget_period::day, budget_period::week, budget_period::month, budget_period::total}) {
    BOOST_TEST(spent(*disk.it, "alice", period) == 1200);
    BOOST_TEST(spent(*disk.it, "bob", period) == 90);
    BOOST_TEST(spent(*disk.it, "nobody", period) == 0);
  }
}

BOOST_DATA_TEST_CASE(what_is_not_committed_is_not_spent_and_what_is_survives_a_death, everywhere, which) {
  place disk(which);
  {
    const auto l = ledger_on(*disk.it);
    spend(*l, 1, "alice", 500);
    BOOST_REQUIRE(l->commit(at(noon_us), survives::process));
    spend(*l, 2, "alice", 700);                  // dies before its commit
  }
  if (which == kept_in::rocks) disk.open();
  const auto l = ledger_on(*disk.it);
  BOOST_TEST(spent(*disk.it, "alice", budget_period::day) == 500);
  spend(*l, 3, "alice", 20);
  BOOST_REQUIRE(l->commit(at(noon_us), survives::process));
  BOOST_TEST(spent(*disk.it, "alice", budget_period::day) == 520);
}

BOOST_DATA_TEST_CASE(a_call_that_nobody_settled_is_spent_as_reserved_all_the_way_up, everywhere, which) {
  place disk(which);
  {
    const auto l = ledger_on(*disk.it);
    l->set_parents({{"alice", "team"}, {"team", "company"}});
    auto open = opening(1);
    open.parties.virtual_key = "alice";
    open.reserved = 5000;
    BOOST_REQUIRE(l->reserve(open));
    BOOST_REQUIRE(l->commit(at(noon_us), survives::process));
  }
  if (which == kept_in::rocks) disk.open();
  const auto l = ledger_on(*disk.it);            // knows who stands above alice from the disk alone
  BOOST_TEST(spent(*disk.it, "alice", budget_period::month) == 5000);
  BOOST_TEST(spent(*disk.it, "team", budget_period::month) == 5000);
  BOOST_TEST(spent(*disk.it, "company", budget_period::total) == 5000);
}

BOOST_DATA_TEST_CASE(another_parent_takes_over_from_now_on, everywhere, which) {
  place disk(which);
  const auto l = ledger_on(*disk.it);
  l->set_parents({{"alice", "red"}});
  spend(*l, 1, "alice", 100);
  BOOST_REQUIRE(l->commit(at(noon_us), survives::process));
  l->set_parents({{"alice", "blue"}});
  spend(*l, 2, "alice", 10);
  BOOST_REQUIRE(l->commit(at(noon_us), survives::process));
  BOOST_TEST(spent(*disk.it, "red", budget_period::day) == 100);
  BOOST_TEST(spent(*disk.it, "blue", budget_period::day) == 10);
  BOOST_TEST(spent(*disk.it, "alice", budget_period::day) == 110);
}

BOOST_DATA_TEST_CASE(each_period_counts_by_itself_and_retention_takes_nothing, everywhere, which) {
  place disk(which);
  const auto l = ledger_on(*disk.it);
  constexpr std::int64_t hour = 3'600'000'000, day = 24 * hour;
  spend(*l, 1, "alice", 1000);
  BOOST_REQUIRE(l->commit(at(noon_us), survives::process));
  spend(*l, 2, "alice", 200);
  BOOST_REQUIRE(l->commit(at(noon_us + hour), survives::process));
  spend(*l, 3, "alice", 30);
  BOOST_REQUIRE(l->commit(at(noon_us + day), survives::process));
  const auto now = noon_us + day;
  BOOST_TEST(spent(*disk.it, "alice", budget_period::hour, now) == 30);
  BOOST_TEST(spent(*disk.it, "alice", budget_period::hour, now + hour) == 0);
  BOOST_TEST(spent(*disk.it, "alice", budget_period::day, now) == 30);
  BOOST_TEST(spent(*disk.it, "alice", budget_period::week, now) == 1230);   // from a Friday to a Saturday
  BOOST_TEST(spent(*disk.it, "alice", budget_period::total, now + 4000 * day) == 1230);
  BOOST_REQUIRE(l->retain(milliseconds(1), at(noon_us + 90 * day)));
  BOOST_TEST(spent(*disk.it, "alice", budget_period::total, now) == 1230);
}

BOOST_AUTO_TEST_SUITE_END()
