// Who belongs to the cluster and where. kind 3.
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

struct introduction {
  node_name node;
  std::uint64_t incarnation = 0;
  std::string address;                           ///< where it listens, "HOST:PORT"; a host that stands for every interface: as the receiver sees it; "": unknown
  std::string build;                             ///< "0.1.0"

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.node, self.incarnation, self.address, self.build);
  }
  friend bool operator==(const introduction&, const introduction&) = default;
};

/// An operator's word that a node is gone for good; a higher incarnation of it is a new node.
struct farewell {
  node_name node;
  std::uint64_t incarnation = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.node, self.incarnation);
  }
  friend bool operator==(const farewell&, const farewell&) = default;
};

/// On a new link, and again when something in it changed.
struct introductions {
  static constexpr auto kind = message_kind::introductions;
  std::vector<introduction> nodes;               ///< the sender first, then those it knows
  std::vector<farewell> forgotten;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.nodes, self.forgotten);
  }
};

}  // namespace switchyard::cluster
