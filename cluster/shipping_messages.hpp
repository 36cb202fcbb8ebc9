// The ledger's tail on its way to another node's disk. kinds 60 and 61.
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

/// Rows first, first + 1, ... of the sender's ledger, as they stand there.
struct shipped_rows {
  static constexpr auto kind = message_kind::shipped_rows;
  std::uint64_t life = 0;
  std::uint64_t first = 0;
  std::vector<std::string> rows;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.life, self.first, self.rows);
  }
};

/// They are on disk here.
struct shipped_answer {
  static constexpr auto kind = message_kind::shipped_answer;
  std::uint64_t life = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.life, self.first, self.last);
  }
};

/// What stands in the journal of the node that keeps them.
struct kept_rows {
  node_name origin;
  std::uint64_t life = 0;
  std::uint64_t first = 0;
  std::vector<std::string> rows;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.origin, self.life, self.first, self.rows);
  }
};

}  // namespace switchyard::cluster
