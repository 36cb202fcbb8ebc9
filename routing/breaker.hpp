// One circuit breaker: closed -> open -> half-open with bounded probes -> closed with a ramp, or open again for twice as long.
#pragma once

#include "config/config.hpp"
#include "routing/call_outcome.hpp"
#include "routing/key_state.hpp"
#include "routing/sliding_window.hpp"

#include <optional>

namespace switchyard::routing {

/// Decides; its actor tells it the time and publishes what it says. Not thread-safe.
///
/// Opens when its window holds min_requests calls and either failure_rate of them failed, or the last min_requests failed in a row: a
/// key that dies under load is out at once, however many good calls the window still remembers.
class breaker {
 public:
  explicit breaker(const config::breaker_config& config) noexcept;

  /// A reload changed the settings; the state stays.
  void configure(const config::breaker_config& config) noexcept;
  /// Folds one outcome. Outcomes that are neither success nor failure are ignored (a probe that ended so gives its permit back).
  void record(const call_outcome& outcome) noexcept;
  /// A connect probe reached (or did not reach) the endpoint while open: success moves to half-open ahead of time.
  void endpoint_answered(bool reachable, steady_time now) noexcept;
  /// In a cluster: how many calls this node may probe a half-open key with (0: another node does); one success each decides. nullopt: there is none.
  void share_probes(std::optional<int> mine) noexcept;
  /// Other nodes found the key broken, or well again: closed -> open, half-open -> closed. Nothing else follows from their word.
  void advised_to_open(steady_time now) noexcept;
  void advised_to_close(steady_time now) noexcept;
  /// Moves open -> half-open when its time has come, hands half-open permits out again when 2 s brought no decision (the clients that
  /// took them may be gone), and ends the ramp. Call at wake_at() or later.
  void tick(steady_time now) noexcept;

  [[nodiscard]] breaker_state state() const noexcept { return state_; }
  [[nodiscard]] steady_time open_until() const noexcept { return open_until_; }
  /// Half-open permits still needed to decide; counted down by the callers in key_state::probes_left.
  [[nodiscard]] int probes() const noexcept;
  /// How long it was or would be open: open_for x 2^(consecutive openings - 1), at most max_open_for.
  [[nodiscard]] milliseconds open_for() const noexcept;
  /// When tick() must be called; nullopt: no need.
  [[nodiscard]] std::optional<steady_time> wake_at() const noexcept;
  /// Since when the weight ramps up after closing; nullopt: not recovering.
  [[nodiscard]] std::optional<steady_time> ramp_from() const noexcept { return ramp_from_; }
  /// How long: twice what it was open for, at most 10 s.
  [[nodiscard]] milliseconds ramp_for() const noexcept { return ramp_for_; }
  /// Was it opened by connect failures alone, so that a bare connect can tell it is over?
  [[nodiscard]] bool opened_by_connect() const noexcept { return opened_by_connect_; }

  /// Writes the verdict where callers look, permits included, and releases the instant brake. Call after record(), tick() and
  /// endpoint_answered(); permits that are out stay out.
  void publish(key_state& key) noexcept;

  [[nodiscard]] const sliding_window& window() const noexcept { return window_; }
  [[nodiscard]] std::uint64_t openings() const noexcept { return openings_total_; }

 private:
  void open(steady_time now, bool by_connect) noexcept;
  void half_open(steady_time now) noexcept;
  void close(steady_time now) noexcept;
  [[nodiscard]] int wanted_probes() const noexcept;

  config::breaker_config config_;
  sliding_window window_;
  breaker_state state_ = breaker_state::closed;
  steady_time open_until_{};
  std::optional<steady_time> ramp_from_;
  milliseconds ramp_for_{0};
  int failures_in_row_ = 0;
  int openings_in_row_ = 0;
  std::uint64_t openings_total_ = 0;
  int probes_succeeded_ = 0;
  int permits_returned_ = 0;                   // probes that ended without a verdict, not yet published
  bool permits_renewed_ = false;               // publish() sets the permits anew
  steady_time renew_permits_at_{};             // half-open only
  steady_time closed_since_{};
  bool opened_by_connect_ = false;
  std::optional<int> share_;
};

}  // namespace switchyard::routing
