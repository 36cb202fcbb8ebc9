// A cluster in virtual time: nodes, their network and disks, load on each protocol that is switched on, faults from a script that the seed
// writes, and the checkers that watch.
//
// Every node has a clock of its own, far from the others': what one measures must mean nothing to another one.
//
// Faults: clean, one-way, non-transitive and flapping cuts; loss; lateness; crashes that lose what was not synced; pauses; a lost disk (on request).
#pragma once

#include "tests/simulation/cluster/checkers.hpp"
#include "tests/simulation/cluster/simulated_node.hpp"
#include "tests/simulation/cluster/virtual_network.hpp"

#include <memory>

namespace switchyard::cluster::simulation {

struct cluster_options : protocol_options {
  cluster_options() { leases = escrow = registers = config = records = ledger = false; }

  std::size_t size = 5;
  std::vector<double> demand;                    // requests a second for the first limit, by node
  std::vector<double> spends;                    // a second, by node
  milliseconds slowest_sync{5};
  double writes_per_second = 2;                  // of registers, by node
  double rows_per_second = 10;                   // of the ledger, by node
  double changes_per_second = 0.1;               // of the configuration, in all
  double record_changes_per_second = 0.5;        // by node
  bool a_disk_gets_lost = false;
  bool clean_network = false;                    // nothing lost, late or doubled but by faults

  // For what stands on a node's protocols; all may be empty.
  std::function<void(std::size_t node)> on_start;                // they were made anew
  std::function<milliseconds(std::size_t node)> next_tick_within;   // else by leases
  std::function<void(std::size_t node)> on_tick;                 // every 20 ms while demand finds too little, else every 100 ms, and after messages came
  std::function<void(std::size_t node)> on_request;              // instead of taking a token of the first limit
  std::function<void(std::size_t node)> on_spend;                // instead of reserving in a purse
};

class simulated_cluster {
 public:
  simulated_cluster(cluster_options options, std::uint64_t seed);

  void run_for(nanoseconds length) { world.run_for(length); }
  /// Faults one after the other, in `lanes` lines at the same time, for that long; then everything heals.
  void run_with_faults(nanoseconds length, int lanes = 2);
  void stop_load() { loaded_ = false; }

  // Faults by hand.
  void crash(std::size_t node, nanoseconds down);
  void pause(std::size_t node, nanoseconds length);
  void cut_between(std::size_t a, std::size_t b, bool off);
  void split(const std::vector<bool>& sides, bool off);
  void lose_disk(std::size_t node);

  /// Convergence of membership, registers, configuration, records and shipping: call when healed and quiet.
  void check_convergence();
  /// Every checker's words; empty: all is well.
  [[nodiscard]] std::string violations() const;

  [[nodiscard]] bool up(std::size_t node) const { return nodes_[node].protocols != nullptr; }
  [[nodiscard]] simulated_node& node(std::size_t number) { return *nodes_[number].protocols; }
  [[nodiscard]] virtual_disk& disk(std::size_t number) { return *nodes_[number].disk; }
  /// Of its starts the latest.
  [[nodiscard]] std::uint64_t life(std::size_t number) const { return nodes_[number].life; }
  [[nodiscard]] bool paused(std::size_t number) const { return nodes_[number].paused; }
  /// The node's own monotonic clock: begins anywhere at each start, and runs up to 0.2 per mille too fast or too slow.
  [[nodiscard]] steady_time clock(std::size_t node) const;
  /// When `by` first saw `node` in that state since `since`; nullopt: not yet.
  [[nodiscard]] std::optional<steady_time> seen(std::size_t by, std::size_t node, member_state state, steady_time since) const;

  virtual_world world;
  virtual_network network;
  rate_checker rate;
  spend_checker spend;
  ledger_checker ledger;
  config_checker config;
  record_checker records;
  checker membership_checker;
  checker convergence;
  std::int64_t requests = 0;
  std::vector<std::int64_t> refused;             // budget refusals, by verdict

 private:
  struct place {
    std::unique_ptr<simulated_node> protocols;   // nullptr: down
    std::unique_ptr<virtual_disk> disk;
    std::uint64_t life = 0;
    nanoseconds clock_begins{0};                 // from world time
    std::int64_t clock_ppm = 0;
    bool paused = false;
    std::vector<std::pair<std::size_t, outgoing>> inbox;   // while paused
    std::map<std::string, std::pair<escrow_pool_name, nano_usd>> attempts;   // worst price
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> rows;     // of the ledger, by life and seq
    std::map<std::uint64_t, std::uint64_t> noted;                            // by life: shipped up to here
  };
  struct sighting {
    std::size_t by, node;
    member_state state;
    steady_time when;
  };

  void start(std::size_t node);
  void tick_later(std::size_t node, std::uint64_t life);
  void flush(std::size_t node);
  void deliver(std::size_t from, std::size_t to, const outgoing& mail);
  void watch(std::size_t node);
  void judge_death(std::size_t by, const member_change& change);
  void note_links();
  void load(std::size_t node, double per_second, std::function<void(simulated_node&)> what);
  void request(simulated_node& node);
  void spend_some(simulated_node& node);
  void call_providers(std::size_t node);
  void write_register(simulated_node& node);
  void change_config();
  void change_record(simulated_node& node);
  void compare_ledgers();
  void fault_lane(steady_time end);
  [[nodiscard]] std::size_t number_of(const node_name& name) const { return static_cast<std::size_t>(name[0] - 'a'); }
  // Since when the way there and back is open, both ends run, and nothing is lost; nullopt: it is not.
  [[nodiscard]] std::optional<steady_time> healthy_since(std::size_t a, std::size_t b) const;

  cluster_options options_;
  std::vector<node_name> names_;
  std::vector<place> nodes_;
  std::vector<std::optional<steady_time>> links_;   // by pair: healthy since
  std::vector<sighting> sightings_;
  bool loaded_ = true;
  bool disk_was_lost_ = false;
  std::uint64_t attempts_ = 0;
  std::uint64_t texts_ = 0;
};

}  // namespace switchyard::cluster::simulation
