// The ledger's tail: no row that was on disk is lost or counts twice, also when a node's disk is lost after its rows were shipped.
#include "tests/simulation/cluster/simulated_cluster.hpp"

BOOST_AUTO_TEST_SUITE(ledgers)

using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

namespace {

cluster_options ledger_cluster() {
  cluster_options options;
  options.ledger = true;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_row_is_lost_or_doubled_and_all_are_shipped_after_healing) {
  for_each_seed(50, [](std::uint64_t seed) {
    auto options = ledger_cluster();
    options.a_disk_gets_lost = seed % 2 == 0;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(30s);
    cluster.stop_load();
    cluster.run_for(20s);
    cluster.check_convergence();
    BOOST_TEST(cluster.violations() == "");
    BOOST_TEST(cluster.ledger.rows() > 500u);
  });
}

BOOST_AUTO_TEST_CASE(rows_are_shipped_within_a_second) {
  auto options = ledger_cluster();
  options.clean_network = true;
  options.rows_per_second = 200;
  simulated_cluster cluster(options, 1);
  cluster.run_for(10s);
  for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(cluster.node(i).shipper.lag() < 200u);
}

BOOST_AUTO_TEST_CASE(the_checker_finds_rows_that_were_answered_for_before_they_were_on_disk) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 60 && !found; ++seed) {
    auto options = ledger_cluster();
    options.shipping.answered_when_written = false;
    options.rows_per_second = 60;
    simulated_cluster cluster(options, seed);
    cluster.run_for(10s);
    // A successor crashes when it has answered for more than it has on disk; at the same time the disk of the node that it kept rows for is lost.
    const auto origin = cluster.world.random.below(5);
    const auto successor = static_cast<std::size_t>(cluster.node(origin).shipper.successor()[0] - 'a');
    const auto promised = [&] {
      const auto life = cluster.node(origin).life;
      return cluster.node(origin).shipper.shipped(life) >= cluster.node(successor).collector.kept(cluster.node(origin).name, life).first_missing(1);
    };
    for (int i = 0; i < 2000 && !promised(); ++i) cluster.run_for(1ms);
    cluster.crash(successor, 1s);
    cluster.lose_disk(origin);
    cluster.stop_load();
    cluster.run_for(25s);
    cluster.check_convergence();
    found = !cluster.ledger.ok();
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()
