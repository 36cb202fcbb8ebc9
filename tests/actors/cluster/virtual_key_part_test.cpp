#include "actors/cluster/virtual_key_part.hpp"

#include "storage/memory_store.hpp"
#include "tests/actors/cluster/part_yard.hpp"

BOOST_AUTO_TEST_SUITE(virtual_key_part_)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using namespace std::chrono_literals;

namespace {

/// A node's table of virtual keys, written at once.
struct key_node {
  void change(const std::string& name, bool revoke = false, std::int64_t rpm = 0) {
    auto key = find(name).value_or(storage::stored_virtual_key{});
    key.terms.name = name;
    key.terms.rpm = rpm;
    if (revoke) key.revoked = wall_time{seconds(1'700'000'000)};
    ++key.change;
    key.changed_by = self;
    storage::write_batch batch;
    storage::put(batch, key);
    BOOST_REQUIRE(table.write(batch, storage::survives::power).has_value());
    auto record = record_of(key);
    BOOST_TEST(board->virtual_keys.put(std::move(record)));
  }
  std::optional<storage::stored_virtual_key> find(const std::string& name) {
    const auto all = storage::read_virtual_keys(table);
    BOOST_REQUIRE(all.has_value());
    for (const auto& key : *all)
      if (key.terms.name == name) return key;
    return std::nullopt;
  }
  [[nodiscard]] std::string state(const std::string& name) {
    const auto key = find(name);
    return !key ? "unknown" : key->revoked ? "revoked" : "rpm " + std::to_string(key->terms.rpm);
  }

  std::string self;
  storage::memory_store table;
  std::shared_ptr<cluster_board> board = std::make_shared<cluster_board>();
  virtual_key_part part{board,
                        {[this] { return stored_virtual_key_records(table); },
                         [this](std::vector<cluster::shared_record> records) {
                           storage::write_batch batch;
                           for (const auto& record : records) storage::put_virtual_key(batch, record.name, record.value);
                           BOOST_REQUIRE(table.write(batch, storage::survives::power).has_value());
                         }}};
};

struct key_yard : part_yard {
  key_yard() : part_yard({"a", "b", "c"}) {
    for (const auto* name : {"a", "b", "c"}) {
      nodes[name].self = name;
      add(name, nodes[name].part);
    }
  }
  key_node& at(const std::string& name) { return nodes.at(name); }
  std::map<std::string, key_node> nodes;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_key_made_changed_and_revoked_on_one_node_is_so_on_all) {
  key_yard yard;
  yard.at("a").change("team", false, 60);
  yard.run_for(40ms);
  BOOST_TEST(yard.at("b").state("team") == "rpm 60");
  yard.at("b").change("team", false, 120);
  yard.run_for(40ms);
  BOOST_TEST(yard.at("a").state("team") == "rpm 120");
  yard.at("c").change("team", true);
  yard.run_for(40ms);
  for (const auto* name : {"a", "b", "c"}) BOOST_TEST(yard.at(name).state("team") == "revoked");
}

BOOST_AUTO_TEST_CASE(a_key_revoked_in_a_minority_is_revoked_on_all_when_they_meet_whatever_the_others_changed) {
  key_yard yard;
  yard.at("a").change("team", false, 60);
  yard.run_for(40ms);
  yard.cut = {"a"};
  yard.at("a").change("team", true);
  for (int i = 1; i <= 5; ++i) yard.at("b").change("team", false, 100 + i);
  yard.run_for(1s);
  BOOST_TEST(yard.at("a").state("team") == "revoked");
  BOOST_TEST(yard.at("c").state("team") == "rpm 105");
  yard.cut = {};
  yard.run_for(1100ms);
  for (const auto* name : {"a", "b", "c"}) BOOST_TEST(yard.at(name).state("team") == "revoked");
}

BOOST_AUTO_TEST_CASE(a_node_that_was_down_learns_within_a_second_and_keeps_what_it_had) {
  key_yard yard;
  yard.at("c").change("old", false, 1);
  yard.run_for(40ms);
  yard.down = {"c"};
  yard.at("a").change("new", false, 2);
  yard.at("a").change("old", true);
  yard.run_for(1s);
  yard.start("c");
  yard.down = {};
  yard.run_for(1s);
  BOOST_TEST(yard.at("c").state("new") == "rpm 2");
  BOOST_TEST(yard.at("c").state("old") == "revoked");
}

BOOST_AUTO_TEST_CASE(keys_from_before_there_was_a_cluster_are_shared) {
  key_yard yard;
  storage::stored_virtual_key key;
  key.terms.name = "veteran";
  storage::write_batch batch;
  storage::put(batch, key);
  BOOST_REQUIRE(yard.at("b").table.write(batch, storage::survives::power).has_value());
  yard.start("b");
  yard.run_for(1100ms);
  BOOST_TEST(yard.at("a").state("veteran") == "rpm 0");
  BOOST_TEST(yard.at("c").state("veteran") == "rpm 0");
}

BOOST_AUTO_TEST_CASE(whoever_owns_the_keys_is_told_again_when_it_begins_anew) {
  key_yard yard;
  yard.at("a").change("team", false, 60);
  yard.run_for(40ms);
  storage::write_batch batch;
  batch.erase(storage::table::virtual_keys, "team");   // told of, and not on disk yet when it ended
  BOOST_REQUIRE(yard.at("b").table.write(batch, storage::survives::power).has_value());
  yard.at("b").board->virtual_keys_begin = true;
  yard.run_for(40ms);
  BOOST_TEST(yard.at("b").state("team") == "rpm 60");
}

BOOST_AUTO_TEST_CASE(a_node_that_stands_alone_leaves_nothing_on_the_board) {
  cluster_board board;
  BOOST_TEST(!board.virtual_keys.put(cluster::shared_record{"team", 1, "a", false, ""}));
  BOOST_TEST(board.virtual_keys.take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
