// Virtual keys of the admin API on all nodes: what changes here goes to the others, what they changed goes to the actor that owns the keys.
// The table of virtual keys is what is kept; each key's record travels as it stands there (no key can be read back from it).
#pragma once

#include "actors/cluster/board.hpp"
#include "actors/cluster/part.hpp"
#include "storage/virtual_keys.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace switchyard::actors {

[[nodiscard]] cluster::shared_record record_of(const storage::stored_virtual_key& key);
/// Every record of the table, as the protocol compares them.
[[nodiscard]] result<std::vector<cluster::shared_record>> stored_virtual_key_records(const storage::reader& from);

class virtual_key_part final : public cluster_part {
 public:
  struct surroundings {
    std::function<result<std::vector<cluster::shared_record>>()> stored;
    /// To whoever owns the keys: in force, and then on disk.
    std::function<void(std::vector<cluster::shared_record>)> learned;
  };
  virtual_key_part(std::shared_ptr<cluster_board> board, surroundings around) : board_(std::move(board)), around_(std::move(around)) {}

  void begin(cluster::node_protocols& protocols, steady_time now) override;
  void yard_changed(const std::shared_ptr<const routing::yard>&, steady_time) override {}
  void tick(steady_time now) override;

 private:
  std::shared_ptr<cluster_board> board_;
  surroundings around_;
  cluster::node_protocols* protocols_ = nullptr;
};

}  // namespace switchyard::actors
