// The ledger's tail on a second disk: rows of this node go to its successor, rows of others are kept here (cluster/row_shipper.hpp, row_collector.hpp).
// All reading and writing is done by errands on the ledger's writer, between two commits; what they found is taken with the next tick. The newest rows
// are packed out of the writer's memory; from the disk only those that wait for longer.
//
//   durable rows --> shipper wants some --errand: pack--> shipped_run --> successor: collector --errand: write, sync--> shipped_answer
//
// Rows carry the ledger's incarnation, not the cluster's: a row's name must not change while a process lives, and that of the cluster may (M3).
#pragma once

#include "actors/cluster/board.hpp"
#include "actors/cluster/part.hpp"
#include "actors/ledger_writer.hpp"
#include "storage/kept_rows.hpp"

#include <memory>
#include <set>
#include <vector>

namespace switchyard::actors {

class ledger_part final : public cluster_part {
 public:
  explicit ledger_part(std::shared_ptr<ledger_writer> ledger);

  void begin(cluster::node_protocols& protocols, steady_time now) override;
  void yard_changed(const std::shared_ptr<const routing::yard>&, steady_time) override {}
  void tick(steady_time now) override;
  void rows_wanted(const cluster::rows_to_read& wanted, steady_time now) override;

 private:
  struct found_rows {
    cluster::rows_to_read wanted;
    std::uint64_t first = 0;
    std::size_t count = 0;
    std::vector<std::string> rows;               // or packed
    std::string packed;
  };
  struct kept_record {
    std::uint64_t number = 0;
    cluster::kept_rows rows;
    bool written = false;
  };
  /// What errands bring back. They may outlive the part.
  struct returns {
    hand_over<found_rows> found{64};
    hand_over<kept_record> kept{4096};
  };

  /// On the writer's thread.
  [[nodiscard]] static result<found_rows> find(const cluster::rows_to_read& wanted, storage::ledger& ledger, const storage::reader& on);
  void ship(found_rows found, steady_time now);
  void keep(std::vector<kept_record> records);
  void note_what_is_shipped(steady_time now);

  std::shared_ptr<ledger_writer> ledger_;
  std::shared_ptr<returns> returns_ = std::make_shared<returns>();
  cluster::node_protocols* protocols_ = nullptr;
  std::uint64_t kept_up_to_ = 0;                 // records of the collector's journal, in order
  std::set<std::uint64_t> written_;              // above kept_up_to_: one before them failed
  std::vector<kept_record> failed_;
  steady_time retry_at_{}, next_note_{};
  storage::shipped_mark noted_;
  std::vector<std::uint64_t> lives_;
};

}  // namespace switchyard::actors
