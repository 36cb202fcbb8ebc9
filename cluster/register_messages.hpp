// Shared registers. kinds 40 and 41.
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

/// A register's newest value. `name` is unique per writing node.
struct register_entry {
  std::string name;
  std::uint64_t seq = 0;                         ///< of its writer's life: numbers all writes to all its registers
  std::optional<milliseconds> lasts;             ///< from now on; nil: until overwritten. Never a point in time: clocks differ.
  std::string value;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.name, self.seq, self.lasts, self.value);
  }
};

/// Everything `writer` wrote in (after, up_to] and did not overwrite since. May come by way of another node.
struct register_delta {
  static constexpr auto kind = message_kind::register_delta;
  node_name writer;
  std::uint64_t life = 0;
  std::uint64_t after = 0;
  std::uint64_t up_to = 0;
  std::vector<register_entry> entries;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.writer, self.life, self.after, self.up_to, self.entries);
  }
};

/// What is known of one writer without a gap.
struct register_mark {
  node_name writer;
  std::uint64_t life = 0;
  std::uint64_t up_to = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.writer, self.life, self.up_to);
  }
};

/// Who knows more answers with what is missing.
struct register_digest {
  static constexpr auto kind = message_kind::register_digest;
  std::vector<register_mark> marks;
  bool answer = false;                           ///< it answers a digest; no digest goes back

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.marks, self.answer);
  }
};

}  // namespace switchyard::cluster
