#include "routing/cache/answer_cache.hpp"

#include "routing/cache/cache_partition.hpp"
#include "routing/cache/graph_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>

namespace switchyard::routing {

namespace {

void mark_used(const cache_entry& entry, std::int64_t now_us) noexcept {
  entry.used_us.store(now_us, std::memory_order_relaxed);
  entry.hits.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

answer_cache::answer_cache(std::shared_ptr<const hit_judge> judge, cache_bounds bounds) : judge_(std::move(judge)), bounds_(bounds) {}
answer_cache::~answer_cache() = default;

std::shared_ptr<cache_partition> answer_cache::partition_of(const cache_hash& key) const {
  const std::shared_lock guard(partitions_mutex_);
  const auto found = partitions_.find(key);
  return found == partitions_.end() ? nullptr : found->second;
}

answer_cache::finding answer_cache::find_same(const cache_hash& exact, std::int64_t now_us) const {
  const auto& shard = shard_of(exact);
  const std::shared_lock guard(shard.mutex);
  const auto found = shard.entries.find(exact);
  if (found == shard.entries.end() || found->second->expires_us <= now_us) return {};
  mark_used(*found->second, now_us);
  return {result_kind::exact, found->second, 1.0f, 0};
}

answer_cache::finding answer_cache::find_alike(const request_key& key, std::span<const float> vector, float threshold, std::int64_t now_us, control how) const {
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
  if (best.similarity < enough)
    best.kind = result_kind::unsure;
  else
    mark_used(*best.entry, now_us);
  best.verify_share = where->verify_share.load(std::memory_order_relaxed);
  return best;
}

answer_cache::finding answer_cache::look_up(const request_key& key, std::span<const float> vector, float threshold, std::int64_t now_us,
                                            control how) const {
  auto same = find_same(key.exact, now_us);
  return same.entry ? std::move(same) : find_alike(key, vector, threshold, now_us, how);
}

cache_entry_ptr answer_cache::nearest(const cache_hash& partition, std::span<const float> vector) const {
  const auto where = partition_of(partition);
  const auto found = where ? where->nearest(small_vector(vector), 0) : std::vector<cache_partition::candidate>();
  return found.empty() ? nullptr : found.front().entry;
}

bool answer_cache::holds(const cache_hash& exact) const {
  const auto& shard = shard_of(exact);
  const std::shared_lock guard(shard.mutex);
  return shard.entries.contains(exact);
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
    std::shared_ptr<cache_partition> where;
    {
      const std::unique_lock guard(partitions_mutex_);
      auto& place = partitions_[entry->key.partition];
      if (!place) place = std::make_shared<cache_partition>();
      where = place;
    }
    where->add(std::move(entry));
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
  const auto from = where->remove(entry);
  if (from == cache_partition::removed::from_graph) ++graph_changes_;
  if (from == cache_partition::removed::none || !where->empty()) return;
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
  if (!place) place = std::make_shared<cache_partition>();
  place->threshold.store(threshold, std::memory_order_relaxed);
  place->verify_share.store(verify_share, std::memory_order_relaxed);
}

bool answer_cache::tend() {
  std::vector<std::shared_ptr<cache_partition>> all;
  {
    const std::shared_lock guard(partitions_mutex_);
    for (const auto& [key, where] : partitions_) all.push_back(where);
  }
  for (const auto& where : all) {
    const auto step = where->tend(judge_->model().dimensions());
    graph_changes_ += step.changed;
    if (step.worked) return true;
  }
  return false;
}

// Only the writer's thread changes partitions, so it may read them without their locks.
outcome answer_cache::keep_graphs(const std::string& path) {
  const graph_file_kind kind{judge_->model().fingerprint(), judge_->model().dimensions()};
  if (graphs().vectors == 0) {
    std::error_code bad;
    std::filesystem::remove(path, bad);
    if (bad) return internal_error(path + ": " + bad.message());
  } else {
    graph_file_writer file(path, kind);
    std::vector<cache_hash> slots;
    const std::shared_lock guard(partitions_mutex_);
    for (const auto& [key, where] : partitions_) {
      if (where->graph() == nullptr) continue;
      slots.clear();
      for (const auto& entry : where->in_graph()) slots.push_back(entry ? entry->key.exact : cache_hash{});
      file.add(key, slots, *where->graph());
    }
    if (auto written = file.finish(); !written) return written;
  }
  graph_changes_ = 0;
  return done{};
}

answer_cache::graphs_taken answer_cache::take_graphs(const std::string& path) {
  graphs_taken out;
  const graph_file_kind kind{judge_->model().fingerprint(), judge_->model().dimensions()};
  out.read = read_graphs(path, kind, [&](kept_graph kept) {
    const auto where = partition_of(kept.partition);
    if (!where || where->empty()) return;
    std::vector<cache_entry_ptr> slots(kept.slots.size());
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      const auto& shard = shard_of(kept.slots[slot]);
      const std::shared_lock guard(shard.mutex);
      const auto found = shard.entries.find(kept.slots[slot]);
      if (found != shard.entries.end() && found->second->key.partition == kept.partition) slots[slot] = found->second;
    }
    where->adopt(std::move(kept.graph), std::move(slots));
    out.vectors += where->in_graph().size();
  });
  if (!out.read) ++graph_changes_;               // what there is, is not what the file holds
  return out;
}

answer_cache::graph_figures answer_cache::graphs() const {
  const std::shared_lock guard(partitions_mutex_);
  graph_figures out{0, graph_changes_};
  for (const auto& [key, where] : partitions_) out.vectors += where->graph() ? where->graph()->size() : 0;
  return out;
}

cache_figures answer_cache::figures() const {
  const std::shared_lock guard(partitions_mutex_);
  return {entries_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed), partitions_.size(), evicted_.load(std::memory_order_relaxed),
          expired_.load(std::memory_order_relaxed), inserted_.load(std::memory_order_relaxed)};
}

}  // namespace switchyard::routing
