#include "actors/intake_actor.hpp"

namespace switchyard::actors {

namespace {

using self_pointer = intake_handle::stateful_pointer<intake_actor_state>;

void learn(intake_actor_state& state, const std::shared_ptr<const directory>& now) {
  state.who = now;
  state.row_of.clear();
  for (std::size_t i = 0; i < now->keys.size(); ++i) state.row_of.emplace(now->keys[i].entry->state->id, i);
}

void split(self_pointer self, const std::shared_ptr<const record_batch>& batch) {
  auto& state = self->state;
  ++state.batches;
  const auto services = state.book->current();
  if (services.ledger) self->send(services.ledger, batch_arrived{batch});
  if (services.metrics) self->send(services.metrics, batch_arrived{batch});
  // Few keys and many records: a small map of vectors, filled in one pass.
  std::unordered_map<std::size_t, std::shared_ptr<std::vector<routing::call_outcome>>> by_row;
  for (const auto& record : batch->records()) {
    for (const auto& attempt : record.attempts) {
      if (!attempt.key) continue;
      const auto row = state.row_of.find(attempt.key->state->id);
      if (row == state.row_of.end()) continue;   // removed by a reload since
      auto& outcomes = by_row[row->second];
      if (!outcomes) outcomes = std::make_shared<std::vector<routing::call_outcome>>();
      outcomes->push_back(attempt.outcome);
    }
  }
  for (auto& [row, outcomes] : by_row) {
    const auto& actors = state.who->keys[row];
    const key_outcomes message{std::move(outcomes), batch};
    if (actors.breaker) self->send(actors.breaker, message);
    if (actors.key) self->send(actors.key, message);
  }
}

}  // namespace

intake_handle::behavior_type intake_actor(self_pointer self, std::shared_ptr<address_book> book) {
  fail_loudly(self, "intake");
  self->state.book = std::move(book);
  self->state.who = std::make_shared<directory>();
  return {
      [self](const status_request&) {
        return actor_line{"intake", "intake", std::to_string(self->state.batches) + " batches", mailbox_depth(self)};
      },
      [self](const batch_arrived& arrived) { split(self, arrived.batch); },
      [self](const directory_changed& changed) { learn(self->state, changed.now); },
  };
}

}  // namespace switchyard::actors
