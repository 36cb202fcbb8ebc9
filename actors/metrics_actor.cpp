#include "actors/metrics_actor.hpp"

#include "actors/admin_answers.hpp"

namespace switchyard::actors {

namespace {

part_answer render(const metrics_actor_state& state) {
  const auto& world = *state.around.world;
  live_figures live;
  live.keys = state.keys;
  live.ledger_entries = world.ledger->now().rows;
  live.records_dropped = world.counters.records_dropped.load(std::memory_order_relaxed);
  live.actor_restarts = world.counters.actor_restarts.load(std::memory_order_relaxed);
  live.connections = world.hooks.connections ? world.hooks.connections() : 0;
  if (world.cluster) {
    live.alone = false;
    for (std::size_t i = 0; i < live.members.size(); ++i) live.members[i] = world.cluster->members[i].load(std::memory_order_relaxed);
  }
  live.version = build_version();
  live.now = steady_now();
  live.at = wall_now();
  if (const auto yard = world.feed.current()) live.virtual_keys = yard->virtual_keys;
  return {{200, "text/plain; version=0.0.4; charset=utf-8", state.book.render(live)}};
}

}  // namespace

metrics_handle::behavior_type metrics_actor(metrics_handle::stateful_pointer<metrics_actor_state> self, surroundings around) {
  fail_loudly(self, "metrics");
  self->state.around = std::move(around);
  return {
      [self](const status_request&) {
        return actor_line{"metrics", "metrics", std::to_string(self->state.book.series()) + " series", mailbox_depth(self)};
      },
      [self](const batch_arrived& arrived) {
        for (const auto& record : arrived.batch->records()) self->state.book.add(record);
      },
      [self](const directory_changed& changed) {
        self->state.keys.clear();
        for (const auto& row : changed.now->keys) self->state.keys.push_back(row.entry);
      },
      [self](const metrics_request&) { return render(self->state); },
  };
}

}  // namespace switchyard::actors
