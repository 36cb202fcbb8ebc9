// A partition's entries stand in slots. Those below `graphed` are in the graph, the rest is a tail that is walked. The writer moves the
// tail into the graph once it is long: one vector at a time under the lock, or, where most of it is new, in a graph of its own that then
// takes the old one's place.
#include "routing/cache/answer_cache.hpp"

#include <algorithm>
#include <array>

namespace switchyard::routing {

namespace {

constexpr std::size_t longest_tail = 512;        // flat below: a walk of so many takes some 15 us
constexpr std::size_t at_once = 64;              // vectors moved into a graph by one tend()
constexpr std::size_t most_walked = 8192;        // of a tail that a rebuild has not caught up with
constexpr std::size_t judged = 2;                // candidates, the nearest first, until one will do
constexpr float least_cosine = 0.55f;            // below it nothing is worth judging
constexpr std::size_t entry_overhead = 400;      // bytes, roughly: maps, pointers, the slot

}  // namespace

std::size_t cache_entry::bytes() const noexcept {
  return entry_overhead + body.size() + content_type.size() + (key.prompt ? key.prompt->size() : 0) + vector.values.size();
}

struct answer_cache::partition {
  std::atomic<float> threshold{std::numeric_limits<float>::infinity()}, verify_share{0};   // of error control
  mutable std::shared_mutex mutex;               // readers try; they go without the partition where the writer is in it
  std::vector<cache_entry_ptr> slots;            // null: gone
  std::size_t graphed = 0;
  std::size_t live = 0;
  std::unique_ptr<vector_graph> graph;

  struct candidate {
    cache_entry_ptr entry;
    float cosine;
  };
  [[nodiscard]] std::vector<candidate> nearest(const small_vector& to, std::int64_t now_us) const {
    std::vector<candidate> out;
    const std::shared_lock guard(mutex, std::try_to_lock);
    if (!guard.owns_lock()) return out;
    const auto consider = [&](const cache_entry_ptr& entry, float likeness) {
      if (!entry || likeness < least_cosine || entry->expires_us <= now_us) return;
      if (out.size() == judged && out.back().cosine >= likeness) return;
      const auto place = std::find_if(out.begin(), out.end(), [&](const candidate& c) { return c.cosine < likeness; });
      out.insert(place, {entry, likeness});
      if (out.size() > judged) out.pop_back();
    };
    if (graph)
      for (const auto& found : graph->nearest(to, 4 * judged)) consider(slots[found.slot], found.cosine);
    const auto begin = std::max(graphed, slots.size() > most_walked ? slots.size() - most_walked : 0);
    for (auto at = begin; at < slots.size(); ++at)
      if (slots[at]) consider(slots[at], cosine(slots[at]->vector, to));
    return out;
  }
};

answer_cache::answer_cache(std::shared_ptr<const hit_judge> judge, cache_bounds bounds) : judge_(std::move(judge)), bounds_(bounds) {}
answer_cache::~answer_cache() = default;

std::shared_ptr<answer_cache::partition> answer_cache::partition_of(const cache_hash& key) const {
  const std::shared_lock guard(partitions_mutex_);
  const auto found = partitions_.find(key);
  return found == partitions_.end() ? nullptr : found->second;
}

answer_cache::finding answer_cache::look_up(const request_key& key, std::span<const float> vector, float threshold, std::int64_t now_us,
                                            control how) const {
  const auto give = [&](result_kind kind, cache_entry_ptr entry, float similarity) {
    if (kind != result_kind::unsure) {
      entry->used_us.store(now_us, std::memory_order_relaxed);
      entry->hits.fetch_add(1, std::memory_order_relaxed);
    }
    return finding{kind, std::move(entry), similarity, 0};
  };
  {
    const auto& shard = shard_of(key.exact);
    const std::shared_lock guard(shard.mutex);
    if (const auto found = shard.entries.find(key.exact); found != shard.entries.end() && found->second->expires_us > now_us)
      return give(result_kind::exact, found->second, 1.0f);
  }
  if (vector.empty() || !key.prompt) return {};
  const auto where = partition_of(key.partition);
  if (!where) return {};
  const float enough = how == control::measured ? where->threshold.load(std::memory_order_relaxed) : 0;
  const small_vector small(vector);
  std::vector<float> restored(vector.size());
  finding best;
  for (auto& candidate : where->nearest(small, now_us)) {
    candidate.entry->vector.restore(restored);
    const auto opinion = (*judge_)(*key.prompt, vector, *candidate.entry->key.prompt, restored, hit_judge::refused_pairs::unscored);
    if (opinion.refused || opinion.similarity < threshold || opinion.similarity <= best.similarity) continue;
    best = {result_kind::alike, std::move(candidate.entry), opinion.similarity, 0};
    if (best.similarity >= enough) break;
  }
  if (!best.entry) return {};
  const bool sure = best.similarity >= enough;
  auto found = give(sure ? result_kind::alike : result_kind::unsure, std::move(best.entry), best.similarity);
  found.verify_share = where->verify_share.load(std::memory_order_relaxed);
  return found;
}

std::vector<cache_entry_ptr> answer_cache::insert(cache_entry_ptr entry, std::int64_t now_us) {
  std::vector<cache_entry_ptr> gone;
  if (entry->bytes() > bounds_.max_bytes || bounds_.max_entries == 0) return gone;
  entry->used_us.store(now_us, std::memory_order_relaxed);
  {
    auto& shard = shard_of(entry->key.exact);
    const std::unique_lock guard(shard.mutex);
    auto& place = shard.entries[entry->key.exact];
    if (place) gone.push_back(place);
    place = entry;
  }
  entries_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(entry->bytes(), std::memory_order_relaxed);
  inserted_.fetch_add(1, std::memory_order_relaxed);
  if (entry->key.prompt && !entry->vector.values.empty()) {
    std::shared_ptr<partition> where;
    {
      const std::unique_lock guard(partitions_mutex_);
      auto& place = partitions_[entry->key.partition];
      if (!place) place = std::make_shared<partition>();
      where = place;
    }
    const std::unique_lock guard(where->mutex);
    entry->slot = static_cast<std::uint32_t>(where->slots.size());
    where->slots.push_back(std::move(entry));
    ++where->live;
  }
  for (const auto& old : gone) forget(*old);
  make_room(gone);
  return gone;
}

/// It is in no shard any more: out of its partition and of the sums.
void answer_cache::forget(const cache_entry& entry) {
  entries_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(entry.bytes(), std::memory_order_relaxed);
  const auto where = partition_of(entry.key.partition);
  if (!where) return;
  bool empty = false;
  {
    const std::unique_lock guard(where->mutex);
    const std::size_t slot = entry.slot;
    if (slot >= where->slots.size() || where->slots[slot].get() != &entry) return;   // it was stored for its exact text alone
    if (slot < where->graphed && where->graph) where->graph->remove(static_cast<std::uint32_t>(slot));
    where->slots[slot].reset();
    empty = --where->live == 0;
    if (slot >= where->graphed && slot + 1 == where->slots.size()) where->slots.pop_back();
  }
  if (!empty) return;
  const std::unique_lock guard(partitions_mutex_);
  partitions_.erase(entry.key.partition);
}

template <class Wanted>
std::vector<cache_entry_ptr> answer_cache::drop_if(const Wanted& wanted) {
  std::vector<cache_entry_ptr> gone;
  for (auto& shard : shards_) {
    const std::unique_lock guard(shard.mutex);
    for (auto at = shard.entries.begin(); at != shard.entries.end();)
      if (wanted(*at->second)) {
        gone.push_back(std::move(at->second));
        at = shard.entries.erase(at);
      } else {
        ++at;
      }
  }
  for (const auto& entry : gone) forget(*entry);
  return gone;
}

/// The least recently used go, a sixteenth more than must, so that the search for them is rare.
void answer_cache::make_room(std::vector<cache_entry_ptr>& gone) {
  const auto entries = entries_.load(std::memory_order_relaxed), bytes = bytes_.load(std::memory_order_relaxed);
  if (entries <= bounds_.max_entries && bytes <= bounds_.max_bytes) return;
  std::vector<std::pair<std::int64_t, std::size_t>> ages;   // used, bytes
  for (const auto& shard : shards_)
    for (const auto& [exact, entry] : shard.entries) ages.emplace_back(entry->used_us.load(std::memory_order_relaxed), entry->bytes());
  std::sort(ages.begin(), ages.end());
  const auto wanted_entries = bounds_.max_entries - bounds_.max_entries / 16, wanted_bytes = bounds_.max_bytes - bounds_.max_bytes / 16;
  std::uint64_t left = entries, left_bytes = bytes;
  std::int64_t oldest_kept = std::numeric_limits<std::int64_t>::min();
  std::size_t count = 0;
  for (const auto& [used, size] : ages) {
    if (left <= wanted_entries && left_bytes <= wanted_bytes) break;
    --left;
    left_bytes -= size;
    oldest_kept = used;
    ++count;
  }
  auto dropped = drop_if([&](const cache_entry& entry) {
    if (count == 0 || entry.used_us.load(std::memory_order_relaxed) > oldest_kept) return false;
    --count;
    return true;
  });
  evicted_.fetch_add(dropped.size(), std::memory_order_relaxed);
  gone.insert(gone.end(), std::make_move_iterator(dropped.begin()), std::make_move_iterator(dropped.end()));
}

std::vector<cache_entry_ptr> answer_cache::clear(std::string_view route, std::string_view tenant, std::string_view tag) {
  return drop_if([&](const cache_entry& entry) {
    return (route.empty() || entry.route == route) && (tenant.empty() || entry.tenant == tenant) &&
           (tag.empty() || std::find(entry.tags.begin(), entry.tags.end(), tag) != entry.tags.end());
  });
}

std::vector<cache_entry_ptr> answer_cache::drop_expired(std::int64_t now_us) {
  auto gone = drop_if([&](const cache_entry& entry) { return entry.expires_us <= now_us; });
  expired_.fetch_add(gone.size(), std::memory_order_relaxed);
  return gone;
}

void answer_cache::set_threshold(const cache_hash& key, float threshold, float verify_share) {
  const std::unique_lock guard(partitions_mutex_);
  auto& place = partitions_[key];
  if (!place) place = std::make_shared<partition>();
  place->threshold.store(threshold, std::memory_order_relaxed);
  place->verify_share.store(verify_share, std::memory_order_relaxed);
}

bool answer_cache::tend() {
  std::vector<std::shared_ptr<partition>> all;
  {
    const std::shared_lock guard(partitions_mutex_);
    for (const auto& [key, where] : partitions_) all.push_back(where);
  }
  // Only this thread changes partitions, so it may read them without their locks.
  for (const auto& where : all) {
    auto& p = *where;
    const auto tail = p.slots.size() - p.graphed;
    const bool holey = p.slots.size() > 2 * p.live + 64;
    if (tail <= longest_tail && !holey) continue;
    if (p.graph && tail <= p.graphed && !holey) {
      for (std::size_t left = at_once; left > 0 && p.graphed < p.slots.size(); --left) {
        const std::unique_lock guard(p.mutex);
        if (const auto& entry = p.slots[p.graphed]; entry && !p.graph->add(static_cast<std::uint32_t>(p.graphed), entry->vector)) return false;
        ++p.graphed;
      }
      return true;
    }
    std::vector<cache_entry_ptr> kept;
    for (const auto& entry : p.slots)
      if (entry) kept.push_back(entry);
    auto fresh = kept.size() > longest_tail ? std::make_unique<vector_graph>(judge_->model().dimensions(), kept.size() * 5 / 4) : nullptr;
    std::size_t graphed = 0;
    for (; fresh && graphed < kept.size(); ++graphed)
      if (!fresh->add(static_cast<std::uint32_t>(graphed), kept[graphed]->vector)) return false;
    const std::unique_lock guard(p.mutex);
    for (std::size_t slot = 0; slot < kept.size(); ++slot) kept[slot]->slot = static_cast<std::uint32_t>(slot);
    p.slots.swap(kept);
    p.graph.swap(fresh);
    p.graphed = graphed;
    return true;
  }
  return false;
}

cache_figures answer_cache::figures() const {
  const std::shared_lock guard(partitions_mutex_);
  return {entries_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed), partitions_.size(), evicted_.load(std::memory_order_relaxed),
          expired_.load(std::memory_order_relaxed), inserted_.load(std::memory_order_relaxed)};
}

}  // namespace switchyard::routing
