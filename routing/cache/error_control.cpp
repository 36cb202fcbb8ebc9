#include "routing/cache/error_control.hpp"

#include <algorithm>
#include <cmath>

namespace switchyard::routing {

namespace {

constexpr double confidence = 0.95;
constexpr double reserve = 0.4;          // of the configured rate: the target
constexpr double alarm_fades = 0.995;    // a judgement
constexpr double earned = 0.8;           // of the configured rate: what right hits earn towards wrong ones
constexpr double debt_fades = 0.9999;     // a judgement
constexpr double most_credit = 20, most_debt = 1;   // wrong hits
constexpr std::size_t watched = 6;       // buckets
constexpr double traffic_fades = 0.9998; // a judgement
constexpr std::uint64_t decide_every = 8; // right ones; after a wrong one at once

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz; Numerical Recipes 6.4).
double incomplete_beta(double a, double b, double x) noexcept {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(b, a, 1 - x);
  constexpr double tiny = 1e-300;
  double c = 1, d = 1 / std::max(1 - (a + b) * x / (a + 1), tiny), h = d;
  for (int m = 1; m <= 300; ++m) {
    const auto step = [&](double term) {
      d = 1 + term * d;
      d = 1 / (std::abs(d) < tiny ? tiny : d);
      c = 1 + term / c;
      c = std::abs(c) < tiny ? tiny : c;
      h *= d * c;
      return std::abs(d * c - 1) < 1e-12;
    };
    (void)step(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
    if (step(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)))) break;
  }
  return h * std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x)) / a;
}

/// Is the upper end of the interval at most `target`? One evaluation, where finding the end takes forty.
bool lies_below(double wrong, double count, double target) noexcept {
  return wrong < count && incomplete_beta(wrong + 1, count - wrong, target) >= confidence;
}

}  // namespace

double upper_bound_of_share(double wrong, double count) noexcept {
  if (!(count > 0)) return 1;
  if (wrong >= count) return 1;
  if (wrong <= 0) return 1 - std::pow(1 - confidence, 1 / count);
  double low = wrong / count, high = 1;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (incomplete_beta(wrong + 1, count - wrong, middle) < confidence ? low : high) = middle;
  }
  return high;
}

std::size_t wrong_hit_bound::bucket_of(double similarity) const noexcept {
  // Narrower towards 1, where most of the difference lies: equal steps of sqrt(1 - similarity).
  const double span = std::sqrt(std::max(1 - options_.least_similarity, 1e-6));
  const double place = 1 - std::sqrt(std::clamp(1 - similarity, 0.0, 1.0)) / span;
  return static_cast<std::size_t>(std::clamp(place * bucket_count, 0.0, static_cast<double>(bucket_count - 1)));
}

void wrong_hit_bound::judged(double similarity, bool wrong, double chance) {
  ++judgements_;
  alarm_ *= alarm_fades;
  chance = std::clamp(chance, 0.01, 1.0);
  // What was checked stands for 1 / chance hits, of which all but this one were given unchecked.
  if (similarity >= threshold_ && chance < 1) {
    credit_ += wrong ? 1 - 1 / chance : earned * options_.max_wrong_rate / chance;
    credit_ = std::min(credit_, most_credit);
  }
  if (credit_ < 0) credit_ *= debt_fades;
  if (wrong && similarity >= threshold_) alarm_ = 1;
  for (auto& b : buckets_) b.traffic *= traffic_fades;
  const auto place = bucket_of(similarity);
  // Just below what is given every candidate is judged: where wrong ones become more frequent there, they do so above, too.
  if (std::isfinite(threshold_) && similarity < threshold_ && place + watched >= bucket_of(threshold_)) {
    lately_ += (wrong - lately_) / 60;
    usually_ += (wrong - usually_) / 1500;
    if (lately_ > 1.6 * usually_ + 0.03) alarm_ = 1;
  }
  auto& b = buckets_[place];
  const double fade = std::exp2(-1 / options_.half_life);
  b.samples = b.samples * fade + 1;
  b.wrong = b.wrong * fade + (wrong ? 1 : 0);
  b.traffic += 1 / chance;
  if (wrong || judgements_ % decide_every == 0) decide();
}

/// From the strictest bound downwards, in fixed order, so that trying several costs no confidence; it ends where a bound that has enough
/// evidence fails.
void wrong_hit_bound::decide() {
  const double target = options_.max_wrong_rate * reserve;
  const double enough = std::log(1 - confidence) / std::log(1 - target);   // samples with which none wrong is proof
  double traffic = 0, wrong = 0, spread = 0;     // sums over the buckets so far: T, T p, T^2 / n
  double least = std::numeric_limits<double>::infinity(), share = 0;
  const double span = std::sqrt(std::max(1 - options_.least_similarity, 1e-6));
  for (std::size_t at = bucket_count; at-- > 0;) {
    const auto& b = buckets_[at];
    if (!(b.samples > 0)) continue;
    traffic += b.traffic;
    wrong += b.traffic * b.wrong / b.samples;
    spread += b.traffic * b.traffic / b.samples;
    const double samples = traffic * traffic / spread;
    if (samples < enough) continue;
    const double rate = wrong / traffic;
    if (!lies_below(rate * samples, samples, target)) break;
    const double root = (1 - static_cast<double>(at) / bucket_count) * span;
    least = 1 - root * root;
    share = rate;
  }
  threshold_ = credit_ < -most_debt ? std::numeric_limits<double>::infinity() : least;
  wrong_share_ = share;
}

double wrong_hit_bound::verify_share() const noexcept { return std::clamp(options_.verify_share + alarm_, options_.verify_share, 1.0); }

double error_control::judged(const cache_hash& partition, const error_control_options& options, double similarity, bool wrong, double chance) {
  auto at = partitions_.find(partition);
  if (at == partitions_.end()) {
    if (partitions_.size() >= most_partitions)
      partitions_.erase(std::min_element(partitions_.begin(), partitions_.end(), [](const auto& a, const auto& b) { return a.second.judgements() < b.second.judgements(); }));
    at = partitions_.try_emplace(partition, options).first;
  }
  at->second.judged(similarity, wrong, chance);
  return at->second.threshold();
}

double error_control::threshold(const cache_hash& partition) const {
  const auto at = partitions_.find(partition);
  return at == partitions_.end() ? std::numeric_limits<double>::infinity() : at->second.threshold();
}

double error_control::verify_share(const cache_hash& partition, double otherwise) const {
  const auto at = partitions_.find(partition);
  return at == partitions_.end() ? otherwise : at->second.verify_share();
}

}  // namespace switchyard::routing
