// Counts over the last few seconds, in ten slots: successes, failures by kind, and the time they took.
#pragma once

#include "base/clock.hpp"
#include "routing/call_outcome.hpp"

#include <array>
#include <cstdint>

namespace switchyard::routing {

/// What a window saw. `calls` counts successes and failures, not refusals by limit nor clients that left.
struct window_totals {
  std::uint64_t calls = 0;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::uint64_t connect_failures = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t rate_limited = 0;
  std::uint64_t first_bytes = 0;               ///< samples in first_byte_us
  std::uint64_t first_byte_us = 0;             ///< their sum

  [[nodiscard]] double failure_rate() const noexcept { return calls == 0 ? 0.0 : static_cast<double>(failures) / static_cast<double>(calls); }
  [[nodiscard]] double success_rate() const noexcept { return 1.0 - failure_rate(); }
  [[nodiscard]] double mean_first_byte_us() const noexcept {
    return first_bytes == 0 ? 0.0 : static_cast<double>(first_byte_us) / static_cast<double>(first_bytes);
  }
};

/// Not thread-safe. Time may stand still but not run backwards (an older outcome is booked in the newest slot).
class sliding_window {
 public:
  explicit sliding_window(milliseconds length) noexcept;

  void record(const call_outcome& outcome) noexcept;
  [[nodiscard]] window_totals totals(steady_time now) const noexcept;
  void clear() noexcept;
  [[nodiscard]] milliseconds length() const noexcept;

 private:
  static constexpr std::size_t slot_count = 10;
  struct slot {
    std::int64_t index = -1;
    window_totals counts;
  };
  nanoseconds slot_length_;
  std::array<slot, slot_count> slots_{};
};

}  // namespace switchyard::routing
