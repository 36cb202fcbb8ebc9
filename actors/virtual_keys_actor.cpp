#include "actors/virtual_keys_actor.hpp"

#include "actors/cluster/virtual_key_part.hpp"
#include "actors/events_json.hpp"
#include "actors/virtual_key_answers.hpp"
#include "base/log.hpp"

#include <caf/typed_response_promise.hpp>

#include <stdexcept>
#include <tuple>

namespace switchyard::actors {

namespace {

using self_pointer = virtual_keys_handle::stateful_pointer<virtual_keys_actor_state>;
using promise = caf::typed_response_promise<virtual_keys_compiled>;

constexpr std::size_t most_waiting = 256;
constexpr auto publish_within = milliseconds(1000);

void next_step(self_pointer self) {
  auto& state = self->state;
  while (!state.busy && !state.waiting.empty()) {
    const auto step = std::move(state.waiting.front());
    state.waiting.pop_front();
    step();
  }
}

void finish(self_pointer self, admin_answer answer) {
  auto& state = self->state;
  (*state.answer)(std::move(answer));
  state.answer = nullptr;
  state.change = {};
  state.busy = false;
  next_step(self);
}

nano_usd spent_by(const ledger_writer& ledger, const std::string& name, config::budget_period period) {
  const auto spent = storage::spent_in(ledger.newest(), name, period, wall_now());
  // Nobody may spend what nobody could read: this actor ends, and its successor reads again.
  if (!spent) throw std::runtime_error(spent.failure().message);
  return *spent;
}

void begin(self_pointer self) {
  auto& state = self->state;
  state.around.world->board->virtual_keys_begin = true;
  auto made = storage::read_virtual_keys(state.around.world->ledger->newest());
  if (!made) throw std::runtime_error(made.failure().message);
  const auto yard = state.around.world->feed.current();
  state.book = std::make_unique<virtual_key_book>(*std::move(made), yard ? yard->virtual_keys.get() : nullptr,
                                                  [ledger = state.around.world->ledger](const std::string& name, config::budget_period period) {
                                                    return spent_by(*ledger, name, period);
                                                  });
  if (state.around.world->cluster) state.book->share_limits();
}

/// The terms of a set that is or will be in force, and who stands above whom for the ledger.
void enforce(self_pointer self, const routing::virtual_key_set& set) {
  auto& state = self->state;
  state.book->enforce(set, wall_now());
  state.keys = set.all().size();
  (void)state.around.world->ledger->send(
      [parents = virtual_key_book::parents_of(set)](storage::ledger& ledger, storage::store&) { ledger.set_parents(parents); });
}

// -- changes ----------------------------------------------------------------------------------------------------------

void change(self_pointer self, const admin_question& question, const std::shared_ptr<answer_once>& answer) {
  auto& state = self->state;
  auto asked = virtual_key_change(*state.book, question, wall_now());
  if (!asked.change) return (*answer)(std::move(asked.refusal));
  state.busy = true;
  state.change = *std::move(asked.change);
  const auto yard = state.around.world->feed.current();
  ++state.change.key.change;
  state.change.key.changed_by = yard ? yard->node_name : std::string();
  state.what = asked.what;
  state.answer = answer;
  const bool sent = state.around.world->ledger->send([me = self->address(), key = state.change.key](storage::ledger&, storage::store& on) {
    storage::write_batch batch;
    storage::put(batch, key);
    const auto written = on.write(batch, storage::survives::power);
    if (const auto strong = caf::actor_cast<caf::strong_actor_ptr>(me))
      caf::anon_send(caf::actor_cast<virtual_keys_handle>(strong),
                     virtual_key_written{written.has_value(), written ? std::string() : written.failure().message});
  });
  if (!sent) finish(self, problem_answer(503, "overloaded", "the node is stopping"));
}

void written(self_pointer self, const virtual_key_written& how) {
  auto& state = self->state;
  if (!state.answer) return;
  if (!how.durable) return finish(self, problem_answer(503, "overloaded", "the virtual key could not be written, and nothing was changed: " + how.problem));
  state.book->take(state.change.key);
  state.around.world->board->virtual_keys.put(record_of(state.change.key));
  const auto set = state.book->compile(nullptr, wall_now());
  const auto name = state.change.key.terms.name;
  log::info("virtual_key_" + state.what, "the admin API changed a virtual key", {{"virtual_key", name}});
  state.around.emit(event_json("virtual_key", wall_now(), {{"virtual_key", name}, {"what", state.what}}));
  enforce(self, *set);
  const auto supervisor = caf::actor_cast<caf::strong_actor_ptr>(state.supervisor);
  if (!supervisor) return finish(self, problem_answer(503, "overloaded", "the node is stopping"));
  self->request(caf::actor_cast<supervisor_handle>(supervisor), publish_within, virtual_keys_changed{set})
      .then(
          [self, set, name](const yard_published&) {
            const auto& shown = self->state.change.shown_once;
            finish(self, virtual_key_changed_answer(*set->named(name), shown, steady_now(), wall_now(), self->state.what == "created" ? 201 : 200));
          },
          [self](caf::error&) { finish(self, problem_answer(504, "overloaded", "the change is on disk, but it is not known whether it is in force yet")); });
}

/// What the book holds, in force without an answer to anybody.
void publish_made(self_pointer self) {
  auto& state = self->state;
  const auto set = state.book->compile(nullptr, wall_now());
  enforce(self, *set);
  if (const auto supervisor = caf::actor_cast<caf::strong_actor_ptr>(state.supervisor))
    self->request(caf::actor_cast<supervisor_handle>(supervisor), publish_within, virtual_keys_changed{set})
        .then([](const yard_published&) {}, [](caf::error&) {});
}

// -- other nodes' changes ---------------------------------------------------------------------------------------------

// A change of this node that the protocol has not heard of yet may be newer.
bool is_news(const cluster::shared_record& record, const storage::stored_virtual_key& mine) {
  if (record.gone != mine.revoked.has_value()) return record.gone;
  const auto theirs = std::tie(record.counter, record.writer), ours = std::tie(mine.change, mine.changed_by);
  return theirs > ours || (theirs == ours && record.value != storage::encode(mine));
}

void learn(self_pointer self) {
  auto& state = self->state;
  std::vector<cluster::shared_record> taken;
  for (auto& record : std::exchange(state.learned, {})) {
    auto key = storage::decode_virtual_key(record.name, record.value);
    if (!key) {
      log::error("virtual_key_unreadable", "another node's virtual key cannot be read here, and is not known", {{"virtual_key", record.name}, {"node", record.writer}});
      continue;
    }
    const auto* mine = state.book->made(record.name);
    if (mine != nullptr && !is_news(record, *mine)) continue;
    const auto what = key->revoked ? "revoked" : mine == nullptr ? "created" : "changed";
    const bool lost = mine != nullptr && !key->revoked && mine->change == record.counter;
    log::write(lost ? log::level::warn : log::level::info, "virtual_key_learned",
               lost ? "two nodes changed a virtual key at the same time: the other one's change holds" : "another node changed a virtual key",
               {{"virtual_key", record.name}, {"what", what}, {"node", record.writer}});
    state.around.emit(event_json("virtual_key", wall_now(), {{"virtual_key", record.name}, {"what", what}, {"node", record.writer}}));
    state.book->take(*std::move(key));
    taken.push_back(std::move(record));
  }
  if (taken.empty()) return;
  publish_made(self);
  (void)state.around.world->ledger->send([taken = std::move(taken)](storage::ledger&, storage::store& on) {
    storage::write_batch batch;
    for (const auto& record : taken) storage::put_virtual_key(batch, record.name, record.value);
    if (const auto written = on.write(batch, storage::survives::power); !written)
      log::error("virtual_keys_not_kept", written.failure().message + "; they are in force, and are asked for again after a restart", {});
  });
}

// -- configs ----------------------------------------------------------------------------------------------------------

void compile(self_pointer self, const compile_virtual_keys& wanted, promise answer) {
  auto& state = self->state;
  auto problem = wanted.number <= state.last_settled ? std::optional<std::string>("the config was given up") : state.book->problem_with(*wanted.next);
  if (problem) {
    answer.deliver(virtual_keys_compiled{nullptr, *std::move(problem)});
    return;
  }
  state.busy = true;
  state.compiling = wanted.number;
  state.next = wanted.next;
  state.offered = state.book->compile(wanted.next.get(), wall_now());
  answer.deliver(virtual_keys_compiled{state.offered, {}});
}

void settled(self_pointer self, const virtual_keys_settled& how) {
  auto& state = self->state;
  state.last_settled = std::max(state.last_settled, how.number);
  if (state.compiling != how.number) return;
  state.compiling = 0;
  if (how.taken) {
    state.book->declare(std::move(state.next));
    enforce(self, *state.offered);
  }
  state.next = nullptr;
  state.offered = nullptr;
  state.busy = false;
  next_step(self);
}

/// A successor's first act: what the one before it had written may not be in force yet.
void take_over(self_pointer self, const config_changed& in_force) {
  self->state.book->declare(in_force.effective);
  publish_made(self);
}

}  // namespace

virtual_keys_handle::behavior_type virtual_keys_actor(self_pointer self, surroundings around, caf::actor_addr supervisor) {
  fail_loudly(self, "virtual_keys");
  self->state.around = std::move(around);
  self->state.supervisor = std::move(supervisor);
  begin(self);
  return {
      [self](const status_request&) {
        const auto& state = self->state;
        return actor_line{"virtual_keys", "virtual_keys",
                          std::to_string(state.keys) + " keys, " + std::to_string(state.book->made()) + " of them by the admin API", mailbox_depth(self)};
      },
      [self](const config_changed& changed) { take_over(self, changed); },
      [self](const compile_virtual_keys& wanted) -> caf::result<virtual_keys_compiled> {
        auto answer = self->make_response_promise<promise>();
        self->state.waiting.push_back([self, wanted, answer] { compile(self, wanted, answer); });
        next_step(self);
        return answer;
      },
      [self](const virtual_keys_settled& how) { settled(self, how); },
      [self](const virtual_key_written& how) { written(self, how); },
      [self](virtual_keys_learned& news) {
        auto& state = self->state;
        const bool waits = !state.learned.empty();
        state.learned.insert(state.learned.end(), std::make_move_iterator(news.records.begin()), std::make_move_iterator(news.records.end()));
        if (!waits) state.waiting.push_front([self] { learn(self); });   // a revocation waits for no admin's change
        next_step(self);
      },
      [self](const admin_asked& asked) {
        if (self->state.waiting.size() >= most_waiting) return (*asked.answer)(problem_answer(503, "overloaded", "too many changes of virtual keys wait"));
        self->state.waiting.push_back([self, asked] { change(self, *asked.question, asked.answer); });
        next_step(self);
      },
  };
}

}  // namespace switchyard::actors
