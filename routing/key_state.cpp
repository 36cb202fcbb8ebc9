#include "routing/key_state.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

constexpr double ramp_start = 0.1;

// Time until `at_ns`, rounded up; 0 when it has passed or is not set.
milliseconds until(std::int64_t at_ns, steady_time now) noexcept {
  if (at_ns == 0) return milliseconds(0);
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(from_ns(at_ns) - now));
}

}  // namespace

std::string_view to_string(breaker_state state) noexcept {
  switch (state) {
    case breaker_state::closed: return "closed";
    case breaker_state::half_open: return "half_open";
    case breaker_state::open: return "open";
  }
  return "unknown";
}

std::string_view to_string(park_reason reason) noexcept {
  switch (reason) {
    case park_reason::none: return "none";
    case park_reason::retry_after: return "retry_after";
    case park_reason::quota: return "quota";
    case park_reason::unauthorized: return "unauthorized";
  }
  return "unknown";
}

std::string_view to_string(availability::verdict what) noexcept {
  switch (what) {
    case availability::verdict::yes: return "yes";
    case availability::verdict::probe: return "probe";
    case availability::verdict::parked: return "parked";
    case availability::verdict::breaker_open: return "breaker_open";
    case availability::verdict::request_limit: return "request_limit";
    case availability::verdict::token_limit: return "token_limit";
    case availability::verdict::max_in_flight: return "max_in_flight";
  }
  return "unknown";
}

void key_state::park(steady_time until_when, park_reason why) noexcept {
  const std::int64_t wanted = to_ns(until_when);
  std::int64_t parked = parked_until_ns.load(std::memory_order_relaxed);
  while (parked < wanted) {
    if (parked_until_ns.compare_exchange_weak(parked, wanted, std::memory_order_relaxed)) {
      parked_for.store(why, std::memory_order_relaxed);
      return;
    }
  }
}

void key_state::unpark() noexcept {
  parked_until_ns.store(0, std::memory_order_relaxed);
  parked_for.store(park_reason::none, std::memory_order_relaxed);
}

void key_state::note_result(call_result result, int min_requests) noexcept {
  if (is_success(result)) {
    if (failures_in_row.load(std::memory_order_relaxed) != 0) failures_in_row.store(0, std::memory_order_relaxed);
  } else if (is_failure(result)) {
    const int failures = failures_in_row.fetch_add(1, std::memory_order_relaxed) + 1;
    // Past closed the breaker has spoken already; a late failure must not keep its probes from going out.
    if (failures >= min_requests && breaker.load(std::memory_order_acquire) == breaker_state::closed)
      tripped.store(true, std::memory_order_relaxed);
  }
}

bool key_state::take_probe() noexcept {
  int left = probes_left.load(std::memory_order_relaxed);
  while (left > 0)
    if (probes_left.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) return true;
  return false;
}

double key_state::ramp(steady_time now) const noexcept {
  const std::int64_t from = ramp_from_ns.load(std::memory_order_relaxed);
  if (from == 0) return 1.0;
  const std::int64_t length = ramp_for_ns.load(std::memory_order_relaxed);
  const std::int64_t passed = to_ns(now) - from;
  if (length <= 0 || passed >= length) return 1.0;
  const double share = static_cast<double>(std::max<std::int64_t>(passed, 0)) / static_cast<double>(length);
  return ramp_start + (1.0 - ramp_start) * share;
}

availability check(const key_state& key, int max_in_flight, std::int64_t tokens, steady_time now) noexcept {
  using verdict = availability::verdict;
  const std::int64_t parked = key.parked_until_ns.load(std::memory_order_relaxed);
  if (parked != 0 && to_ns(now) < parked) return {verdict::parked, until(parked, now)};

  const auto breaker = key.breaker.load(std::memory_order_acquire);
  if (breaker == breaker_state::open) return {verdict::breaker_open, until(key.open_until_ns.load(std::memory_order_relaxed), now)};
  if (key.tripped.load(std::memory_order_relaxed)) return {verdict::breaker_open, milliseconds(0)};
  const bool half_open = breaker == breaker_state::half_open;
  if (half_open && key.probes_left.load(std::memory_order_relaxed) <= 0) return {verdict::breaker_open, milliseconds(0)};

  if (max_in_flight > 0 && key.in_flight.load(std::memory_order_relaxed) >= max_in_flight) return {verdict::max_in_flight, milliseconds(0)};
  if (!key.requests.fits(1, now)) return {verdict::request_limit, key.requests.fits_in(1, now)};
  if (!key.tokens.fits(tokens, now)) return {verdict::token_limit, key.tokens.fits_in(tokens, now)};
  return {half_open ? verdict::probe : verdict::yes, milliseconds(0)};
}

}  // namespace switchyard::routing
