// The prompts of one partition, found by nearness.
//
// Entries stand in slots. Those below `graphed` are in the graph, the rest is a tail that is walked. The writer moves the tail into the graph
// once it is long: some vectors at a time, each under the lock. Where most of it is new or gone it makes a graph of its own, some vectors at a
// time and without the lock, which then takes the old one's place.
#pragma once

#include "routing/cache/cache_entry.hpp"

#include <limits>
#include <shared_mutex>
#include <span>

namespace switchyard::routing {

class cache_partition {
 public:
  static constexpr std::size_t judged = 2;       // candidates, the nearest first

  /// Of error control; any thread.
  std::atomic<float> threshold{std::numeric_limits<float>::infinity()}, verify_share{0};

  struct candidate {
    cache_entry_ptr entry;
    float cosine;
  };
  /// Up to `judged`, the nearest first. Any thread; goes without where the writer is at work in it.
  [[nodiscard]] std::vector<candidate> nearest(const small_vector& to, std::int64_t now_us) const;

  // The writer's alone, all below.
  void add(cache_entry_ptr entry);
  enum class removed { none, from_tail, from_graph };
  removed remove(const cache_entry& entry);
  [[nodiscard]] bool empty() const noexcept { return live_ == 0; }

  struct tended {
    bool worked = false;                         ///< false: nothing to do, or memory ran out
    std::size_t changed = 0;                     ///< places in the graph
  };
  /// A step of some milliseconds.
  tended tend(std::size_t dimensions);

  /// nullptr: there is none yet.
  [[nodiscard]] const vector_graph* graph() const noexcept { return graph_.get(); }
  /// Whose vectors the graph holds, by its slots; null: gone.
  [[nodiscard]] std::span<const cache_entry_ptr> in_graph() const noexcept { return {slots_.data(), graphed_}; }
  /// Takes a graph in the place of the one there is. `slots`: as in_graph(); what is not of this partition any more is taken out of the graph,
  /// and what is of it but not in the graph becomes the tail.
  void adopt(std::unique_ptr<vector_graph> graph, std::vector<cache_entry_ptr> slots);

 private:
  struct growth {
    std::vector<cache_entry_ptr> slots;
    std::unique_ptr<vector_graph> graph;
    std::size_t done = 0;
  };
  [[nodiscard]] tended grow();

  mutable std::shared_mutex mutex_;              // readers try
  std::vector<cache_entry_ptr> slots_;           // null: gone
  std::size_t graphed_ = 0;
  std::size_t live_ = 0;
  std::unique_ptr<vector_graph> graph_;
  std::unique_ptr<growth> growth_;               // of a graph that is being made; no reader sees it
};

}  // namespace switchyard::routing
