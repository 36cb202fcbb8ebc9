#include "storage/kept_rows.hpp"

#include "storage/ledger.hpp"
#include "storage/memory_store.hpp"
#include "tests/storage/samples.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(kept_rows_)

using namespace switchyard;
using namespace switchyard::storage;

namespace {

/// A life of the ledger with that many rows.
void live(store& on, std::uint32_t rows, std::int64_t at_us = noon_us) {
  static std::uint32_t number = 0;
  auto opened = ledger::open(on, "yard-a", at(at_us));
  BOOST_REQUIRE(opened);
  for (std::uint32_t i = 0; i < rows; ++i) spend_once(*opened->value, ++number);
  BOOST_REQUIRE(opened->value->commit(at(at_us), survives::power));
  BOOST_TEST(opened->value->rows() == rows);
}

std::vector<std::string> own_rows(const store& on, std::uint64_t incarnation) {
  const auto run = read_row_run(on, incarnation, 1, 1000, 1u << 20);
  BOOST_REQUIRE(run);
  return run->rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(lives_are_found_with_what_is_left_of_them) {
  memory_store on;
  BOOST_TEST(ledger_lives(on)->empty());
  live(on, 3);
  live(on, 0);
  live(on, 5);
  const auto lives = ledger_lives(on);
  BOOST_REQUIRE(lives);
  BOOST_REQUIRE(lives->size() == 2u);            // the second had no rows
  BOOST_TEST(lives->at(0).incarnation == 1u);
  BOOST_TEST(lives->at(0).last == 3u);
  BOOST_TEST(lives->at(1).incarnation == 3u);
  BOOST_TEST(lives->at(1).first == 1u);
  BOOST_TEST(lives->at(1).last == 5u);
}

BOOST_AUTO_TEST_CASE(a_run_of_rows_ends_at_its_bounds_and_says_where_it_begins) {
  memory_store on;
  live(on, 10);
  const auto three = read_row_run(on, 1, 4, 3, 1u << 20);
  BOOST_TEST(three->first == 4u);
  BOOST_TEST(three->rows.size() == 3u);
  BOOST_TEST(read_row_run(on, 1, 1, 100, 1)->rows.size() == 1u);
  BOOST_TEST(read_row_run(on, 1, 8, 100, 1u << 20)->rows.size() == 3u);
  BOOST_TEST(read_row_run(on, 2, 1, 100, 1u << 20)->rows.empty());
  write_batch batch;
  batch.erase_range(table::ledger_rows, row_id{{}, 1, 1}.key(), row_id{{}, 1, 5}.key());
  BOOST_REQUIRE(on.write(batch, survives::power));
  const auto rest = read_row_run(on, 1, 1, 100, 1u << 20);
  BOOST_TEST(rest->first == 5u);
  BOOST_TEST(rest->rows.size() == 6u);
}

BOOST_AUTO_TEST_CASE(other_nodes_rows_are_kept_as_they_came) {
  memory_store own, other;
  live(own, 7);
  const auto rows = own_rows(own, 1);
  write_batch batch;
  keep_rows(batch, "yard-a", 1, 1, {rows.begin(), rows.begin() + 4});
  keep_rows(batch, "yard-a", 1, 5, {rows.begin() + 4, rows.end()});
  keep_rows(batch, "yard", 9, 1, {"of another"});
  BOOST_REQUIRE(other.write(batch, survives::power));
  const auto ranges = kept_ranges(other);
  BOOST_REQUIRE(ranges);
  BOOST_REQUIRE(ranges->size() == 3u);
  BOOST_TEST(ranges->at(0).origin == "yard");
  BOOST_TEST(ranges->at(1).last == 4u);
  BOOST_TEST(ranges->at(2).first == 5u);
  BOOST_TEST(ranges->at(2).last == 7u);
  std::vector<std::string> back;
  BOOST_REQUIRE(each_kept_row(other, "yard-a", 1, 2, 6, [&](std::uint64_t seq, std::string_view row) {
    BOOST_TEST(seq == back.size() + 2);
    back.emplace_back(row);
    return true;
  }));
  BOOST_TEST(back == std::vector<std::string>(rows.begin() + 1, rows.begin() + 6), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(packed_rows_are_read_like_others_and_each_once) {
  memory_store other;
  std::string run;
  for (int seq = 1; seq <= 6; ++seq) append_to_run(run, "row " + std::to_string(seq));
  write_batch batch;
  keep_rows(batch, "b", 1, 1, {"row 1", "row 2"});
  keep_packed_rows(batch, "b", 1, 3, 2, 2, pack_run(run));         // 5 came by another way
  keep_rows(batch, "b", 1, 5, {"row 5"});
  keep_packed_rows(batch, "b", 1, 6, 1, 5, pack_run(run));
  BOOST_REQUIRE(other.write(batch, survives::power));
  std::vector<std::string> back;
  const auto gather = [&](std::uint64_t first, std::uint64_t last) {
    back.clear();
    BOOST_REQUIRE(each_kept_row(other, "b", 1, first, last, [&](std::uint64_t seq, std::string_view row) {
      BOOST_TEST(row == "row " + std::to_string(seq));
      back.emplace_back(row);
      return true;
    }));
  };
  gather(1, 6);
  BOOST_TEST(back.size() == 6u);
  gather(4, 5);
  BOOST_TEST(back.size() == 2u);
  std::size_t seen = 0;
  BOOST_REQUIRE(each_kept_row(other, "b", 1, 1, 6, [&](std::uint64_t, std::string_view) { return ++seen < 4; }));
  BOOST_TEST(seen == 4u);
  BOOST_REQUIRE(drop_kept_rows(other, 0));                         // no rows of a ledger: they go
  BOOST_TEST(kept_ranges(other)->empty());
  std::size_t left = 0;
  BOOST_REQUIRE(other.scan(table::kept_rows, {}, {}, [&](std::string_view, std::string_view) { return ++left > 0; }));
  BOOST_TEST(left == 0u);
}

BOOST_AUTO_TEST_CASE(kept_rows_are_dropped_by_age_and_younger_ones_stay) {
  memory_store own, other;
  live(own, 2, noon_us);
  live(own, 3, noon_us + 1'000'000);
  write_batch batch;
  keep_rows(batch, "yard-a", 1, 1, own_rows(own, 1));
  keep_rows(batch, "yard-a", 2, 1, own_rows(own, 2));
  BOOST_REQUIRE(other.write(batch, survives::power));
  BOOST_REQUIRE(drop_kept_rows(other, noon_us));
  BOOST_TEST(kept_ranges(other)->size() == 2u);
  BOOST_REQUIRE(drop_kept_rows(other, noon_us + 500'000));
  const auto left = kept_ranges(other);
  BOOST_REQUIRE(left->size() == 1u);
  BOOST_TEST(left->at(0).incarnation == 2u);
  std::size_t runs = 0, rows = 0;
  BOOST_REQUIRE(other.scan(table::kept_rows, "k", after_prefix("k"), [&](std::string_view, std::string_view) { return ++runs > 0; }));
  BOOST_TEST(runs == 1u);
  BOOST_REQUIRE(each_kept_row(other, "yard-a", 2, 1, 100, [&](std::uint64_t, std::string_view) { return ++rows > 0; }));
  BOOST_TEST(rows == 3u);
}

// 'r', length of the name, name, incarnation, seq: a row by itself.
std::string old_key(char what, const std::string& origin, char seq) {
  return std::string(1, what) + static_cast<char>(origin.size()) + origin + std::string("\0\0\0\0\0\0\0\1", 8) + std::string(7, '\0') + seq;
}

BOOST_AUTO_TEST_CASE(rows_that_an_earlier_build_kept_one_by_one_are_read_before_runs) {
  memory_store on;
  write_batch batch;
  for (char seq = 1; seq <= 3; ++seq) batch.put(table::kept_rows, old_key('r', "b", seq), "old " + std::to_string(seq));
  batch.put(table::kept_rows, old_key('s', "b", 1), std::string(7, '\0') + '\3');
  keep_rows(batch, "b", 1, 4, {"new 4", "", "new 6"});
  BOOST_REQUIRE(on.write(batch, survives::power));
  std::string all;
  BOOST_REQUIRE(each_kept_row(on, "b", 1, 2, 6, [&](std::uint64_t seq, std::string_view row) {
    all += std::to_string(seq) + "=" + std::string(row) + ";";
    return true;
  }));
  BOOST_TEST(all == "2=old 2;3=old 3;4=new 4;5=;6=new 6;");
  int seen = 0;
  BOOST_REQUIRE(each_kept_row(on, "b", 1, 1, 6, [&](std::uint64_t, std::string_view) { return ++seen < 2; }));
  BOOST_TEST(seen == 2);
}

BOOST_AUTO_TEST_CASE(a_damaged_run_is_an_error) {
  memory_store on;
  write_batch batch;
  keep_rows(batch, "b", 1, 1, {"one", "two"});
  batch.put(table::kept_rows, old_key('k', "b", 1), std::string("\0\0\0\3one\0\0\0\x09two", 14));
  BOOST_REQUIRE(on.write(batch, survives::power));
  int seen = 0;
  BOOST_TEST(!each_kept_row(on, "b", 1, 1, 2, [&](std::uint64_t, std::string_view) { return ++seen > 0; }));
  BOOST_TEST(seen == 1);
}

BOOST_AUTO_TEST_CASE(the_mark_of_what_was_shipped_comes_back) {
  memory_store on;
  BOOST_TEST(read_shipped(on)->incarnation == 0u);
  write_batch batch;
  note_shipped(batch, {3, 70});
  BOOST_REQUIRE(on.write(batch, survives::power));
  BOOST_TEST(read_shipped(on)->incarnation == 3u);
  BOOST_TEST(read_shipped(on)->seq == 70u);
}

BOOST_AUTO_TEST_CASE(the_first_incarnation_of_a_new_ledger_may_be_given_and_an_old_ledger_counts_on) {
  memory_store on;
  auto first = ledger::open(on, "yard-a", at(noon_us), 1'700'000'000);
  BOOST_TEST(first->value->incarnation() == 1'700'000'000u);
  auto second = ledger::open(on, "yard-a", at(noon_us), 1'800'000'000);
  BOOST_TEST(second->value->incarnation() == 1'700'000'001u);
}

BOOST_AUTO_TEST_SUITE_END()
