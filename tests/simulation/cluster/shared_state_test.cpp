// Registers, configuration and revoked keys: after healing all nodes hold the same, and no two texts were ever one version.
#include "cluster/shared_health.hpp"
#include "tests/simulation/cluster/simulated_cluster.hpp"

BOOST_AUTO_TEST_SUITE(shared_state)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

BOOST_AUTO_TEST_CASE(registers_converge_after_healing) {
  for_each_seed(50, [](std::uint64_t seed) {
    cluster_options options;
    options.registers = true;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(30s);
    cluster.stop_load();
    cluster.run_for(12s);
    cluster.check_convergence();
    BOOST_TEST(cluster.violations() == "");
    BOOST_TEST(cluster.node(0).shared.contents().size() > 10u);
  });
}

BOOST_AUTO_TEST_CASE(a_providers_word_is_everywhere_within_300_ms) {
  for_each_seed(20, [](std::uint64_t seed) {
    cluster_options options;
    options.registers = true;
    options.writes_per_second = 0;
    options.clean_network = true;
    simulated_cluster cluster(options, seed);
    cluster.run_for(1s);
    auto& a = cluster.node(0);
    shared_health health("a", {"a", "b", "c", "d", "e"}, a.shared);
    BOOST_TEST(health.report("openai/k", fact_value{}, 7s, cluster.clock(0), a.out).has_value());
    cluster.run_for(300ms);
    for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(cluster.node(i).shared.find("a", "fact/openai/k", cluster.clock(i)) != nullptr);
  });
}

BOOST_AUTO_TEST_CASE(one_version_is_one_text_and_all_end_with_the_highest) {
  std::size_t runs = 0, versions = 0;
  for_each_seed(50, [&](std::uint64_t seed) {
    cluster_options options;
    options.config = true;
    options.changes_per_second = 0.7;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(60s);
    cluster.stop_load();
    cluster.run_for(20s);
    cluster.check_convergence();
    BOOST_TEST(cluster.violations() == "");
    ++runs;
    versions += cluster.config.versions();
  });
  // Under some faults nothing can be changed; over many seeds much is.
  BOOST_TEST_MESSAGE(versions << " versions in " << runs << " runs");
  BOOST_TEST((runs < 5 || versions > 3 * runs));
}

BOOST_AUTO_TEST_CASE(records_converge_and_what_is_gone_stays_gone) {
  for_each_seed(50, [](std::uint64_t seed) {
    cluster_options options;
    options.records = true;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(60s);
    cluster.stop_load();
    cluster.run_for(12s);
    cluster.check_convergence();
    BOOST_TEST(cluster.violations() == "");
    BOOST_TEST(cluster.records.all_made() > 30u);
    BOOST_TEST(cluster.records.all_gone() > 0u);
  });
}

BOOST_AUTO_TEST_CASE(a_revoked_key_is_revoked_everywhere_within_a_second) {
  for_each_seed(20, [](std::uint64_t seed) {
    cluster_options options;
    options.records = true;
    options.record_changes_per_second = 0;
    options.clean_network = true;
    simulated_cluster cluster(options, seed);
    cluster.run_for(1s);
    auto& a = cluster.node(0);
    BOOST_TEST(a.records.write({"team-a", 1, "a", false, "hash"}, a.out).has_value());
    cluster.run_for(200ms);
    BOOST_TEST(a.records.write({"team-a", 2, "a", true, "hash"}, a.out).has_value());
    cluster.run_for(200ms);
    for (std::size_t i = 0; i < 5; ++i) {
      const auto* there = cluster.node(i).records.find("team-a");
      BOOST_REQUIRE(there != nullptr);
      BOOST_TEST(there->gone);
    }
  });
}

BOOST_AUTO_TEST_CASE(the_checker_finds_revoked_keys_that_a_later_write_brings_back) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 60 && !found; ++seed) {
    cluster_options options;
    options.records = true;
    options.record.gone_wins = false;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(60s);
    cluster.stop_load();
    cluster.run_for(12s);
    cluster.check_convergence();
    found = !cluster.records.ok();
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(the_checker_finds_marks_that_hide_holes) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 30 && !found; ++seed) {
    cluster_options options;
    options.registers = true;
    options.shared.marks_stop_at_gaps = false;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(30s);
    cluster.stop_load();
    cluster.run_for(12s);
    cluster.check_convergence();
    found = !cluster.convergence.ok();
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(the_checker_finds_commits_without_a_majority) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 60 && !found; ++seed) {
    cluster_options options;
    options.config = true;
    options.changes_per_second = 0.7;
    options.configuration.needs_majority = false;
    simulated_cluster cluster(options, seed);
    cluster.run_with_faults(60s);
    found = !cluster.config.ok();
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()
