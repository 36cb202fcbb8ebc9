#include "routing/sliding_window.hpp"

#include <algorithm>

namespace switchyard::routing {

sliding_window::sliding_window(milliseconds length) noexcept
    : slot_length_(std::max(nanoseconds(1), nanoseconds(length) / static_cast<std::int64_t>(slot_count))) {}

void sliding_window::record(const call_outcome& outcome) noexcept {
  std::int64_t index = to_ns(outcome.finished) / slot_length_.count();
  for (const auto& s : slots_) index = std::max(index, s.index);
  auto& s = slots_[static_cast<std::size_t>(index) % slot_count];
  if (s.index != index) s = {index, {}};

  auto& counts = s.counts;
  if (is_success(outcome.result)) {
    ++counts.calls;
    ++counts.successes;
  } else if (is_failure(outcome.result)) {
    ++counts.calls;
    ++counts.failures;
    counts.connect_failures += outcome.result == call_result::connect_failed;
    counts.timeouts += outcome.result == call_result::timeout;
  } else if (outcome.result == call_result::rate_limited || outcome.result == call_result::quota_exhausted) {
    ++counts.rate_limited;
  }
  if (outcome.first_byte > microseconds(0)) {
    ++counts.first_bytes;
    counts.first_byte_us += static_cast<std::uint64_t>(outcome.first_byte.count());
  }
}

window_totals sliding_window::totals(steady_time now) const noexcept {
  const std::int64_t oldest = to_ns(now) / slot_length_.count() - static_cast<std::int64_t>(slot_count) + 1;
  window_totals sum;
  for (const auto& s : slots_) {
    if (s.index < 0 || s.index < oldest) continue;
    sum.calls += s.counts.calls;
    sum.successes += s.counts.successes;
    sum.failures += s.counts.failures;
    sum.connect_failures += s.counts.connect_failures;
    sum.timeouts += s.counts.timeouts;
    sum.rate_limited += s.counts.rate_limited;
    sum.first_bytes += s.counts.first_bytes;
    sum.first_byte_us += s.counts.first_byte_us;
  }
  return sum;
}

void sliding_window::clear() noexcept { slots_ = {}; }

milliseconds sliding_window::length() const noexcept {
  return std::chrono::duration_cast<milliseconds>(slot_length_ * static_cast<std::int64_t>(slot_count));
}

}  // namespace switchyard::routing
