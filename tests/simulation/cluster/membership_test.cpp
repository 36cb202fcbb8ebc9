// Membership: nobody is called dead without cause or without a second vote, everybody is back after healing, and how fast faults are noticed.
#include "tests/simulation/cluster/simulated_cluster.hpp"

BOOST_AUTO_TEST_SUITE(membership_)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

BOOST_AUTO_TEST_CASE(nobody_is_called_dead_without_cause_and_all_are_back_after_healing) {
  for_each_seed(60, [](std::uint64_t seed) {
    cluster_options options;
    options.size = 2 + seed % 6;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(60s, seed % 2 == 0 ? 1 : 2);
    cluster.run_for(15s);
    cluster.check_convergence();
    BOOST_TEST(cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(kill_is_noticed_within_100_ms_and_the_way_back_takes_two_seconds) {
  for_each_seed(20, [](std::uint64_t seed) {
    cluster_options options;
    simulated_cluster cluster(options, seed);
    cluster.run_for(5s);
    const auto killed = cluster.world.now();
    cluster.crash(2, 8s);
    cluster.run_for(8s);
    const auto back = cluster.world.now();
    cluster.run_for(2s);
    for (const std::size_t by : {0u, 1u, 3u, 4u}) {
      const auto suspected = cluster.seen(by, 2, member_state::suspect, killed);
      BOOST_REQUIRE(suspected.has_value());
      BOOST_TEST((*suspected - killed <= 100ms));
      BOOST_TEST(cluster.seen(by, 2, member_state::dead, killed).has_value());
      BOOST_TEST(cluster.seen(by, 2, member_state::alive, back).has_value());
    }
    BOOST_TEST(cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(a_stopped_or_cut_off_node_is_noticed_within_a_second_and_a_half) {
  for_each_seed(20, [](std::uint64_t seed) {
    cluster_options options;
    simulated_cluster cluster(options, seed);
    cluster.run_for(5s);
    const auto since = cluster.world.now();
    if (seed % 2 == 0)
      cluster.pause(1, 4s);
    else
      cluster.split({false, true, false, false, false}, true);
    cluster.run_for(2s);
    for (const std::size_t by : {0u, 2u, 3u, 4u}) {
      const auto suspected = cluster.seen(by, 1, member_state::suspect, since);
      BOOST_REQUIRE(suspected.has_value());
      BOOST_TEST((*suspected - since <= 1500ms));
    }
    BOOST_TEST(cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(half_an_hour_without_faults_suspects_nobody) {
  cluster_options options;
  options.clean_network = true;
  simulated_cluster cluster(options, 1);
  cluster.run_for(30min);
  for (std::size_t by = 0; by < 5; ++by)
    for (std::size_t node = 0; node < 5; ++node) BOOST_TEST(!cluster.seen(by, node, member_state::suspect, {}).has_value());
  BOOST_TEST_MESSAGE("messages a second " << cluster.network.sent / 1800 << ", bytes a second between two nodes " << cluster.network.bytes / 1800 / 20);
}

BOOST_AUTO_TEST_CASE(the_checker_finds_deaths_without_a_second_vote) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 40 && !found; ++seed) {
    cluster_options options;
    options.members.second_vote = false;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(60s, 1);
    found = !cluster.membership_checker.ok();
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()
