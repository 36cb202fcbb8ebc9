// The faults of a simulated cluster, and what is checked once they are over.
#include "tests/simulation/cluster/simulated_cluster.hpp"

#include <sstream>

namespace switchyard::cluster::simulation {

void simulated_cluster::crash(std::size_t node, nanoseconds down) {
  auto& place = nodes_[node];
  if (!place.protocols) return;
  place.protocols.reset();
  place.attempts.clear();
  place.inbox.clear();
  place.paused = false;
  place.disk->crash();
  note_links();
  // The others' connections break, where the way is open.
  for (std::size_t other = 0; other < nodes_.size(); ++other)
    if (other != node && network.open(node, other))
      world.after(world.between(1ms, 10ms), [this, node, other, life = place.life] {
        auto& there = nodes_[other];
        if (!there.protocols || there.paused || nodes_[node].life != life) return;
        there.protocols->members.link_down(names_[node], clock(other));
        flush(other);
      });
  world.after(down, [this, node] {
    if (!nodes_[node].protocols) start(node);
  });
}

void simulated_cluster::lose_disk(std::size_t node) {
  if (disk_was_lost_) return;                    // two at once are more than one successor bears
  disk_was_lost_ = true;
  crash(node, 3s);
  ledger.disk_lost(names_[node]);
  nodes_[node].disk->lose();
  nodes_[node].rows.clear();
  nodes_[node].noted.clear();
  nodes_[node].life += 1000;                     // an incarnation above all before comes from outside: from the clock
}

void simulated_cluster::pause(std::size_t node, nanoseconds length) {
  auto& place = nodes_[node];
  if (!place.protocols || place.paused) return;
  place.paused = true;
  note_links();
  world.after(length, [this, node] {
    auto& there = nodes_[node];
    there.paused = false;
    note_links();
    // What piled up in the sockets is read before or after the first tick.
    if (there.protocols && world.chance(0.5)) {
      there.protocols->tick(clock(node));
      flush(node);
    }
    for (const auto& [from, mail] : std::exchange(there.inbox, {})) deliver(from, node, mail);
  });
}

void simulated_cluster::cut_between(std::size_t a, std::size_t b, bool off) {
  network.cut(a, b, off);
  network.cut(b, a, off);
  note_links();
}

void simulated_cluster::split(const std::vector<bool>& sides, bool off) {
  for (std::size_t a = 0; a < sides.size(); ++a)
    for (std::size_t b = 0; b < sides.size(); ++b)
      if (sides[a] != sides[b]) network.cut(a, b, off);
  note_links();
}

void simulated_cluster::note_links() {
  const auto runs = [&](std::size_t n) { return nodes_[n].protocols != nullptr && !nodes_[n].paused; };
  for (std::size_t a = 0; a < nodes_.size(); ++a)
    for (std::size_t b = 0; b < nodes_.size(); ++b) {
      auto& since = links_[a * nodes_.size() + b];
      const bool well = runs(a) && runs(b) && network.open(a, b) && network.open(b, a) && network.loss == 0;
      if (!well) since.reset();
      else if (!since) since = world.now();
    }
}

std::optional<steady_time> simulated_cluster::healthy_since(std::size_t a, std::size_t b) const { return links_[a * nodes_.size() + b]; }

// Called dead without cause: the way to it was well for three seconds, or it was well for every other node all the time.
void simulated_cluster::judge_death(std::size_t by, const member_change& change) {
  const auto node = number_of(change.node);
  const auto well_for = [&](std::size_t from, nanoseconds length) {
    const auto since = healthy_since(from, node);
    return since && world.now() - *since >= length;
  };
  if (well_for(by, 3s)) membership_checker.violated(names_[by] + " called " + change.node + " dead, though they heard each other");
  if (nodes_.size() < 3) return;
  for (std::size_t other = 0; other < nodes_.size(); ++other)
    if (other != by && other != node && !well_for(other, 4s)) return;
  membership_checker.violated(names_[by] + " alone called " + change.node + " dead");
}

void simulated_cluster::run_with_faults(nanoseconds length, int lanes) {
  const auto end = world.now() + length;
  for (int i = 0; i < lanes; ++i) fault_lane(end);
  world.run_for(length + 1ms);
}

// One fault, a while of calm, the next. Every fault ends by itself, at the latest at `end`.
void simulated_cluster::fault_lane(steady_time end) {
  const auto calm = world.between(0s, 5s);
  world.after(calm, [this, end] {
    const auto left = end - world.now();
    if (left < 1s) return;
    const auto length = std::min<nanoseconds>(left, world.between(500ms, 12s));
    const auto node = world.random.below(nodes_.size());
    const auto other = (node + 1 + world.random.below(nodes_.size() - 1)) % nodes_.size();
    std::vector<bool> sides(nodes_.size());
    for (std::size_t i = 0; i < sides.size(); ++i) sides[i] = world.chance(0.5);
    switch (world.random.below(options_.a_disk_gets_lost ? 9 : 8)) {
      case 0: [[fallthrough]];
      case 1:
        split(sides, true);
        world.after(length, [this, sides] { split(sides, false); });
        break;
      case 2:                                    // one way only
        network.cut(node, other, true);
        note_links();
        world.after(length, [this, node, other] {
          network.cut(node, other, false);
          note_links();
        });
        break;
      case 3:                                    // both still reach the rest
        cut_between(node, other, true);
        world.after(length, [this, node, other] { cut_between(node, other, false); });
        break;
      case 4: {                                  // on and off every second or so
        for (nanoseconds at = 0s; at < length; at += 2s) {
          world.after(at, [this, sides] { split(sides, true); });
          world.after(std::min<nanoseconds>(at + 1s, length), [this, sides] { split(sides, false); });
        }
        break;
      }
      case 5: crash(node, std::min<nanoseconds>(length, world.between(100ms, 8s))); break;
      case 6: pause(node, length); break;
      case 7: {
        const auto loss = 0.05 + 0.25 * world.random.uniform();
        network.loss += loss;
        note_links();
        world.after(length, [this, loss] {
          network.loss = network.loss - loss < 1e-9 ? 0 : network.loss - loss;
          note_links();
        });
        break;
      }
      default: lose_disk(node); break;
    }
    world.after(length, [this, end] { fault_lane(end); });
  });
}

void simulated_cluster::check_convergence() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].protocols) {
      convergence.violated(names_[i] + " is still down");
      return;
    }
    for (const auto& other : names_)
      if (!node(i).members.alive(other)) convergence.violated(names_[i] + " sees " + other + " as " + std::string(to_string(node(i).members.state_of(other))));
  }
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    if (options_.registers && node(i).shared.contents() != node(0).shared.contents()) convergence.violated(names_[i] + " has other registers than a");
    if (options_.config && node(i).config.in_force() != node(0).config.in_force()) convergence.violated(names_[i] + " has another configuration than a");
  }
  for (std::size_t i = 0; options_.records && i < nodes_.size(); ++i) {
    if (node(i).records.all() != node(0).records.all()) convergence.violated(names_[i] + " has other records than a");
    records.at_end(names_[i], node(i).records.all());
  }
  if (options_.config) config.at_end(node(0).config.in_force());
  if (options_.ledger) compare_ledgers();
}

void simulated_cluster::compare_ledgers() {
  std::multiset<std::string> own, kept;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (const auto lag = node(i).shipper.lag(); lag > 0) convergence.violated(names_[i] + " did not ship " + std::to_string(lag) + " rows");
    for (const auto& row : nodes_[i].disk->log("ledger")) own.insert(names_[i] + "/" + row);
    for (const auto& bytes : nodes_[i].disk->log("kept")) {
      const auto record = *decode<kept_rows>(bytes);
      for (const auto& row : record.rows) kept.insert(record.origin + "/" + row);
      std::istringstream lines(record.packed);   // as simulated_node packs
      std::uint64_t at = 0;
      for (std::string row; std::getline(lines, row) && at < record.skipped + record.count; ++at)
        if (at >= record.skipped) kept.insert(record.origin + "/" + row);
    }
  }
  ledger.compare(own, kept);
}

}  // namespace switchyard::cluster::simulation
