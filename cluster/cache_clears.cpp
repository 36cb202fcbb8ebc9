#include "cluster/cache_clears.hpp"

#include <algorithm>

namespace switchyard::cluster {

namespace {

std::string register_of(std::size_t slot) { return "cache/clear/" + std::to_string(slot); }

}  // namespace

cache_clears::cache_clears(node_name self, std::vector<node_name> all, std::uint64_t life, registers& shared, clear_options options)
    : self_(std::move(self)), life_(life), options_(options), shared_(shared) {
  for (auto& node : all)
    if (node != self_) writers_[std::move(node)];
}

void cache_clears::resume(const std::map<std::size_t, cache_clear>& own, std::map<node_name, std::uint64_t> marks, steady_time now, outbox& out) {
  resumed_ = true;
  looked_ = false;
  for (const auto& [slot, what] : own) {
    if (slot >= slots) continue;
    show(slot, what, now, out);
    if (what.number <= last_) continue;
    last_ = what.number;
    next_slot_ = (slot + 1) % slots;
  }
  for (auto& [node, w] : writers_) w.mark = std::max(w.mark, marks[node]);
}

void cache_clears::show(std::size_t slot, const cache_clear& what, steady_time now, outbox& out) {
  (void)shared_.write(register_of(slot), encode(what), std::nullopt, now, out);
}

cache_clears::made cache_clears::clear(std::string route, std::string tenant, std::string tag, steady_time now, outbox& out) {
  made one{next_slot_, {std::max(last_ + 1, life_ << 20), last_, std::move(route), std::move(tenant), std::move(tag)}};
  auto bytes = encode(one.what);
  if (!shared_.write(register_of(one.slot), bytes, std::nullopt, now, out)) {
    one.what.route = one.what.tenant = one.what.tag = "";
    show(one.slot, one.what, now, out);
  }
  last_ = one.what.number;
  next_slot_ = (next_slot_ + 1) % slots;
  return one;
}

std::vector<clear_to_do> cache_clears::take(steady_time now) {
  std::vector<clear_to_do> found;
  if (!resumed_ || (looked_ && shared_.revision() == revision_)) return found;
  looked_ = true;
  revision_ = shared_.revision();
  for (auto& [writer, w] : writers_) look_at(writer, w, now, found);
  return found;
}

void cache_clears::look_at(const node_name& writer, writer_state& w, steady_time now, std::vector<clear_to_do>& found) {
  std::vector<cache_clear> shown;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    const auto* value = shared_.find(writer, register_of(slot), now);
    if (value == nullptr) continue;
    if (auto what = decode<cache_clear>(value->value); what && what->number > w.mark) shown.push_back(*std::move(what));
  }
  if (shown.empty()) return;
  std::sort(shown.begin(), shown.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  const auto begun = found.size();
  const auto leads_on = [&](const cache_clear& what) { return what.previous <= w.mark; };
  if (shown.size() == slots && !leads_on(shown.front()) && !w.done.contains(shown.front().previous)) {   // F3
    if (options_.misses_clear_all) found.push_back({writer, 0, {}});
    w.mark = shown.front().previous;
  }
  for (auto& what : shown) {
    const auto number = what.number;
    const bool in_order = leads_on(what);
    if (w.done.insert(number).second) found.push_back({writer, 0, what});
    if (in_order) w.mark = number;
  }
  w.done.erase(w.done.begin(), w.done.upper_bound(w.mark));
  if (found.size() > begun) found.back().mark = w.mark;
}

}  // namespace switchyard::cluster
