// Hard budgets: never a nano-dollar above, through crashes at every step; and what a soft budget promises.
#include "cluster/soft_budget.hpp"
#include "tests/simulation/cluster/simulated_cluster.hpp"

BOOST_AUTO_TEST_SUITE(budgets)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

namespace {

constexpr nano_usd dollar = 1'000'000'000;

cluster_options budget_cluster() {
  cluster_options options;
  options.escrow = true;
  options.budgets = {{"vk-1 day", 10 * dollar, dollar / 10}, {"vk-2 day", 4 * dollar, dollar / 10}, {"vk-3 day", 50 * dollar, dollar / 10}};
  options.spends.assign(options.size, 6);
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_fault_spends_more_than_a_hard_budget) {
  for_each_seed(70, [](std::uint64_t seed) {
    simulated_cluster cluster(budget_cluster(), seed);
    cluster.run_with_faults(40s, seed % 2 == 0 ? 2 : 3);
    cluster.run_for(15s);
    BOOST_TEST(cluster.violations() == "");
    BOOST_TEST(cluster.spend.sum({"vk-2 day", simulated_node::period}) > 0);
  });
}

BOOST_AUTO_TEST_CASE(without_faults_nearly_all_of_a_budget_can_be_spent) {
  for_each_seed(5, [](std::uint64_t seed) {
    auto options = budget_cluster();
    options.clean_network = true;
    simulated_cluster cluster(options, seed);
    cluster.run_for(90s);
    const double use = static_cast<double>(cluster.spend.sum({"vk-1 day", simulated_node::period})) / static_cast<double>(10 * dollar);
    BOOST_TEST_MESSAGE("seed " << seed << ": spent " << use << " of the budget");
    BOOST_TEST(use >= 0.90);
    BOOST_TEST(cluster.violations() == "");
  });
}

// The owner crashes again and again, on a slow disk, while the others spend; true: the budget held.
bool holds_through_owners_crashes(std::uint64_t seed, bool written_before_sent) {
  auto options = budget_cluster();
  options.budgets = {{"vk-1 day", 5 * dollar, dollar / 20}};
  options.budget.written_before_sent = written_before_sent;
  options.slowest_sync = 200ms;
  const escrow_holder anyone("a", {"a", "b", "c", "d", "e"}, 1);
  const auto owner = static_cast<std::size_t>(anyone.owner_of("vk-1 day")[0] - 'a');
  options.spends[owner] = 0;
  simulated_cluster cluster(options, seed);
  for (int i = 0; i < 40; ++i) {
    cluster.run_for(cluster.world.between(200ms, 1s));
    cluster.crash(owner, 50ms);
  }
  cluster.run_for(40s);
  return cluster.spend.ok();
}

BOOST_AUTO_TEST_CASE(owners_that_crash_again_and_again_mint_nothing) {
  for_each_seed(20, [](std::uint64_t seed) { BOOST_TEST(holds_through_owners_crashes(seed, true)); });
}

BOOST_AUTO_TEST_CASE(the_checker_finds_a_grant_that_was_sent_before_it_was_written) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed) found = !holds_through_owners_crashes(seed, false);
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_soft_budget_keeps_its_bound_in_two_parts) {
  for_each_seed(20, [](std::uint64_t seed) {
    virtual_world world(seed);
    const nano_usd budget = 1000;
    std::vector<soft_budget> nodes(5, soft_budget(budget));
    const auto gossip = [&](bool parted) {
      for (std::size_t a = 0; a < nodes.size(); ++a)
        for (std::size_t b = 0; b < nodes.size(); ++b)
          if (a != b && (!parted || (a < 2) == (b < 2))) nodes[b].learn(node_name(1, static_cast<char>('a' + a)), nodes[a].own());
    };
    nano_usd spent = 0, left_when_parted = budget;
    for (int step = 0; step < 400; ++step) {
      const bool parted = step >= 40;
      if (step == 40) left_when_parted = budget - spent;
      auto& node = nodes[world.random.below(nodes.size())];
      if (node.reserve(1, 10)) {
        const auto cost = static_cast<nano_usd>(world.random.below(11));
        node.settle(1, 10, cost);
        spent += cost;
      }
      gossip(parted);
    }
    BOOST_TEST(spent <= budget + left_when_parted);
    BOOST_TEST(spent > budget);                  // it is soft, after all
  });
}

BOOST_AUTO_TEST_SUITE_END()
