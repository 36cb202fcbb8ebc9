// One request's walk over keys and targets: the one rule of failover.
//
//   targets of the route (by strategy) -> another key of the same target -> the fallback list, in order.
// A further attempt is allowed only if nothing was sent to the client, the result is retryable, the deadline is not reached and
// the retry budget has one left. Nothing else goes back.
#pragma once

#include "providers/input_estimate.hpp"
#include "routing/balance.hpp"
#include "routing/call_outcome.hpp"
#include "routing/retry_budget.hpp"
#include "routing/stage.hpp"
#include "routing/yard.hpp"

#include <boost/container/small_vector.hpp>

#include <memory>
#include <optional>
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

/// One key of one target, and why it can not be taken; for `explain` and for the answer when none is left.
struct exclusion {
  std::string provider;
  std::string model;
  std::string key;
  std::string because;                 ///< "parked: retry_after 6.2 s", "breaker open", "serves other models", "tried"; "": eligible
  double weight = 0;                   ///< target's weight x key's
};

/// What the walk needs of a request. All views must outlive the selection.
struct selection_request {
  std::shared_ptr<const route_entry> route;
  std::optional<target> asked;         ///< the client named a model
  std::vector<target> fallbacks;       ///< the client's own list; empty: the route's
  std::string_view region;
  const providers::input_estimate* input = nullptr;   ///< null: nothing
  std::int64_t output_tokens = 0;

  [[nodiscard]] std::int64_t input_tokens() const noexcept { return input != nullptr ? input->tokens() : 0; }
};

/// What the stages are told of it; who the client is and what its prompt holds is the caller's to add. Points into `request`.
[[nodiscard]] stage_request as_stage_request(const selection_request& request) noexcept;

/// One per request; lives on its I/O thread.
///
/// Tier 0 is the model the client named, else the decision's targets, else the first fallback; then comes one tier per fallback (the
/// client's own list replaces the route's). Within a tier: another key of the same target, another target, then a key tried before,
/// up to retry.attempts per target. A key that answered 429, 401, 402 or 403 is not asked twice. A half-open key's probe goes out
/// with a request's first attempt, where a failure can still be made good elsewhere.
class selection {
 public:
  /// Runs the route's stages itself.
  selection(selection_request request, balance_memory& memory, random_source& random);
  /// With what the stages decided; `made` points into the route's stages.
  selection(selection_request request, decision made, balance_memory& memory, random_source& random);
  selection(const selection&) = delete;
  selection& operator=(const selection&) = delete;

  /// The next key to try, reserved (in_flight, rpm, tpm, probe permit); or an error once nothing is left:
  ///   rate_limited (429, shortest retry_after_s) when every candidate is limited or answered 429,
  ///   no_healthy_upstream (503, retry_after_s of the soonest breaker) when breakers or parking closed the last one,
  ///   or the last upstream error given to failed().
  [[nodiscard]] result<picked_key> next(steady_time now);
  /// What next() would take, but nothing is reserved: for `explain`. Not to be given to finish().
  [[nodiscard]] result<picked_key> preview(steady_time now);

  /// The attempt on the last pick ended badly. Says whether next() may be asked again; false: `why` is the answer.
  /// `retry_after` as the provider named it (0: none). Takes one retry out of `budget` if there is a further key to try.
  [[nodiscard]] bool failed(call_result result, const error& why, milliseconds retry_after, retry_budget& budget, steady_time deadline,
                            steady_time now);

  /// Gives back the in-flight slot and settles the token reservation. Exactly once per pick, whatever happened.
  static void finish(const picked_key& pick, std::int64_t tokens_used, steady_time now) noexcept;

  /// Where its first attempt goes unless none of them can take it.
  [[nodiscard]] std::span<const target> first_targets() const noexcept { return tier_count() > 0 ? tier(0) : std::span<const target>{}; }

  [[nodiscard]] int attempts() const noexcept { return attempts_; }
  /// What the stages settled on; next() says why they refused, if they did.
  [[nodiscard]] const decision& decided() const noexcept { return decision_; }
  /// The model the client named.
  [[nodiscard]] const std::optional<target>& asked() const noexcept { return request_.asked; }
  /// One line of at most 300 printable ASCII characters, fit for a header:
  /// "direct openai/gpt-4o by weighted: key openai-key-1 of 2"; after failover: "... after openai-key-1: server_error".
  [[nodiscard]] std::string reason() const;
  /// Every key of every target with its verdict, nothing reserved: what `explain` shows.
  [[nodiscard]] std::vector<exclusion> exclusions(steady_time now) const;

 private:
  struct tried_key {
    const target* where;
    const key_entry* key;
    call_result result;
    milliseconds retry_after;
  };
  enum class purpose { take, look };
  /// Order of preference within a tier.
  enum class rank { same_target, other_target, tried_before, none };
  struct choices {
    rank best = rank::none;
    boost::container::small_vector<candidate, 16> candidates;
    boost::container::small_vector<candidate, 4> probes;
  };

  [[nodiscard]] std::size_t tier_count() const noexcept;
  [[nodiscard]] std::span<const target> tier(std::size_t at) const noexcept;
  [[nodiscard]] const target& fallback(std::size_t at) const noexcept;
  [[nodiscard]] std::size_t fallback_count() const noexcept;
  [[nodiscard]] bool repeats_earlier(std::size_t tier_at, const target& where) const noexcept;
  [[nodiscard]] int attempts_on(const target& where) const noexcept;
  [[nodiscard]] int times_tried(const key_entry& key) const noexcept;
  [[nodiscard]] const tried_key* last_try(const key_entry& key) const noexcept;
  [[nodiscard]] rank rank_of(const target& where, const key_entry& key) const noexcept;
  [[nodiscard]] std::int64_t tokens_for(const key_entry& key) const noexcept;

  void collect(std::size_t tier_at, steady_time now, choices& found) const;
  [[nodiscard]] bool anything_left(steady_time now) const;
  [[nodiscard]] std::optional<picked_key> pick_from(std::size_t tier_at, purpose what_for, steady_time now);
  [[nodiscard]] bool reserve(const key_entry& key, picked_key& into, steady_time now) const noexcept;
  [[nodiscard]] milliseconds backoff(const target& where, const key_entry& key, steady_time now) noexcept;
  [[nodiscard]] result<picked_key> pick(purpose what_for, steady_time now);
  [[nodiscard]] bool every_key_limited(steady_time now) const;
  [[nodiscard]] error exhausted(steady_time now) const;

  selection_request request_;
  decision decision_;
  balance_memory& memory_;
  random_source& random_;
  std::size_t tier_ = 0;
  boost::container::small_vector<tried_key, 4> tried_;
  int attempts_ = 0;
  std::optional<error> last_error_;
  std::optional<steady_time> deadline_;
  const target* last_target_ = nullptr;
  const key_entry* last_key_ = nullptr;
  std::size_t last_tier_ = 0;
  std::size_t last_choices_ = 0;
  bool last_probe_ = false;
};

}  // namespace switchyard::routing
