// One node: all protocols, their journals on one disk, and the dispatch of what arrives. What a shell of actors will be, without actors.
#pragma once

#include "cluster/config_commit.hpp"
#include "cluster/dispatch.hpp"
#include "cluster/escrow_holder.hpp"
#include "cluster/lease_holder.hpp"
#include "cluster/lease_owner.hpp"
#include "cluster/membership.hpp"
#include "cluster/registers.hpp"
#include "cluster/revocations.hpp"
#include "cluster/row_collector.hpp"
#include "cluster/row_shipper.hpp"
#include "tests/simulation/cluster/virtual_disk.hpp"

namespace switchyard::cluster::simulation {

struct protocol_options {
  bool leases = false, escrow = false, registers = false, config = false, ledger = false;
  std::vector<lease_limit> limits;
  std::vector<budget_terms> budgets;
  membership_options members;
  lease_options lease;
  escrow_options budget;
  register_options shared;
  config_options configuration;
  shipping_options shipping;
};

class simulated_node {
 public:
  /// `life`: never used before. Reads its journals from the disk.
  simulated_node(const node_name& name, const std::vector<node_name>& all, std::uint64_t life, const protocol_options& options, steady_time now, virtual_disk& disk);

  void tick(steady_time now);
  void receive(const node_name& from, const outgoing& mail, steady_time now);
  /// Appends a row to the node's ledger; it counts once it is on disk.
  void append_row(std::string row) { rows_to_write.push_back(std::move(row)); }

  /// What was written: by log.
  void written(const std::string& log, std::uint64_t number, steady_time now);
  [[nodiscard]] std::vector<std::pair<std::string, record_to_write>> take_records();

  node_name name;
  std::uint64_t life;
  const protocol_options& options;
  virtual_disk& disk;

  membership members;
  lease_owner leases_given;
  lease_holder leases_held;
  escrow_owner pools;
  escrow_holder purses;
  cluster::registers shared;
  config_commit config;
  cluster::revocations revoked;
  row_shipper shipper;
  row_collector collector;

  outbox out;
  std::vector<std::string> ready;                // attempts whose reservation is on disk
  std::uint64_t rows = 0;                        // of this life, on disk
  static constexpr std::int64_t period = 7;

 private:
  [[nodiscard]] lease_holder::alive_check alive() const {
    return [this](const node_name& node) { return node == name || members.alive(node); };
  }

  journal_box pool_journal_, purse_journal_, config_journal_, revocation_journal_, row_journal_;
  std::vector<std::string> rows_to_write;
  std::uint64_t rows_written_ = 0;               // handed to the disk
  std::optional<std::uint64_t> incarnation_under_way_;

 public:
  journal_box& purse_journal() { return purse_journal_; }
  journal_box& config_journal() { return config_journal_; }
  journal_box& revocation_journal() { return revocation_journal_; }
  [[nodiscard]] escrow_verdict reserve(const escrow_pool_name& pool, const std::string& attempt, nano_usd amount, steady_time now) {
    return purses.reserve(pool, attempt, amount, now, alive(), out, purse_journal_);
  }
};

}  // namespace switchyard::cluster::simulation
