#include "storage/row_run.hpp"

#include "storage/ledger_row.hpp"
#include "tests/storage/samples.hpp"

#include <boost/test/unit_test.hpp>

using namespace switchyard;
using namespace switchyard::storage;

namespace {

std::vector<std::string> rows_of(std::string_view run) {
  std::vector<std::string> rows;
  BOOST_TEST(each_of_run(run, [&](std::uint64_t index, std::string_view row) {
    BOOST_TEST(index == rows.size());
    rows.emplace_back(row);
    return true;
  }));
  return rows;
}

std::string row(std::uint64_t seq) { return "row " + std::to_string(seq); }

/// Seqs of what is there from `first` on.
std::vector<std::string> there(recent_rows& recent, std::uint64_t first, std::size_t most_rows = 1000, std::size_t most_bytes = 1u << 20) {
  const auto part = recent.from(first, most_rows, most_bytes);
  if (!part) return {"nothing"};
  auto rows = rows_of(part->run);
  BOOST_TEST(rows.size() == part->rows);
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(row_run)

BOOST_AUTO_TEST_CASE(a_packed_run_is_the_run_again_and_far_shorter) {
  std::string run;
  for (std::uint32_t i = 0; i < 500; ++i) append_to_run(run, encode(ledger_row{{"yard-a", 1, i + 1}, noon_us + i, settled(i), false, {}}));
  const auto packed = pack_run(run);
  BOOST_TEST(packed.size() * 2 < run.size());
  const auto again = unpack_run(packed);
  BOOST_REQUIRE(again);
  BOOST_TEST(*again == run);
  BOOST_TEST(rows_of(*again).size() == 500u);
  BOOST_TEST(*unpack_run(pack_run("")) == "");
  std::string noise;                             // takes more than it is
  for (std::uint32_t i = 0; i < 5000; ++i) noise += static_cast<char>((i * 2654435761u) >> 24);
  BOOST_TEST(*unpack_run(pack_run(noise)) == noise);
}

BOOST_AUTO_TEST_CASE(what_is_no_packed_run_is_refused) {
  std::string run;
  for (std::uint64_t i = 0; i < 50; ++i) append_to_run(run, row(i));
  const auto packed = pack_run(run);
  for (std::size_t size = 0; size < packed.size(); ++size) BOOST_TEST(!unpack_run(packed.substr(0, size)));
  BOOST_TEST(!unpack_run(packed + "x"));
  BOOST_TEST(!unpack_run("\xff\xff\xff\xff" + packed.substr(4)));     // a size that nobody allocates
  BOOST_TEST(!each_of_run("\1\1", [](std::uint64_t, std::string_view) { return true; }));
  BOOST_TEST(!each_of_run(run.substr(0, run.size() - 1), [](std::uint64_t, std::string_view) { return true; }));
}

BOOST_AUTO_TEST_CASE(recent_rows_are_the_newest_that_fit) {
  recent_rows recent;
  recent.add(1, row(1));
  BOOST_TEST(there(recent, 1).front() == "nothing");               // nobody wants any
  recent.keep(50);
  for (std::uint64_t seq = 2; seq <= 9; ++seq) recent.add(seq, row(seq));   // 9 bytes each, with their length
  BOOST_TEST(there(recent, 4).front() == "nothing");
  BOOST_TEST(there(recent, 5) == (std::vector<std::string>{row(5), row(6), row(7), row(8), row(9)}), boost::test_tools::per_element());
  BOOST_TEST(there(recent, 6, 2) == (std::vector<std::string>{row(6), row(7)}), boost::test_tools::per_element());
  BOOST_TEST(there(recent, 5).front() == "nothing");               // let go: 6 was asked for
  BOOST_TEST(there(recent, 6, 100, 20) == (std::vector<std::string>{row(6), row(7)}), boost::test_tools::per_element());
  BOOST_TEST(there(recent, 6, 100, 1) == (std::vector<std::string>{row(6)}), boost::test_tools::per_element());
  BOOST_TEST(there(recent, 10).front() == "nothing");
  recent.add(20, row(20));                                         // after a gap only what follows it is of use
  BOOST_TEST(there(recent, 9).front() == "nothing");
  BOOST_TEST(there(recent, 20).size() == 1u);
}

BOOST_AUTO_TEST_CASE(recent_rows_before_a_number_are_forgotten_when_told) {
  recent_rows recent;
  recent.keep(1000);
  for (std::uint64_t seq = 5; seq <= 9; ++seq) recent.add(seq, row(seq));
  recent.forget_before(3);
  BOOST_TEST(there(recent, 5).size() == 5u);
  recent.forget_before(8);
  BOOST_TEST(there(recent, 7).front() == "nothing");
  BOOST_TEST(there(recent, 8) == (std::vector<std::string>{row(8), row(9)}), boost::test_tools::per_element());
  recent.forget_before(20);                                        // more than there are
  recent.add(10, row(10));
  BOOST_TEST(there(recent, 10).size() == 1u);
}

BOOST_AUTO_TEST_CASE(recent_rows_stay_right_while_what_was_let_go_is_cleared_away) {
  recent_rows recent;
  recent.keep(1u << 20);
  const std::string long_tail(1000, 'x');
  std::uint64_t asked = 1;
  for (std::uint64_t seq = 1; seq <= 5000; ++seq) {
    recent.add(seq, row(seq) + long_tail);
    if (seq % 300 != 0) continue;
    const auto part = recent.from(asked, 300, 1u << 20);
    BOOST_REQUIRE(part);
    BOOST_TEST(part->rows == 300u);
    BOOST_TEST(rows_of(part->run).front() == row(asked) + long_tail);
    asked += 300;
  }
}

BOOST_AUTO_TEST_SUITE_END()
