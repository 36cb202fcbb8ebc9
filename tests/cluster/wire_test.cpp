#include "cluster/envelope.hpp"
#include "tests/cluster/support.hpp"

#include <map>

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

enum class colour : std::uint8_t { red, green };
constexpr colour last_of(colour) { return colour::green; }

struct inner {
  std::string name;
  std::int64_t number = 0;
  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.name, self.number);
  }
};

struct sample {
  std::uint8_t small = 0;
  std::optional<std::uint64_t> maybe;
  std::vector<inner> list;
  colour paint = colour::red;
  bool yes = false;
  milliseconds wait{0};
  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.small, self.maybe, self.list, self.paint, self.yes, self.wait);
  }
};

// What `sample` may look like one version later, and one version before.
struct later_sample : sample {
  std::string added = "added";
  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.small, self.maybe, self.list, self.paint, self.yes, self.wait, self.added);
  }
  static constexpr std::size_t least = 6;
};

sample full() { return {7, 1ULL << 63, {{"a", -3}, {std::string("b\0c", 3), INT64_MIN}}, colour::green, true, milliseconds(-5)}; }

std::string problem(std::string_view bytes) {
  const auto read = decode<sample>(bytes);
  return read ? "none" : read.failure().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(every_field_comes_back) {
  const auto read = decode<sample>(encode(full()));
  BOOST_REQUIRE(read);
  BOOST_TEST(read->small == 7);
  BOOST_TEST(*read->maybe == 1ULL << 63);
  BOOST_REQUIRE(read->list.size() == 2u);
  BOOST_TEST(read->list[1].name == std::string("b\0c", 3));
  BOOST_TEST(read->list[1].number == INT64_MIN);
  BOOST_TEST((read->paint == colour::green));
  BOOST_TEST(read->yes);
  BOOST_TEST(read->wait.count() == -5);
  BOOST_TEST(!decode<sample>(encode(sample{}))->maybe.has_value());
}

BOOST_AUTO_TEST_CASE(a_later_versions_fields_are_skipped_and_an_earlier_versions_keep_their_defaults) {
  later_sample later;
  static_cast<sample&>(later) = full();
  later.added = "unknown to others";
  const auto old = decode<sample>(encode(later));
  BOOST_REQUIRE(old);
  BOOST_TEST(old->list.size() == 2u);
  const auto young = decode<later_sample>(encode(full()));
  BOOST_REQUIRE(young);
  BOOST_TEST(young->added == "added");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_named) {
  wire_writer short_one;
  short_one.list(2);
  short_one.number(1);
  short_one.nil();
  BOOST_TEST(problem(short_one.take()).find("fields missing") != std::string::npos);
  auto wrong = full();
  wrong.paint = static_cast<colour>(9);
  BOOST_TEST(problem(encode(wrong)).find("field 3: too large") != std::string::npos, problem(encode(wrong)));
  BOOST_TEST(problem("").find("does not fit") != std::string::npos);
  BOOST_TEST(problem(encode(full()) + "x").find("bytes after its end") != std::string::npos);
  for (std::size_t cut = 0; cut < encode(full()).size(); ++cut) BOOST_TEST(problem(encode(full()).substr(0, cut)) != "none");
}

BOOST_AUTO_TEST_CASE(deep_long_and_lying_messages_are_refused_without_memory) {
  BOOST_TEST(problem(std::string(40, '\x91') + '\x01').find("depth") != std::string::npos, problem(std::string(40, '\x91') + '\x01'));
  BOOST_TEST(problem("\xdd\xff\xff\xff\xff").find("array size") != std::string::npos, problem("\xdd\xff\xff\xff\xff"));
  BOOST_TEST(problem("\xc6\xff\xff\xff\xff").find("insufficient bytes") != std::string::npos, problem("\xc6\xff\xff\xff\xff"));
  BOOST_TEST(problem("\xdf\xff\xff\xff\xff").find("map size") != std::string::npos, problem("\xdf\xff\xff\xff\xff"));
  BOOST_TEST(problem(std::string(longest_frame + 1, '\x00')).find("longer than a frame") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(envelopes)

BOOST_AUTO_TEST_CASE(a_frame_comes_back_and_stays_below_its_limit) {
  const auto frame = seal(wrap(unsupported{77, 1}));
  BOOST_REQUIRE(frame);
  const auto back = open(*frame);
  BOOST_REQUIRE(back);
  BOOST_TEST(back->kind == 2);
  BOOST_TEST(decode<unsupported>(back->body)->what == 77);
  BOOST_TEST(!seal({1, 1, std::string(longest_frame, 'x')}));
  BOOST_TEST(!open(std::string(longest_frame + 1, 'x')));
  BOOST_TEST(!open("GET / HTTP/1.1\r\n"));
}

BOOST_AUTO_TEST_CASE(neighbouring_versions_meet_at_the_lower_one) {
  const hello ours{"yard", "a", 1, 4, 5};
  BOOST_TEST(*accept(ours, {"yard", "b", 1, 5, 6}, "b") == 5);
  BOOST_TEST(*accept(ours, {"yard", "b", 1, 3, 4}, "b") == 4);
  BOOST_TEST(*accept(ours, {"yard", "b", 1, 4, 5}, "b") == 5);
  BOOST_TEST(!accept(ours, {"yard", "b", 1, 6, 7}, "b"));
  BOOST_TEST(!accept(ours, {"yard", "b", 1, 2, 3}, "b"));
  BOOST_TEST(!accept(ours, {"yard", "b", 1, 6, 4}, "b"));
}

BOOST_AUTO_TEST_CASE(strangers_impostors_and_namesakes_are_refused) {
  const hello ours{"yard", "a", 1};
  BOOST_TEST(accept(ours, {"yard", "b", 9}, "b").has_value());
  BOOST_TEST(!accept(ours, {"other", "b", 1}, "b"));
  BOOST_TEST(accept(ours, {"yard", "b", 1}, "c").failure().message == "it calls itself b, but proves to be c");
  BOOST_TEST(!accept(ours, {"yard", "a", 1}, "a"));
}

BOOST_AUTO_TEST_SUITE_END()
