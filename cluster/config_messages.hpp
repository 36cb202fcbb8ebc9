// Configuration. kinds 50 to 54.
#pragma once

#include "cluster/message.hpp"

#include <compare>

namespace switchyard::cluster {

/// Which configuration: counts up, and names its text.
struct config_version {
  std::uint64_t counter = 0;
  std::string sha256;                            ///< 32 bytes, of the text

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.counter, self.sha256);
  }
  friend auto operator<=>(const config_version&, const config_version&) = default;
};

/// "Would you take this?"
struct config_stage {
  static constexpr auto kind = message_kind::config_stage;
  config_version version;
  config_version base;                           ///< what it was made from: refused where another one is in force
  std::string text;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.version, self.base, self.text);
  }
};

struct config_staged {
  static constexpr auto kind = message_kind::config_staged;
  config_version version;
  bool taken = false;                            ///< valid, on disk, and no other text will be taken for this counter
  std::string why_not;                           ///< "17:3: unknown provider"
  config_version committed;                      ///< what is in force there

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.version, self.taken, self.why_not, self.committed);
  }
};

/// "This is in force with me." After a commit, and once a second to one node after the other.
struct config_committed {
  static constexpr auto kind = message_kind::config_committed;
  config_version version;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.version);
  }
};

struct config_fetch {
  static constexpr auto kind = message_kind::config_fetch;
  config_version version;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.version);
  }
};

/// A committed configuration.
struct config_text {
  static constexpr auto kind = message_kind::config_text;
  config_version version;
  std::string text;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.version, self.text);
  }
};

/// What stands in a node's journal: staged, and committed with its text.
struct config_record {
  bool committed = false;
  config_version version;
  std::string text;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.committed, self.version, self.text);
  }
};

}  // namespace switchyard::cluster
