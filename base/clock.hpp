// Time points. Pure code takes `now` as an argument; only actors/, net/ and tools/ read a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace switchyard {

using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// Nanoseconds of the monotonic clock: what atomics beside a snapshot hold.
[[nodiscard]] inline std::int64_t to_ns(steady_time t) noexcept {
  return std::chrono::duration_cast<nanoseconds>(t.time_since_epoch()).count();
}
[[nodiscard]] inline steady_time from_ns(std::int64_t ns) noexcept { return steady_time{nanoseconds{ns}}; }

[[nodiscard]] inline steady_time steady_now() noexcept { return std::chrono::steady_clock::now(); }
[[nodiscard]] inline wall_time wall_now() noexcept { return std::chrono::system_clock::now(); }

}  // namespace switchyard
