// Which nodes there are and where: configured, or learned from hellos and introductions; and who was forgotten.
//
// O1  The set holds this node, and never more than nine.
// O2  A name leaves by forget() only, here or at any node that says so; it comes back with a higher incarnation only.
// O3  Nodes that are known to exist but not by name (seeds that nobody answered from yet) count: their places hold names that no node can have.
// O4  Whoever runs this writes record() before it acts upon a changed set.
#pragma once

#include "cluster/roster_messages.hpp"
#include "cluster/transport.hpp"

#include <map>

namespace switchyard::cluster {

class roster {
 public:
  static constexpr std::size_t most_nodes = 9;

  struct options {
    introduction self;                           ///< its incarnation is set anew with every life
    std::vector<node_name> configured;           ///< empty: learned
    std::vector<dial_target> seeds;
  };
  explicit roster(options given);
  void replay(std::string_view record);

  enum class verdict : std::uint8_t { known, added, forgotten, full };
  /// A hello was accepted; `seen_at`: the host at the other end.
  verdict met(const node_name& node, std::uint64_t incarnation, const std::string& seen_at);
  /// True: the set or what is known of its nodes changed.
  [[nodiscard]] bool heard(const node_name& from, const introductions& said);
  /// False: no such node, or this one.
  [[nodiscard]] bool forget(const node_name& node, std::uint64_t incarnation);
  void set_incarnation(std::uint64_t incarnation) { given_.self.incarnation = incarnation; }

  /// All names, by name, with those of O3.
  [[nodiscard]] std::vector<node_name> names() const;
  [[nodiscard]] static bool is_placeholder(const node_name& node) noexcept { return node.starts_with('?'); }
  /// Without this node and placeholders.
  [[nodiscard]] const std::map<node_name, introduction>& others() const noexcept { return others_; }
  /// Others said, at this incarnation or above, that this node is gone for good.
  [[nodiscard]] bool self_forgotten() const;
  [[nodiscard]] introductions introduce() const;
  [[nodiscard]] std::vector<dial_target> targets() const;
  [[nodiscard]] std::string record() const;

 private:
  [[nodiscard]] bool may_join(const node_name& node, std::uint64_t incarnation) const;
  bool take_farewell(const farewell& said);

  options given_;
  std::map<node_name, introduction> others_;
  std::map<node_name, std::uint64_t> forgotten_;
  std::map<node_name, std::string> seen_at_;     // for addresses that stand for every interface
};

}  // namespace switchyard::cluster
