#include "actors/key_actor.hpp"

#include "actors/events_json.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace switchyard::actors {

namespace {

constexpr auto tick_every = seconds(1);
// Without calls for this long the windows are empty and nothing is left to decay.
constexpr auto tick_after_last_call = seconds(60);

}  // namespace

milliseconds rest_after(routing::park_reason why, int in_row) noexcept {
  if (why == routing::park_reason::quota) return std::chrono::minutes(10);
  const milliseconds rest = std::chrono::minutes(5) * (1 << std::clamp(in_row - 1, 0, 4));
  return std::min<milliseconds>(rest, std::chrono::hours(1));
}

void key_actor_state::configure(const key_settings& settings) {
  const bool new_credential = settings_.entry && !config::have_same_credential(settings_.entry->config, settings.entry->config);
  settings_ = settings;
  health_.configure(settings.entry->config.weight);
  if (new_credential) {
    parked_in_row_ = 0;
    parked_until_ = {};
    settings_.entry->state->unpark();
  }
  publish(steady_now());
}

void key_actor_state::fold(const std::vector<routing::call_outcome>& outcomes) {
  const auto now = steady_now();
  for (const auto& outcome : outcomes) {
    health_.record(outcome);
    switch (outcome.result) {
      case routing::call_result::ok: parked_in_row_ = 0; break;
      case routing::call_result::unauthorized: park(routing::park_reason::unauthorized, now); break;
      case routing::call_result::quota_exhausted: park(routing::park_reason::quota, now); break;
      default: break;
    }
  }
  notice_rest(now);
  last_outcome_ = now;
  publish(now);
  if (!ticking_) keep_ticking();
}

// Calls that were under way together fail together: only the first one counts and parks.
void key_actor_state::park(routing::park_reason why, steady_time now) {
  if (now < parked_until_) return;
  const auto rest = rest_after(why, ++parked_in_row_);
  parked_until_ = now + rest;
  settings_.entry->state->park(parked_until_, why);
  tell_parked(why, rest);
}

// The I/O thread that read the 429, or a limit of which nothing is left, has parked the key already; here it is told, once per rest.
void key_actor_state::notice_rest(steady_time now) {
  const auto& state = *settings_.entry->state;
  const auto until = from_ns(state.parked_until_ns.load(std::memory_order_relaxed));
  if (state.parked_for.load(std::memory_order_relaxed) != routing::park_reason::retry_after || until <= now || now < resting_until_) return;
  resting_until_ = until;
  tell_parked(routing::park_reason::retry_after, std::chrono::ceil<milliseconds>(until - now));
}

// The cluster's part has parked it already. A credential that another node found refused counts for no refusal here.
void key_actor_state::parked_by_peer(const peer_parked& told) {
  resting_until_ = std::max(resting_until_, steady_now() + told.lasts);
  tell_parked(told.why, told.lasts, told.node);
}

void key_actor_state::learn(const routing::key_measure& others) {
  health_.learn(others);
  last_word_ = steady_now();
  publish(last_word_);
  if (!ticking_) keep_ticking();                 // its siblings, which it is compared with, may hear of theirs a little later
}

void key_actor_state::tell_parked(routing::park_reason why, milliseconds rest, const std::string& node) {
  const auto& entry = *settings_.entry;
  const auto rest_s = std::chrono::ceil<seconds>(rest).count();
  const auto level = why == routing::park_reason::retry_after ? log::level::info : log::level::warn;
  const auto* what = why == routing::park_reason::retry_after ? "the provider asked for a rest" : "the provider refused the key";
  const auto rest_text = std::to_string(rest_s) + "s";
  if (node.empty()) {
    log::write(level, "key_parked", what, {{"provider", entry.provider}, {"key", entry.config.name}, {"why", to_string(why)}, {"for_s", rest_s}});
    around.emit(event_json("parked", wall_now(), {{"provider", entry.provider}, {"key", entry.config.name}, {"why", to_string(why)}, {"for", rest_text}}));
  } else {
    log::write(level, "key_parked", std::string(what) + ", as another node was told",
               {{"provider", entry.provider}, {"key", entry.config.name}, {"why", to_string(why)}, {"for_s", rest_s}, {"node", node}});
    around.emit(event_json("parked", wall_now(),
                           {{"provider", entry.provider}, {"key", entry.config.name}, {"why", to_string(why)}, {"for", rest_text}, {"node", node}}));
  }
  self->delayed_send(self, rest + milliseconds(1), unpark_due{});
}

void key_actor_state::unpark_if_due() {
  const auto now = steady_now();
  // Another 429 may have made the rest longer since.
  const auto until = from_ns(settings_.entry->state->parked_until_ns.load(std::memory_order_relaxed));
  if (resting_until_ != steady_time{} && now >= resting_until_ && until > now) {
    resting_until_ = until;
    self->delayed_send(self, std::chrono::ceil<milliseconds>(until - now) + milliseconds(1), unpark_due{});
    return;
  }
  const bool was_parked = (parked_until_ != steady_time{} && now >= parked_until_) || (resting_until_ != steady_time{} && now >= resting_until_);
  if (!was_parked || until > now) return;
  parked_until_ = resting_until_ = {};
  const auto& entry = *settings_.entry;
  log::info("key_unparked", "the key is tried again", {{"provider", entry.provider}, {"key", entry.config.name}});
  around.emit(event_json("unparked", wall_now(), {{"provider", entry.provider}, {"key", entry.config.name}}));
}

void key_actor_state::publish(steady_time now) {
  auto& state = *settings_.entry->state;
  const double own = health_.latency_us(now);
  double best = own;
  for (const auto& sibling : settings_.siblings) {
    const double theirs = sibling->latency_ewma_us.load(std::memory_order_relaxed);
    if (theirs > 0 && (best <= 0 || theirs < best)) best = theirs;
  }
  state.latency_ewma_us.store(own, std::memory_order_relaxed);
  state.weight.store(health_.weight(best, now), std::memory_order_relaxed);
  const auto measured = health_.measured(now);
  state.measured_calls.store(measured.calls, std::memory_order_relaxed);
  state.measured_successes.store(measured.successes, std::memory_order_relaxed);
  state.measured_latency_us.store(measured.latency_us, std::memory_order_relaxed);
}

void key_actor_state::tick() {
  const auto now = steady_now();
  publish(now);
  ticking_ = false;
  if (now - std::max(last_outcome_, last_word_) < tick_after_last_call) keep_ticking();
}

void key_actor_state::keep_ticking() {
  ticking_ = true;
  self->delayed_send(self, tick_every, health_tick{});
}

actor_line key_actor_state::line() {
  const auto& entry = *settings_.entry;
  const auto now = steady_now();
  const auto window = health_.window(now);
  std::string state;
  if (now < from_ns(entry.state->parked_until_ns.load(std::memory_order_relaxed)))
    state = "parked: " + std::string(to_string(entry.state->parked_for.load(std::memory_order_relaxed))) + ", ";
  state += std::to_string(window.calls) + " calls, " + std::to_string(window.failures) + " failures in 30 s";
  return {"key " + entry.provider + "/" + entry.config.name, "key", std::move(state), mailbox_depth(self)};
}

key_report key_actor_state::report() const {
  return {health_.window(steady_now()), health_.totals(), health_.latency_ewma_us(), parked_in_row_};
}

key_handle::behavior_type key_actor(key_handle::stateful_pointer<key_actor_state> self, surroundings around,
                                    key_settings settings) {
  fail_loudly(self, "key " + settings.entry->provider + "/" + settings.entry->config.name);
  self->state.around = std::move(around);
  self->state.configure(settings);
  return {
      [self](const status_request&) { return self->state.line(); },
      [self](const key_outcomes& calls) { self->state.fold(*calls.outcomes); },
      [self](const key_settings& settings) { self->state.configure(settings); },
      [self](const health_tick&) { self->state.tick(); },
      [self](const unpark_due&) { self->state.unpark_if_due(); },
      [self](const peer_parked& told) { self->state.parked_by_peer(told); },
      [self](const routing::key_measure& others) { self->state.learn(others); },
      [self](const key_report_request&) { return self->state.report(); },
  };
}

}  // namespace switchyard::actors
