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

/// Folds outcomes; its actor publishes weight and latency after each batch. Not thread-safe.
class key_health {
 public:
  explicit key_health(double configured_weight, milliseconds window = seconds(30)) noexcept;

  void configure(double configured_weight) noexcept { configured_weight_ = configured_weight; }
  void record(const call_outcome& outcome) noexcept;

  /// Peak-EWMA of the first-byte latency of good answers (Finagle's; a timeout counts with its whole duration): jumps up to a sample
  /// above it at once, decays towards lower ones with a time constant of 10 s. 0: no sample yet.
  [[nodiscard]] double latency_ewma_us() const noexcept { return latency_ewma_us_; }

  /// What `adaptive` draws by (times headroom and in-flight, which are instant):
  ///   configured x success^3 x min(1, best / own latency), never below 2 % of configured, so that it recovers by itself.
  /// success = (successes + 4) / (calls + 4) of the window: one failure among few calls is no verdict yet.
  /// `best_latency_us`: the lowest peak-EWMA among the same provider's keys; 0: unknown (factor 1).
  [[nodiscard]] double weight(double best_latency_us, steady_time now) const noexcept;

  [[nodiscard]] window_totals window(steady_time now) const noexcept { return window_.totals(now); }
  [[nodiscard]] const key_totals& totals() const noexcept { return totals_; }

 private:
  double configured_weight_;
  sliding_window window_;
  double latency_ewma_us_ = 0;
  steady_time last_sample_{};
  key_totals totals_;
};

}  // namespace switchyard::routing
