// The ledger's writer thread: what it acknowledged is there, once, and what was submitted before stop() is, too.
#include "actors/ledger_writer.hpp"
#include "storage/ledger_query.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <thread>

BOOST_AUTO_TEST_SUITE(ledger_writing)

using namespace switchyard;
using namespace switchyard::actors;

namespace {

ledger_entry entry(std::uint32_t number, bool settles) {
  ledger_entry made;
  for (int i = 0; i < 4; ++i) made.id.request.bytes[static_cast<std::size_t>(12 + i)] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  made.settles = settles;
  made.model = "small";
  made.input_tokens = 10;
  made.cost = 7;
  return made;
}

bool submit_and_wait(ledger_writer& to, std::vector<ledger_entry> entries) {
  std::promise<bool> durable;
  to.submit(std::move(entries), [&](bool yes) { durable.set_value(yes); });
  return durable.get_future().get();
}

storage::verification check(const ledger_writer& of) {
  const auto found = storage::verify(*of.snapshot());
  BOOST_REQUIRE(found);
  for (const auto& problem : found->problems) BOOST_ERROR(problem);
  return *found;
}

config::config on_disk(const std::string& folder) {
  config::config all;
  all.node.name = "yard-test";
  all.node.data_dir = folder;
  all.ledger.durability = config::ledger_durability::sync;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_acknowledged_is_a_row) {
  const auto writer = ledger_writer::in_memory("yard-test");
  BOOST_TEST(submit_and_wait(*writer, {entry(1, false), entry(1, true), entry(2, false)}));
  BOOST_TEST(check(*writer).rows == 1u);
  BOOST_TEST(check(*writer).open_attempts == 1u);
  BOOST_TEST(writer->now().rows == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_settlement_is_refused_and_counted) {
  const auto writer = ledger_writer::in_memory("yard-test");
  BOOST_TEST(submit_and_wait(*writer, {entry(1, false), entry(1, true), entry(1, true)}));
  BOOST_TEST(submit_and_wait(*writer, {entry(1, true)}));
  BOOST_TEST(check(*writer).rows == 1u);
  BOOST_TEST(writer->now().refused == 2u);
}

BOOST_AUTO_TEST_CASE(many_threads_lose_and_double_nothing) {
  const auto writer = ledger_writer::in_memory("yard-test");
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t)
    threads.emplace_back([&writer, t] {
      for (std::uint32_t i = 0; i < 500; ++i) writer->submit({entry(t * 1000 + i, false), entry(t * 1000 + i, true)});
    });
  for (auto& thread : threads) thread.join();
  writer->stop();
  BOOST_TEST(check(*writer).rows == 2000u);
  BOOST_TEST(check(*writer).total.cost == 2000 * 7);
}

BOOST_AUTO_TEST_CASE(after_stop_nothing_is_taken) {
  const auto writer = ledger_writer::in_memory("yard-test");
  writer->stop();
  BOOST_TEST(!submit_and_wait(*writer, {entry(1, false)}));
  BOOST_TEST(writer->now().dropped == 1u);
}

BOOST_AUTO_TEST_CASE(a_ledger_on_disk_goes_on_where_it_ended) {
  const storage::scratch_folder folder;
  {
    auto first = ledger_writer::open(on_disk(folder.path("data")));
    BOOST_REQUIRE(first);
    BOOST_TEST((*first)->holds_answers());
    BOOST_TEST(submit_and_wait(**first, {entry(1, false), entry(1, true), entry(2, false)}));
    const auto second = ledger_writer::open(on_disk(folder.path("data")));
    BOOST_REQUIRE(!second);
    BOOST_TEST(second.failure().param == "lock");
  }
  auto again = ledger_writer::open(on_disk(folder.path("data")));
  BOOST_REQUIRE(again);
  BOOST_TEST(check(**again).rows == 2u);          // the open one as unknown
  BOOST_TEST((*again)->backup(folder.path("copy")).has_value());
  BOOST_TEST(!(*again)->backup(folder.path("copy")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
