#include "routing/cache/cache_partition.hpp"

#include <algorithm>
#include <mutex>

namespace switchyard::routing {

namespace {

constexpr std::size_t longest_tail = 512;        // flat below: a walk of so many takes some 15 us, up to milliseconds where the vectors lie in cold memory
constexpr std::size_t at_once = 64;              // vectors moved into a graph by one tend()
constexpr std::size_t most_walked = 8192;        // of a tail that has no graph yet
constexpr float least_cosine = 0.55f;            // below it nothing is worth judging
constexpr std::size_t entry_overhead = 400;      // bytes, roughly: maps, pointers, the slot

}  // namespace

std::size_t cache_entry::bytes() const noexcept {
  const auto graphed = vector.values.empty() ? 0 : vector_graph::bytes_each(vector.values.size());
  return entry_overhead + body.size() + content_type.size() + (key.prompt ? key.prompt->size() : 0) + vector.values.size() + graphed;
}

std::vector<cache_partition::candidate> cache_partition::nearest(const small_vector& to, std::int64_t now_us) const {
  std::vector<candidate> out;
  const std::shared_lock guard(mutex_, std::try_to_lock);
  if (!guard.owns_lock()) return out;
  const auto consider = [&](const cache_entry_ptr& entry, float likeness) {
    if (!entry || likeness < least_cosine || entry->expires_us <= now_us) return;
    if (out.size() == judged && out.back().cosine >= likeness) return;
    const auto place = std::find_if(out.begin(), out.end(), [&](const candidate& c) { return c.cosine < likeness; });
    out.insert(place, {entry, likeness});
    if (out.size() > judged) out.pop_back();
  };
  if (graph_)
    for (const auto& found : graph_->nearest(to, 4 * judged)) consider(slots_[found.slot], found.cosine);
  const auto begin = std::max(graphed_, slots_.size() > most_walked ? slots_.size() - most_walked : 0);
  for (auto at = begin; at < slots_.size(); ++at)
    if (slots_[at]) consider(slots_[at], cosine(slots_[at]->vector, to));
  return out;
}

void cache_partition::add(cache_entry_ptr entry) {
  const std::unique_lock guard(mutex_);
  entry->slot = static_cast<std::uint32_t>(slots_.size());
  slots_.push_back(std::move(entry));
  ++live_;
}

cache_partition::removed cache_partition::remove(const cache_entry& entry) {
  const std::unique_lock guard(mutex_);
  const std::size_t slot = entry.slot;
  if (slot >= slots_.size() || slots_[slot].get() != &entry) return removed::none;   // it was stored for its exact text alone
  const bool in_graph = slot < graphed_;
  if (in_graph) graph_->remove(static_cast<std::uint32_t>(slot));
  slots_[slot].reset();
  --live_;
  if (!in_graph && slot + 1 == slots_.size()) slots_.pop_back();
  return in_graph ? removed::from_graph : removed::from_tail;
}

cache_partition::tended cache_partition::tend(std::size_t dimensions) {
  if (growth_) return grow();
  const auto tail = slots_.size() - graphed_;
  const bool holey = slots_.size() > 2 * live_ + 64;
  if (tail <= longest_tail && !holey) return {};
  if (graph_ && tail <= graphed_ && !holey) {
    tended step{true, 0};
    for (; step.changed < at_once && graphed_ < slots_.size(); ++step.changed) {
      const std::unique_lock guard(mutex_);
      if (const auto& entry = slots_[graphed_]; entry && !graph_->add(static_cast<std::uint32_t>(graphed_), entry->vector)) return {};
      ++graphed_;
    }
    return step;
  }
  std::vector<cache_entry_ptr> kept;
  for (const auto& entry : slots_)
    if (entry) kept.push_back(entry);
  if (kept.size() <= longest_tail) {
    const auto gone = graphed_;
    adopt(nullptr, std::move(kept));
    return {true, gone};
  }
  const auto room = kept.size() * 5 / 4;
  growth_ = std::make_unique<growth>(growth{std::move(kept), std::make_unique<vector_graph>(dimensions, room), 0});
  return {true, 0};
}

cache_partition::tended cache_partition::grow() {
  auto& g = *growth_;
  const auto end = std::min(g.done + at_once, g.slots.size());
  for (; g.done < end; ++g.done)
    if (!g.graph->add(static_cast<std::uint32_t>(g.done), g.slots[g.done]->vector)) return {};
  if (g.done < g.slots.size()) return {true, 0};
  const auto made = std::move(growth_);
  adopt(std::move(made->graph), std::move(made->slots));
  return {true, graphed_};
}

void cache_partition::adopt(std::unique_ptr<vector_graph> graph, std::vector<cache_entry_ptr> slots) {
  const std::unique_lock guard(mutex_);
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    auto& entry = slots[slot];
    const bool ours = entry && entry->slot < slots_.size() && slots_[entry->slot] == entry;
    if (ours) {
      slots_[entry->slot].reset();
      entry->slot = static_cast<std::uint32_t>(slot);
    } else {
      if (graph) graph->remove(static_cast<std::uint32_t>(slot));
      entry.reset();
    }
  }
  graphed_ = graph ? slots.size() : 0;
  for (auto& entry : slots_) {
    if (!entry) continue;
    entry->slot = static_cast<std::uint32_t>(slots.size());
    slots.push_back(std::move(entry));
  }
  slots_.swap(slots);
  graph_ = std::move(graph);
}

}  // namespace switchyard::routing
