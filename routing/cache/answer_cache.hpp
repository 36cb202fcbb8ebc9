// Answers that were given, found again by the very request or by a like one. In memory, bounded; what lasts stands in storage/answer_store.
//
//   I/O threads --look_up--> exact hash -> partition -> graph and tail -> judge          readers never wait for a writer's work:
//   one writer --insert, erase, evict, graph--> the same                                 where one is busy they go without
#pragma once

#include "base/clock.hpp"
#include "base/money.hpp"
#include "routing/cache/hit_judge.hpp"
#include "routing/cache/request_key.hpp"
#include "routing/cache/vector_graph.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchyard::routing {

/// One answer with what is needed to find it, to give it and to forget it.
struct cache_entry {
  request_key key;                         ///< `prompt`: what likeness is judged by
  small_vector vector;                     ///< of the prompt; empty: exact hits only
  std::string route, tenant;               ///< whose it is, for clearing
  std::string provider, model, key_name;   ///< who gave it
  std::vector<std::string> tags;           ///< "a=b"
  std::uint64_t embedding = 0;             ///< fingerprint
  std::int64_t created_us = 0, expires_us = 0;   ///< wall clock, since 1970
  bool stream = false;                     ///< `body` is a whole stream in the client's format, else a complete answer
  std::string content_type;
  std::string body;
  std::int64_t input_tokens = 0, output_tokens = 0;
  nano_usd cost = 0;                       ///< what asking again would cost: a hit saves it

  mutable std::atomic<std::int64_t> used_us{0};
  mutable std::atomic<std::uint32_t> hits{0};
  mutable std::uint32_t slot = 0;          ///< its place in its partition: the cache's writer's

  [[nodiscard]] std::size_t bytes() const noexcept;
};
using cache_entry_ptr = std::shared_ptr<const cache_entry>;

struct cache_bounds {
  std::uint64_t max_entries = 100'000;
  std::uint64_t max_bytes = 256ull << 20;
};

struct cache_figures {
  std::uint64_t entries = 0, bytes = 0, partitions = 0, evicted = 0, expired = 0, inserted = 0;
};

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
  /// `vector`: the prompt's, empty when likeness is not to count. `threshold`: the least similarity ever to be given. Any thread.
  [[nodiscard]] finding look_up(const request_key& key, std::span<const float> vector, float threshold, std::int64_t now_us,
                                control how = control::none) const;

  /// What was replaced or had to go. The writer's thread only, like all below.
  [[nodiscard]] std::vector<cache_entry_ptr> insert(cache_entry_ptr entry, std::int64_t now_us);
  /// Of a route and of a tenant and with a tag, each "" for any. Gives what went.
  [[nodiscard]] std::vector<cache_entry_ptr> clear(std::string_view route, std::string_view tenant, std::string_view tag);
  [[nodiscard]] std::vector<cache_entry_ptr> drop_expired(std::int64_t now_us);
  /// Smaller bounds take effect with the next insert.
  void set_bounds(cache_bounds bounds) noexcept { bounds_ = bounds; }
  /// What this partition's like answers must reach under error control; infinity: none does. `verify_share` is passed on to readers.
  void set_threshold(const cache_hash& partition, float threshold, float verify_share = 0);
  /// Works on one partition's graph, if any wants it; false: nothing to do. Takes milliseconds, but up to half a minute where a large graph
  /// is made anew.
  bool tend();

  [[nodiscard]] cache_figures figures() const;
  [[nodiscard]] const hit_judge& judge() const noexcept { return *judge_; }

 private:
  struct partition;
  struct shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<cache_hash, cache_entry_ptr, cache_hash_hash> entries;
  };
  static constexpr std::size_t shard_count = 16;

  [[nodiscard]] const shard& shard_of(const cache_hash& exact) const noexcept { return shards_[exact[15] % shard_count]; }
  [[nodiscard]] shard& shard_of(const cache_hash& exact) noexcept { return shards_[exact[15] % shard_count]; }
  [[nodiscard]] std::shared_ptr<partition> partition_of(const cache_hash& key) const;
  void forget(const cache_entry& entry);
  void make_room(std::vector<cache_entry_ptr>& gone);
  template <class Wanted>
  [[nodiscard]] std::vector<cache_entry_ptr> drop_if(const Wanted& wanted);

  const std::shared_ptr<const hit_judge> judge_;
  cache_bounds bounds_;
  shard shards_[shard_count];
  mutable std::shared_mutex partitions_mutex_;
  std::unordered_map<cache_hash, std::shared_ptr<partition>, cache_hash_hash> partitions_;
  std::atomic<std::uint64_t> entries_{0}, bytes_{0}, evicted_{0}, expired_{0}, inserted_{0};
};

}  // namespace switchyard::routing
