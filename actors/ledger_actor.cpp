#include "actors/ledger_actor.hpp"

#include "actors/admin_answers.hpp"
#include "actors/events_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

// A live view follows 20 decisions a second at most; the log has all of them.
constexpr int decision_events_per_second = 20;
constexpr std::string_view decision_prefix = "/admin/v1/decisions/";

json::object to_object(const spend_sums& sums) {
  return {{"requests", sums.requests},         {"errors", sums.errors},
          {"unpriced", sums.unpriced},         {"input_tokens", sums.input_tokens},
          {"output_tokens", sums.output_tokens}, {"cached_tokens", sums.cached_tokens},
          {"cost_usd", format_usd(sums.cost)}};
}

decision_filter filter_of(std::string_view query) {
  decision_filter filter;
  filter.route = query_value(query, "route");
  filter.model = query_value(query, "model");
  filter.provider = query_value(query, "provider");
  filter.virtual_key = query_value(query, "virtual_key");
  filter.status = query_value(query, "status");
  const auto limit = query_value(query, "limit");
  std::size_t number = 0;
  if (std::from_chars(limit.data(), limit.data() + limit.size(), number).ec == std::errc{})
    filter.limit = std::clamp<std::size_t>(number, 1, 1000);
  return filter;
}

}  // namespace

void ledger_actor_state::fold(const std::vector<request_record>& records) {
  std::uint64_t entries = 0;
  for (const auto& record : records) {
    spend_.add(record);
    decisions_.add(record);
    entries += record.attempts.size();
    emit_sampled(record);
  }
  around.world->counters.ledger_entries.fetch_add(entries, std::memory_order_relaxed);
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
  tags_.clear();
  for (const auto& key : effective.virtual_keys) tags_[key.name] = key.tags;
}

admin_answer ledger_actor_state::answer(const admin_question& question) const {
  if (question.path == "/admin/v1/decisions") return {200, "application/json", decisions_.newest(filter_of(question.query))};
  if (question.path == "/admin/v1/spend") return spend_answer(question.query);
  request_id id;
  const std::string_view path = question.path;
  if (path.starts_with(decision_prefix) && request_id::parse(path.substr(decision_prefix.size()), id)) {
    if (auto found = decisions_.find(id)) return {200, "application/json", std::move(*found)};
  }
  return problem_answer(404, "not_found", "no decision of that request id is kept");
}

admin_answer ledger_actor_state::spend_answer(std::string_view query) const {
  auto by = query_value(query, "by");
  if (by.empty()) by = "model";
  if (!spend::knows(by)) return problem_answer(400, "invalid_request", "by: one of model, virtual_key, provider, route, tag");
  if (!query_value(query, "from").empty() || !query_value(query, "to").empty())
    return problem_answer(400, "invalid_request", "from, to: this version keeps sums since the node's start only");
  json::array groups;
  for (const auto& [name, sums] : spend_.by(by, tags_)) {
    auto group = to_object(sums);
    group["name"] = name;
    groups.push_back(std::move(group));
  }
  const auto started = wall_now() - std::chrono::duration_cast<wall_time::duration>(steady_now() - around.world->started);
  const json::object body{{"by", by}, {"since", rfc3339(started)}, {"total", to_object(spend_.total())}, {"groups", std::move(groups)}};
  return {200, "application/json", json::serialize(body)};
}

actor_line ledger_actor_state::line() {
  return {"ledger", "ledger",
          std::to_string(around.world->counters.ledger_entries.load(std::memory_order_relaxed)) + " entries, " +
              std::to_string(decisions_.size()) + " decisions kept",
          mailbox_depth(self)};
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
