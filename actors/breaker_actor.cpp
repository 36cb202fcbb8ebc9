#include "actors/breaker_actor.hpp"

#include "actors/events_json.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace switchyard::actors {

namespace {

constexpr auto endpoint_probe_every = milliseconds(500);

}  // namespace

breaker_actor_state::~breaker_actor_state() {
  if (way_back_) way_back_->shut();
}

void breaker_actor_state::begin(surroundings with, const breaker_settings& settings) {
  around_ = std::move(with);
  entry_ = settings.entry;
  breaker_.emplace(settings.config);
  way_back_ = std::make_shared<probe_return>(breaker_handle{self});
  breaker_->publish(*entry_->state);
}

void breaker_actor_state::configure(const breaker_settings& settings) {
  entry_ = settings.entry;
  breaker_->configure(settings.config);
  publish();
}

void breaker_actor_state::fold(const std::vector<routing::call_outcome>& outcomes) {
  for (const auto& outcome : outcomes) breaker_->record(outcome);
  publish();
}

void breaker_actor_state::heed(const breaker_advice& advice) {
  const auto now = steady_now();
  switch (advice.what) {
    case breaker_advice::kind::open: breaker_->advised_to_open(now); break;
    case breaker_advice::kind::close: breaker_->advised_to_close(now); break;
    case breaker_advice::kind::probes: breaker_->share_probes(advice.probes); break;
  }
  publish();
}

void breaker_actor_state::wake(std::uint64_t number) {
  if (number != alarm_number_) return;
  alarm_.reset();
  breaker_->tick(steady_now());
  publish();
}

void breaker_actor_state::publish() {
  breaker_->publish(*entry_->state);
  const auto now_in = breaker_->state();
  if (now_in != published_) {
    const auto from = std::exchange(published_, now_in);
    announce(from, now_in);
    ++probe_number_;
    if (now_in == routing::breaker_state::open && breaker_->opened_by_connect()) probe_soon();
  }
  set_alarm();
}

void breaker_actor_state::announce(routing::breaker_state from, routing::breaker_state to) const {
  const auto name = to == routing::breaker_state::open        ? "breaker_opened"
                    : to == routing::breaker_state::half_open ? "breaker_half_open"
                                                              : "breaker_closed";
  const auto at = to == routing::breaker_state::open ? log::level::warn : log::level::info;
  log::write(at, name, "a circuit breaker changed",
             {{"provider", entry_->provider}, {"key", entry_->config.name}, {"from", to_string(from)}, {"to", to_string(to)},
              {"open_for_ms", static_cast<std::int64_t>(breaker_->open_for().count())}});
  around_.emit(event_json("breaker", wall_now(),
                          {{"provider", entry_->provider}, {"key", entry_->config.name}, {"from", to_string(from)},
                           {"to", to_string(to)}}));
}

void breaker_actor_state::set_alarm() {
  const auto due = breaker_->wake_at();
  if (due == alarm_) return;
  alarm_ = due;
  ++alarm_number_;
  if (!due) return;
  const auto delay = std::max<nanoseconds>(*due - steady_now(), nanoseconds(0)) + milliseconds(1);
  self->delayed_send(self, delay, breaker_wake{alarm_number_});
}

void breaker_actor_state::probe_soon() { self->delayed_send(self, endpoint_probe_every, endpoint_probe_due{probe_number_}); }

// The I/O side bounds a probe by the connect timeout and always calls back, so one outstanding probe is enough.
void breaker_actor_state::probe_endpoint(std::uint64_t number) {
  if (number != probe_number_ || published_ != routing::breaker_state::open) return;
  probe_soon();
  const auto& probe = around_.world->hooks.probe_endpoint;
  if (probe_outstanding_ || !probe) return;
  probe_outstanding_ = true;
  probe(entry_->base_url, [way = std::weak_ptr(way_back_)](bool reachable) {
    if (const auto back = way.lock()) (*back)(reachable);
  });
}

void breaker_actor_state::endpoint_answered(bool reachable) {
  probe_outstanding_ = false;
  if (published_ != routing::breaker_state::open) return;
  breaker_->endpoint_answered(reachable, steady_now());
  publish();
}

actor_line breaker_actor_state::line() {
  const auto window = breaker_->window().totals(steady_now());
  return {"breaker " + entry_->provider + "/" + entry_->config.name, "breaker",
          std::string(to_string(breaker_->state())) + ", " + std::to_string(window.failures) + " of " +
              std::to_string(window.calls) + " calls failed",
          mailbox_depth(self)};
}

breaker_report breaker_actor_state::report() const {
  const auto now = steady_now();
  breaker_report report;
  report.state = breaker_->state();
  report.open_for = breaker_->open_for();
  if (report.state == routing::breaker_state::open)
    report.opens_again_in = std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(breaker_->open_until() - now));
  report.openings = breaker_->openings();
  report.window = breaker_->window().totals(now);
  return report;
}

breaker_handle::behavior_type breaker_actor(breaker_handle::stateful_pointer<breaker_actor_state> self,
                                            surroundings around, breaker_settings settings) {
  fail_loudly(self, "breaker " + settings.entry->provider + "/" + settings.entry->config.name);
  self->state.begin(std::move(around), settings);
  return {
      [self](const status_request&) { return self->state.line(); },
      [self](const key_outcomes& calls) { self->state.fold(*calls.outcomes); },
      [self](const breaker_settings& settings) { self->state.configure(settings); },
      [self](const breaker_wake& due) { self->state.wake(due.number); },
      [self](const endpoint_probe_due& due) { self->state.probe_endpoint(due.number); },
      [self](const endpoint_probed& found) { self->state.endpoint_answered(found.reachable); },
      [self](const breaker_advice& advice) { self->state.heed(advice); },
      [self](const breaker_report_request&) { return self->state.report(); },
  };
}

}  // namespace switchyard::actors
