// Keeps other nodes' ledger rows: a set union by (node, life, seq), so that rows which come twice, late or by two ways count once.
//
// K1  A row is answered for once it is in the journal.
// K2  Of rows that are known, only the answer is repeated. Two rows of one id that differ are a fault of the sender: the first stays, and it is told.
#pragma once

#include "cluster/journal.hpp"
#include "cluster/outbox.hpp"
#include "cluster/row_shipper.hpp"

#include <map>
#include <optional>
#include <set>

namespace switchyard::cluster {

/// Numbers as ranges that do not touch each other.
class number_ranges {
 public:
  void add(std::uint64_t first, std::uint64_t last);
  [[nodiscard]] bool contains(std::uint64_t number) const noexcept;
  /// The first number from `from` on that is not in it.
  [[nodiscard]] std::uint64_t first_missing(std::uint64_t from) const noexcept;
  [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& all() const noexcept { return ranges_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;   // first, last
};

/// Runs are long: whoever writes them makes bytes of them, or has a place for them as they are.
using row_box = box_of_records<kept_rows>;

/// Not thread-safe.
class row_collector {
 public:
  row_collector(node_name self, std::vector<node_name> configured, shipping_options options = {});

  void replay(const kept_rows& record);
  /// Rows first to last are on disk here.
  void replay(const node_name& origin, std::uint64_t life, std::uint64_t first, std::uint64_t last);
  void on(const node_name& from, shipped_rows message, outbox& out, row_box& journal);
  void on(const node_name& from, shipped_run message, outbox& out, row_box& journal);
  void written(std::uint64_t number, outbox& out);

  /// On disk here; rows that wait for it are not among them.
  [[nodiscard]] const number_ranges& kept(const node_name& origin, std::uint64_t life) const;

 private:
  struct waiting {
    node_name origin;
    std::uint64_t life = 0;
    std::uint64_t first = 0;                     // of the record
    std::uint64_t last = 0;
    std::uint64_t answer_from = 0;
  };
  using origin_life = std::pair<node_name, std::uint64_t>;
  /// Rows of [first, first + count) that are to be kept; nullopt: none. What is known is answered.
  struct fresh_rows {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
  };
  [[nodiscard]] std::optional<fresh_rows> fresh_of(const origin_life& whose, std::uint64_t first, std::uint64_t count, outbox& out);
  void keep(kept_rows record, std::uint64_t answer_from, outbox& out, row_box& journal);

  node_name self_;
  std::set<node_name> configured_;
  shipping_options options_;
  std::map<origin_life, number_ranges> kept_;
  std::map<origin_life, number_ranges> taken_;   // kept, or waiting to be
  std::map<std::uint64_t, waiting> waiting_;
};

}  // namespace switchyard::cluster
