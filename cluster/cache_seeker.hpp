// Lookups of the semantic cache at other nodes: whom to ask, how many may be under way, and what becomes of each.
//
// Q1  A lookup is answered to its caller exactly once: by its owner's answer, or by nothing once its deadline is over. What comes later is dropped.
// Q2  At most most_open lookups of one owner are under way; one more is not asked.
// Q3  An owner that left rests_after lookups in a row unanswered is asked nothing for `rest`, and then by one at a time until it answers.
// Q4  Only whom a lookup was put to may answer it.
#pragma once

#include "cluster/cache_messages.hpp"
#include "cluster/outbox.hpp"

#include <functional>
#include <map>

namespace switchyard::cluster {

struct cache_options {
  milliseconds deadline{10};
  std::size_t most_open = 128;                   ///< of one owner
  int rests_after = 4;
  milliseconds rest{1000};
  milliseconds unsupported_rest{60'000};         ///< of one that does not know the question
};

struct cache_seeker_figures {
  std::uint64_t asked = 0, found = 0, unanswered = 0, late = 0;
  std::uint64_t not_asked = 0;                   ///< too many under way, or the owner rests
};

/// Not thread-safe.
class cache_seeker {
 public:
  /// nullopt: nobody answered in time.
  using receiver = std::function<void(std::optional<cache_answer>)>;

  /// Numbers of lookups begin above `last`.
  cache_seeker(node_name self, std::vector<node_name> all, cache_options options = {}, std::uint64_t last = 0);

  /// The first of the partition's order that is alive, as see() was told; this node itself always is.
  [[nodiscard]] const node_name& owner_of(std::string_view partition) const;
  void see(const std::function<bool(const node_name&)>& alive);

  /// The lookup's number (`what.id` is set here); nullopt: it was not asked, and `then` is never called.
  [[nodiscard]] std::optional<std::uint64_t> ask(const node_name& owner, cache_lookup what, receiver then, steady_time now, outbox& out);
  void on(const node_name& from, cache_answer said);
  /// Its deadline is over. Nothing happens to one that has ended.
  void give_up(std::uint64_t id, steady_time now);
  /// Gives up all whose deadline is over.
  void tick(steady_time now);
  /// That node does not know such questions.
  void unsupported_by(const node_name& node, steady_time now);
  /// Ends every lookup that is under way.
  void end();

  [[nodiscard]] const cache_seeker_figures& figures() const noexcept { return figures_; }
  [[nodiscard]] std::uint64_t last() const noexcept { return last_; }
  [[nodiscard]] std::size_t open() const noexcept { return open_.size(); }

 private:
  struct peer {
    bool alive = false;
    std::size_t open = 0;
    int unanswered = 0;                          // in a row
    steady_time rests_until{};
  };
  struct lookup {
    node_name owner;
    steady_time until{};
    receiver then;
  };
  using lookups = std::map<std::uint64_t, lookup>;
  void end(lookups::iterator which, std::optional<cache_answer> how);

  const node_name self_;
  const cache_options options_;
  std::map<node_name, peer> peers_;
  lookups open_;
  std::uint64_t last_;
  cache_seeker_figures figures_;
};

}  // namespace switchyard::cluster
