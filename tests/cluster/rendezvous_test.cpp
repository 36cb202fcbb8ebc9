#include "cluster/rendezvous.hpp"
#include "tests/cluster/support.hpp"

#include <algorithm>
#include <map>

BOOST_AUTO_TEST_SUITE(rendezvous)

using namespace switchyard::cluster;

namespace {
const std::vector<node_name> five = {"a", "b", "c", "d", "e"};
}

BOOST_AUTO_TEST_CASE(the_hash_is_the_protocols_and_never_changes) {
  BOOST_TEST(stable_hash("") == 0xf52a15e9a9b5e89bULL);
  BOOST_TEST(stable_hash("openai/key-1") == stable_hash(std::string("openai/") + "key-1"));
  const std::vector<node_name> order = owners_of("shard 0", five);
  BOOST_TEST((order == std::vector<node_name>{"a", "c", "e", "d", "b"}), order[0] + order[1] + order[2] + order[3] + order[4]);
}

BOOST_AUTO_TEST_CASE(owners_do_not_depend_on_the_order_of_the_list) {
  auto turned = five;
  std::reverse(turned.begin(), turned.end());
  for (std::uint8_t s = 0; s < shards; ++s) BOOST_TEST((owners_of(shard_name(s), five) == owners_of(shard_name(s), turned)));
}

BOOST_AUTO_TEST_CASE(a_node_less_moves_its_own_shards_only) {
  const std::vector<node_name> four = {"a", "b", "d", "e"};
  for (std::uint8_t s = 0; s < shards; ++s) {
    auto without = owners_of(shard_name(s), five);
    std::erase(without, "c");
    BOOST_TEST((without == owners_of(shard_name(s), four)));
  }
}

BOOST_AUTO_TEST_CASE(shards_and_keys_spread) {
  std::map<node_name, int> owned;
  for (std::uint8_t s = 0; s < shards; ++s) ++owned[owners_of(shard_name(s), five).front()];
  BOOST_TEST(owned.size() == 5u);
  for (const auto& [node, count] : owned) BOOST_TEST(count >= 5);
  std::map<int, int> keys;
  for (int i = 0; i < 6400; ++i) ++keys[shard_of("provider/key-" + std::to_string(i))];
  BOOST_TEST(keys.size() == 64u);
  for (const auto& [shard, count] : keys) BOOST_TEST((count > 50 && count < 170));
}

BOOST_AUTO_TEST_SUITE_END()
