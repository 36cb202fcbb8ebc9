// What was cleared of the semantic cache, on all nodes. Each node shows its last clears as registers "cache/clear/0" .. "cache/clear/31", the next one in the place of
// the oldest; the others do what they have not done yet.
//
//   value = array [number (uint), previous (uint), route, tenant, tag]      "" is any; previous: the number of the writer's clear before, 0: there was none
//
// F1  Every clear that a node can still read is done by it once at least, in any order: all that is there then goes, what comes later stays.
// F2  A node's mark of a writer says "everything of it up to here is done"; it moves over chains of `previous` only, and is on disk with what was erased.
// F3  Where all slots of a writer are above the mark and the chain does not lead back to it, clears were missed: everything goes.
// F4  Numbers of a writer rise over restarts, also over a lost disk: the first of a life is life x 2^20, or one more than the last.
#pragma once

#include "cluster/registers.hpp"

#include <map>
#include <set>

namespace switchyard::cluster {

struct cache_clear {
  std::uint64_t number = 0;
  std::uint64_t previous = 0;
  std::string route, tenant, tag;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.number, self.previous, self.route, self.tenant, self.tag);
  }
  friend bool operator==(const cache_clear&, const cache_clear&) = default;
};

/// To be done here: what of another node's, and its mark once it is on disk.
struct clear_to_do {
  node_name writer;
  std::uint64_t mark = 0;                        ///< 0: as it was, one before is still to come
  cache_clear what;
};

struct clear_options {
  bool misses_clear_all = true;                  ///< false only to show that the simulation notices
};

/// Not thread-safe.
class cache_clears {
 public:
  static constexpr std::size_t slots = 32;

  cache_clears(node_name self, std::vector<node_name> all, std::uint64_t life, registers& shared, clear_options options = {});

  /// What the disk has: this node's own last clears, by slot, and its marks of the others. Before it nothing is done, and nothing shown.
  void resume(const std::map<std::size_t, cache_clear>& own, std::map<node_name, std::uint64_t> marks, steady_time now, outbox& out);
  [[nodiscard]] bool resumed() const noexcept { return resumed_; }

  struct made {
    std::size_t slot = 0;
    cache_clear what;
  };
  /// Shows a clear to all; to be kept under its slot. Names that are too long for a register clear everything.
  [[nodiscard]] made clear(std::string route, std::string tenant, std::string tag, steady_time now, outbox& out);
  /// What others cleared since the last call.
  [[nodiscard]] std::vector<clear_to_do> take(steady_time now);

 private:
  struct writer_state {
    std::uint64_t mark = 0;
    std::set<std::uint64_t> done;                // above the mark
  };
  void show(std::size_t slot, const cache_clear& what, steady_time now, outbox& out);
  void look_at(const node_name& writer, writer_state& w, steady_time now, std::vector<clear_to_do>& found);

  const node_name self_;
  const std::uint64_t life_;
  const clear_options options_;
  registers& shared_;
  std::map<node_name, writer_state> writers_;
  std::uint64_t last_ = 0;
  std::size_t next_slot_ = 0;
  std::uint64_t revision_ = 0;                   // of the registers, at the last look
  bool looked_ = false;
  bool resumed_ = false;
};

}  // namespace switchyard::cluster
