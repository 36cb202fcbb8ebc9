// What must be instant about a provider key: atomics that stand beside the published snapshot.
//
// The key's actor and its breaker's actor own the truth and are the only writers of what is marked (actor); I/O threads
// write what is marked (call) at the moment they see it and report it in the next batch of outcomes.
#pragma once

#include "base/clock.hpp"
#include "routing/call_outcome.hpp"
#include "routing/rate_limit.hpp"

#include <atomic>
#include <cstdint>
#include <string_view>

namespace switchyard::routing {

enum class breaker_state : std::uint8_t { closed = 0, half_open = 1, open = 2 };
[[nodiscard]] std::string_view to_string(breaker_state state) noexcept;

/// Why a key is parked until key_state::parked_until_ns.
enum class park_reason : std::uint8_t { none, retry_after, quota, unauthorized };
[[nodiscard]] std::string_view to_string(park_reason reason) noexcept;

struct alignas(64) key_state {
  explicit key_state(std::uint32_t key_id, double configured_weight, std::int64_t rpm, std::int64_t tpm)
      : id(key_id), weight(configured_weight), requests(rpm), tokens(tpm) {}

  const std::uint32_t id;                                        ///< unique in this process, kept over reloads

  std::atomic<int> in_flight{0};                                 ///< (call)
  std::atomic<std::int64_t> parked_until_ns{0};                  ///< (call, actor) steady clock; 0: not parked
  std::atomic<park_reason> parked_for{park_reason::none};        ///< (call, actor)
  std::atomic<int> failures_in_row{0};                           ///< (call) reset by a success
  std::atomic<bool> tripped{false};                              ///< (call sets, actor clears) stop at once; the breaker decides

  // Read by every choice, written seldom: on a cache line of their own.
  alignas(64) std::atomic<breaker_state> breaker{breaker_state::closed};   ///< (actor)
  std::atomic<int> probes_left{0};                               ///< half-open: (actor) sets, (call) takes
  std::atomic<std::int64_t> open_until_ns{0};                    ///< (actor)
  std::atomic<std::int64_t> ramp_from_ns{0};                     ///< (actor) recovery began; 0: no ramp under way
  std::atomic<std::int64_t> ramp_for_ns{0};                      ///< (actor)

  std::atomic<double> weight;                                    ///< (actor) configured weight x health, what `adaptive` draws by
  std::atomic<double> latency_ewma_us{0};                        ///< (actor) peak-EWMA of first-byte latency, another node's where there is no own; 0: no sample
  std::atomic<double> headroom{1.0};                             ///< (call) least remaining/limit share the provider's headers named, 0..1

  rate_limit requests;                                           ///< rpm
  rate_limit tokens;                                             ///< tpm

  // (actor) What this node itself measured, for the others (key_health::measured).
  std::atomic<std::uint64_t> measured_calls{0}, measured_successes{0};
  std::atomic<double> measured_latency_us{0};

  /// Parks until `until` unless it is parked for longer already.
  void park(steady_time until, park_reason why) noexcept;
  void unpark() noexcept;
  /// The instant brake, for whoever saw a call end: counts failures in a row and trips a closed breaker's key once there are
  /// `min_requests` of them, before its breaker has heard of any. The breaker's verdict (breaker::publish) releases it.
  void note_result(call_result result, int min_requests) noexcept;
  /// Takes one half-open probe permit; false when none is left.
  [[nodiscard]] bool take_probe() noexcept;
  /// Gives an unused permit back.
  void return_probe() noexcept { probes_left.fetch_add(1, std::memory_order_relaxed); }
  /// 0.1 .. 1 while recovering after an open breaker, else 1.
  [[nodiscard]] double ramp(steady_time now) const noexcept;
};

/// Can this key take a call now? `probe` tells that it may only as a half-open probe (take_probe() must succeed).
struct availability {
  enum class verdict : std::uint8_t { yes, probe, parked, breaker_open, request_limit, token_limit, max_in_flight };
  verdict what = verdict::yes;
  milliseconds retry_in{0};            ///< when it may be different; 0: unknown
  [[nodiscard]] bool usable() const noexcept { return what == verdict::yes || what == verdict::probe; }
};
[[nodiscard]] std::string_view to_string(availability::verdict what) noexcept;

/// Looks only; reserves nothing. Names the first of: parked, tripped or open breaker, half-open without a permit, max_in_flight,
/// rpm, tpm. `tokens`: the estimate for this request. `max_in_flight` 0: unlimited.
[[nodiscard]] availability check(const key_state& key, int max_in_flight, std::int64_t tokens, steady_time now) noexcept;

}  // namespace switchyard::routing
