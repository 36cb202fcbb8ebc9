// Records that any node may change, in a minority too, and that all nodes end up with alike: the last write wins, and what is gone stays gone.
//
// W1  Of two records of one name the one that is gone wins; else the higher (counter, writer, value). So every node that has seen the same records
//     holds the same, in whatever order they came; and a revoked key comes back by no write of a node that has not heard of it.
// W2  A change is pushed to all at once. Every compare_every a node sends the sums of its 64 groups to another one, in turn; who differs sends its
//     records of those groups, and its own sums back. So once all pairs of a connected part have met, all its nodes hold the same.
// W3  Nothing is answered for: a node that lost a record before it was on disk has other sums than the rest, and gets it again.
//
// Two nodes that write one name at the same time do not see each other's write: one of the two is lost, on all nodes the same one.
#pragma once

#include "cluster/outbox.hpp"
#include "cluster/record_messages.hpp"

#include <array>
#include <map>
#include <set>

namespace switchyard::cluster {

struct record_options {
  milliseconds compare_every{500};
  std::size_t most_records = 200'000;
  std::size_t longest_name = 256;
  std::size_t longest_value = 256u << 10;
  std::size_t most_bytes = 512u << 10;           ///< of the records of one message
  bool gone_wins = true;                         ///< false only to show that the simulation notices
};

/// W1.
[[nodiscard]] bool replaces(const shared_record& fresh, const shared_record& known, bool gone_wins = true) noexcept;

/// Not thread-safe.
class shared_records {
 public:
  shared_records(node_name self, std::vector<node_name> configured, record_options options = {});

  /// What this node has on disk; nobody is told.
  void restore(shared_record record) { (void)take(std::move(record)); }
  /// A change that was made here and is on disk. False: one that replaces it is known already. An error: there is no room for it.
  result<bool> write(shared_record record, outbox& out);
  void tick(steady_time now, outbox& out);
  void on(const node_name& from, const record_digest& message, outbox& out) const;
  void on(const node_name& from, const record_list& message);

  /// What others changed since the last call; whoever runs this puts it on disk and into force.
  [[nodiscard]] std::vector<shared_record> take_learned() { return std::exchange(learned_, {}); }
  [[nodiscard]] const shared_record* find(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, shared_record>& all() const noexcept { return records_; }

 private:
  static constexpr std::size_t groups = 64;
  [[nodiscard]] bool fits(const shared_record& record) const noexcept;
  bool take(shared_record record);
  void send_group(const node_name& to, std::size_t group, outbox& out) const;

  node_name self_;
  std::vector<node_name> others_;
  record_options options_;
  std::map<std::string, shared_record> records_;
  std::array<std::set<std::string>, groups> by_group_;
  std::array<std::uint64_t, groups> sums_{};
  std::vector<shared_record> learned_;
  std::size_t turn_ = 0;
  steady_time next_{};
};

}  // namespace switchyard::cluster
