// One request's walk over keys and targets: the one rule of failover.
//
//   targets of the route (by strategy) -> another key of the same target -> the fallback list, in order.
// A further attempt is allowed only if nothing was sent to the client, the result is retryable, the deadline is not reached and
// the retry budget has one left. Nothing else goes back.
#pragma once

#include "routing/balance.hpp"
#include "routing/call_outcome.hpp"
#include "routing/retry_budget.hpp"
#include "routing/yard.hpp"

#include <memory>
#include <string>
#include <vector>

namespace switchyard::routing {

/// The key that was chosen, with the rate-limit reservation and in-flight slot it holds until finish().
struct picked_key {
  std::shared_ptr<const key_entry> key;
  std::shared_ptr<const provider_entry> provider;
  std::string model;                   ///< as the provider knows it
  bool probe = false;
  milliseconds wait{0};                ///< back off this long before dialling (a key tried before); usually 0
  std::int64_t reserved_tokens = 0;
  steady_time reserved_at{};
};

/// Why a key could not be taken; for `explain` and for the answer when none is left.
struct exclusion {
  std::string provider;
  std::string model;
  std::string key;
  std::string because;                 ///< "parked: retry_after 6.2 s", "breaker open", "serves other models", "tried"
};

/// What the walk needs of a request. All views must outlive the selection.
struct selection_request {
  std::shared_ptr<const route_entry> route;
  std::optional<target> asked;         ///< the client named a model
  std::vector<target> fallbacks;       ///< the client's own list; empty: the route's
  std::string_view region;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

/// One per request; lives on its I/O thread.
class selection {
 public:
  selection(selection_request request, balance_memory& memory, random_source& random) noexcept;

  /// The next key to try, reserved (in_flight, rpm, tpm, probe permit); or an error once nothing is left:
  ///   rate_limited (429, shortest retry_after_s) when every candidate is limited or answered 429,
  ///   no_healthy_upstream (503, retry_after_s of the soonest breaker) when breakers or parking closed the last one,
  ///   or the last upstream error given to failed().
  [[nodiscard]] result<picked_key> next(steady_time now);

  /// The attempt on the last pick ended badly. Says whether next() may be asked again; false: `why` is the answer.
  /// `retry_after` as the provider named it (0: none).
  [[nodiscard]] bool failed(call_result result, const error& why, milliseconds retry_after, retry_budget& budget, steady_time deadline, steady_time now);

  /// Gives back the in-flight slot and settles the token reservation. Exactly once per pick, whatever happened.
  static void finish(const picked_key& pick, std::int64_t tokens_used, steady_time now) noexcept;

  [[nodiscard]] int attempts() const noexcept { return attempts_; }
  /// One line: "direct openai/gpt-4o by weighted: key openai-key-1 of 2"; after failover: "... after openai-key-1: server_error".
  [[nodiscard]] std::string reason() const;
  /// Every key of every target with its verdict, nothing reserved: what `explain` shows.
  [[nodiscard]] std::vector<exclusion> exclusions(steady_time now) const;

 private:
  struct tried_key {
    const key_entry* key;
    std::string model;
    call_result result;
    milliseconds retry_after;
    int times;
  };
  [[nodiscard]] std::optional<picked_key> pick_from(std::span<const target> targets, steady_time now);

  selection_request request_;
  balance_memory& memory_;
  random_source& random_;
  std::vector<std::vector<target>> tiers_;   ///< primary targets, then one tier per fallback
  std::size_t tier_ = 0;
  std::vector<tried_key> tried_;
  int attempts_ = 0;
  std::optional<error> last_error_;
  std::string last_pick_;
};

}  // namespace switchyard::routing
