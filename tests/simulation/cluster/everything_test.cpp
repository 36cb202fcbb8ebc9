// All protocols at once, on the same nodes and disks.
#include "tests/simulation/cluster/simulated_cluster.hpp"

BOOST_AUTO_TEST_SUITE(everything)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

namespace {

constexpr nano_usd dollar = 1'000'000'000;

cluster_options all_of_it(std::size_t size) {
  cluster_options options;
  options.size = size;
  options.leases = options.escrow = options.registers = options.config = options.records = options.ledger = true;
  options.limits = {{"openai/key-1 rpm", 600}};
  options.demand.assign(size, 5);
  options.budgets = {{"vk-1 day", 10 * dollar, dollar / 10}, {"vk-2 day", 30 * dollar, dollar / 10}};
  options.spends.assign(size, 4);
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_invariants_hold_at_the_same_time) {
  for_each_seed(20, [](std::uint64_t seed) {
    simulated_cluster cluster(all_of_it(3 + 2 * (seed % 3)), seed);
    cluster.run_with_faults(70s, 2);
    cluster.stop_load();
    cluster.run_for(20s);
    cluster.check_convergence();
    BOOST_TEST(cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(two_nodes_exchange_less_than_20_kilobytes_a_second) {
  auto options = all_of_it(5);
  // Twenty keys of 6000 a minute each, all in demand; what they ask for counts, not what they get.
  for (int i = 2; i <= 20; ++i) options.limits.push_back({"openai/key-" + std::to_string(i) + " rpm", 6000});
  options.rows_per_second = 0;                   // shipping is measured by the ledger's size, not by gossip
  simulated_cluster cluster(options, 1);
  const auto before = cluster.network.bytes;
  for (int step = 0; step < 6000; ++step) {
    cluster.run_for(10ms);
    for (std::size_t node = 0; node < 5; ++node)
      for (const auto& limit : options.limits)
        if (cluster.world.chance(0.1)) (void)cluster.node(node).leases_held.take(limit.key, 1, cluster.clock(node));
  }
  const double per_pair = static_cast<double>(cluster.network.bytes - before) / 60 / 20;
  BOOST_TEST_MESSAGE("bytes a second from one node to another " << per_pair << ", messages a second in all " << cluster.network.sent / 60);
  BOOST_TEST(per_pair < 20'000);
}

BOOST_AUTO_TEST_SUITE_END()
