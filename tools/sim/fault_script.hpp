// Scripted misbehaviour: which call meets which fault. Rules come from PUT /sim/faults and are tried in order.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::sim {

enum class fault_kind {
  latency,              ///< waits latency_ms, then goes on with the next rules
  headers,              ///< adds headers to the normal answer, then goes on with the next rules
  status,               ///< answers with status, headers, body
  rate_limited,         ///< 429 with retry-after and the provider's limit headers
  insufficient_quota,   ///< the provider's refusal of an account without credit
  unauthorized,         ///< the provider's refusal of a key, which its message repeats
  redirect,             ///< 302 to `location`
  malformed_json,       ///< 200 with a body cut in its middle
  wrong_content_type,   ///< 200 text/html
  blackhole,            ///< reads the request, never answers
  stream_error,         ///< streams `after_events` events, then an error event; whole answers get status 500
  reset,                ///< streams `after_events` events (whole answers: half the body), then resets the connection
  truncate,             ///< streams `after_events` events, then ends cleanly without the closing event
  stall,                ///< streams `after_events` events, then sends nothing more
  malformed_event,      ///< streams `after_events` events, then one that makes no sense, then the rest; whole answers as malformed_json
  drip,                 ///< sends the answer `bytes` bytes at a time, `interval_ms` apart
  endless_line,         ///< a stream whose first line never ends: `bytes` bytes of it, then waits
};

struct fault_rule {
  fault_kind kind = fault_kind::status;
  std::string key;                         ///< credential it is for (AWS: the access key id); empty: every one
  std::string model;                       ///< empty: every model
  std::string path;                        ///< empty: every path
  double probability = 1;
  std::optional<std::uint64_t> next;       ///< calls it still applies to; none: no end
  milliseconds latency{0};                 ///< waited before the fault itself
  int status = 500;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                        ///< empty: the wire's own error body for the status
  std::size_t after_events = 0;
  std::size_t bytes = 1;
  milliseconds interval{1000};
  std::string location = "http://127.0.0.1:1/";
  int retry_after_s = 1;
  std::uint64_t applied = 0;
};

/// What one call meets: delays and extra headers of all rules that applied, and the first real fault.
struct fault_decision {
  milliseconds latency{0};
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<fault_rule> fault;
};

/// The rules and their random source; equal seeds and calls give equal faults. Not thread-safe.
class fault_script {
 public:
  explicit fault_script(std::uint64_t seed = 1) : random_(seed) {}

  /// Replaces the rules (or appends, for POST) by {"seed"?: N, "faults": [{"kind": ..., ...}]}; all or nothing.
  [[nodiscard]] outcome load(std::string_view json, bool append = false);
  void clear() { rules_.clear(); }
  [[nodiscard]] fault_decision decide(std::string_view key, std::string_view model, std::string_view path);
  /// The rules as JSON, with `applied` counts.
  [[nodiscard]] std::string to_json() const;

 private:
  std::vector<fault_rule> rules_;
  random_source random_;
};

}  // namespace switchyard::sim
