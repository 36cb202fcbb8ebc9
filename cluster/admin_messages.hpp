// Questions of the admin API that one node puts to another, and their answers. kinds 70 and 71.
//
//   admin_ask  --> the node's own admin API answers as if it had been asked there
//   admin_said <-- in parts of at most 256 KiB: part 0 .. parts - 1
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

inline constexpr std::size_t longest_admin_part = 256u << 10;
/// More parts than these are no answer.
inline constexpr std::uint16_t most_admin_parts = 32;

struct admin_ask {
  static constexpr auto kind = message_kind::admin_ask;
  std::uint64_t id = 0;                          ///< of the asking node's own choice
  std::string method;                            ///< "GET"
  std::string target;                            ///< "/admin/v1/spend?by=model"
  std::string body;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.id, self.method, self.target, self.body);
  }
};

struct admin_said {
  static constexpr auto kind = message_kind::admin_said;
  std::uint64_t id = 0;
  std::uint16_t status = 0;                      ///< as in HTTP
  std::string body;                              ///< of this part
  std::uint16_t part = 0;
  std::uint16_t parts = 1;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.id, self.status, self.body, self.part, self.parts);
  }
};

}  // namespace switchyard::cluster
