// What leases are worth: the numbers that keep any 60 seconds below the limit, and why.
//
// The cluster's potential is what all buckets hold plus what all nodes hold unused. It is at most `burst` and grows by at most `rate`; a use
// takes from it. So uses within any 60 s <= burst + 60 s x rate = limit, however long a token lay about before it was used.
#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace switchyard::cluster {

/// One limit, as configured on every node.
struct lease_limit {
  std::string key;                               ///< "openai/key-1 rpm"
  std::int64_t per_minute = 0;
};

inline constexpr std::int64_t micro = 1'000'000;   // buckets count millionths of a token

struct lease_terms {
  std::int64_t burst = 0;                        ///< millionths
  std::int64_t rate = 0;                         ///< millionths a minute

  /// burst 0.05 L, rate 0.95 L a minute. A small limit (below 20 a node) keeps a whole token of burst for each node, so that a node cut off can
  /// use its share; below 2 a node there is not enough for that, and a node cut off gets nothing. L = 1 may see 2 within 60 s, at their very ends.
  [[nodiscard]] static lease_terms of(std::int64_t limit, std::size_t nodes) noexcept {
    const auto whole = std::max<std::int64_t>(std::min<std::int64_t>(static_cast<std::int64_t>(nodes), limit / 2), 1);
    const auto burst = std::max(limit * (micro / 20), whole * micro);
    return {burst, std::max(limit * micro - burst, micro)};
  }
};

struct lease_options {
  milliseconds ttl{2000};                        ///< of a grant, and of an attachment after its stamp
  milliseconds keep_attached{500};               ///< a request at least so often
  milliseconds answer_within{200};               ///< then the request or its answer counts as lost
  milliseconds starved_retry{100};               ///< after a grant that brought too little
  milliseconds want_of{200};                     ///< a grant covers so much of the demand
  milliseconds owner_silent{1500};               ///< no answer for so long: the next node in order, down to the node itself
  milliseconds owner_shunned{5000};              ///< and so long that one is not asked again
  milliseconds owner_proven{3000};               ///< a better owner is alive for so long before a node moves back

  // False only to show that the simulation notices.
  bool share_follows_attachment = true;
  bool age_is_checked = true;
  bool attachment_is_proven = true;
  bool attachment_is_recorded = true;            // before a stamp is shown
};

/// Millionths of tokens that trickle in. Not thread-safe.
class token_bucket {
 public:
  explicit token_bucket(steady_time now) noexcept : filled_(now) {}

  /// `rate` millionths a minute since the last call, up to `cap`; what stands above `cap` is gone.
  void fill(steady_time now, std::int64_t rate, std::int64_t cap) noexcept {
    if (now > filled_) {
      __extension__ using wide = __int128;
      constexpr std::int64_t minute_ns = 60'000'000'000;
      const auto gained = static_cast<wide>((now - filled_).count()) * rate + rest_;
      rest_ = static_cast<std::int64_t>(gained % minute_ns);
      level_ = static_cast<std::int64_t>(std::min<wide>(level_ + gained / minute_ns, INT64_MAX / 2));
      filled_ = now;
    }
    level_ = std::min(level_, std::max<std::int64_t>(cap, 0));
  }
  [[nodiscard]] std::int64_t whole() const noexcept { return level_ / micro; }
  void take(std::int64_t tokens) noexcept { level_ -= tokens * micro; }
  void put(std::int64_t tokens) noexcept { level_ += tokens * micro; }
  void lower_to(std::int64_t tokens) noexcept { level_ = std::min(level_, std::max<std::int64_t>(tokens, 0) * micro); }
  void empty(steady_time now) noexcept {
    level_ = rest_ = 0;
    filled_ = now;
  }

 private:
  std::int64_t level_ = 0;
  std::int64_t rest_ = 0;                        // of a division by a minute
  steady_time filled_;
};

}  // namespace switchyard::cluster
