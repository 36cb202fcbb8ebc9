#include "actors/ledger_actor.hpp"

#include "actors/admin_answers.hpp"
#include "actors/events_json.hpp"
#include "actors/ledger_copies.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::actors {

namespace {

// A live view follows 20 decisions a second at most; the log has all of them.
constexpr int decision_events_per_second = 20;
constexpr std::string_view decision_prefix = "/admin/v1/decisions/";

std::size_t limit_of(std::string_view query, std::size_t otherwise, std::size_t most) {
  const auto limit = query_value(query, "limit");
  std::size_t number = 0;
  if (std::from_chars(limit.data(), limit.data() + limit.size(), number).ec != std::errc{}) return otherwise;
  return std::clamp<std::size_t>(number, 1, most);
}

decision_filter filter_of(std::string_view query) {
  decision_filter filter;
  filter.route = query_value(query, "route");
  filter.model = query_value(query, "model");
  filter.provider = query_value(query, "provider");
  filter.virtual_key = query_value(query, "virtual_key");
  filter.status = query_value(query, "status");
  filter.limit = limit_of(query, filter.limit, 1000);
  return filter;
}

}  // namespace

void ledger_actor_state::fold(const std::vector<request_record>& records) {
  for (const auto& record : records) {
    decisions_.add(record);
    emit_sampled(record);
  }
}

void ledger_actor_state::emit_sampled(const request_record& record) {
  if (around.world->listeners.empty()) return;
  const auto second = std::chrono::duration_cast<seconds>(steady_now().time_since_epoch()).count();
  if (second != event_second_) {
    event_second_ = second;
    events_in_second_ = 0;
  }
  if (++events_in_second_ > decision_events_per_second) return;
  auto decision = decision_log::to_json(record);
  decision.insert(1, "\"type\":\"decision\",");
  around.emit(std::move(decision));
}

void ledger_actor_state::configure(const config::config& effective) {
  decisions_.keep(effective.telemetry.decisions_kept);
  around.world->ledger->configure(effective.ledger);
}

admin_answer ledger_actor_state::answer(const admin_question& question) {
  if (question.path == "/admin/v1/decisions") return {200, "application/json", decisions_.newest(filter_of(question.query))};
  if (question.path == "/admin/v1/prompts") return {200, "application/json", decisions_.prompts(limit_of(question.query, 1000, 100'000))};
  const auto& ledger = around.world->ledger;
  if (question.path == "/admin/v1/spend") return spend_answer(*ledger, question.query);
  if (question.path == "/admin/v1/savings") {
    const auto yard = around.world->feed.current();
    return savings_answer(*ledger, yard ? *yard : routing::yard{}, question.query);
  }
  if (question.path == "/admin/v1/ledger") return ledger_page_answer(*ledger, question.query);
  if (question.path == "/admin/v1/ledger/copies/rows") return kept_rows_answer(*ledger, question.query);
  if (question.path == "/admin/v1/ledger/copies") {
    const auto yard = around.world->feed.current();
    return ledger_copies_answer(*ledger, yard ? yard->node_name : std::string());
  }
  if (question.path == "/admin/v1/ledger/verify") return question.method == "POST" ? check_.begin(ledger) : check_.tell();
  if (question.path == "/admin/v1/backup") return backup_answer(*ledger, question.body);
  request_id id;
  const std::string_view path = question.path;
  if (path.starts_with(decision_prefix) && request_id::parse(path.substr(decision_prefix.size()), id)) {
    if (auto found = decisions_.find(id)) return {200, "application/json", std::move(*found)};
  }
  return problem_answer(404, "not_found", "no decision of that request id is kept");
}

actor_line ledger_actor_state::line() {
  const auto now = around.world->ledger->now();
  std::string state = std::to_string(now.rows) + " entries, " + std::to_string(decisions_.size()) + " decisions kept";
  if (!now.writing) state += ", the disk takes no writes: " + std::to_string(now.waiting) + " entries wait";
  if (now.dropped > 0) state += ", " + std::to_string(now.dropped) + " entries lost for want of room";
  return {"ledger", "ledger", std::move(state), mailbox_depth(self)};
}

ledger_handle::behavior_type ledger_actor(ledger_handle::stateful_pointer<ledger_actor_state> self, surroundings around) {
  fail_loudly(self, "ledger");
  self->state.around = std::move(around);
  return {
      [self](const status_request&) { return self->state.line(); },
      [self](const batch_arrived& arrived) { self->state.fold(arrived.batch->records()); },
      [self](const config_changed& changed) { self->state.configure(*changed.effective); },
      [self](const part_request& part) { return part_answer{self->state.answer(*part.question)}; },
  };
}

}  // namespace switchyard::actors
