// Answers that were given, found again by the very request or by a like one. In memory, bounded; what lasts stands in storage/answer_store.
//
//   I/O threads --look_up--> exact hash -> partition -> graph and tail -> judge          readers never wait for a writer's work:
//   one writer --insert, erase, evict, graph--> the same                                 where one is busy they go without
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "routing/cache/cache_entry.hpp"
#include "routing/cache/hit_judge.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchyard::routing {

struct cache_bounds {
  std::uint64_t max_entries = 100'000;
  std::uint64_t max_bytes = 256ull << 20;
};

struct cache_figures {
  std::uint64_t entries = 0, bytes = 0, partitions = 0, evicted = 0, expired = 0, inserted = 0;
};

class cache_partition;

class answer_cache {
 public:
  answer_cache(std::shared_ptr<const hit_judge> judge, cache_bounds bounds);
  ~answer_cache();

  enum class result_kind { miss, exact, alike, unsure };
  struct finding {
    result_kind kind = result_kind::miss;
    cache_entry_ptr entry;                 ///< null for a miss; `unsure`: the nearest, not sure enough to be given
    float similarity = 0;
    float verify_share = 0;                ///< alike, under error control: how often such a hit is to be checked instead of given
  };
  /// What decides whether a like prompt's answer is given: the threshold alone, or also what the partition has shown (set_threshold());
  /// what lies between is `unsure`, and so is everything in a partition that has shown nothing yet.
  enum class control { none, measured };
  /// The answer to the very request: needs no vector. Any thread, as the next two.
  [[nodiscard]] finding find_same(const cache_hash& exact, std::int64_t now_us) const;
  /// The answer to a like one. `vector`: the prompt's. `threshold`: the least similarity ever to be given.
  [[nodiscard]] finding find_alike(const request_key& key, std::span<const float> vector, float threshold, std::int64_t now_us, control how = control::none) const;
  /// The one, else the other.
  [[nodiscard]] finding look_up(const request_key& key, std::span<const float> vector, float threshold, std::int64_t now_us,
                                control how = control::none) const;

  /// The nearest entry of a partition, however far, judged by nothing; null: there is none. For measuring the graph.
  [[nodiscard]] cache_entry_ptr nearest(const cache_hash& partition, std::span<const float> vector) const;
  /// Is there an answer to the very request, however old? Does not count as its use.
  [[nodiscard]] bool holds(const cache_hash& exact) const;

  /// What was replaced or had to go. The writer's thread only, like all below.
  [[nodiscard]] std::vector<cache_entry_ptr> insert(cache_entry_ptr entry, std::int64_t now_us);
  /// Of a route and of a tenant and with a tag, each "" for any. Gives what went.
  [[nodiscard]] std::vector<cache_entry_ptr> clear(std::string_view route, std::string_view tenant, std::string_view tag);
  [[nodiscard]] std::vector<cache_entry_ptr> drop_expired(std::int64_t now_us);
  /// Smaller bounds take effect with the next insert.
  void set_bounds(cache_bounds bounds) noexcept { bounds_ = bounds; }
  /// What this partition's like answers must reach under error control; infinity: none does. `verify_share` is passed on to readers.
  void set_threshold(const cache_hash& partition, float threshold, float verify_share = 0);
  /// Works on one partition's graph for some milliseconds, if any wants it; false: nothing to do.
  bool tend();

  /// Writes all graphs to a file, or removes it when there are none. Readers are not held up.
  [[nodiscard]] outcome keep_graphs(const std::string& path);
  /// Takes what a file holds, as far as its answers are here; gives how many vectors. What came since is added by tend(). After an error, too, what
  /// was read before it is in use.
  struct graphs_taken {
    std::uint64_t vectors = 0;
    outcome read = done{};
  };
  [[nodiscard]] graphs_taken take_graphs(const std::string& path);
  /// How much the graphs hold, and how much of it changed since they were kept.
  struct graph_figures {
    std::uint64_t vectors = 0, changes = 0;
  };
  [[nodiscard]] graph_figures graphs() const;

  [[nodiscard]] cache_figures figures() const;
  [[nodiscard]] const hit_judge& judge() const noexcept { return *judge_; }

 private:
  struct shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<cache_hash, cache_entry_ptr, cache_hash_hash> entries;
  };
  static constexpr std::size_t shard_count = 16;

  [[nodiscard]] const shard& shard_of(const cache_hash& exact) const noexcept { return shards_[exact[15] % shard_count]; }
  [[nodiscard]] shard& shard_of(const cache_hash& exact) noexcept { return shards_[exact[15] % shard_count]; }
  [[nodiscard]] std::shared_ptr<cache_partition> partition_of(const cache_hash& key) const;
  void forget(const cache_entry& entry);
  void make_room(std::vector<cache_entry_ptr>& gone);
  template <class Wanted>
  [[nodiscard]] std::vector<cache_entry_ptr> drop_if(const Wanted& wanted);

  const std::shared_ptr<const hit_judge> judge_;
  cache_bounds bounds_;
  shard shards_[shard_count];
  mutable std::shared_mutex partitions_mutex_;
  std::unordered_map<cache_hash, std::shared_ptr<cache_partition>, cache_hash_hash> partitions_;
  std::uint64_t graph_changes_ = 0;              ///< the writer's
  std::atomic<std::uint64_t> entries_{0}, bytes_{0}, evicted_{0}, expired_{0}, inserted_{0};
};

}  // namespace switchyard::routing
