#include "routing/key_health.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

namespace {
constexpr double decay_seconds = 10.0;
constexpr double floor_share = 0.02;
constexpr double assumed_successes = 4.0;
}  // namespace

key_health::key_health(double configured_weight, milliseconds window) noexcept : configured_weight_(configured_weight), window_(window) {}

void key_health::record(const call_outcome& outcome) noexcept {
  window_.record(outcome);
  ++totals_.calls;
  totals_.failures += is_failure(outcome.result);
  totals_.rate_limited += outcome.result == call_result::rate_limited || outcome.result == call_result::quota_exhausted;
  totals_.input_tokens += outcome.input_tokens;
  totals_.output_tokens += outcome.output_tokens;

  // A quick error must not make a key look fast, so only good answers are samples, and timeouts with all the time they took.
  const auto sample = outcome.result == call_result::ok        ? outcome.first_byte
                      : outcome.result == call_result::timeout ? outcome.duration
                                                               : microseconds(0);
  if (sample <= microseconds(0)) return;
  const auto us = static_cast<double>(sample.count());
  if (us >= latency_ewma_us_) {
    latency_ewma_us_ = us;
  } else {
    const double passed = std::max(0.0, std::chrono::duration<double>(outcome.finished - last_sample_).count());
    const double keep = std::exp(-passed / decay_seconds);
    latency_ewma_us_ = latency_ewma_us_ * keep + us * (1.0 - keep);
  }
  last_sample_ = std::max(last_sample_, outcome.finished);
}

bool key_health::has_own_latency(steady_time now) const noexcept { return latency_ewma_us_ > 0 && now - last_sample_ <= window_.length(); }

double key_health::latency_us(steady_time now) const noexcept {
  return others_.latency_us > 0 && !has_own_latency(now) ? others_.latency_us : latency_ewma_us_;
}

key_measure key_health::measured(steady_time now) const noexcept {
  const auto seen = window_.totals(now);
  return {seen.calls, seen.successes, has_own_latency(now) ? latency_ewma_us_ : 0.0};
}

double key_health::weight(double best_latency_us, steady_time now) const noexcept {
  const auto seen = window_.totals(now);
  const auto lent = static_cast<double>(std::min(others_.calls, most_lent_calls));
  const double lent_successes = others_.calls == 0 ? 0.0 : lent * static_cast<double>(others_.successes) / static_cast<double>(others_.calls);
  const double success = (static_cast<double>(seen.successes) + lent_successes + assumed_successes) /
                         (static_cast<double>(seen.calls) + lent + assumed_successes);
  const double latency = latency_us(now);
  const double speed = best_latency_us > 0 && latency > 0 ? std::min(1.0, best_latency_us / latency) : 1.0;
  return configured_weight_ * std::max(floor_share, success * success * success * speed);
}

}  // namespace switchyard::routing
