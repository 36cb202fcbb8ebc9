// Retries as a share of recent requests, so that an outage is not amplified.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstdint>

namespace switchyard::routing {

/// One per I/O thread and provider; not thread-safe. Allows max(floor, share x requests) retries in a sliding 10 s.
class retry_budget {
 public:
  explicit retry_budget(double share, int floor = 10) noexcept : share_(share), floor_(floor) {}

  void configure(double share) noexcept { share_ = share; }
  /// A request's first try.
  void record_request(steady_time now) noexcept;
  /// Takes one retry; false when the budget is spent.
  [[nodiscard]] bool take_retry(steady_time now) noexcept;

 private:
  struct second_count {
    std::int64_t second = -1;
    std::uint32_t requests = 0;
    std::uint32_t retries = 0;
  };
  second_count& at(steady_time now) noexcept;

  double share_;
  int floor_;
  std::array<second_count, 10> seconds_{};
};

}  // namespace switchyard::routing
