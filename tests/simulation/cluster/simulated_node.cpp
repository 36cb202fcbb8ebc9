#include "tests/simulation/cluster/simulated_node.hpp"

namespace switchyard::cluster::simulation {

namespace {

template <class Record, class Protocol>
void replay_all(virtual_disk& disk, const std::string& log, Protocol& protocol) {
  for (const auto& bytes : disk.log(log)) protocol.replay(*decode<Record>(bytes));
}

std::string validate(const std::string& text) { return text.empty() ? "1:1: empty" : ""; }

}  // namespace

simulated_node::simulated_node(const node_name& name, const std::vector<node_name>& all, std::uint64_t life, const protocol_options& options, steady_time now,
                               virtual_disk& disk)
    : name(name), life(life), options(options), disk(disk), members(name, all, life, now, options.members), leases_given(all.size(), life, now, options.lease),
      leases_held(name, all, life, now, options.lease), pools(options.budget), purses(name, all, life, options.budget), shared(name, all, life, options.shared),
      config(name, all, validate, options.configuration), revoked(name, all), shipper(name, all, options.shipping), collector(name, all, options.shipping) {
  if (options.leases) {
    leases_given.configure(options.limits, now);
    leases_held.configure(options.limits);
  }
  if (options.escrow) {
    std::vector<budget_terms> own;
    for (const auto& budget : options.budgets)
      if (purses.owner_of(budget.budget) == name) own.push_back(budget);
    pools.configure(own);
    replay_all<escrow_record>(disk, "pools", pools);
    replay_all<escrow_record>(disk, "purses", purses);
    purses.recovered(purse_journal_);
  }
  if (options.config) {
    replay_all<config_record>(disk, "config", config);
    for (const auto& id : disk.log("revoked")) revoked.replay(id);
  }
  if (options.ledger) {
    replay_all<kept_rows>(disk, "kept", collector);
    // Rows are "LIFE/SEQ/..."; earlier lives may have rows that were never shipped.
    std::map<std::uint64_t, std::uint64_t> lives;
    for (const auto& row : disk.log("ledger")) ++lives[std::stoull(row)];
    for (const auto& [number, count] : lives) shipper.durable(number, count);
  }
}

void simulated_node::tick(steady_time now) {
  members.tick(now, out);
  if (options.leases) leases_held.tick(now, alive(), out);
  if (options.escrow) purses.tick(now, out, purse_journal_);
  if (options.registers) shared.tick(now, out);
  if (options.config) {
    config.tick(now, out, config_journal_);
    revoked.tick(now, out);
  }
  if (options.ledger) {
    if (const auto wanted = shipper.tick(now, alive())) {
      std::vector<std::string> found;
      const auto prefix = std::to_string(wanted->life) + "/";
      std::uint64_t seq = 0;
      for (const auto& row : disk.log("ledger")) {
        if (row.compare(0, prefix.size(), prefix) != 0) continue;
        if (++seq >= wanted->first && found.size() < wanted->count) found.push_back(row);
      }
      shipper.rows_read(*wanted, std::move(found), now, out);
    }
  }
}

void simulated_node::receive(const node_name& from, const outgoing& mail, steady_time now) {
  struct handler {
    simulated_node& node;
    const node_name& from;
    steady_time now;
    void operator()(const unsupported&) {}
    void operator()(const heartbeat& m) { node.members.on(from, m, now, node.out); }
    void operator()(const heartbeat_answer& m) { node.members.on(from, m, now); }
    void operator()(const lease_request& m) { node.leases_given.on(from, m, now, node.out); }
    void operator()(const lease_grant& m) { node.leases_held.on(from, m, now); }
    void operator()(const escrow_request& m) { node.pools.on(from, m, period, now, node.out, node.pool_journal_); }
    void operator()(const escrow_grant& m) { node.purses.on(from, m, now, node.purse_journal_); }
    void operator()(const escrow_return& m) { node.pools.on(from, m, node.out, node.pool_journal_); }
    void operator()(const escrow_returned& m) { node.purses.on(from, m, node.purse_journal_); }
    void operator()(const escrow_recall& m) { node.purses.on(from, m, now, node.purse_journal_); }
    void operator()(const register_delta& m) { node.shared.on(from, m, now); }
    void operator()(const register_digest& m) { node.shared.on(from, m, now, node.out); }
    void operator()(const config_stage& m) { node.config.on(from, m, now, node.out, node.config_journal_); }
    void operator()(const config_staged& m) { node.config.on(from, m); }
    void operator()(const config_committed& m) { node.config.on(from, m, node.out, node.config_journal_); }
    void operator()(const config_fetch& m) { node.config.on(from, m, node.out); }
    void operator()(const config_text& m) { node.config.on(from, m, node.config_journal_); }
    void operator()(const revocation_digest& m) { node.revoked.on(from, m, node.out); }
    void operator()(const revocation_list& m) { node.revoked.on(from, m, node.revocation_journal_); }
    void operator()(const shipped_rows& m) { node.collector.on(from, m, node.out, node.row_journal_); }
    void operator()(const shipped_answer& m) { node.shipper.on(from, m, now); }
  };
  const auto ended = dispatch(static_cast<std::uint16_t>(mail.kind), mail.body, handler{*this, from, now});
  BOOST_REQUIRE_MESSAGE(ended.has_value() && ended->has_value(), "a message does not decode");
}

std::vector<std::pair<std::string, record_to_write>> simulated_node::take_records() {
  std::vector<std::pair<std::string, record_to_write>> all;
  const auto take = [&](const char* log, journal_box& box) {
    for (auto& record : box.take()) all.emplace_back(log, std::move(record));
  };
  take("pools", pool_journal_);
  take("purses", purse_journal_);
  take("config", config_journal_);
  take("revoked", revocation_journal_);
  take("kept", row_journal_);
  for (auto& row : std::exchange(rows_to_write, {})) {
    const auto seq = ++rows_written_;
    all.emplace_back("ledger", record_to_write{seq, std::to_string(life) + "/" + std::to_string(seq) + "/" + std::move(row)});
  }
  if (const auto wanted = members.incarnation_to_write(); wanted && wanted != incarnation_under_way_) {
    incarnation_under_way_ = wanted;
    all.emplace_back("incarnation", record_to_write{*wanted, std::to_string(*wanted)});
  }
  return all;
}

void simulated_node::written(const std::string& log, std::uint64_t number, steady_time now) {
  if (log == "pools") pools.written(number, out);
  if (log == "config") config.written(number, out);
  if (log == "kept") collector.written(number, out);
  if (log == "incarnation") members.incarnation_written(number);
  if (log == "purses")
    for (auto& attempt : purses.written(number, now, out)) ready.push_back(std::move(attempt));
  if (log == "ledger") shipper.durable(life, rows = number);
}

}  // namespace switchyard::cluster::simulation
