// What is cleared of the semantic cache on one node is gone on all, whoever was away or cut off; of nodes' caches only that stands here, and what their disks
// know of clears, which survive a crash together.
#include "tests/simulation/cluster/simulated_cluster.hpp"

BOOST_AUTO_TEST_SUITE(cache)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

namespace {

struct cleared_caches {
  struct answer {
    std::string route;
    steady_time stored;
  };
  struct node_cache {
    std::vector<answer> answers;
    std::map<std::size_t, cache_clear> own;
    std::map<node_name, std::uint64_t> marks;
  };

  cleared_caches(std::uint64_t seed, clear_options how, double clears_per_second) : caches(5), cluster(options(how), seed) {
    again(std::max(5.0, clears_per_second), [this] { store(); });
    again(clears_per_second, [this] { clear(); });
  }

  cluster_options options(clear_options how) {
    cluster_options made;
    made.registers = true;
    made.writes_per_second = 0.2;
    made.clears = how;
    made.on_start = [this](std::size_t at) { start(at); };
    made.on_tick = [this](std::size_t at) { tick(at); };
    return made;
  }
  void start(std::size_t at) {
    auto& node = cluster.node(at);
    node.clears.resume(caches[at].own, caches[at].marks, cluster.clock(at), node.out);
  }
  void tick(std::size_t at) {
    for (const auto& one : cluster.node(at).clears.take(cluster.clock(at))) {
      erase(at, one.what.route);
      if (one.mark != 0) caches[at].marks[one.writer] = one.mark;
      ++done;
    }
  }
  void erase(std::size_t at, const std::string& route) {
    std::erase_if(caches[at].answers, [&](const answer& a) { return route.empty() || a.route == route; });
  }
  void again(double per_second, std::function<void()> what) {
    cluster.world.after(cluster.world.between(0ns, nanoseconds(static_cast<std::int64_t>(2e9 / per_second))), [this, per_second, what = std::move(what)] {
      if (loaded) what();
      again(per_second, what);
    });
  }
  void store() { caches[cluster.world.random.below(5)].answers.push_back({"route " + std::to_string(cluster.world.random.below(routes)), cluster.world.now()}); }
  void clear() {
    const auto at = cluster.world.random.below(5);
    if (!cluster.up(at) || cluster.paused(at)) return;
    std::vector<std::string> stored;
    for (const auto& cache : caches)
      if (!cache.answers.empty()) stored.push_back(cache.answers[cluster.world.random.below(cache.answers.size())].route);
    if (stored.empty()) return;
    const auto route = stored[cluster.world.random.below(stored.size())];
    auto& node = cluster.node(at);
    erase(at, route);
    const auto made = node.clears.clear(route, "", "", cluster.clock(at), node.out);
    caches[at].own[made.slot] = made.what;
    cleared[route] = cluster.world.now();
    ++clears;
  }
  std::string violations() {
    checker all;
    for (std::size_t at = 0; at < caches.size(); ++at)
      for (const auto& a : caches[at].answers)
        if (cleared.contains(a.route) && a.stored < cleared.at(a.route)) all.violated("node " + std::to_string(at) + " has an answer of " + a.route + " from before it was cleared");
    return all.words();
  }
  void run() {
    cluster.run_with_faults(60s);
    loaded = false;
    cluster.stop_load();
    cluster.run_for(12s);
  }

  static constexpr std::size_t routes = 5000;    // so many that none is cleared again soon
  std::vector<node_cache> caches;
  std::map<std::string, steady_time> cleared;    // when last
  bool loaded = true;
  std::size_t clears = 0, done = 0;
  simulated_cluster cluster;
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_cleared_is_gone_everywhere_after_healing) {
  for_each_seed(40, [](std::uint64_t seed) {
    cleared_caches caches(seed, {}, seed % 2 == 0 ? 0.5 : 30);
    caches.run();
    BOOST_TEST(caches.violations() == "");
    BOOST_TEST(caches.clears > 15u);
    BOOST_TEST(caches.done > caches.clears);
  });
}

BOOST_AUTO_TEST_CASE(a_clear_is_done_everywhere_within_a_quarter_of_a_second) {
  for_each_seed(10, [](std::uint64_t seed) {
    cleared_caches caches(seed, {}, 0.0001);
    caches.cluster.run_for(2s);
    caches.clear();
    BOOST_TEST(caches.clears == 1u);
    caches.loaded = false;
    caches.cluster.run_for(250ms);
    BOOST_TEST(caches.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(the_checker_finds_marks_that_pass_over_what_was_missed) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 30 && !found; ++seed) {
    cleared_caches caches(seed, {.misses_clear_all = false}, 60);
    caches.run();
    found = !caches.violations().empty();
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()
