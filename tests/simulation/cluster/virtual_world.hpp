// Virtual time, one random source, and the seeds that tests run with.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <functional>
#include <queue>
#include <string>

namespace switchyard::cluster::simulation {

using namespace std::chrono_literals;

class virtual_world {
 public:
  explicit virtual_world(std::uint64_t seed) : random(seed) {}

  [[nodiscard]] steady_time now() const noexcept { return now_; }
  void after(nanoseconds wait, std::function<void()> what) { events_.push({now_ + wait, ++order_, std::move(what)}); }
  void run_for(nanoseconds length) {
    const auto end = now_ + length;
    while (!events_.empty() && events_.top().when <= end) {
      const auto next = events_.top();
      events_.pop();
      now_ = next.when;
      next.what();
    }
    now_ = end;
  }
  /// Uniform between the two.
  [[nodiscard]] nanoseconds between(nanoseconds least, nanoseconds most) {
    return least + nanoseconds(static_cast<std::int64_t>(random.uniform() * static_cast<double>((most - least).count())));
  }
  [[nodiscard]] bool chance(double probability) { return random.uniform() < probability; }

  random_source random;

 private:
  struct event {
    steady_time when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const event& other) const { return when != other.when ? when > other.when : order > other.order; }
  };
  std::priority_queue<event> events_;
  std::uint64_t order_ = 0;
  steady_time now_ = steady_time(std::chrono::hours(1));
};

/// SWITCHYARD_SEED=n runs that seed alone; SWITCHYARD_SEEDS=n runs n times as many as usual, starting at SWITCHYARD_FIRST_SEED (1).
template <class Case>
void for_each_seed(int usual, Case run) {
  const char* one = std::getenv("SWITCHYARD_SEED");
  const char* times = std::getenv("SWITCHYARD_SEEDS");
  const char* from = std::getenv("SWITCHYARD_FIRST_SEED");
  const std::uint64_t first = one != nullptr ? std::stoull(one) : from != nullptr ? std::stoull(from) : 1;
  const std::uint64_t count = one != nullptr ? 1 : static_cast<std::uint64_t>(usual) * (times != nullptr ? std::stoull(times) : 1);
  BOOST_TEST_MESSAGE("seeds " << first << ".." << first + count - 1);
  for (auto seed = first; seed < first + count; ++seed) BOOST_TEST_CONTEXT("SWITCHYARD_SEED=" << seed) run(seed);
}

}  // namespace switchyard::cluster::simulation
