// Durations, sizes and times as people write them: "250ms", "20MiB", "2027-01-31".
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

/// "250ms", "10s", "5m", "1h", "30d": a whole number and its unit, at most ten years. nullopt: anything else.
[[nodiscard]] std::optional<milliseconds> parse_duration(std::string_view text) noexcept;
/// The shortest exact spelling: 60'000 ms is "1m". Precondition: not negative.
[[nodiscard]] std::string format_duration(milliseconds duration);

/// Bytes: "64KiB", "20MiB", "1GiB", or plain bytes "1048576". nullopt: anything else, or more than 2^63.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
/// The shortest exact spelling: 1048576 is "1MiB", 1000 is "1000".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// "2027-01-31" (its first moment in UTC), "2027-01-31T12:00:00Z" or with an offset "+02:00"; whole seconds, 1970 to 9999. nullopt: anything else.
[[nodiscard]] std::optional<wall_time> parse_time(std::string_view text) noexcept;
/// "2027-01-31T00:00:00Z": whole seconds.
[[nodiscard]] std::string format_time(wall_time at);

}  // namespace switchyard::config
