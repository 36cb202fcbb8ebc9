// Logs of numbered records, in both stores.
#include "storage/journal.hpp"
#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(journals)

using namespace switchyard;
using namespace switchyard::storage;


namespace {

std::vector<std::string> all_of(const reader& from, std::string_view log) {
  std::vector<std::string> found;
  BOOST_REQUIRE(replay_records(from, log, [&](std::uint64_t number, std::string_view bytes) {
    found.push_back(std::to_string(number) + " " + std::string(bytes));
  }));
  return found;
}

void check(store& on) {
  using list = std::vector<std::string>;
  BOOST_TEST(last_record(on, "pools").value() == 0u);
  write_batch batch;
  for (const std::uint64_t number : {1, 2, 300}) append_record(batch, "pools", number, "p" + std::to_string(number));
  append_record(batch, "pool", 9, "another log");
  append_record(batch, "pools2", 1, "");
  BOOST_REQUIRE(on.write(batch, survives::power));
  BOOST_TEST(all_of(on, "pools") == (list{"1 p1", "2 p2", "300 p300"}), boost::test_tools::per_element());
  BOOST_TEST(all_of(on, "pool") == (list{"9 another log"}), boost::test_tools::per_element());
  BOOST_TEST(last_record(on, "pools").value() == 300u);
  BOOST_TEST(last_record(on, "pools2").value() == 1u);
  batch.clear();
  append_record(batch, "pools", 301, "whole");
  drop_records(batch, "pools", 301);
  BOOST_REQUIRE(on.write(batch, survives::power));
  BOOST_TEST(all_of(on, "pools") == (list{"301 whole"}), boost::test_tools::per_element());
  BOOST_TEST(all_of(on, "pools2").size() == 1u);
}

}  // namespace

BOOST_AUTO_TEST_CASE(records_come_back_in_order_and_logs_do_not_mix) {
  memory_store in_memory;
  check(in_memory);
  const scratch_folder folder;
  const auto on_disk = open_rocks_store(folder.path() + "/x", on_damage::refuse);
  BOOST_REQUIRE(on_disk.has_value());
  check(**on_disk);
}

BOOST_AUTO_TEST_SUITE_END()
