// Hard budgets as requests meet them, on several nodes: routing::budget, its share brought by the cluster's part for budgets, and a ledger that is the
// record of reservations: what a crash left open is charged as reserved.
#include "actors/cluster/budget_part.hpp"
#include "config/budget_periods.hpp"
#include "tests/simulation/cluster/simulated_cluster.hpp"

#include <cmath>

BOOST_AUTO_TEST_SUITE(shared_budgets)

using namespace switchyard;
using namespace switchyard::cluster;
using namespace switchyard::cluster::simulation;

namespace {

using routing::budget;
constexpr nano_usd dollar = 1'000'000'000;
constexpr auto kind = config::budget_period::day;

struct shared_money {
  struct wishes {
    std::size_t size = 5;
    nano_usd limit = 10 * dollar;
    nano_usd worst = dollar / 10;
    double per_second = 6;                       // by node
    bool clean = true;
    bool sound = true;
    config::budget_mode mode = config::budget_mode::hard;
  };
  struct node {
    std::unique_ptr<actors::budget_part> part;
    std::shared_ptr<budget> money;
    std::shared_ptr<routing::yard> yard;
  };
  // A request that waits for money, as request_life does: woken by the budget, or at the end of two seconds.
  struct call {
    std::size_t at;
    std::uint64_t life;
    nano_usd worst, cost;
    bool waits = false;
  };

  shared_money(wishes what, std::uint64_t seed) : wanted(what), nodes(what.size), cluster(options(), seed) {}

  cluster_options options() {
    cluster_options made;
    made.size = wanted.size;
    made.escrow = made.registers = true;
    made.writes_per_second = 0;
    made.clean_network = wanted.clean;
    made.spends.assign(made.size, wanted.per_second);
    made.on_start = [this](std::size_t at) { start(at); };
    made.next_tick_within = [this](std::size_t at) { return nodes[at].part->next_tick_within(); };
    made.on_tick = [this](std::size_t at) { nodes[at].part->tick(cluster_->clock(at)); };
    made.on_spend = [this](std::size_t at) { ask(at); };
    return made;
  }
  // All wall clocks are one here; the protocol's own test has them a period apart.
  [[nodiscard]] wall_time wall() const {
    return wall_time(std::chrono::hours(24 * simulated_node::period) + begins) + std::chrono::duration_cast<wall_time::duration>(cluster_->world.now().time_since_epoch());
  }
  [[nodiscard]] std::int64_t period() const {
    return config::period_number(kind, std::chrono::duration_cast<microseconds>(wall().time_since_epoch()).count());
  }

  void start(std::size_t at) {
    cluster_ = &cluster;
    auto& n = nodes[at];
    // By the ledger: "R ID PERIOD AMOUNT" and "S ID PERIOD COST".
    std::map<std::uint64_t, nano_usd> open;
    nano_usd spent = 0;
    for (const auto& row : cluster.disk(at).log("spend")) {
      char what = 0;
      unsigned long long id = 0;
      long long in = 0, amount = 0;
      BOOST_REQUIRE(std::sscanf(row.c_str(), "%c %llu %lld %lld", &what, &id, &in, &amount) == 4);
      if (what == 'R') open[id] = amount;
      if (what == 'S') open.erase(id);
      if (what == 'S' && in == period()) spent += amount;
    }
    for (const auto& [id, amount] : open) {
      spent += amount;
      cluster.disk(at).append("spend", row('S', id, amount), [] {});
    }
    n.money = std::make_shared<budget>("team", budget::terms{wanted.limit, kind}, spent, wall());
    auto key = std::make_shared<routing::virtual_key_entry>();
    key->config.name = "team";
    key->config.budget = config::budget_config{.usd = static_cast<double>(wanted.limit) * 1e-9, .period = kind, .mode = wanted.mode};
    key->money = n.money;
    n.yard = std::make_shared<routing::yard>();
    n.yard->virtual_keys = std::make_shared<routing::virtual_key_set>(std::vector<std::shared_ptr<const routing::virtual_key_entry>>{key},
                                                                      std::vector<routing::virtual_key_set::credential>{});
    actors::budget_part::options how;
    how.clock = [this] { return wall(); };
    how.gives_up_before_return = wanted.sound;
    n.part = std::make_unique<actors::budget_part>(how);
    n.part->yard_changed(n.yard, cluster.clock(at));
    n.part->begin(cluster.node(at), cluster.clock(at));
  }
  [[nodiscard]] std::string row(char what, std::uint64_t id, nano_usd amount) const {
    return std::string(1, what) + " " + std::to_string(id) + " " + std::to_string(period()) + " " + std::to_string(amount);
  }

  budget::verdict ask(std::size_t at) {
    auto& world = cluster_->world;
    const auto worst = static_cast<nano_usd>((0.5 + 0.5 * world.random.uniform()) * static_cast<double>(wanted.worst));
    const auto made = std::make_shared<call>(call{at, cluster_->life(at), worst, static_cast<nano_usd>(world.random.uniform() * static_cast<double>(worst))});
    return attempt(made, world.now() + 2s);
  }
  [[nodiscard]] bool lives(const call& c) { return cluster_->up(c.at) && cluster_->life(c.at) == c.life; }

  budget::verdict attempt(const std::shared_ptr<call>& c, steady_time give_up) {
    const auto money = nodes[c->at].money;
    const auto verdict = money->reserve(c->worst, wall());
    if (verdict == budget::verdict::taken) {
      reserved(c);
    } else if (verdict == budget::verdict::held && waits && cluster_->world.now() < give_up) {
      c->waits = true;
      const auto again = [this, c, give_up] {
        if (!std::exchange(c->waits, false) || !lives(*c)) return;
        // On another thread's queue: never within the budget's own call.
        cluster_->world.after(10us, [this, c, give_up] {
          if (lives(*c)) (void)attempt(c, give_up);
        });
      };
      (void)money->wait(c->worst, again);
      cluster_->world.after(give_up - cluster_->world.now(), again);
    } else {
      ++refused[static_cast<std::size_t>(verdict)];
    }
    return verdict;
  }
  // The provider is called once the row is on disk, and charges at once, whatever becomes of the node.
  void reserved(const std::shared_ptr<call>& c) {
    const auto id = ++calls;
    cluster_->disk(c->at).append("spend", row('R', id, c->worst), [this, c, id] {
      if (counts_at_call) cluster_->spend.spent({"team day", simulated_node::period}, c->cost, wanted.limit);
      cluster_->world.after(cluster_->world.between(100ms, 2s), [this, c, id] { ended(c, id); });
    });
  }
  void ended(const std::shared_ptr<call>& c, std::uint64_t id) {
    if (!lives(*c)) return;
    if (cluster_->paused(c->at)) {
      cluster_->world.after(50ms, [this, c, id] { ended(c, id); });
      return;
    }
    nodes[c->at].money->settle(c->worst, c->cost, wall());
    if (!counts_at_call) cluster_->spend.spent({"team day", period()}, c->cost, wanted.limit);
    cluster_->disk(c->at).append("spend", row('S', id, c->cost), [] {});
  }

  wishes wanted;
  std::vector<node> nodes;
  std::vector<int> refused = std::vector<int>(4);
  std::uint64_t calls = 0;
  bool waits = false;
  bool counts_at_call = true;
  std::chrono::system_clock::duration begins{std::chrono::hours(1)};
  simulated_cluster* cluster_ = nullptr;
  simulated_cluster cluster;

  [[nodiscard]] double share_spent() { return static_cast<double>(cluster.spend.sum({"team day", simulated_node::period})) / static_cast<double>(wanted.limit); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(no_fault_spends_more_than_a_hard_budget) {
  for_each_seed(60, [](std::uint64_t seed) {
    shared_money s({.limit = seed % 3 == 0 ? 40 * dollar : 10 * dollar, .clean = false}, seed);
    s.waits = seed % 2 == 0;
    s.cluster.run_with_faults(40s, seed % 2 == 0 ? 2 : 3);
    s.cluster.run_for(15s);
    BOOST_TEST(s.cluster.violations() == "");
    BOOST_TEST(s.share_spent() > 0);
  });
}

BOOST_AUTO_TEST_CASE(without_faults_nearly_all_of_a_budget_can_be_spent) {
  for_each_seed(8, [](std::uint64_t seed) {
    shared_money s({}, seed);
    s.waits = true;
    s.cluster.run_for(60s);
    BOOST_TEST_MESSAGE("seed " << seed << ": spent " << s.share_spent() << ", refused " << s.refused[1] << " held, " << s.refused[2] << " spent");
    BOOST_TEST(s.share_spent() >= 0.95);
    BOOST_TEST(s.cluster.violations() == "");
    BOOST_TEST(s.refused[2] > 0);                // told that it is spent, not to wait
    BOOST_TEST(s.refused[3] == 0);
    // Every node knows what was spent in all.
    for (const auto& n : s.nodes) BOOST_TEST(static_cast<double>(n.money->look(s.wall()).spent) >= 0.95 * static_cast<double>(s.wanted.limit) * s.share_spent());
  });
}

BOOST_AUTO_TEST_CASE(five_hundred_calls_at_once_on_ten_cents_over_three_nodes) {
  for_each_seed(20, [](std::uint64_t seed) {
    shared_money s({.size = 3, .limit = dollar / 10, .worst = dollar / 250, .per_second = 0}, seed);
    s.waits = true;
    s.cluster.run_for(seed % 2 == 0 ? 0s : 3s);
    for (int i = 0; i < 500; ++i) (void)s.ask(static_cast<std::size_t>(i) % 3);
    s.cluster.run_for(10s);
    BOOST_TEST_MESSAGE("seed " << seed << ": spent " << s.share_spent() << " by " << s.calls << " calls");
    BOOST_TEST(s.cluster.violations() == "");
    // All that could be set aside was, one and a half times over: a call costs half of its worst price, and waits for two seconds at most.
    BOOST_TEST(s.share_spent() >= 0.65);
  });
}

BOOST_AUTO_TEST_CASE(a_first_call_waits_for_a_slice_and_not_for_long) {
  for_each_seed(10, [](std::uint64_t seed) {
    shared_money s({.per_second = 0}, seed);
    s.waits = true;
    s.cluster.run_for(3s);
    BOOST_TEST((s.ask(seed % 5) == budget::verdict::held));
    s.cluster.run_for(100ms);
    BOOST_TEST(s.calls == 1u);
    BOOST_TEST((s.ask(seed % 5) == budget::verdict::taken));
  });
}

BOOST_AUTO_TEST_CASE(without_its_owner_a_node_spends_what_it_holds_and_says_why_not_more) {
  shared_money s({.per_second = 0}, 3);
  s.cluster.run_for(3s);
  const auto owner = static_cast<std::size_t>(s.cluster.node(0).purses.owner_of("team day")[0] - 'a');
  const auto other = (owner + 1) % 5;
  (void)s.ask(other);
  s.cluster.run_for(1s);
  s.cluster.crash(owner, 60s);
  s.cluster.run_for(6s);
  bool some = false, ownerless = false;
  // While calls of its own are under way it waits for those; 60 s are more than all it holds lasts.
  for (int i = 0; i < 600 && !ownerless; ++i) {
    const auto verdict = s.ask(other);
    some = some || verdict == budget::verdict::taken;
    ownerless = ownerless || verdict == budget::verdict::ownerless;
    s.cluster.run_for(50ms);
  }
  BOOST_TEST(some);
  BOOST_TEST(ownerless);
  s.cluster.run_for(70s);
  BOOST_TEST((s.ask(other) != budget::verdict::ownerless));
}

BOOST_AUTO_TEST_CASE(what_an_idle_node_holds_comes_back_for_others) {
  shared_money s({.limit = dollar, .worst = dollar / 4, .per_second = 0}, 5);
  s.waits = true;
  s.cluster.run_for(3s);
  // Every node takes a slice that is a quarter of the pool, uses little of it and goes quiet; then one wants nearly all.
  for (std::size_t at = 0; at < 3; ++at) (void)s.ask(at);
  s.cluster.run_for(15s);
  const auto before = s.calls;
  for (int i = 0; i < 8; ++i) {
    (void)s.ask(4);
    s.cluster.run_for(3s);
  }
  BOOST_TEST_MESSAGE(s.calls - before << " calls, " << s.share_spent() << " spent");
  BOOST_TEST((s.share_spent() > 0.6 || s.calls - before == 8u));
  BOOST_TEST(s.cluster.violations() == "");
}

BOOST_AUTO_TEST_CASE(a_new_period_is_a_new_pool) {
  for_each_seed(10, [](std::uint64_t seed) {
    shared_money s({.limit = 5 * dollar}, seed);
    s.counts_at_call = false;                    // by the period in which it was settled, as the ledger has it
    s.begins = std::chrono::hours(24) - std::chrono::hours(1) - std::chrono::seconds(30);   // virtual time begins at one o'clock
    s.waits = true;
    s.cluster.run_for(25s);
    BOOST_TEST(s.refused[2] > 0);
    s.cluster.run_for(50s);
    BOOST_TEST(static_cast<double>(s.cluster.spend.sum({"team day", simulated_node::period + 1})) >= 0.9 * static_cast<double>(s.wanted.limit));
    BOOST_TEST(s.cluster.violations() == "");
  });
}

BOOST_AUTO_TEST_CASE(a_soft_budget_is_kept_but_for_what_is_under_way) {
  for_each_seed(10, [](std::uint64_t seed) {
    shared_money s({.mode = config::budget_mode::soft}, seed);
    s.cluster.run_for(60s);
    const auto share = s.share_spent();
    BOOST_TEST_MESSAGE("seed " << seed << ": spent " << share);
    BOOST_TEST(share >= 0.95);
    // 5 nodes, 6 calls a second of a tenth of a dollar at most, and a register's way of some 300 ms.
    BOOST_TEST(share <= 1.10);
  });
}

BOOST_AUTO_TEST_CASE(the_checker_finds_money_that_was_returned_and_spent) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed) {
    shared_money s({.limit = 10 * dollar, .per_second = 12, .sound = false}, seed);
    s.waits = true;
    s.cluster.run_for(60s);
    found = !s.cluster.spend.ok();
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()
