// What was spent when: roll-ups and edges together equal the rows, whatever the span.
#include "storage/ledger_query.hpp"
#include "storage/memory_store.hpp"
#include "storage/record.hpp"
#include "tests/storage/samples.hpp"
#include "tests/support/rounds.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

BOOST_AUTO_TEST_SUITE(ledger_queries)

using namespace switchyard;
using namespace switchyard::storage;

namespace {

struct filled {
  filled() : l(std::move(ledger::open(disk, "yard-a", at(noon_us))->value)) {}
  void add(std::uint32_t number, std::int64_t at_us, const std::string& model = "gpt-4o", row_outcome outcome = row_outcome::ok) {
    (void)l->reserve(opening(number));
    auto what = settled(number);
    what.parties.model = model;
    what.outcome = outcome;
    (void)l->settle(std::move(what));
    BOOST_REQUIRE(l->commit(at(at_us), survives::process));
  }
  memory_store disk;
  std::unique_ptr<ledger> l;
};

}  // namespace

BOOST_AUTO_TEST_CASE(sums_are_kept_by_every_dimension) {
  filled f;
  f.add(1, noon_us);
  f.add(2, noon_us, "gpt-4o-mini", row_outcome::error);
  const auto by = [&](dimension d) { return *sum_by(f.disk, d, {}); };
  BOOST_TEST(by(dimension::model).at("openai/gpt-4o").cost == 450'000);
  BOOST_TEST(by(dimension::provider).at("openai").requests == 2);
  BOOST_TEST(by(dimension::provider).at("openai").errors == 1);
  BOOST_TEST(by(dimension::key).at("openai/key-1").input_tokens == 200);
  BOOST_TEST(by(dimension::virtual_key).at("team-a").cached_tokens == 20);
  BOOST_TEST(by(dimension::route).at("auto").attempts == 2);
  BOOST_TEST(by(dimension::tag).at("team=red").cost == 900'000);
  BOOST_TEST(by(dimension::total).at("").output_tokens == 40);
}

BOOST_AUTO_TEST_CASE(savings_are_summed_by_what_saved) {
  filled f;
  std::uint32_t number = 0;
  for (const auto reason : {savings_reason::routing, savings_reason::cache, savings_reason::cache, savings_reason::cascade}) {
    auto what = settled(++number);
    what.saved = 100 * number;
    what.saved_by = reason;
    BOOST_REQUIRE(f.l->book(std::move(what)));
    BOOST_REQUIRE(f.l->commit(at(noon_us), survives::process));
  }
  const auto total = sum_by(f.disk, dimension::total, {})->at("");
  BOOST_TEST(total.saved == 1000);
  BOOST_TEST(total.saved_by_cache == 500);
  BOOST_TEST(total.saved_by_cascade == 400);
  BOOST_TEST(verify(f.disk)->problems.empty());
}

BOOST_AUTO_TEST_CASE(sums_of_a_version_that_did_not_tell_what_saved_go_on) {
  filled f;
  f.add(1, noon_us);
  // As that version wrote them: ten fields.
  write_batch old;
  BOOST_REQUIRE(f.disk.scan(table::rollups, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto sums = *decode_sums(key, value);
    std::string bytes;
    record_writer out(bytes, 10, 1);
    for (const auto number : {sums.requests, sums.attempts, sums.errors, sums.unknown, sums.unpriced, sums.input_tokens, sums.output_tokens, sums.cached_tokens, sums.cost, sums.saved})
      out.number(number);
    out.done();
    old.put(table::rollups, std::string(key), bytes);
    return true;
  }));
  BOOST_REQUIRE(f.disk.write(old, survives::process));
  BOOST_TEST(verify(f.disk)->problems.empty());
  f.l = std::move(ledger::open(f.disk, "yard-a", at(noon_us))->value);
  auto what = settled(2);
  what.saved = 30;
  what.saved_by = savings_reason::cache;
  BOOST_REQUIRE(f.l->book(std::move(what)));
  BOOST_REQUIRE(f.l->commit(at(noon_us), survives::process));
  BOOST_TEST(sum_by(f.disk, dimension::total, {})->at("").saved_by_cache == 30);
  BOOST_TEST(verify(f.disk)->problems.empty());
}

BOOST_AUTO_TEST_CASE(any_span_equals_its_rows) {
  filled f;
  std::mt19937 random(17);
  auto now = noon_us;
  for (std::uint32_t i = 0; i < 400; ++i) {
    now += random() % (us_per_hour / 2);
    f.add(i, now, random() % 2 == 0 ? "gpt-4o" : "gpt-4o-mini");
  }
  for (int round = 0; round < test::rounds(300); ++round) {
    const auto length = now - noon_us + 2 * us_per_day;
    time_span span{noon_us - us_per_day + static_cast<std::int64_t>(random() % length), 0};
    span.to_us = round % 10 == 0 ? INT64_MAX : span.from_us + static_cast<std::int64_t>(random() % length);
    if (round % 3 == 0) span.from_us -= span.from_us % us_per_hour;
    if (round % 4 == 0 && round % 10 != 0) span.to_us -= span.to_us % us_per_day;
    std::map<std::string, ledger_sums> expected;
    BOOST_REQUIRE(f.disk.scan(table::ledger_rows, {}, {}, [&](std::string_view key, std::string_view value) {
      const auto row = *decode_row(key, value);
      if (row.at_us >= span.from_us && row.at_us < span.to_us) expected["openai/" + row.what.parties.model].add(row);
      return true;
    }));
    BOOST_TEST((*sum_by(f.disk, dimension::model, span) == expected));
  }
}

BOOST_AUTO_TEST_CASE(sums_over_time_are_those_of_the_rows_of_each_period) {
  filled f;
  std::mt19937 random(23);
  auto now = noon_us;
  for (std::uint32_t i = 0; i < 300; ++i) {
    now += random() % (2 * us_per_hour);
    f.add(i, now);
  }
  for (int round = 0; round < 40; ++round) {
    const auto unit = round % 2 == 0 ? sums_per::day : sums_per::hour;
    const auto length_us = round % 2 == 0 ? us_per_day : us_per_hour;
    time_span span;
    if (round > 1) span.from_us = noon_us + static_cast<std::int64_t>(random() % (now - noon_us)), span.to_us = span.from_us + static_cast<std::int64_t>(random() % (now - noon_us));
    std::map<std::int64_t, ledger_sums> expected;
    BOOST_REQUIRE(each_row(f.disk, span, {}, [&](std::string_view, const ledger_row& row) {
      expected[row.at_us - row.at_us % length_us].add(row);
      return true;
    }));
    BOOST_TEST((*sum_over_time(f.disk, unit, span) == expected));
  }
}

BOOST_AUTO_TEST_CASE(rows_are_paged_by_their_keys) {
  filled f;
  for (std::uint32_t i = 1; i <= 7; ++i) f.add(i, noon_us + i);
  std::string after;
  std::vector<std::string> pages;
  for (int page = 0; page < 4; ++page) {
    std::string numbers;
    int left = 3;
    BOOST_REQUIRE(each_row(f.disk, {noon_us + 2, noon_us + 7}, after, [&](std::string_view key, const ledger_row& row) {
      if (left-- == 0) return false;
      numbers += std::to_string(row.id.seq);
      after = key;
      return true;
    }));
    pages.push_back(numbers);
  }
  BOOST_TEST(pages[0] == "234");
  BOOST_TEST(pages[1] == "56");
  BOOST_TEST(pages[2] == "");
}

BOOST_AUTO_TEST_SUITE_END()
