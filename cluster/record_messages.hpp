// Records that every node keeps: virtual keys. kinds 57 and 58.
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

/// What stands under a name, and by whom it was written. `value` means something to whoever wrote it only.
struct shared_record {
  std::string name;
  std::uint64_t counter = 0;                     ///< one more than what its writer found under that name
  node_name writer;
  bool gone = false;                             ///< for good: nothing that is not gone replaces it
  std::string value;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.name, self.counter, self.writer, self.gone, self.value);
  }
  friend bool operator==(const shared_record&, const shared_record&) = default;
};

/// Records fall into 64 groups by the first 6 bits of their names' hash; per group: the exclusive or of the records' hashes.
struct record_digest {
  static constexpr auto kind = message_kind::record_digest;
  std::vector<std::uint64_t> groups;
  bool answer = false;                           ///< it answers a digest; no digest goes back

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.groups, self.answer);
  }
};

struct record_list {
  static constexpr auto kind = message_kind::record_list;
  std::vector<shared_record> records;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.records);
  }
};

}  // namespace switchyard::cluster
