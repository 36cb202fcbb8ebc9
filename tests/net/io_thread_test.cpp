#include "net/io_thread.hpp"

#include "net/deadline.hpp"
#include "tests/net/loopback.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(io_thread_timers)

using namespace switchyard;
using namespace switchyard::net;

BOOST_AUTO_TEST_CASE(timers_fire_in_order_and_never_early) {
  io_thread thread("test");
  thread.start();
  const auto fired = testing::run_on<std::vector<int>>(thread, [&thread]() -> task<std::vector<int>> {
    std::vector<int> order;
    signal<bool> over;
    io_thread::timer a, b, c;
    const auto begun = steady_now();
    thread.arm(c, milliseconds(60), [&] { order.push_back(3); over.set(true); });
    thread.arm(a, milliseconds(20), [&] { order.push_back(1); });
    thread.arm(b, milliseconds(40), [&] { order.push_back(2); });
    co_await over;
    order.push_back(steady_now() - begun >= milliseconds(60) ? 1 : 0);
    co_return order;
  });
  BOOST_TEST(fired == (std::vector<int>{1, 2, 3, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cancelled_timer_stays_silent_even_if_cancelled_by_one_of_the_same_tick) {
  io_thread thread("test");
  thread.start();
  const bool silent = testing::run_on<bool>(thread, [&thread]() -> task<bool> {
    bool heard = false;
    signal<bool> over;
    io_thread::timer a, b, c;
    thread.arm(a, milliseconds(10), [&] { b.cancel(); });
    thread.arm(b, milliseconds(10), [&] { heard = true; });
    thread.arm(c, milliseconds(40), [&] { over.set(true); });
    co_await over;
    co_return !heard;
  });
  BOOST_TEST(silent);
}

BOOST_AUTO_TEST_CASE(a_deadline_that_moves_away_strikes_once_at_its_last_place) {
  io_thread thread("test");
  thread.start();
  const auto late = testing::run_on<milliseconds>(thread, [&thread]() -> task<milliseconds> {
    signal<bool> over;
    deadline limit(thread, [&] { over.set(true); });
    const auto begun = steady_now();
    limit.set(begun + milliseconds(20));
    limit.set(begun + milliseconds(80));
    co_await over;
    co_return std::chrono::duration_cast<milliseconds>(steady_now() - begun);
  });
  BOOST_TEST(late.count() >= 80);
}

BOOST_AUTO_TEST_SUITE_END()
