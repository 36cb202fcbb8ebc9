// What nodes tell each other about provider keys, and what follows from it. Values of registers (registers.hpp):
//
//   "fact/KEY"     = array [fact, credential]   lasts: as long as the fact does    429 with retry-after, 401/403, quota
//   "breaker/KEY"  = array [state]              closed, open, half-open, as the writer's own traffic made it
//   "measure/KEY"  = array [credential, calls, successes, latency]   lasts: 30 s   what the writer's own window says of it
//
// S1  A fact about the key itself holds on every node that has the same credential, from receipt, for what is left of it, at most an hour. It comes from
//     the provider's own answer.
// S2  A peer's open breaker is advice: it opens ours only together with own evidence, or when two peers opened within 5 s.
// S3  At most 3 nodes probe a half-open key, each with one call: the first three of owners_of(key) over the configured nodes. When those of the three
//     that are alive use the key as one that is well, the first three of the nodes that do not. When none of the three is alive, any node, once in 30 s.
// S4  What others measured of a key stands in for what a node has not measured itself (routing/key_health): nodes tell only of their own calls, so
//     nothing goes round in circles.
#pragma once

#include "cluster/registers.hpp"

#include <functional>

namespace switchyard::cluster {

enum class key_fact : std::uint8_t { rate_limited, unauthorized, quota_spent };
constexpr key_fact last_of(key_fact) { return key_fact::quota_spent; }
enum class shared_breaker : std::uint8_t { closed, open, half_open };
constexpr shared_breaker last_of(shared_breaker) { return shared_breaker::half_open; }

struct fact_value {
  static constexpr std::size_t least = 1;
  key_fact what = key_fact::rate_limited;
  std::uint64_t credential = 0;                  ///< a fingerprint: nodes may know a key by one name and not have the same; 0: whichever it is
  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.what, self.credential);
  }
};
struct breaker_value {
  shared_breaker state = shared_breaker::closed;
  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.state);
  }
};

struct key_performance {
  std::uint64_t credential = 0;                  ///< as in fact_value
  std::uint64_t calls = 0, successes = 0;
  std::uint64_t latency_us = 0;                  ///< to the first byte; 0: not measured
  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.credential, self.calls, self.successes, self.latency_us);
  }
};

struct parking {
  key_fact why = key_fact::rate_limited;
  steady_time until{};
  node_name by;                                  ///< whom the provider told so
};

/// Reads and writes the registers of one node's provider keys. Not thread-safe.
class shared_health {
 public:
  using alive_check = std::function<bool(const node_name&)>;

  shared_health(node_name self, std::vector<node_name> configured, registers& shared);

  /// A provider's answer said so to this node.
  outcome report(const std::string& key, fact_value what, milliseconds lasts, steady_time now, outbox& out);
  outcome report(const std::string& key, shared_breaker state, steady_time now, outbox& out);
  outcome report(const std::string& key, const key_performance& measured, milliseconds lasts, steady_time now, outbox& out);

  /// The fact that lasts longest, whoever reported it.
  [[nodiscard]] std::optional<parking> parked(const std::string& key, std::uint64_t credential, steady_time now) const;
  /// S4. Sums of the others' counts, and the mean of their latencies by calls.
  [[nodiscard]] key_performance measured_by_others(const std::string& key, std::uint64_t credential, steady_time now) const;
  /// S2. `own_evidence`: this node's own window holds failures of the key. What was heard before `since` is not advice any more.
  [[nodiscard]] bool should_open(const std::string& key, bool own_evidence, steady_time since, steady_time now) const;
  /// Is this node one of the three of S3?
  [[nodiscard]] bool prober(const std::string& key) const;
  /// S3. Counts as taken when true.
  [[nodiscard]] bool may_probe(const std::string& key, steady_time now, const alive_check& alive);
  /// A node found the key well again since `since`.
  [[nodiscard]] bool should_close(const std::string& key, steady_time since, steady_time now) const;

 private:
  /// nullopt: nobody knows, or long ago.
  [[nodiscard]] std::optional<shared_breaker> state_at(const node_name& node, const std::string& key, steady_time now) const;

  node_name self_;
  std::vector<node_name> configured_;
  registers& shared_;
  std::map<std::string, steady_time> lone_probe_;
};

}  // namespace switchyard::cluster
