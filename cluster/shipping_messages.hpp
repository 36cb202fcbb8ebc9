// The ledger's tail on its way to another node's disk. kinds 60 to 62.
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

/// The same rows packed (storage/row_run.hpp), as most nodes send them: first to first + count - 1. Who answers `unsupported` gets shipped_rows.
struct shipped_run {
  static constexpr auto kind = message_kind::shipped_run;
  std::uint64_t life = 0;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::string packed;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.life, self.first, self.count, self.packed);
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

/// What stands in the journal of the node that keeps them: rows, or `count` rows of a packed run behind its first `skipped`.
struct kept_rows {
  static constexpr std::size_t least = 4;
  node_name origin;
  std::uint64_t life = 0;
  std::uint64_t first = 0;
  std::vector<std::string> rows;
  std::uint64_t count = 0;
  std::uint32_t skipped = 0;
  std::string packed;

  [[nodiscard]] std::uint64_t size() const noexcept { return packed.empty() ? rows.size() : count; }

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.origin, self.life, self.first, self.rows, self.count, self.skipped, self.packed);
  }
};

}  // namespace switchyard::cluster
