// What the simulator was sent, per key: the other side's view for tests that check a gateway's accounting.
#pragma once

#include "base/header.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::sim {

/// How a call ended for the simulator.
struct call_ending {
  std::string_view key;
  std::string_view model;
  int status = 200;
  std::size_t input_tokens = 0;
  std::size_t output_tokens = 0;
  bool aborted = false;            ///< the caller left before the answer was complete
};

/// Not thread-safe.
class received_log {
 public:
  /// A call whose head and body were read. `headers` are kept only among the last `kept_requests`.
  void begin(std::string_view key, std::string_view path, std::span<const header> headers, std::string_view body);
  void end(const call_ending& how);
  void clear();
  /// {"total": {...}, "keys": {key: {...}}, "requests"?: [...]}; calls without a credential are under "".
  [[nodiscard]] std::string to_json(bool with_bodies) const;

 private:
  static constexpr std::size_t kept_requests = 50;
  static constexpr std::size_t kept_body = 256 * 1024;   // bytes of one body

  struct counts {
    std::uint64_t requests = 0;
    std::uint64_t finished = 0;
    std::uint64_t aborted = 0;
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
    std::map<std::string, std::uint64_t, std::less<>> paths;
    std::map<std::string, std::uint64_t, std::less<>> models;
    std::map<int, std::uint64_t> statuses;
  };
  struct kept_request {
    std::string key;
    std::string path;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
  };
  counts& of(std::string_view key);

  std::map<std::string, counts, std::less<>> keys_;
  std::deque<kept_request> last_;
  std::int64_t in_flight_ = 0;
};

}  // namespace switchyard::sim
