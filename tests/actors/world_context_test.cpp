#include "actors/world_context.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

BOOST_AUTO_TEST_SUITE(world_context_suite)

using namespace switchyard;
using namespace switchyard::actors;

BOOST_AUTO_TEST_CASE(the_gate_admits_no_more_batches_than_it_holds) {
  batch_gate gate;
  for (int i = 0; i < batch_gate::capacity; ++i) BOOST_TEST(gate.enter());
  BOOST_TEST(!gate.enter());
  BOOST_TEST(!gate.wait_until_empty(milliseconds(0)));
  gate.leave();
  BOOST_TEST(gate.enter());
  for (int i = 0; i < batch_gate::capacity; ++i) gate.leave();
  BOOST_TEST(gate.wait_until_empty(milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(a_batch_gives_its_place_back_with_its_last_reader) {
  const auto world = std::make_shared<world_context>(io_hooks{}, ledger_writer::in_memory("yard-test"));
  BOOST_REQUIRE(world->gate.enter());
  auto first = std::make_shared<const record_batch>(world, std::vector<request_record>(3));
  auto second = first;
  first.reset();
  BOOST_TEST(world->gate.inside() == 1);
  second.reset();
  BOOST_TEST(world->gate.inside() == 0);
}

BOOST_AUTO_TEST_CASE(a_worked_off_batch_comes_back_and_holds_no_key) {
  const auto world = std::make_shared<world_context>(io_hooks{}, ledger_writer::in_memory("yard-test"));
  BOOST_TEST(world->spent.take().empty());
  auto key = std::make_shared<const routing::key_entry>();
  const std::weak_ptr<const routing::key_entry> watch = key;
  std::vector<request_record> records(3);
  records[1].attempts.emplace_back().key = std::move(key);
  BOOST_REQUIRE(world->gate.enter());
  std::make_shared<const record_batch>(world, std::move(records)).reset();
  BOOST_TEST(watch.expired());
  BOOST_TEST(world->spent.take().size() == 3u);
  BOOST_TEST(world->spent.take().empty());
}

BOOST_AUTO_TEST_CASE(an_answer_is_given_once_and_never_forgotten) {
  std::vector<int> given;
  { answer_once answer([&](const admin_answer& a) { given.push_back(a.status); }); }
  BOOST_TEST(given == std::vector<int>{504}, boost::test_tools::per_element());
  {
    answer_once answer([&](const admin_answer& a) { given.push_back(a.status); });
    answer({200, "", ""});
    answer({500, "", ""});
  }
  BOOST_TEST(given == (std::vector<int>{504, 200}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_removed_listener_hears_no_more) {
  listener_list all;
  BOOST_TEST(all.empty());
  int first = 0;
  int second = 0;
  const auto one = all.add([&](const std::string&) { ++first; });
  all.add([&](const std::string&) { ++second; });
  all.tell_all("{}");
  all.remove(one);
  all.tell_all("{}");
  BOOST_TEST(first == 1);
  BOOST_TEST(second == 2);
}

BOOST_AUTO_TEST_CASE(a_listener_may_remove_itself) {
  listener_list all;
  int calls = 0;
  std::uint64_t own = 0;
  own = all.add([&](const std::string&) {
    ++calls;
    all.remove(own);
  });
  all.tell_all("{}");
  all.tell_all("{}");
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_listener_that_throws_is_removed) {
  listener_list all;
  all.add([](const std::string&) { throw std::runtime_error("no"); });
  all.tell_all("{}");
  BOOST_TEST(all.empty());
}

BOOST_AUTO_TEST_CASE(listeners_have_a_limit) {
  listener_list all;
  for (std::size_t i = 0; i < listener_list::capacity; ++i) BOOST_TEST(all.add([](const std::string&) {}) != 0u);
  BOOST_TEST(all.add([](const std::string&) {}) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
