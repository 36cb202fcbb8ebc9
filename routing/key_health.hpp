// A key's health as its actor keeps it: windows, peak-EWMA latency, and the adaptive weight made of them.
#pragma once

#include "routing/call_outcome.hpp"
#include "routing/sliding_window.hpp"

#include <cstdint>

namespace switchyard::routing {

/// Lifetime counts beside the window, for status and metrics.
struct key_totals {
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  std::uint64_t rate_limited = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

/// What a window says of a key, or those of several nodes together.
struct key_measure {
  std::uint64_t calls = 0;
  std::uint64_t successes = 0;
  double latency_us = 0;                         ///< peak-EWMA of first-byte latency; 0: no sample
};

/// Folds outcomes; its actor publishes weight and latency after each batch. Not thread-safe.
class key_health {
 public:
  /// As many calls of others as count like own ones.
  static constexpr std::uint64_t most_lent_calls = 20;

  explicit key_health(double configured_weight, milliseconds window = seconds(30)) noexcept;

  void configure(double configured_weight) noexcept { configured_weight_ = configured_weight; }
  void record(const call_outcome& outcome) noexcept;
  /// What other nodes measured lately. It stands in for what this one has not: its latency where there is no own sample of the window's
  /// length, its calls as if at most most_lent_calls of them had been own ones. So own calls soon outweigh it.
  void learn(const key_measure& others) noexcept { others_ = others; }
  /// What this node measured, for others; nothing that was learned from them.
  [[nodiscard]] key_measure measured(steady_time now) const noexcept;

  /// Peak-EWMA of the first-byte latency of good answers (Finagle's; a timeout counts with its whole duration): jumps up to a sample
  /// above it at once, decays towards lower ones with a time constant of 10 s. 0: no sample yet.
  [[nodiscard]] double latency_ewma_us() const noexcept { return latency_ewma_us_; }
  /// The same, or what was learned while there is nothing newer.
  [[nodiscard]] double latency_us(steady_time now) const noexcept;

  /// What `adaptive` draws by (times headroom and in-flight, which are instant):
  ///   configured x success^3 x min(1, best / latency), never below 2 % of configured, so that it recovers by itself.
  /// success = (successes + 4) / (calls + 4) of the window and of what was learned: one failure among few calls is no verdict yet.
  /// `best_latency_us`: the lowest latency_us() among the same provider's keys; 0: unknown (factor 1).
  [[nodiscard]] double weight(double best_latency_us, steady_time now) const noexcept;

  [[nodiscard]] window_totals window(steady_time now) const noexcept { return window_.totals(now); }
  [[nodiscard]] const key_totals& totals() const noexcept { return totals_; }

 private:
  [[nodiscard]] bool has_own_latency(steady_time now) const noexcept;

  double configured_weight_;
  sliding_window window_;
  key_measure others_;
  double latency_ewma_us_ = 0;
  steady_time last_sample_{};
  key_totals totals_;
};

}  // namespace switchyard::routing
