#include "routing/retry_budget.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {
constexpr std::int64_t window_seconds = 10;
std::int64_t second_of(steady_time now) noexcept { return to_ns(now) / 1'000'000'000; }
}  // namespace

retry_budget::second_count& retry_budget::at(steady_time now) noexcept {
  const auto second = second_of(now);
  auto& count = seconds_[static_cast<std::size_t>(second % window_seconds)];
  if (count.second != second) count = {second, 0, 0};
  return count;
}

void retry_budget::record_request(steady_time now) noexcept { ++at(now).requests; }

bool retry_budget::take_retry(steady_time now) noexcept {
  const auto second = second_of(now);
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  for (const auto& count : seconds_) {
    if (count.second < 0 || count.second <= second - window_seconds) continue;
    requests += count.requests;
    retries += count.retries;
  }
  const double allowed = std::max(static_cast<double>(floor_), share_ * static_cast<double>(requests));
  if (static_cast<double>(retries) + 1.0 > allowed) return false;
  ++at(now).retries;
  return true;
}

}  // namespace switchyard::routing
