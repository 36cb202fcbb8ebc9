// A ledger that is made of its rows is the ledger that it was.
#include "storage/ledger_rebuild.hpp"

#include "storage/kept_rows.hpp"
#include "storage/ledger_query.hpp"
#include "storage/memory_store.hpp"
#include "tests/storage/samples.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

BOOST_AUTO_TEST_SUITE(ledger_rebuilding)

using namespace switchyard;
using namespace switchyard::storage;

namespace {

constexpr std::int64_t hour_us = 3'600'000'000;

void live(store& on, std::uint32_t rows, std::int64_t at_us) {
  static std::uint32_t number = 50'000;
  auto opened = ledger::open(on, "yard-a", at(at_us));
  BOOST_REQUIRE(opened);
  for (std::uint32_t i = 0; i < rows; ++i) {
    spend_once(*opened->value, ++number);
    if (i % 100 == 99) BOOST_REQUIRE(opened->value->commit(at(at_us + i * 60'000'000), survives::power));
  }
  BOOST_REQUIRE(opened->value->commit(at(at_us + rows * 60'000'000), survives::power));
}

struct kept_row {
  std::uint64_t incarnation, seq;
  std::string bytes;
};
std::vector<kept_row> rows_of(const store& on) {
  std::vector<kept_row> all;
  const auto lives = ledger_lives(on);
  BOOST_REQUIRE(lives);
  for (const auto& life : *lives) {
    const auto run = read_row_run(on, life.incarnation, life.first, 100'000, 1u << 30);
    BOOST_REQUIRE(run);
    for (std::size_t i = 0; i < run->rows.size(); ++i) all.push_back({life.incarnation, run->first + i, run->rows[i]});
  }
  return all;
}

std::map<std::string, std::string> contents(const store& of, table which) {
  std::map<std::string, std::string> all;
  BOOST_REQUIRE(of.scan(which, {}, {}, [&](std::string_view key, std::string_view value) {
    if (which != table::meta || key != "shipped") all[std::string(key)] = value;
    return true;
  }));
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_rows_of_all_lives_make_the_same_ledger_again) {
  memory_store lost, made;
  live(lost, 2500, noon_us);
  live(lost, 3, noon_us + 50 * hour_us);
  live(lost, 700, noon_us + 60 * hour_us);
  ledger_rebuild rebuild(made, "yard-a");
  for (const auto& row : rows_of(lost)) BOOST_REQUIRE(rebuild.add(row.incarnation, row.seq, row.bytes));
  BOOST_REQUIRE(rebuild.finish());
  BOOST_TEST(rebuild.rows() == 3203u);
  BOOST_TEST(rebuild.left_out() == 0u);
  for (const auto which : {table::meta, table::ledger_rows, table::rollups, table::spending}) BOOST_TEST((contents(made, which) == contents(lost, which)), to_string(which));
  const auto checked = verify(made);
  BOOST_REQUIRE(checked);
  BOOST_TEST(checked->problems.empty());
  const auto opened = ledger::open(made, "yard-a", at(noon_us + 100 * hour_us));
  BOOST_REQUIRE(opened);
  BOOST_TEST(opened->value->incarnation() == 4u);
}

BOOST_AUTO_TEST_CASE(rows_behind_the_last_gap_are_kept_and_the_ledger_is_whole) {
  memory_store lost, made;
  live(lost, 1500, noon_us);
  live(lost, 40, noon_us + 50 * hour_us);
  auto rows = rows_of(lost);
  rows.erase(rows.begin() + 1499);               // nobody has the last one of the first life
  rows.erase(rows.begin(), rows.begin() + 5);    // retention has dropped the oldest
  ledger_rebuild rebuild(made, "yard-a");
  for (const auto& row : rows) BOOST_REQUIRE(rebuild.add(row.incarnation, row.seq, row.bytes));
  BOOST_REQUIRE(rebuild.finish());
  BOOST_TEST(rebuild.rows() == 40u);
  BOOST_TEST(rebuild.left_out() == 1494u);
  const auto checked = verify(made);
  BOOST_REQUIRE(checked);
  BOOST_TEST(checked->problems.empty());
  BOOST_TEST(checked->rows == 40u);
  BOOST_TEST(ledger::open(made, "yard-a", at(noon_us + 100 * hour_us)).has_value());
}

BOOST_AUTO_TEST_CASE(a_row_that_cannot_be_read_is_refused_and_nothing_makes_no_ledger) {
  memory_store lost, made;
  live(lost, 2, noon_us);
  const auto rows = rows_of(lost);
  ledger_rebuild rebuild(made, "yard-a");
  auto damaged = rows[0].bytes;
  damaged[damaged.size() / 2] ^= 1;
  BOOST_TEST(!rebuild.add(1, 1, damaged).has_value());
  BOOST_REQUIRE(rebuild.finish());
  BOOST_TEST(!*ledger::read_head(made));
}

BOOST_AUTO_TEST_SUITE_END()
