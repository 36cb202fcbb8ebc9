#include "cluster/node_protocols.hpp"

namespace switchyard::cluster {

namespace {

template <class Record, class Protocol>
void replay_all(const node_protocols::surroundings& around, const std::string& log, Protocol& protocol) {
  around.replay(log, [&](const std::string& bytes) {
    if (auto record = decode<Record>(bytes)) protocol.replay(*record);
  });
}

}  // namespace

node_protocols::node_protocols(const node_name& name, const std::vector<node_name>& all, std::uint64_t life, const protocol_options& options, steady_time now,
                               surroundings around)
    : name(name), life(life), members(name, all, life, now, options.members), leases_given(all.size(), life, now, options.lease),
      leases_held(name, all, life, now, options.lease), pools(options.budget), purses(name, all, life, options.budget), shared(name, all, life, options.shared),
      health(name, all, shared), config(name, all, around.validate, options.configuration), records(name, all, options.record), shipper(name, all, options.shipping),
      collector(name, all, options.shipping), clears(name, all, life, shared, options.clears), options_(options), around_(std::move(around)) {
  if (options.leases) replay_all<lease_record>(around_, journal_log::leases, leases_held);
  configure(options_.limits, now);
  configure(options_.budgets);
  if (options.escrow) {
    replay_all<escrow_record>(around_, journal_log::pools, pools);
    replay_all<escrow_record>(around_, journal_log::purses, purses);
    purses.recovered(purse_journal);
  }
  if (options.config) replay_all<config_record>(around_, journal_log::config, config);
  if (options.ledger) replay_all<kept_rows>(around_, journal_log::kept, collector);
}

void node_protocols::configure(const std::vector<lease_limit>& limits, steady_time now) {
  if (!options_.leases) return;
  leases_given.configure(limits, now);
  leases_held.configure(limits);
}

void node_protocols::configure(const std::vector<budget_terms>& budgets) {
  if (!options_.escrow) return;
  std::vector<budget_terms> own;
  for (const auto& budget : budgets)
    if (purses.owner_of(budget.budget) == name) own.push_back(budget);
  pools.configure(own);
}

std::optional<rows_to_read> node_protocols::tick(steady_time now) {
  members.tick(now, out);
  if (options_.leases) leases_held.tick(now, alive(), out, &lease_journal);
  if (options_.escrow) purses.tick(now, out, purse_journal);
  if (options_.registers) shared.tick(now, out);
  if (options_.config) config.tick(now, out, config_journal);
  if (options_.records) records.tick(now, out);
  return want_rows(now);
}

outcome node_protocols::receive(const node_name& from, message_kind kind, std::string_view body, steady_time now, steady_time arrived) {
  struct handler {
    node_protocols& node;
    const node_name& from;
    steady_time now, arrived;
    void operator()(const unsupported& m) {
      if (m.what == static_cast<std::uint16_t>(message_kind::shipped_run)) node.shipper.unsupported_by(from, now);
      if (node.around_.cache != nullptr && m.what == static_cast<std::uint16_t>(message_kind::cache_lookup)) node.around_.cache->unsupported_by(from, now);
    }
    // Whoever runs the protocols heeds these before they come here.
    void operator()(const introductions&) {}
    void operator()(const admin_ask&) {}
    void operator()(const admin_said&) {}
    void operator()(const heartbeat& m) { node.members.on(from, m, now, node.out, arrived); }
    void operator()(const heartbeat_answer& m) { node.members.on(from, m, now, arrived); }
    void operator()(const lease_request& m) { node.leases_given.on(from, m, now, node.out); }
    void operator()(const lease_grant& m) { node.leases_held.on(from, m, now); }
    void operator()(const escrow_request& m) { node.pools.on(from, m, node.around_.period(m.pool.budget), now, node.out, node.pool_journal); }
    void operator()(const escrow_grant& m) { node.purses.on(from, m, now, node.purse_journal); }
    void operator()(const escrow_return& m) { node.pools.on(from, m, node.out, node.pool_journal); }
    void operator()(const escrow_returned& m) { node.purses.on(from, m, node.purse_journal); }
    void operator()(const escrow_recall& m) { node.purses.on(from, m, now, node.purse_journal); }
    void operator()(const register_delta& m) { node.shared.on(from, m, now); }
    void operator()(const register_digest& m) { node.shared.on(from, m, now, node.out); }
    void operator()(const config_stage& m) { node.config.on(from, m, now, node.out, node.config_journal); }
    void operator()(const config_staged& m) { node.config.on(from, m); }
    void operator()(const config_committed& m) { node.config.on(from, m, node.out, node.config_journal); }
    void operator()(const config_fetch& m) { node.config.on(from, m, node.out); }
    void operator()(const config_text& m) { node.config.on(from, m, node.config_journal); }
    void operator()(const record_digest& m) { node.records.on(from, m, node.out); }
    void operator()(const record_list& m) { node.records.on(from, m); }
    void operator()(shipped_rows& m) { node.collector.on(from, std::move(m), node.out, node.row_journal); }
    void operator()(shipped_run& m) { node.collector.on(from, std::move(m), node.out, node.row_journal); }
    void operator()(const shipped_answer& m) { node.shipper.on(from, m, now); }
    void operator()(const cache_lookup& m) {
      if (node.around_.cache != nullptr) return node.around_.cache->on(from, m, now, node.out);
      node.out.send(from, cache_answer{m.id, cache_result::miss, {}, 0, 0, {}});
    }
    void operator()(cache_answer& m) {
      if (node.around_.cache != nullptr) node.around_.cache->on(from, std::move(m), now);
    }
    void operator()(cache_store& m) {
      if (node.around_.cache != nullptr) node.around_.cache->on(from, std::move(m), now);
    }
  };
  auto ended = dispatch(static_cast<std::uint16_t>(kind), body, handler{*this, from, now, arrived});
  if (ended) return *std::move(ended);
  if (kind != message_kind::unsupported) out.send(from, unsupported{static_cast<std::uint16_t>(kind)});
  return done{};
}

std::vector<std::pair<std::string, record_to_write>> node_protocols::take_records() {
  std::vector<std::pair<std::string, record_to_write>> all;
  const auto take = [&](const char* log, journal_box& box) {
    for (auto& record : box.take()) all.emplace_back(log, std::move(record));
  };
  take(journal_log::pools, pool_journal);
  take(journal_log::purses, purse_journal);
  take(journal_log::leases, lease_journal);
  take(journal_log::config, config_journal);
  for (auto& record : row_journal.take()) all.emplace_back(journal_log::kept, record_to_write{record.number, encode(record.content)});
  if (const auto wanted = members.incarnation_to_write(); wanted && wanted != incarnation_under_way_) {
    incarnation_under_way_ = wanted;
    all.emplace_back(journal_log::incarnation, record_to_write{*wanted, std::to_string(*wanted)});
  }
  return all;
}

std::vector<std::string> node_protocols::written(const std::string& log, std::uint64_t number, steady_time now) {
  if (log == journal_log::pools) pools.written(number, out);
  if (log == journal_log::leases) leases_held.written(number);
  if (log == journal_log::config) config.written(number, out);
  if (log == journal_log::kept) collector.written(number, out);
  if (log == journal_log::incarnation) members.incarnation_written(number);
  if (log == journal_log::purses) return purses.written(number, now, out);
  return {};
}

}  // namespace switchyard::cluster
