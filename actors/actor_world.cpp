#include "actors/actor_world.hpp"

#include "actors/ledger_writer.hpp"
#include "actors/messages.hpp"
#include "actors/supervisor_actor.hpp"
#include "base/log.hpp"

#include <future>
#include <stdexcept>

namespace switchyard::actors {

namespace {

constexpr auto first_yard_within = seconds(15);
constexpr auto work_off_within = milliseconds(2000);
constexpr auto leave_within = milliseconds(500);

/// What the breaker will never hear of must not keep a key shut: only its verdict would have released these.
void forget(const std::vector<request_record>& records) noexcept {
  for (const auto& record : records) {
    for (const auto& attempt : record.attempts) {
      if (!attempt.key) continue;
      attempt.key->state->tripped.store(false, std::memory_order_relaxed);
      if (attempt.outcome.probe) attempt.key->state->return_probe();
    }
  }
}

}  // namespace

struct actor_world::state {
  state(io_hooks hooks, std::shared_ptr<ledger_writer> ledger, std::shared_ptr<cluster_wiring> cluster)
      : world(std::make_shared<world_context>(std::move(hooks), std::move(ledger), std::move(cluster))), system(settings) {}

  std::shared_ptr<world_context> world;
  std::shared_ptr<address_book> book = std::make_shared<address_book>();
  system_config settings;
  caf::actor_system system;
  supervisor_handle supervisor;
};

actor_world::actor_world(config::config initial, io_hooks hooks, std::shared_ptr<ledger_writer> ledger, std::shared_ptr<cluster_wiring> cluster)
    : state_(std::make_unique<state>(std::move(hooks), ledger ? std::move(ledger) : ledger_writer::in_memory(initial.node.name), std::move(cluster))) {
  state_->supervisor = state_->system.spawn(supervisor_actor, surroundings{state_->world, state_->book});
  auto applied = std::make_shared<std::promise<outcome>>();
  auto ready = applied->get_future();
  reload(std::move(initial), [applied](outcome result) { applied->set_value(std::move(result)); });
  std::string problem = "the first config was not applied in time";
  if (ready.wait_for(first_yard_within) == std::future_status::ready) {
    const auto result = ready.get();
    if (result) return;
    problem = result.failure().message;
  }
  caf::anon_send_exit(state_->supervisor, caf::exit_reason::user_shutdown);
  state_->supervisor = nullptr;
  throw std::runtime_error(problem);
}

actor_world::~actor_world() {
  if (!state_->world->gate.wait_until_empty(work_off_within))
    log::warn("accounting_cut_short", "finished requests were not accounted for within 2 s", {{"batches", state_->world->gate.inside()}});
  caf::anon_send_exit(state_->supervisor, caf::exit_reason::user_shutdown);
  state_->supervisor = nullptr;
}

const yard_feed& actor_world::feed() const noexcept { return state_->world->feed; }

std::shared_ptr<vector_book> actor_world::vectors() const noexcept { return state_->world->vectors; }

ledger_writer& actor_world::ledger() const noexcept { return *state_->world->ledger; }

void actor_world::report(std::vector<request_record> batch) {
  if (batch.empty()) return;
  auto& world = *state_->world;
  const auto intake = state_->book->current().intake;
  if (!intake || !world.gate.enter()) {
    world.counters.records_dropped.fetch_add(batch.size(), std::memory_order_relaxed);
    forget(batch);
    return;
  }
  caf::anon_send(intake, batch_arrived{std::make_shared<const record_batch>(state_->world, std::move(batch))});
}

std::vector<request_record> actor_world::spent_batch() { return state_->world->spent.take(); }

void actor_world::reload(config::config next, std::function<void(outcome)> then) {
  caf::anon_send(state_->supervisor, apply_config{std::make_shared<const config::config>(std::move(next)), std::move(then)});
}

bool actor_world::propose(config_proposal&& what) { return state_->world->board->configs.put(std::move(what)); }

void actor_world::leave_cluster() {
  const auto cluster = state_->book->current().cluster;
  if (!cluster) return;
  caf::scoped_actor self(state_->system);
  self->request(cluster, leave_within, actors::leave_cluster{}).receive([](const left_cluster&) {}, [](const caf::error&) {
    log::warn("cluster_not_left", "the other nodes were not told that this one goes", {});
  });
}

void actor_world::ask(admin_question question, std::function<void(admin_answer)> then) {
  auto answer = std::make_shared<answer_once>(std::move(then));
  const auto admin = state_->book->current().admin;
  if (!admin) return;                            // the answer says 504 as it goes
  caf::anon_send(admin, admin_asked{std::make_shared<const admin_question>(std::move(question)), std::move(answer)});
}

std::uint64_t actor_world::subscribe(std::function<void(const std::string& json)> listener) {
  return state_->world->listeners.add(std::move(listener));
}

void actor_world::unsubscribe(std::uint64_t subscription) { state_->world->listeners.remove(subscription); }

}  // namespace switchyard::actors
