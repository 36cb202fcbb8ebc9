#include "tests/simulation/cluster/simulated_cluster.hpp"

#include <cmath>

namespace switchyard::cluster::simulation {

namespace {

constexpr auto short_ticks = 20ms, rare_ticks = 100ms;

std::vector<node_name> names(std::size_t count) {
  std::vector<node_name> all;
  for (std::size_t i = 0; i < count; ++i) all.emplace_back(1, static_cast<char>('a' + i));
  return all;
}

}  // namespace

simulated_cluster::simulated_cluster(cluster_options options, std::uint64_t seed)
    : world(seed), network(world, options.size, [this](std::size_t from, std::size_t to, const outgoing& mail) { deliver(from, to, mail); }),
      rate(options.limits.empty() ? 0 : options.limits.front().per_minute), refused(4), options_(std::move(options)), names_(names(options_.size)), nodes_(options_.size),
      links_(options_.size * options_.size, world.now()) {
  if (options_.clean_network) network.doubled = network.late = 0;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].disk = std::make_unique<virtual_disk>(world);
    nodes_[i].disk->slowest_sync = options_.slowest_sync;
    start(i);
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (options_.leases && i < options_.demand.size()) load(i, options_.demand[i], [this](simulated_node& n) { request(n); });
    if (options_.escrow && i < options_.spends.size()) load(i, options_.spends[i], [this](simulated_node& n) { spend_some(n); });
    if (options_.registers) load(i, options_.writes_per_second, [this](simulated_node& n) { write_register(n); });
    if (options_.ledger)
      load(i, options_.rows_per_second, [this](simulated_node& n) { n.append_row(std::to_string(world.random.below(1'000'000))); });
  }
  if (options_.records)
    for (std::size_t i = 0; i < nodes_.size(); ++i) load(i, options_.record_changes_per_second, [this](simulated_node& n) { change_record(n); });
  if (options_.config) load(0, options_.changes_per_second, [this](simulated_node&) { change_config(); });
}

void simulated_cluster::load(std::size_t node, double per_second, std::function<void(simulated_node&)> what) {
  if (per_second <= 0) return;
  const double wait = -std::log(1.0 - world.random.uniform()) / per_second;   // Poisson
  world.after(nanoseconds(static_cast<std::int64_t>(wait * 1e9)), [this, node, per_second, what = std::move(what)] {
    auto& place = nodes_[node];
    if (loaded_ && place.protocols && !place.paused) {
      what(*place.protocols);
      flush(node);
    }
    load(node, per_second, what);
  });
}

void simulated_cluster::start(std::size_t node) {
  auto& place = nodes_[node];
  for (const auto& written : place.disk->log("incarnation")) place.life = std::max<std::uint64_t>(place.life, std::stoull(written));
  ++place.life;
  place.clock_begins = world.between(0s, std::chrono::hours(5000));
  place.clock_ppm = static_cast<std::int64_t>(world.random.below(401)) - 200;
  place.protocols = std::make_unique<simulated_node>(names_[node], names_, place.life, options_, clock(node), *place.disk);
  if (options_.on_start) options_.on_start(node);
  note_links();
  flush(node);
  tick_later(node, place.life);
}

steady_time simulated_cluster::clock(std::size_t node) const {
  const auto drift = nanoseconds(world.now().time_since_epoch().count() * nodes_[node].clock_ppm / 1'000'000);
  return world.now() + nodes_[node].clock_begins + drift;
}

void simulated_cluster::tick_later(std::size_t node, std::uint64_t life) {
  const auto after = options_.next_tick_within ? options_.next_tick_within(node) : nodes_[node].protocols->leases_held.is_pressed() ? short_ticks : rare_ticks;
  world.after(after + world.between(0ns, 2ms), [this, node, life] {
    auto& place = nodes_[node];
    if (!place.protocols || place.life != life) return;
    if (!place.paused) {
      place.protocols->tick(clock(node));
      if (options_.on_tick) options_.on_tick(node);
      flush(node);
    }
    tick_later(node, life);
  });
}

void simulated_cluster::flush(std::size_t node) {
  auto& place = nodes_[node];
  auto& protocols = *place.protocols;
  for (auto& [log, record] : protocols.take_records()) {
    const auto row = log == "ledger" ? record.content : std::string();
    const auto made = log == "made" ? std::optional(*decode<shared_record>(record.content)) : std::nullopt;
    place.disk->append(log, std::move(record.content), [this, node, life = place.life, log = log, number = record.number, row, made] {
      if (!row.empty()) {
        nodes_[node].rows[{life, number}] = names_[node] + "/" + row;
        ledger.durable(names_[node] + "/" + row);
      }
      if (made) records.made(*made);
      // A process that is stopped hears of it later; that the record is on disk does not depend on it.
      const auto tell = [this, node, life, log, number](auto& self) -> void {
        auto& there = nodes_[node];
        if (!there.protocols || there.life != life) return;
        if (there.paused) {
          world.after(50ms, [self] { self(self); });
          return;
        }
        there.protocols->written(log, number, clock(node));
        flush(node);
      };
      tell(tell);
    });
  }
  call_providers(node);
  for (auto& mail : protocols.out.take()) {
    const auto to = number_of(mail.to);
    network.send(node, to, std::move(mail));
  }
  watch(node);
}

void simulated_cluster::deliver(std::size_t from, std::size_t to, const outgoing& mail) {
  auto& place = nodes_[to];
  if (!place.protocols) return;
  if (place.paused) {
    place.inbox.emplace_back(from, mail);
    return;
  }
  place.protocols->receive(names_[from], mail, clock(to));
  if (options_.on_tick) options_.on_tick(to);
  flush(to);
}

void simulated_cluster::watch(std::size_t node) {
  auto& protocols = *nodes_[node].protocols;
  for (const auto& change : protocols.members.take_changes()) {
    sightings_.push_back({node, number_of(change.node), change.state, world.now()});
    if (change.state == member_state::dead) judge_death(node, change);
    if (change.state == member_state::forgotten || change.state == member_state::left) membership_checker.violated("somebody was removed by itself");
  }
  if (options_.config) {
    config.in_force(node, protocols.config.in_force());
    if (const auto result = protocols.config.take_result(); result && result->ok) config.reported(result->version);
  }
  if (options_.ledger)
    for (auto life = nodes_[node].rows.empty() ? 0 : nodes_[node].rows.begin()->first.first; life <= nodes_[node].life && life != 0; ++life) {
      auto& noted = nodes_[node].noted[life];
      for (const auto shipped = protocols.shipper.shipped(life); noted < shipped;) {
        const auto row = nodes_[node].rows.find({life, ++noted});
        if (row != nodes_[node].rows.end()) ledger.shipped(row->second);
      }
    }
}

void simulated_cluster::request(simulated_node& node) {
  ++requests;
  if (options_.on_request) return options_.on_request(number_of(node.name));
  if (node.leases_held.take(options_.limits.front().key, 1, clock(number_of(node.name)))) rate.used(1, world.now());
}

void simulated_cluster::spend_some(simulated_node& node) {
  if (options_.on_spend) return options_.on_spend(number_of(node.name));
  const auto& budget = options_.budgets[world.random.below(options_.budgets.size())];
  const escrow_pool_name pool{budget.budget, simulated_node::period};
  const auto worst = static_cast<nano_usd>((0.5 + 0.5 * world.random.uniform()) * static_cast<double>(budget.largest_request));
  const auto attempt = node.name + std::to_string(++attempts_);
  const auto verdict = node.reserve(pool, attempt, worst, clock(number_of(node.name)));
  ++refused[static_cast<std::size_t>(verdict)];
  if (verdict == escrow_verdict::held) nodes_[number_of(node.name)].attempts[attempt] = {pool, worst};
}

// The provider charges as soon as it is called, whatever becomes of the node.
void simulated_cluster::call_providers(std::size_t node) {
  auto& place = nodes_[node];
  for (const auto& attempt : std::exchange(place.protocols->ready, {})) {
    const auto [pool, worst] = place.attempts.at(attempt);
    const auto cost = static_cast<nano_usd>(world.random.uniform() * static_cast<double>(worst));
    for (const auto& budget : options_.budgets)
      if (budget.budget == pool.budget) spend.spent(pool, cost, budget.amount);
    world.after(world.between(100ms, 2s), [this, node, attempt = attempt, pool = pool, cost, life = place.life] {
      auto& there = nodes_[node];
      there.attempts.erase(attempt);
      if (!there.protocols || there.life != life) return;
      there.protocols->purses.settle(pool, attempt, cost, there.protocols->purse_journal);
      flush(node);
    });
  }
}

void simulated_cluster::write_register(simulated_node& node) {
  const auto key = "key-" + std::to_string(world.random.below(12));
  const bool fact = world.chance(0.3);
  const std::optional<milliseconds> lasts = fact ? std::optional(milliseconds(1000 + world.random.below(20'000))) : std::nullopt;
  (void)node.shared.write((fact ? "fact/" : "breaker/") + key, std::to_string(world.random.below(1000)), lasts, clock(number_of(node.name)), node.out);
}

void simulated_cluster::change_config() {
  const auto at = world.random.below(nodes_.size());
  auto& place = nodes_[at];
  if (!place.protocols || place.paused) return;
  auto& node = *place.protocols;
  (void)node.config.apply("text " + std::to_string(++texts_), clock(at), node.out, node.config_journal);
  flush(at);
}

// A virtual key is made, changed, or revoked, by whoever knows of it what it knows.
void simulated_cluster::change_record(simulated_node& node) {
  const auto name = "vk-" + std::to_string(world.random.below(12));
  const auto* known = node.records.find(name);
  if (known != nullptr && known->gone) return;
  node.change_record({name, known == nullptr ? 1 : known->counter + 1, node.name, known != nullptr && world.chance(0.1), std::to_string(++texts_)});
}

std::optional<steady_time> simulated_cluster::seen(std::size_t by, std::size_t node, member_state state, steady_time since) const {
  for (const auto& one : sightings_)
    if (one.by == by && one.node == node && one.state == state && one.when >= since) return one.when;
  return std::nullopt;
}

std::string simulated_cluster::violations() const {
  std::string all;
  for (const checker* one : std::initializer_list<const checker*>{&rate, &spend, &ledger, &config, &records, &membership_checker, &convergence}) all += one->words();
  return all;
}

}  // namespace switchyard::cluster::simulation
