// One node: its protocols, their journals on one disk, and a ledger to ship.
#pragma once

#include "cluster/node_protocols.hpp"
#include "tests/simulation/cluster/virtual_disk.hpp"

namespace switchyard::cluster::simulation {

class simulated_node : public node_protocols {
 public:
  /// `life`: never used before. Reads its journals from the disk.
  simulated_node(const node_name& name, const std::vector<node_name>& all, std::uint64_t life, const protocol_options& options, steady_time now, virtual_disk& disk);

  void tick(steady_time now);
  void receive(const node_name& from, const outgoing& mail, steady_time now);
  /// Writes a record that was changed here; the others hear of it once it is on disk.
  void change_record(shared_record record);
  /// Appends a row to the node's ledger; it counts once it is on disk.
  void append_row(std::string row) { rows_to_write_.push_back(std::move(row)); }

  /// What was written: by log.
  void written(const std::string& log, std::uint64_t number, steady_time now);
  [[nodiscard]] std::vector<std::pair<std::string, record_to_write>> take_records();

  std::vector<std::string> ready;                // attempts whose reservation is on disk
  std::uint64_t rows = 0;                        // of this life, on disk
  static constexpr std::int64_t period = 7;

 private:
  virtual_disk& disk_;
  std::vector<std::string> rows_to_write_;
  std::uint64_t rows_written_ = 0;               // handed to the disk
  journal_box records_made_, records_learned_;
  std::map<std::uint64_t, shared_record> waiting_;
};

}  // namespace switchyard::cluster::simulation
