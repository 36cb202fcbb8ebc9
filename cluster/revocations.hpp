// Revoked virtual keys: a set that only grows, so any node may add to it, in a minority too, and all end with the same.
//
// V1  An id once revoked here stays revoked, over crashes: it counts at once and is journaled at once.
// V2  Every 500 ms a node sends the sums of its 16 groups to another one, in turn, and gets back that one's groups that differ. So once every two nodes
//     of a connected part have met both ways, all its nodes hold the same set.
#pragma once

#include "cluster/config_messages.hpp"
#include "cluster/journal.hpp"
#include "cluster/outbox.hpp"

#include <array>
#include <set>

namespace switchyard::cluster {

/// Not thread-safe.
class revocations {
 public:
  revocations(node_name self, std::vector<node_name> configured, milliseconds compare_every = milliseconds(500));

  /// The record is the id itself.
  void replay(const std::string& id) { (void)add(id); }
  void revoke(const std::string& id, outbox& out, journal_box& journal);
  void tick(steady_time now, outbox& out);
  void on(const node_name& from, const revocation_digest& message, outbox& out) const;
  void on(const node_name& from, const revocation_list& message, journal_box& journal);

  [[nodiscard]] bool revoked(const std::string& id) const { return ids_.contains(id); }
  [[nodiscard]] const std::set<std::string>& all() const noexcept { return ids_; }

 private:
  static constexpr std::size_t groups = 16;
  bool add(const std::string& id);
  void send_group(const node_name& to, std::size_t group, outbox& out) const;

  node_name self_;
  std::vector<node_name> others_;
  milliseconds compare_every_;
  std::set<std::string> ids_;
  std::array<std::set<std::string>, groups> by_group_;
  std::array<std::uint64_t, groups> sums_{};
  std::size_t turn_ = 0;
  steady_time next_{};
};

}  // namespace switchyard::cluster
