// The cluster's journals on the ledger's store: order, numbers, a disk that is full for a while.
#include "actors/cluster/journal.hpp"
#include "storage/memory_store.hpp"

#include <boost/test/unit_test.hpp>

#include <future>

BOOST_AUTO_TEST_SUITE(cluster_journals)

using namespace switchyard;
using namespace switchyard::actors;

namespace {

struct fixture {
  void set_room(bool room) {
    std::promise<void> set;
    BOOST_REQUIRE(writer->send([&](storage::ledger&, storage::store& on) {
      dynamic_cast<storage::memory_store&>(on).set_room(room);
      set.set_value();
    }));
    set.get_future().wait();
  }
  /// Everything that was handed over before has been tried.
  void settle() {
    std::promise<void> reached;
    BOOST_REQUIRE(writer->send([&](storage::ledger&, storage::store&) { reached.set_value(); }));
    reached.get_future().wait();
  }
  std::string all(const std::string& log) const {
    std::string text;
    journal->replay(log, [&](const std::string& bytes) { text += bytes + " "; });
    return text;
  }
  void write(const std::string& log, const std::string& bytes, bool replaces = false) {
    journal->write({{log, bytes, replaces}}, [this, bytes] { acknowledged += bytes + " "; });
  }

  std::string acknowledged;                      // the writer's thread; read after settle()
  std::shared_ptr<ledger_writer> writer = ledger_writer::in_memory("a");
  std::shared_ptr<cluster_journal> journal = std::make_shared<cluster_journal>(writer);
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(records_are_acknowledged_in_order_once_they_are_on_disk, fixture) {
  for (int i = 0; i < 20; ++i) write(i % 2 == 0 ? "even" : "odd", std::to_string(i));
  settle();
  BOOST_TEST(acknowledged == "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
  BOOST_TEST(all("odd") == "1 3 5 7 9 11 13 15 17 19 ");
  write("odd", "all", true);
  settle();
  BOOST_TEST(all("odd") == "all ");
  // Another process goes on behind the last one.
  journal = std::make_shared<cluster_journal>(writer);
  write("odd", "21");
  settle();
  BOOST_TEST(all("odd") == "all 21 ");
}

BOOST_FIXTURE_TEST_CASE(a_full_disk_delays_and_loses_nothing, fixture) {
  write("log", "1");
  settle();
  set_room(false);
  write("log", "2");
  settle();
  write("log", "3");
  settle();
  BOOST_TEST(acknowledged == "1 ");
  BOOST_TEST(journal->waiting() == 2u);
  set_room(true);
  journal->retry();
  settle();
  if (journal->waiting() > 0) {                  // the first try after the failure only reopens
    journal->retry();
    settle();
  }
  BOOST_TEST(acknowledged == "1 2 3 ");
  BOOST_TEST(all("log") == "1 2 3 ");
  BOOST_TEST(journal->waiting() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
