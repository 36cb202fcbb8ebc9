#include "cluster/row_collector.hpp"
#include "tests/cluster/support.hpp"

BOOST_AUTO_TEST_SUITE(shipping)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

const std::vector<node_name> three = {"a", "b", "c"};
const auto all_alive = [](const node_name&) { return true; };

std::vector<std::string> rows(std::uint64_t first, std::size_t count) {
  std::vector<std::string> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back("row " + std::to_string(first + i));
  return made;
}

struct shipment {
  shipment() : shipper("a", three, {.most_rows = 512, .most_packed_rows = 512}), collector("b", three) {}
  // Reads what is wanted; returns what was sent.
  std::vector<shipped_rows> step(nanoseconds now) {
    outbox out;
    if (const auto wanted = shipper.tick(t(now), all_alive)) shipper.rows_read(*wanted, rows(wanted->first, wanted->count), t(now), out);
    return sent<shipped_rows>(out.take(), shipper.successor());
  }
  std::vector<shipped_answer> collect(const shipped_rows& message, bool write = true) {
    outbox out;
    collector.on("a", message, out, journal);
    if (write)
      for (auto& record : journal.take()) {
        disk.push_back(std::move(record.content));
        collector.written(record.number, out);
      }
    return sent<shipped_answer>(out.take(), "a");
  }
  row_shipper shipper;
  row_collector collector;
  row_box journal;
  std::vector<kept_rows> disk;
};

}  // namespace

BOOST_AUTO_TEST_CASE(ranges_join_where_they_touch) {
  number_ranges r;
  r.add(5, 7);
  r.add(1, 2);
  BOOST_TEST(r.first_missing(1) == 3u);
  BOOST_TEST(r.first_missing(6) == 8u);
  r.add(3, 4);
  BOOST_TEST(r.all().size() == 1u);
  r.add(10, 12);
  r.add(20, 30);
  r.add(9, 25);
  BOOST_TEST(r.all().size() == 2u);
  BOOST_TEST(r.first_missing(9) == 31u);
  BOOST_TEST(!r.contains(8));
  BOOST_TEST(r.contains(30));
}

BOOST_AUTO_TEST_CASE(rows_count_as_shipped_once_they_are_on_the_other_disk) {
  shipment s;
  s.shipper.durable(1, 700);
  auto out = s.step(0s);
  BOOST_REQUIRE(out.size() == 1u);
  BOOST_TEST(out[0].rows.size() == 512u);
  BOOST_TEST(s.collect(out[0], false).empty());
  BOOST_TEST(s.step(100ms).empty());                           // one message under way
  auto again = s.step(600ms);
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].first == 1u);
  const auto answers = s.collect(again[0]);
  BOOST_REQUIRE(answers.size() == 1u);
  s.shipper.on(s.shipper.successor(), answers[0], t(600ms));
  BOOST_TEST(s.shipper.shipped(1) == 512u);
  BOOST_TEST(s.step(840ms).empty());                           // so few can wait for more of them
  out = s.step(850ms);
  BOOST_REQUIRE(out.size() == 1u);
  BOOST_TEST(out[0].first == 513u);
  BOOST_TEST(out[0].rows.size() == 188u);
  s.shipper.on(s.shipper.successor(), s.collect(out[0])[0], t(900ms));
  BOOST_TEST(s.shipper.lag() == 0u);
  BOOST_TEST(s.disk.size() == 2u);                             // each row once
}

BOOST_AUTO_TEST_CASE(rows_that_come_twice_or_overlap_count_once) {
  shipment s;
  BOOST_TEST(s.collect({1, 5, rows(5, 3)}).size() == 1u);
  BOOST_TEST(s.collect({1, 5, rows(5, 3)})[0].last == 7u);
  const auto answer = s.collect({1, 3, rows(3, 8)});
  BOOST_REQUIRE(answer.size() == 1u);
  BOOST_TEST(answer[0].last == 7u);                            // up to where it kept rows already; the rest comes again
  const auto rest = s.collect({1, 8, rows(8, 3)});
  BOOST_TEST(rest[0].last == 10u);
  std::size_t kept = 0;
  for (const auto& record : s.disk) kept += record.rows.size();
  BOOST_TEST(kept == 8u);
}

BOOST_AUTO_TEST_CASE(packed_runs_are_kept_as_they_came_and_count_once) {
  shipment s;
  const auto collect = [&](const shipped_run& message) {
    outbox out;
    s.collector.on("a", message, out, s.journal);
    for (auto& record : s.journal.take()) {
      s.disk.push_back(std::move(record.content));
      s.collector.written(record.number, out);
    }
    return sent<shipped_answer>(out.take(), "a");
  };
  BOOST_TEST(s.collect({1, 4, rows(4, 1)}).size() == 1u);
  const auto answers = collect({1, 1, 6, "1 to 6"});
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].last == 4u);
  BOOST_TEST(s.disk.back().packed == "1 to 6");
  BOOST_TEST(s.disk.back().size() == 3u);                      // 4 was there; 5 and 6 come again
  BOOST_TEST(collect({1, 3, 4, "3 to 6"})[0].last == 6u);
  BOOST_TEST(s.disk.back().first == 5u);
  BOOST_TEST(s.disk.back().skipped == 2u);
  BOOST_TEST(s.disk.back().size() == 2u);
  BOOST_TEST(collect({1, 2, 5, "again"})[0].last == 6u);
  BOOST_TEST(s.disk.size() == 3u);
  row_collector again("b", three);
  for (const auto& record : s.disk) again.replay(record);
  BOOST_TEST(again.kept("a", 1).first_missing(1) == 7u);
  BOOST_TEST(collect({1, 7, 0, "none"}).empty());
  BOOST_TEST(collect({1, 7, 1u << 20, "more than a message holds"}).empty());
  BOOST_TEST(collect({1, 7, 1, ""}).empty());
}

BOOST_AUTO_TEST_CASE(who_knows_no_packed_runs_gets_rows_at_once_and_is_tried_again_later) {
  shipment s;
  s.shipper.durable(1, 100);
  outbox out;
  auto wanted = s.shipper.tick(t(0s), all_alive);
  BOOST_REQUIRE(wanted.has_value());
  BOOST_TEST(wanted->packed);
  s.shipper.run_read(*wanted, 100, "packed", t(0s), out);
  const auto successor = s.shipper.successor();
  BOOST_TEST(sent<shipped_run>(out.take(), successor).size() == 1u);
  s.shipper.unsupported_by(successor, t(10ms));
  wanted = s.shipper.tick(t(10ms), all_alive);
  BOOST_REQUIRE(wanted.has_value());
  BOOST_TEST(!wanted->packed);
  s.shipper.run_read(*wanted, 100, "asked for before", t(10ms), out);
  BOOST_TEST(out.empty());
  s.shipper.rows_read(*wanted, rows(1, 100), t(10ms), out);
  BOOST_TEST(sent<shipped_rows>(out.take(), successor).size() == 1u);
  s.shipper.on(successor, {1, 1, 100}, t(20ms));
  s.shipper.durable(1, 200);
  BOOST_TEST(!s.shipper.tick(t(300ms), all_alive)->packed);
  s.shipper.on(successor, {1, 101, 200}, t(310ms));
  s.shipper.durable(1, 300);
  BOOST_TEST(s.shipper.tick(t(100s), all_alive)->packed);
}

BOOST_AUTO_TEST_CASE(a_collector_remembers_across_crashes) {
  shipment s;
  (void)s.collect({1, 1, rows(1, 4)});
  (void)s.collect({2, 1, rows(1, 2)});
  row_collector again("b", three);
  for (const auto& record : s.disk) again.replay(record);
  BOOST_TEST(again.kept("a", 1).first_missing(1) == 5u);
  BOOST_TEST(again.kept("a", 2).first_missing(1) == 3u);
  BOOST_TEST(again.kept("c", 1).all().empty());
}

BOOST_AUTO_TEST_CASE(an_answer_beyond_a_gap_moves_nothing) {
  shipment s;
  s.shipper.durable(1, 100);
  s.shipper.on("b", {1, 50, 60}, t(0s));
  BOOST_TEST(s.shipper.shipped(1) == 0u);
  s.shipper.on("b", {1, 1, 200}, t(0s));
  BOOST_TEST(s.shipper.shipped(1) == 100u);
}

BOOST_AUTO_TEST_CASE(a_silent_or_dead_successor_is_replaced) {
  shipment s;
  s.shipper.durable(1, 10);
  (void)s.step(0s);
  const auto first = s.shipper.successor();
  for (auto at = 500ms; at < 2500ms; at += 100ms) (void)s.step(at);
  BOOST_TEST(s.shipper.successor() != first);
  const auto dead = s.shipper.successor();
  outbox out;
  (void)s.shipper.tick(t(10s), [&](const node_name& node) { return node != dead; });
  BOOST_TEST(s.shipper.successor() != dead);
  (void)s.shipper.tick(t(20s), [](const node_name&) { return false; });
  BOOST_TEST(s.shipper.successor().empty());
}

BOOST_AUTO_TEST_CASE(earlier_lives_are_shipped_first_and_dropped_rows_passed_over) {
  shipment s;
  s.shipper.durable(1, 10);
  s.shipper.durable(2, 5);
  s.shipper.durable(3, 1);
  s.shipper.resume(2, 3);
  const auto wanted = s.shipper.tick(t(0s), all_alive);
  BOOST_REQUIRE(wanted.has_value());
  BOOST_TEST(wanted->life == 2u);
  BOOST_TEST(wanted->first == 4u);
  outbox out;
  s.shipper.rows_read(*wanted, {}, t(0s), out);
  BOOST_TEST(s.shipper.tick(t(0s), all_alive)->life == 3u);
}

BOOST_AUTO_TEST_CASE(strangers_rows_are_not_kept) {
  shipment s;
  outbox out;
  s.collector.on("stranger", {1, 1, rows(1, 1)}, out, s.journal);
  s.collector.on("b", {1, 1, rows(1, 1)}, out, s.journal);
  BOOST_TEST(s.journal.take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
