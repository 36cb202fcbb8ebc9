// Request ids: UUID version 7 (RFC 9562), so they sort by time.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace switchyard {

/// 16 bytes; prints as 36 characters.
struct request_id {
  std::array<std::uint8_t, 16> bytes{};

  /// `at` gives the 48 millisecond bits, `random` the rest.
  [[nodiscard]] static request_id make(wall_time at, random_source& random) noexcept;
  /// Accepts the canonical 8-4-4-4-12 form only; false leaves `out` alone.
  [[nodiscard]] static bool parse(std::string_view text, request_id& out) noexcept;

  [[nodiscard]] std::string to_string() const;
  /// Writes 36 characters.
  void write(char* out) const noexcept;
  friend bool operator==(const request_id&, const request_id&) = default;
};

}  // namespace switchyard
