#include "routing/breaker.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {
// Half-open permits whose calls brought no verdict are handed out again after this long.
constexpr milliseconds renew_permits_after = seconds(2);
constexpr milliseconds longest_ramp = seconds(10);
}  // namespace

breaker::breaker(const config::breaker_config& config) noexcept : config_(config), window_(config.window) {}

void breaker::configure(const config::breaker_config& config) noexcept {
  if (config.window != config_.window) window_ = sliding_window(config.window);
  if (config.half_open_probes != config_.half_open_probes) permits_renewed_ = true;
  config_ = config;
}

void breaker::record(const call_outcome& outcome) noexcept {
  tick(outcome.finished);
  if (state_ == breaker_state::half_open && outcome.probe) {
    if (is_success(outcome.result)) {
      if (++probes_succeeded_ >= wanted_probes()) close(outcome.finished);
    } else if (is_failure(outcome.result)) {
      open(outcome.finished, outcome.result == call_result::connect_failed);
    } else {
      ++permits_returned_;
    }
    return;
  }
  // While open or half-open only probes decide; what else arrives was sent before.
  if (state_ != breaker_state::closed) return;
  window_.record(outcome);
  if (is_success(outcome.result)) failures_in_row_ = 0;
  if (!is_failure(outcome.result)) return;
  ++failures_in_row_;
  const auto enough = static_cast<std::uint64_t>(std::max(config_.min_requests, 1));
  const auto seen = window_.totals(outcome.finished);
  const bool in_row = static_cast<std::uint64_t>(failures_in_row_) >= enough && seen.failures >= enough;
  if (in_row || (seen.calls >= enough && seen.failure_rate() >= config_.failure_rate))
    open(outcome.finished, seen.connect_failures == seen.failures);
}

void breaker::endpoint_answered(bool reachable, steady_time now) noexcept {
  if (state_ == breaker_state::open && opened_by_connect_ && reachable) half_open(now);
}

void breaker::tick(steady_time now) noexcept {
  if (state_ == breaker_state::open && now >= open_until_) {
    half_open(now);
  } else if (state_ == breaker_state::half_open && now >= renew_permits_at_) {
    permits_renewed_ = true;
    renew_permits_at_ = now + renew_permits_after;
  } else if (state_ == breaker_state::closed) {
    if (ramp_from_ && now >= *ramp_from_ + ramp_for_) ramp_from_.reset();
    if (openings_in_row_ > 0 && now >= closed_since_ + config_.window) openings_in_row_ = 0;
  }
}

void breaker::share_probes(std::optional<int> mine) noexcept {
  if (mine == share_) return;
  share_ = mine;
  permits_renewed_ = true;
}

void breaker::advised_to_open(steady_time now) noexcept {
  tick(now);
  if (state_ == breaker_state::closed) open(now, false);
}

void breaker::advised_to_close(steady_time now) noexcept {
  tick(now);
  if (state_ == breaker_state::half_open) close(now);
}

int breaker::wanted_probes() const noexcept { return share_ ? std::clamp(*share_, 1, std::max(1, config_.half_open_probes)) : config_.half_open_probes; }

int breaker::probes() const noexcept {
  if (state_ != breaker_state::half_open || share_ == 0) return 0;
  return std::max(1, wanted_probes() - probes_succeeded_);
}

milliseconds breaker::open_for() const noexcept {
  milliseconds length = config_.open_for;
  for (int i = 1; i < openings_in_row_ && length < config_.max_open_for; ++i) length *= 2;
  return std::min(length, std::max(config_.max_open_for, config_.open_for));
}

std::optional<steady_time> breaker::wake_at() const noexcept {
  switch (state_) {
    case breaker_state::open: return open_until_;
    case breaker_state::half_open: return renew_permits_at_;
    case breaker_state::closed:
      if (ramp_from_ && openings_in_row_ > 0) return std::min(*ramp_from_ + ramp_for_, closed_since_ + config_.window);
      if (ramp_from_) return *ramp_from_ + ramp_for_;
      if (openings_in_row_ > 0) return closed_since_ + config_.window;
      return std::nullopt;
  }
  return std::nullopt;
}

void breaker::publish(key_state& key) noexcept {
  const auto before = key.breaker.load(std::memory_order_relaxed);
  key.open_until_ns.store(state_ == breaker_state::open ? to_ns(open_until_) : 0, std::memory_order_relaxed);
  key.ramp_for_ns.store(std::chrono::duration_cast<nanoseconds>(ramp_for_).count(), std::memory_order_relaxed);
  key.ramp_from_ns.store(ramp_from_ ? to_ns(*ramp_from_) : 0, std::memory_order_relaxed);
  if (state_ != breaker_state::half_open) {
    key.probes_left.store(0, std::memory_order_relaxed);
  } else if (permits_renewed_ || before != breaker_state::half_open) {
    key.probes_left.store(probes(), std::memory_order_relaxed);
  } else if (permits_returned_ > 0) {
    key.probes_left.fetch_add(permits_returned_, std::memory_order_relaxed);
  }
  permits_renewed_ = false;
  permits_returned_ = 0;
  // A run that began before the verdict must not trip the key again on its next single failure.
  if (before != state_) key.failures_in_row.store(0, std::memory_order_relaxed);
  key.breaker.store(state_, std::memory_order_release);
  key.tripped.store(false, std::memory_order_relaxed);
}

void breaker::open(steady_time now, bool by_connect) noexcept {
  state_ = breaker_state::open;
  ++openings_in_row_;
  ++openings_total_;
  opened_by_connect_ = by_connect;
  open_until_ = now + open_for();
  ramp_from_.reset();
  failures_in_row_ = 0;
  window_.clear();
}

void breaker::half_open(steady_time now) noexcept {
  state_ = breaker_state::half_open;
  probes_succeeded_ = 0;
  permits_returned_ = 0;
  permits_renewed_ = true;
  renew_permits_at_ = now + renew_permits_after;
}

void breaker::close(steady_time now) noexcept {
  state_ = breaker_state::closed;
  closed_since_ = now;
  ramp_from_ = now;
  ramp_for_ = std::min(longest_ramp, 2 * open_for());
  window_.clear();
}

}  // namespace switchyard::routing
