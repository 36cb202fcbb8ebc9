// Keeps the share of wrong hits under a configured rate, per partition, by what is measured.
//
// A candidate that is near but not sure enough is not given: the provider is asked, and its fresh answer shows whether the stored one would
// have done. Of the candidates that are given a share is checked the same way. So each partition has judged candidates in buckets of
// similarity, and knows how much traffic each bucket sees. It gives from the least similarity on at which, of all traffic above it, the
// upper end of a 95 % confidence interval of the wrong share lies below the target (Clopper and Pearson's, on the effective number of
// samples of the buckets as strata: 1 / sum of share^2 / samples). Until that is shown nothing is given. In a bucket old judgements fade as
// newer ones come (halved every `half_life`). A wrong one among those given is counted at once and makes the next ones be checked. The
// target is 0.4 of the configured rate: what is noticed late must fit into the rest; and what was given is kept account of, so that a
// partition whose wrong hits exceed what its right ones allow gives nothing for a while.
#pragma once

#include "routing/cache/request_key.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <unordered_map>

namespace switchyard::routing {

struct error_control_options {
  double max_wrong_rate = 0.01;
  double verify_share = 0.05;          ///< of the hits that are given: how many are checked
  double least_similarity = 0.5;       ///< nothing below is ever a candidate
  double half_life = 1000;             ///< judgements of a bucket
};

/// One partition's evidence.
class wrong_hit_bound {
 public:
  explicit wrong_hit_bound(const error_control_options& options) : options_(options) {}

  /// A candidate of that similarity was compared with a fresh answer. `chance`: how likely it was to be, 0 < chance <= 1.
  void judged(double similarity, bool wrong, double chance);
  /// From where on candidates may be given; infinity: none.
  [[nodiscard]] double threshold() const noexcept { return threshold_; }
  /// The share of hits to check now: the configured one, or more after a wrong one.
  [[nodiscard]] double verify_share() const noexcept;

  [[nodiscard]] std::uint64_t judgements() const noexcept { return judgements_; }
  /// Estimated wrong share of what is given now; 0 without any.
  [[nodiscard]] double wrong_share() const noexcept { return wrong_share_; }

 private:
  static constexpr std::size_t bucket_count = 25;
  struct bucket {
    double samples = 0, wrong = 0;                 ///< judged, fading
    double traffic = 0;                            ///< candidates, judged or not
  };
  void decide();
  [[nodiscard]] std::size_t bucket_of(double similarity) const noexcept;

  error_control_options options_;
  std::array<bucket, bucket_count> buckets_{};
  double threshold_ = std::numeric_limits<double>::infinity();
  double wrong_share_ = 0;
  double credit_ = 0;                              ///< wrong hits that right ones have paid for, less those there were; in debt nothing is given
  double alarm_ = 0;                               ///< 1 right after a wrong hit that was given, fading
  double lately_ = 0.1, usually_ = 0.1;            ///< wrong shares just below what is given
  std::uint64_t judgements_ = 0;
};

/// All partitions, a bounded number of them; beyond, the one judged least goes.
class error_control {
 public:
  static constexpr std::size_t most_partitions = 10'000;

  /// Gives the partition's new threshold.
  double judged(const cache_hash& partition, const error_control_options& options, double similarity, bool wrong, double chance);
  /// Infinity for one that was never judged.
  [[nodiscard]] double threshold(const cache_hash& partition) const;
  [[nodiscard]] double verify_share(const cache_hash& partition, double otherwise) const;
  [[nodiscard]] std::size_t size() const noexcept { return partitions_.size(); }

 private:
  std::unordered_map<cache_hash, wrong_hit_bound, cache_hash_hash> partitions_;
};

/// The upper end of the one-sided 95 % interval of a share, `wrong` of `count` seen; both may be fractions. 1 when count is 0.
[[nodiscard]] double upper_bound_of_share(double wrong, double count) noexcept;

}  // namespace switchyard::routing
