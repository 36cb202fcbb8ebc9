// Reserve, settle, commit, die and come back: over the in-memory backend, whose state outlives a ledger as a disk does.
#include "storage/ledger_query.hpp"
#include "storage/memory_store.hpp"
#include "tests/storage/samples.hpp"
#include "tests/support/rounds.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

BOOST_AUTO_TEST_SUITE(cost_ledger)

using namespace switchyard;
using namespace switchyard::storage;

namespace {

ledger::opened open_on(store& on, std::int64_t at_us = noon_us) {
  auto opened = ledger::open(on, "yard-a", at(at_us));
  if (!opened) BOOST_FAIL(opened.failure().message);
  return std::move(*opened);
}

std::vector<ledger_row> rows_of(const reader& from) {
  std::vector<ledger_row> out;
  BOOST_REQUIRE(each_row(from, {}, {}, [&](std::string_view, const ledger_row& row) {
    out.push_back(row);
    return true;
  }));
  return out;
}

void hold(const store& on, std::uint64_t rows) {
  const auto found = verify(on);
  BOOST_REQUIRE(found);
  for (const auto& problem : found->problems) BOOST_ERROR(problem);
  BOOST_TEST(found->rows == rows);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_settled_attempt_is_one_row) {
  memory_store disk;
  const auto l = open_on(disk);
  BOOST_TEST(l.value->reserve(opening(1)));
  BOOST_TEST(l.value->settle(settled(1)));
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  const auto rows = rows_of(disk);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].id.to_string() == "yard-a/1/1");
  BOOST_TEST(rows[0].what.cost.value() == 450'000);
  hold(disk, 1);
}

BOOST_AUTO_TEST_CASE(an_attempt_is_settled_exactly_once) {
  memory_store disk;
  const auto l = open_on(disk);
  BOOST_TEST(!l.value->settle(settled(1)));       // never reserved
  BOOST_TEST(l.value->reserve(opening(1)));
  BOOST_TEST(!l.value->reserve(opening(1)));
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  BOOST_TEST(!l.value->reserve(opening(1)));      // open on disk
  BOOST_TEST(l.value->settle(settled(1)));
  BOOST_TEST(!l.value->settle(settled(1)));
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  BOOST_TEST(!l.value->settle(settled(1)));
  BOOST_TEST(l.value->open_attempts() == 0u);
  hold(disk, 1);
}

BOOST_AUTO_TEST_CASE(a_short_call_never_writes_its_reservation) {
  memory_store disk;
  const auto l = open_on(disk);
  spend_once(*l.value, 1);
  BOOST_REQUIRE(l.value->reserve(opening(2)));
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  int open = 0;
  BOOST_REQUIRE(disk.scan(table::open_attempts, {}, {}, [&](auto, auto) { return ++open, true; }));
  BOOST_TEST(open == 1);
}

BOOST_AUTO_TEST_CASE(an_attempt_booked_at_once_is_one_row_and_no_reservation) {
  memory_store disk;
  const auto l = open_on(disk);
  BOOST_TEST(l.value->book(settled(1)));
  BOOST_TEST(l.value->staged() == 1u);
  BOOST_TEST(l.value->open_attempts() == 0u);
  BOOST_TEST(!l.value->settle(settled(1)));
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  BOOST_REQUIRE(rows_of(disk).size() == 1u);
  BOOST_TEST(rows_of(disk)[0].what.cost.value() == 450'000);
  hold(disk, 1);
}

BOOST_AUTO_TEST_CASE(an_open_attempt_cannot_be_booked_beside_its_reservation) {
  memory_store disk;
  const auto l = open_on(disk);
  BOOST_REQUIRE(l.value->reserve(opening(1)));
  BOOST_TEST(!l.value->book(settled(1)));         // staged
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  BOOST_TEST(!l.value->book(settled(1)));         // on disk
  BOOST_TEST(l.value->settle(settled(1)));
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  hold(disk, 1);
}

BOOST_AUTO_TEST_CASE(an_attempt_whose_process_died_is_settled_as_unknown_and_charged_as_reserved) {
  memory_store disk;
  {
    const auto l = open_on(disk);
    spend_once(*l.value, 1);
    BOOST_REQUIRE(l.value->reserve(opening(2)));
    BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
    BOOST_REQUIRE(l.value->reserve(opening(3)));   // dies with the process
  }
  const auto again = open_on(disk, noon_us + 1'000'000);
  BOOST_TEST(again.orphans == 1u);
  BOOST_TEST(again.value->incarnation() == 2u);
  const auto rows = rows_of(disk);
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows[1].id.to_string() == "yard-a/2/1");
  BOOST_TEST((rows[1].what.outcome == row_outcome::unknown));
  BOOST_TEST(rows[1].what.cost.value() == 5'000'000);
  BOOST_TEST(rows[1].as_reserved);
  BOOST_TEST(!again.value->settle(settled(2)));    // nobody can settle it again
  hold(disk, 2);
  BOOST_TEST(open_on(disk, noon_us + 2'000'000).orphans == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_loses_and_doubles_nothing) {
  memory_store disk;
  const auto l = open_on(disk);
  spend_once(*l.value, 1);
  disk.set_room(false);
  BOOST_TEST(!l.value->commit(at(noon_us), survives::process).has_value());
  spend_once(*l.value, 2);
  BOOST_TEST(!l.value->commit(at(noon_us), survives::process).has_value());
  disk.set_room(true);
  BOOST_TEST(!l.value->commit(at(noon_us), survives::process).has_value());   // stuck, as RocksDB is
  BOOST_REQUIRE(l.value->recover());
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));             // what failed
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));             // what came since
  BOOST_TEST(l.value->staged() == 0u);
  hold(disk, 2);
}

BOOST_AUTO_TEST_CASE(a_batch_that_failed_and_is_on_disk_after_all_is_not_written_twice) {
  // The write reaches the disk, its acknowledgement does not.
  struct lying_store final : store {
    memory_store inner;
    bool lies = false;
    result<std::optional<std::string>> get(table t, std::string_view k) const override { return inner.get(t, k); }
    outcome scan(table t, std::string_view a, std::string_view b, const visitor& v) const override { return inner.scan(t, a, b, v); }
    outcome scan_back(table t, std::string_view a, std::string_view b, const visitor& v) const override { return inner.scan_back(t, a, b, v); }
    outcome write(const write_batch& batch, survives what) override {
      auto written = inner.write(batch, what);
      return lies ? outcome(storage_error("fsync failed", true)) : written;
    }
    std::unique_ptr<reader> snapshot() const override { return inner.snapshot(); }
    outcome checkpoint(const std::string& to) override { return inner.checkpoint(to); }
    outcome reopen() override { return inner.reopen(); }
  } disk;
  const auto l = open_on(disk);
  spend_once(*l.value, 1);
  disk.lies = true;
  BOOST_TEST(!l.value->commit(at(noon_us), survives::power).has_value());
  disk.lies = false;
  BOOST_REQUIRE(l.value->recover());
  BOOST_TEST(l.value->staged() == 0u);
  spend_once(*l.value, 2);
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::power));
  hold(disk, 2);
}

BOOST_AUTO_TEST_CASE(a_lost_newest_row_is_refused_at_the_start) {
  memory_store disk;
  {
    const auto l = open_on(disk);
    spend_once(*l.value, 1);
    spend_once(*l.value, 2);
    BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  }
  write_batch loss;
  loss.erase(table::ledger_rows, row_id{"yard-a", 1, 2}.key());
  BOOST_REQUIRE(disk.write(loss, survives::process));
  const auto opened = ledger::open(disk, "yard-a", at(noon_us));
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.failure().message.find("rows were lost or changed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(verify_finds_a_changed_row_a_lost_row_and_a_wrong_sum) {
  for (int what = 0; what < 3; ++what) {
    memory_store disk;
    const auto l = open_on(disk);
    for (std::uint32_t i = 1; i <= 5; ++i) spend_once(*l.value, i);
    BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
    hold(disk, 5);
    const auto key = row_id{"yard-a", 1, 3}.key();
    write_batch change;
    if (what == 0) {
      auto row = *decode_row(key, **disk.get(table::ledger_rows, key));
      row.what.cost = 1;
      change.put(table::ledger_rows, key, encode(row));   // with a right checksum
    } else if (what == 1) {
      change.erase(table::ledger_rows, key);
    } else {
      const auto sum = rollup_prefix('h', noon_us / us_per_hour, dimension::provider) + "openai";
      auto bytes = disk.get(table::rollups, sum)->value();
      change.put(table::rollups, rollup_prefix('h', noon_us / us_per_hour, dimension::provider) + "nobody", bytes);
      change.erase(table::rollups, sum);
    }
    BOOST_REQUIRE(disk.write(change, survives::process));
    BOOST_TEST(!verify(disk)->problems.empty());
  }
}

BOOST_AUTO_TEST_CASE(incarnations_that_are_skipped_leave_a_ledger_whole) {
  memory_store disk;
  BOOST_REQUIRE(ledger::skip_incarnations(disk, 7));
  {
    const auto l = open_on(disk);
    BOOST_TEST(l.value->incarnation() == 8u);
    spend_once(*l.value, 1);
    spend_once(*l.value, 2);
    BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  }
  BOOST_REQUIRE(ledger::skip_incarnations(disk, 41));
  hold(disk, 2);
  BOOST_REQUIRE(ledger::skip_incarnations(disk, 9));      // fewer than there were: nothing
  const auto again = open_on(disk);
  BOOST_TEST(again.value->incarnation() == 42u);
  spend_once(*again.value, 3);
  BOOST_REQUIRE(again.value->commit(at(noon_us), survives::process));
  hold(disk, 3);
  BOOST_TEST(rows_of(disk)[2].id.to_string() == "yard-a/42/1");
  BOOST_REQUIRE(again.value->retain(std::chrono::hours(24), at(noon_us + 40 * us_per_day)));
  hold(disk, 0);
}

BOOST_AUTO_TEST_CASE(times_never_go_back_even_when_the_clock_does) {
  memory_store disk;
  const auto l = open_on(disk);
  spend_once(*l.value, 1);
  BOOST_REQUIRE(l.value->commit(at(noon_us + us_per_hour), survives::process));
  spend_once(*l.value, 2);
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  BOOST_TEST(rows_of(disk)[1].at_us == noon_us + us_per_hour);
  hold(disk, 2);
}

BOOST_AUTO_TEST_CASE(retention_drops_whole_days_and_the_rest_still_verifies) {
  memory_store disk;
  const auto l = open_on(disk);
  for (std::uint32_t day = 0; day < 5; ++day) {
    spend_once(*l.value, 2 * day);
    BOOST_REQUIRE(l.value->commit(at(noon_us + day * us_per_day), survives::process));
    spend_once(*l.value, 2 * day + 1);
    BOOST_REQUIRE(l.value->commit(at(noon_us + day * us_per_day + us_per_hour), survives::process));
  }
  const auto now = at(noon_us + 4 * us_per_day);
  BOOST_REQUIRE(l.value->retain(std::chrono::hours(48), now));
  hold(disk, 6);
  BOOST_REQUIRE(l.value->retain(std::chrono::hours(48), now));
  hold(disk, 6);
  spend_once(*l.value, 100);
  BOOST_REQUIRE(l.value->commit(now, survives::process));
  hold(disk, 7);
  BOOST_REQUIRE(l.value->retain(std::chrono::hours(24), at(noon_us + 40 * us_per_day)));
  hold(disk, 0);
  const auto again = open_on(disk, noon_us + 40 * us_per_day);
  spend_once(*again.value, 101);
  BOOST_REQUIRE(again.value->commit(at(noon_us + 40 * us_per_day), survives::process));
  hold(disk, 1);
}

BOOST_AUTO_TEST_CASE(parties_that_are_asked_for_once_count_like_others) {
  memory_store disk;
  const auto l = open_on(disk);
  std::uint32_t number = 0;
  for (const auto hours : {0, 0, 1, 30}) {
    auto& known = l.value->know(parties());
    auto& other = l.value->know(parties("other"));
    BOOST_TEST(&known == &l.value->know(parties()));
    BOOST_TEST(&known != &other);
    for (auto* who : {&known, &other, &known}) {
      ++number;
      BOOST_TEST(l.value->book(settled(number), *who));
      BOOST_TEST(l.value->reserve({attempt_number(number, 2), noon_us, 5, 7}, *who));
    }
    BOOST_TEST(l.value->settle(settled(number, 2), known));
    BOOST_TEST(l.value->book(settled(number, 3)));
    BOOST_REQUIRE(l.value->commit(at(noon_us + hours * us_per_hour), survives::process));
    BOOST_TEST(l.value->settle(settled(number - 1, 2), l.value->know(parties("other"))));   // opened by the commit
  }
  BOOST_REQUIRE(l.value->commit(at(noon_us + 30 * us_per_hour), survives::process));
  hold(disk, 4 * 6);
  BOOST_TEST(*spent_in(disk, "team-a", config::budget_period::total, at(noon_us + 30 * us_per_hour)) == 4 * 6 * 450'000);
  std::size_t others = 0;
  for (const auto& row : rows_of(disk)) others += row.what.parties.model == "other" ? 1 : 0;
  BOOST_TEST(others == 4u * 2u);
}

BOOST_AUTO_TEST_CASE(names_without_end_are_summed_as_other) {
  memory_store disk;
  const auto l = open_on(disk);
  for (std::uint32_t i = 0; i < 1500; ++i) {
    (void)l.value->reserve(opening(i));
    auto what = settled(i);
    what.parties.model = "model-" + std::to_string(i);
    (void)l.value->settle(std::move(what));
  }
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  hold(disk, 1500);
  const auto again = open_on(disk, noon_us + 1);
  (void)again.value->reserve(opening(5000));
  auto what = settled(5000);
  what.parties.model = "one-more";
  (void)again.value->settle(std::move(what));
  BOOST_REQUIRE(again.value->commit(at(noon_us + 2), survives::process));
  hold(disk, 1501);
}

BOOST_AUTO_TEST_CASE(names_without_bounds_are_cut_in_rows_and_sums_alike) {
  memory_store disk;
  const auto l = open_on(disk);
  BOOST_REQUIRE(l.value->reserve(opening(1)));
  auto what = settled(1);
  what.parties.model = std::string(100'000, 'm');
  for (int i = 0; i < 100; ++i) what.parties.tags["tag-" + std::to_string(i) + std::string(1000, 't')] = std::string(1000, 'v');
  BOOST_REQUIRE(l.value->settle(std::move(what)));
  BOOST_REQUIRE(l.value->commit(at(noon_us), survives::process));
  BOOST_TEST(rows_of(disk)[0].what.parties.model.size() == 512u);
  hold(disk, 1);
}

// Random reservations, settlements, commits, full disks and deaths: what a commit acknowledged is there once, and nothing else is.
BOOST_AUTO_TEST_CASE(random_lives_lose_and_double_nothing) {
  for (int seed = 1; seed <= test::rounds(200); ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    memory_store disk;
    auto l = open_on(disk);
    std::uint32_t last = 0;
    std::vector<std::uint32_t> open;
    std::set<std::uint32_t> staged, acknowledged;
    auto now = noon_us;
    for (int step = 0; step < 120; ++step) {
      now += random() % (us_per_hour / 7);
      const auto dice = random() % 100;
      if (dice < 10) {
        BOOST_REQUIRE(l.value->book(settled(++last)));
        staged.insert(last);
      } else if (dice < 40) {
        BOOST_REQUIRE(l.value->reserve(opening(++last)));
        open.push_back(last);
      } else if (dice < 75 && !open.empty()) {
        const auto at = random() % open.size();
        BOOST_REQUIRE(l.value->settle(settled(open[at])));
        staged.insert(open[at]);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      } else if (dice < 92) {
        if (l.value->commit(at(now), survives::process)) {
          // The first commit after a failure writes only what had failed.
          if (l.value->staged() == 0) acknowledged.insert(staged.begin(), staged.end()), staged.clear();
        }
      } else if (dice < 96) {
        disk.set_room(random() % 2 == 0);
      } else if (dice < 98) {
        (void)l.value->recover();
      } else {
        disk.set_room(true);
        BOOST_REQUIRE(disk.reopen());
        l.value.reset();
        l = open_on(disk, now);
        open.clear();
        staged.clear();
      }
    }
    const auto found = verify(disk);
    BOOST_REQUIRE(found);
    for (const auto& problem : found->problems) BOOST_ERROR("seed " << seed << ": " << problem);
    std::multiset<std::string> rows;
    for (const auto& row : rows_of(disk)) rows.insert(row.what.id.bytes());
    for (const auto number : acknowledged) BOOST_TEST(rows.count(attempt_number(number).bytes()) == 1u, "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
