// An I/O thread's entries on their way to the writer: what is over in time is one entry, what is not is settled later.
#include "actors/ledger_inlet.hpp"
#include "storage/ledger_query.hpp"

#include <boost/test/unit_test.hpp>

#include <future>

using namespace switchyard;
using namespace switchyard::actors;

namespace {

struct inlet_fixture {
  std::shared_ptr<ledger_writer> writer = ledger_writer::in_memory("yard-test");
  net::io_thread thread{"io-test"};
  ledger_inlet inlet{thread, writer};
  std::shared_ptr<const routing::yard> yard = std::make_shared<const routing::yard>();

  inlet_fixture() { thread.start(); }
  ~inlet_fixture() {
    thread.stop();
    thread.join();
  }
  /// Runs on the I/O thread, where the inlet lives.
  template <class Work>
  void there(Work work) {
    std::promise<void> done;
    thread.post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  ledger_entry entry(std::uint8_t number) const {
    ledger_entry made;
    made.id.request.bytes[15] = number;
    made.model = "small";
    made.cost = 7;
    return made;
  }
  storage::verification outcome() {
    there([&] { inlet.flush(); });
    writer->stop();
    const auto found = storage::verify(*writer->snapshot());
    BOOST_REQUIRE(found);
    for (const auto& problem : found->problems) BOOST_ERROR(problem);
    BOOST_TEST(writer->now().refused == 0u);
    return *found;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ledger_inlets, inlet_fixture)

BOOST_AUTO_TEST_CASE(a_call_that_is_over_in_time_is_one_row_and_no_reservation) {
  there([&] {
    const auto place = inlet.add(entry(1), yard);
    auto* const waiting = inlet.waiting(place);
    BOOST_REQUIRE(waiting != nullptr);
    waiting->settles = waiting->whole = true;
  });
  const auto found = outcome();
  BOOST_TEST(found.rows == 1u);
  BOOST_TEST(found.open_attempts == 0u);
}

BOOST_AUTO_TEST_CASE(a_reservation_that_was_handed_over_waits_no_longer_and_is_settled_apart) {
  there([&] {
    const auto place = inlet.add(entry(1), yard);
    inlet.flush();
    BOOST_TEST(inlet.waiting(place) == nullptr);
    inlet.add(entry(2), yard);                    // stands where the first one stood
    BOOST_TEST(inlet.waiting(place) == nullptr);
    auto settlement = entry(1);
    settlement.settles = true;
    inlet.add(std::move(settlement), yard);
  });
  const auto found = outcome();
  BOOST_TEST(found.rows == 1u);
  BOOST_TEST(found.open_attempts == 1u);
}

BOOST_AUTO_TEST_CASE(a_reservation_is_handed_over_with_its_input_counted) {
  std::string text = R"("The capital of France is Paris")";
  providers::input_estimate input;
  input.add_text(text, providers::token_family::o200k);
  there([&] {
    auto reservation = entry(1);
    reservation.uncounted = &input;
    inlet.add(std::move(reservation), yard);
    inlet.flush();
    text.assign(text.size(), ' ');                // the request has gone
  });
  BOOST_TEST(outcome().open_attempts == 1u);
  std::int64_t counted = 0;
  BOOST_REQUIRE(writer->snapshot()->scan(storage::table::open_attempts, {}, {}, [&](std::string_view key, std::string_view value) {
    if (const auto open = storage::decode_open(key, value)) counted = open->input_tokens;
    return true;
  }));
  BOOST_TEST(counted == 6);
}

BOOST_AUTO_TEST_CASE(nothing_waits_at_no_place) {
  there([&] {
    inlet.add(entry(1), yard);
    BOOST_TEST(inlet.waiting({}) == nullptr);
  });
}

BOOST_AUTO_TEST_CASE(a_batch_keeps_every_yard_its_entries_point_into) {
  auto other = std::make_shared<const routing::yard>();
  std::weak_ptr<const routing::yard> first = yard, second = other;
  there([&] {
    inlet.add(entry(1), yard);
    inlet.add(entry(2), other);
    inlet.add(entry(3), yard);
    yard.reset();
    other.reset();
    BOOST_TEST(!first.expired());
    BOOST_TEST(!second.expired());
  });
  BOOST_TEST(outcome().open_attempts == 3u);
  BOOST_TEST(first.expired());
  BOOST_TEST(second.expired());
}

BOOST_AUTO_TEST_SUITE_END()
