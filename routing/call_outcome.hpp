// How one call to a provider ended, as the actors that own windows, breakers and limits learn it.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string_view>

namespace switchyard::routing {

/// The ways a call to a provider can end, as far as health cares.
enum class call_result : std::uint8_t {
  ok,
  request_refused,   ///< 400-class about the request itself: says nothing about the key's health
  client_gone,       ///< the client left first: says nothing either
  not_asked,         ///< the provider's format cannot say what the request asks: nothing was sent
  rate_limited,      ///< 429
  quota_exhausted,   ///< 402, or 429 with insufficient_quota: park the key
  unauthorized,      ///< 401 or 403: park the key
  server_error,      ///< 5xx, or an error inside a 200 stream before the first content
  stream_broken,     ///< reset or error after content had gone out
  timeout,           ///< first byte, idle or total
  connect_failed,    ///< refused, unreachable, TLS
  bad_response,      ///< not HTTP, not JSON, not SSE
};

[[nodiscard]] std::string_view to_string(call_result result) noexcept;

/// Counts against the breaker: server_error, stream_broken, timeout, connect_failed, bad_response.
[[nodiscard]] bool is_failure(call_result result) noexcept;
/// Counts for the breaker: ok, request_refused (the provider answered sensibly).
[[nodiscard]] bool is_success(call_result result) noexcept;
/// Did the provider answer, so that its tokens are charged?
[[nodiscard]] bool is_charged(call_result result) noexcept;
/// Worth trying on another key or target, as far as the result alone says.
[[nodiscard]] bool is_retryable(call_result result) noexcept;

/// One finished call; travels in batches from the I/O threads to the actor of its key.
struct call_outcome {
  std::uint32_t key = 0;               ///< key_state::id
  call_result result = call_result::ok;
  bool probe = false;                  ///< it was one of the half-open breaker's probes
  steady_time finished{};
  microseconds first_byte{0};          ///< request written -> first byte of the answer; 0 if none came
  microseconds duration{0};
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

}  // namespace switchyard::routing
