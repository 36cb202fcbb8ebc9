// Traffic with repeated questions, paraphrases and adversarial near-misses, drifting over time; the error control must keep wrong hits
// under its rate, and says what hit rate that leaves.
#include "routing/cache/error_control.hpp"

#include "base/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>

BOOST_AUTO_TEST_SUITE(cache_error)

using namespace switchyard;
using namespace switchyard::routing;

namespace {

std::uint64_t seed_of_run() {
  const char* given = std::getenv("SWITCHYARD_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20261126;
}

double normal(random_source& random) {
  return std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(2 * 3.141592653589793 * random.uniform());
}

/// How similar candidates look, right and wrong ones, and how many are wrong.
struct traffic {
  double right = 0.93, wrong = 0.72, spread = 0.07, wrong_share = 0.25;
};

struct outcome_of_run {
  double candidates = 0, given = 0, wrong = 0, worst_window = 0, checked = 0;
};

outcome_of_run run(random_source& random, const std::vector<traffic>& phases, int per_phase, const error_control_options& options) {
  error_control control;
  const cache_hash here{1};
  outcome_of_run out;
  double window_given = 0, window_wrong = 0;
  for (const auto& phase : phases)
    for (int i = 0; i < per_phase; ++i) {
      const bool wrong = random.uniform() < phase.wrong_share;
      const double similarity = std::clamp((wrong ? phase.wrong : phase.right) + phase.spread * normal(random), 0.0, 1.0);
      if (similarity < options.least_similarity) continue;
      ++out.candidates;
      if (similarity < control.threshold(here)) {
        (void)control.judged(here, options, similarity, wrong, 1);
        continue;
      }
      const double share = control.verify_share(here, options.verify_share);
      if (random.uniform() < share) {
        ++out.checked;
        (void)control.judged(here, options, similarity, wrong, share);
        continue;
      }
      ++out.given;
      out.wrong += wrong ? 1 : 0;
      ++window_given;
      window_wrong += wrong ? 1 : 0;
      if (window_given >= 2000) {
        out.worst_window = std::max(out.worst_window, window_wrong / window_given);
        window_given = window_wrong = 0;
      }
    }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_is_given_before_it_is_shown_to_be_right) {
  wrong_hit_bound bound({.max_wrong_rate = 0.01});
  for (int i = 0; i < 740; ++i) {
    bound.judged(0.99, false, 1);
    BOOST_REQUIRE(std::isinf(bound.threshold()));   // 0 wrong of n: the bound is about 3 / n, the target 0.004
  }
  for (int i = 0; i < 400; ++i) bound.judged(0.99, false, 1);
  BOOST_TEST(bound.threshold() <= 0.99);
}

BOOST_AUTO_TEST_CASE(a_wrong_hit_makes_the_next_ones_be_checked) {
  wrong_hit_bound bound({.max_wrong_rate = 0.05, .verify_share = 0.05});
  for (int i = 0; i < 600; ++i) bound.judged(0.99, false, 1);
  BOOST_TEST(bound.verify_share() == 0.05, boost::test_tools::tolerance(1e-6));
  bound.judged(0.99, true, 0.05);
  BOOST_TEST(bound.verify_share() > 0.5);
}

BOOST_AUTO_TEST_CASE(the_bound_of_a_share_is_clopper_and_pearsons) {
  BOOST_TEST(upper_bound_of_share(0, 299) == 0.00997, boost::test_tools::tolerance(1e-3));
  BOOST_TEST(upper_bound_of_share(1, 100) == 0.04656, boost::test_tools::tolerance(1e-3));
  BOOST_TEST(upper_bound_of_share(0, 0) == 1.0);
  BOOST_TEST(upper_bound_of_share(5, 5) == 1.0);
}

BOOST_AUTO_TEST_CASE(wrong_hits_stay_under_one_per_cent_while_traffic_drifts) {
  const auto seed = seed_of_run();
  const std::vector<traffic> drifting = {
      {0.93, 0.72, 0.07, 0.25}, {0.90, 0.75, 0.07, 0.40},   // paraphrases get looser, near-misses more and nearer
      {0.93, 0.88, 0.06, 0.50},                             // adversarial: half are near-misses that look like paraphrases
      {0.95, 0.70, 0.06, 0.10}, {0.92, 0.74, 0.07, 0.25}};
  const error_control_options options{.max_wrong_rate = 0.01, .verify_share = 0.05, .least_similarity = 0.5};
  int above = 0;
  constexpr int runs = 20;
  double hits = 0, wrong = 0, worst = 0, fixed_wrong = 0;
  for (int i = 0; i < runs; ++i) {
    random_source random(seed + static_cast<std::uint64_t>(i));
    const auto found = run(random, drifting, 20'000, options);
    const double rate = found.given > 0 ? found.wrong / found.given : 0;
    above += rate > options.max_wrong_rate ? 1 : 0;
    hits += found.given / found.candidates / runs;
    wrong += rate / runs;
    worst = std::max(worst, rate);
    // What a fixed threshold would have given wrongly.
    random_source again(seed + static_cast<std::uint64_t>(i));
    double given = 0, bad = 0;
    for (const auto& phase : drifting)
      for (int n = 0; n < 20'000; ++n) {
        const bool is_wrong = again.uniform() < phase.wrong_share;
        if (std::clamp((is_wrong ? phase.wrong : phase.right) + phase.spread * normal(again), 0.0, 1.0) < 0.9) continue;
        ++given;
        bad += is_wrong ? 1 : 0;
      }
    fixed_wrong += bad / given / runs;
  }
  std::cout << "cache error control: seed " << seed << ", " << runs << " runs of 100,000 lookups with drift: wrong hits " << 100 * wrong << " % on average, " << 100 * worst
            << " % at worst; " << 100 * hits << " % of candidates given; a fixed threshold of 0.9 gives " << 100 * fixed_wrong << " % wrong\n";
  BOOST_TEST(above <= runs / 20, above << " of " << runs << " runs above the rate; seed " << seed);
  BOOST_TEST(hits > 0.05);
}

BOOST_AUTO_TEST_CASE(where_all_near_ones_are_wrong_nothing_is_given) {
  random_source random(seed_of_run());
  const auto found = run(random, {{0.93, 0.95, 0.04, 0.6}}, 30'000, {.max_wrong_rate = 0.01});
  BOOST_TEST(found.wrong <= std::max(0.01 * found.given, 3.0));
}

BOOST_AUTO_TEST_SUITE_END()
