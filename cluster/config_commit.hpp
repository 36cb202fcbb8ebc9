// One configuration for all: staged on every node that can be reached, committed with a majority of those configured.
//
//   coordinator: idle --apply()--> staging --all answered, or 2 s: majority took it, none refused--> committing (journal) --written--> idle
//                                     |  refused, or no majority
//                                     +--> idle, with the reason
//   every node:  stage: validate (the caller's), journal, answer    committed(version): has the text staged: journal, in force; else fetch it
//
// C1  A node takes one text per counter, and remembers it across crashes. Two majorities share a node, so one counter commits one text at most.
// C2  What is in force on a node only moves to a higher counter, after it is in the journal.
// C3  A change must be based on what is in force on each node that takes it, and while another change is younger than undecided_for none is taken:
//     changes made at the same time do not overwrite each other unseen.
// C4  Every config_gossip_every a node tells another one its version; who has a lower one fetches the text. A rejoiner takes the highest.
#pragma once

#include "cluster/config_messages.hpp"
#include "cluster/journal.hpp"
#include "cluster/outbox.hpp"

#include <functional>
#include <map>
#include <set>

namespace switchyard::cluster {

inline constexpr std::size_t longest_config = 512u << 10;

struct config_options {
  milliseconds answer_within{2000};
  milliseconds undecided_for{5000};
  milliseconds gossip_every{1000};
  bool needs_majority = true;                    ///< false only to show that the simulation notices
};

struct applied {
  config_version version;
  bool ok = false;
  std::string why_not;                           ///< "needs a majority of 5 configured nodes; 2 took it", or a node's own words
};

/// Not thread-safe.
class config_commit {
 public:
  /// Empty: valid; else what is wrong with it and where. Must not depend on anything but the text and the node.
  using validator = std::function<std::string(const std::string& text)>;

  config_commit(node_name self, std::vector<node_name> configured, validator validate, config_options options = {});

  void replay(const config_record& record);
  /// Makes this node the change's coordinator. Its result comes by take_result(). An error: another change is under way here, or it is too long.
  outcome apply(std::string text, steady_time now, outbox& out, journal_box& journal);

  void tick(steady_time now, outbox& out, journal_box& journal);
  void written(std::uint64_t number, outbox& out);
  void on(const node_name& from, const config_stage& message, steady_time now, outbox& out, journal_box& journal);
  void on(const node_name& from, const config_staged& message);
  void on(const node_name& from, const config_committed& message, outbox& out, journal_box& journal);
  void on(const node_name& from, const config_fetch& message, outbox& out) const;
  void on(const node_name& from, const config_text& message, journal_box& journal);

  [[nodiscard]] const config_version& in_force() const noexcept { return committed_.version; }
  [[nodiscard]] const std::string& text() const noexcept { return committed_.text; }
  [[nodiscard]] std::optional<applied> take_result() { return std::exchange(result_, std::nullopt); }
  /// A committed text that this node finds invalid, with the reason: it keeps what it has and must say so loudly.
  [[nodiscard]] const std::string& cannot_apply() const noexcept { return cannot_apply_; }

  [[nodiscard]] static config_version version_of(std::uint64_t counter, std::string_view text);

 private:
  struct change {
    config_stage stage;
    steady_time until{};
    std::set<node_name> took;
    std::size_t answered = 0;
    std::string why_not;
    bool committing = false;
  };
  struct waiting {
    bool commit = false;
    node_name answer_to;                         // empty: nobody
    config_record record;
  };

  // What the cluster has committed, as far as this node knows: in force here, or a later one that it cannot apply. Changes are based on it.
  [[nodiscard]] const config_version& committed_by_all() const noexcept {
    return unapplied_.counter > committed_.version.counter ? unapplied_ : committed_.version;
  }
  // Another node's change was taken here lately, and nobody knows yet what became of it.
  [[nodiscard]] bool undecided(steady_time now) const noexcept;
  void commit(config_version version, std::string text, journal_box& journal);
  void finish(bool ok, std::string why_not);

  node_name self_;
  std::vector<node_name> configured_;
  validator validate_;
  config_options options_;
  config_record committed_;
  config_record staged_;                         // the highest
  steady_time staged_at_{};
  std::uint64_t committing_ = 0;                 // counter being written
  std::optional<change> change_;
  std::optional<applied> result_;
  std::string cannot_apply_;
  config_version unapplied_;                     // what cannot_apply_ is about
  std::map<std::uint64_t, waiting> waiting_;
  std::size_t turn_ = 0;
  steady_time next_gossip_{};
};

}  // namespace switchyard::cluster
