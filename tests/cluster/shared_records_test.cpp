#include "base/random.hpp"
#include "cluster/shared_records.hpp"
#include "tests/cluster/support.hpp"

#include <algorithm>
#include <map>

BOOST_AUTO_TEST_SUITE(shared_records_)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::testing;

namespace {

const std::vector<node_name> three = {"a", "b", "c"};

shared_record record(std::string name, std::uint64_t counter, node_name writer, bool gone = false, std::string value = "v") {
  return {std::move(name), counter, std::move(writer), gone, std::move(value)};
}

struct record_yard {
  record_yard() {
    for (const auto& name : three) nodes.emplace(name, shared_records(name, three));
  }
  void deliver(const node_name& from, std::vector<outgoing> mails) {
    for (const auto& mail : mails) {
      outbox back;
      auto& to = nodes.at(mail.to);
      if (mail.kind == message_kind::record_list)
        to.on(from, *decode<record_list>(mail.body));
      else
        to.on(from, *decode<record_digest>(mail.body), back);
      deliver(mail.to, back.take());
    }
  }
  void compare_all() {
    for (int round = 0; round < 2; ++round, now += 500ms)
      for (auto& [name, node] : nodes) {
        outbox out;
        node.tick(t(now), out);
        deliver(name, out.take());
      }
  }
  std::map<node_name, shared_records> nodes;
  nanoseconds now{0};
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_change_is_everywhere_at_once_and_told_once) {
  record_yard yard;
  outbox out;
  BOOST_TEST(*yard.nodes.at("a").write(record("team-a", 1, "a"), out));
  yard.deliver("a", out.take());
  for (const auto& name : {"b", "c"}) {
    auto& node = yard.nodes.at(name);
    BOOST_REQUIRE(node.find("team-a") != nullptr);
    BOOST_TEST(node.take_learned().size() == 1u);
    BOOST_TEST(node.take_learned().empty());
  }
  BOOST_TEST(yard.nodes.at("a").take_learned().empty());
}

BOOST_AUTO_TEST_CASE(the_order_in_which_records_come_does_not_matter) {
  std::vector<shared_record> all = {record("k", 1, "a"), record("k", 2, "a", false, "x"), record("k", 2, "b", false, "w"), record("k", 3, "a"), record("k", 2, "c", true)};
  random_source random(1);
  for (int i = 0; i < 200; ++i) {
    for (std::size_t n = all.size() - 1; n > 0; --n) std::swap(all[n], all[random.below(n + 1)]);
    shared_records node("z", {"a", "b", "c", "z"});
    node.on("a", record_list{all});
    BOOST_TEST(node.find("k")->gone);
    BOOST_TEST(node.find("k")->counter == 2u);
  }
}

BOOST_AUTO_TEST_CASE(nothing_replaces_what_is_gone) {
  record_yard yard;
  auto& a = yard.nodes.at("a");
  outbox out;
  BOOST_TEST(*a.write(record("k", 2, "a", true), out));
  (void)out.take();
  BOOST_TEST(!*a.write(record("k", 9, "a"), out));
  BOOST_TEST(out.empty());
  a.on("b", record_list{{record("k", 99, "b")}});
  BOOST_TEST(a.find("k")->gone);
  BOOST_TEST(a.take_learned().empty());
}

BOOST_AUTO_TEST_CASE(lost_pushes_are_made_good_both_ways_by_the_next_comparisons) {
  record_yard yard;
  for (int i = 0; i < 300; ++i) {
    const auto& writer = three[static_cast<std::size_t>(i) % 3];
    outbox lost;
    BOOST_TEST(*yard.nodes.at(writer).write(record("k" + std::to_string(i), 1, writer), lost));
  }
  yard.compare_all();
  for (const auto& name : three) {
    BOOST_TEST(yard.nodes.at(name).all().size() == 300u);
    BOOST_TEST((yard.nodes.at(name).all() == yard.nodes.at("a").all()));
    BOOST_TEST(yard.nodes.at(name).take_learned().size() == 200u);
  }
  // All the same: a digest is answered by nothing.
  outbox out;
  yard.nodes.at("a").tick(t(yard.now + 1s), out);
  for (const auto& mail : out.take()) {
    outbox back;
    yard.nodes.at(mail.to).on("a", *decode<record_digest>(mail.body), back);
    BOOST_TEST(back.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_group_longer_than_a_message_comes_in_parts) {
  record_options small;
  small.most_bytes = 1000;
  shared_records a("a", three, small), b("b", three, small);
  for (int i = 0; i < 500; ++i) a.restore(record("k" + std::to_string(i), 1, "a", false, std::string(300, 'x')));
  outbox out;
  a.on("b", record_digest{}, out);
  std::size_t lists = 0;
  for (const auto& mail : out.take()) {
    if (mail.kind != message_kind::record_list) continue;
    ++lists;
    BOOST_TEST(mail.body.size() < 1200u);
    b.on("a", *decode<record_list>(mail.body));
  }
  BOOST_TEST(lists > 100u);
  BOOST_TEST((b.all() == a.all()));
}

BOOST_AUTO_TEST_CASE(records_have_limits) {
  record_options small;
  small.most_records = 2;
  shared_records a("a", three, small);
  outbox out;
  BOOST_TEST(a.write(record("x", 1, "a"), out).has_value());
  BOOST_TEST(a.write(record("y", 1, "a"), out).has_value());
  BOOST_TEST(!a.write(record("z", 1, "a"), out).has_value());
  BOOST_TEST(a.write(record("x", 2, "a"), out).has_value());
  BOOST_TEST(!a.write(record("x", 3, "a", false, std::string(300u << 10, 'x')), out).has_value());
  a.on("b", record_list{{record("", 1, "b"), record("w", 1, "b"), record(std::string(300, 'n'), 1, "b")}});
  BOOST_TEST(a.all().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
