// The formulas. w = target weight x key weight; r = ramp (0.1..1 while a key recovers, else 1).
//
//   weighted           share  w x r
//   round_robin        the one whose last turn is longest ago; a recovering key lets its turn pass with probability 1 - r
//   least_connections  lowest in_flight / (w x r); ties by w x r
//   lowest_latency     two drawn by w x r, the lower peak-EWMA x (in_flight + 1) / r of them; every 50th draw the first, so that a key
//                      that was slow once is measured again. A key without a sample counts as fast as the other one
//   lowest_cost        lowest estimated cost of the request, unknown prices last; ties by w
//   geo                the request's region, else its area ("eu" of "eu-west"), else anywhere; within: w
//   adaptive           share  max(a x h / (1 + f), 0.01 x w) x r, where
//                        a = target weight x key_state::weight (configured weight x health, see key_health::weight)
//                        h = clamp(2 x headroom, 0.05, 1), headroom the least free share of the provider's and of our own limits
//                        f = in_flight / max_in_flight, or without one the key's share of all candidates' in_flight
//                      The floors keep some traffic on every key, which is how it recovers.
// lowest_cost and geo sit a recovering key out with probability 1 - r.
// Weight 0 counts only when every candidate has it; then all count the same.
#include "routing/balance.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace switchyard::routing {

namespace {

using config::balance_strategy;
using shares = boost::container::small_vector<double, 32>;

constexpr double adaptive_floor = 0.01;
constexpr double least_headroom_factor = 0.05;
constexpr std::uint64_t remeasure_every = 50;
constexpr std::size_t most_remembered_keys = 4096;
constexpr double same = 1e-9;

// 2^64 / golden ratio: the additive sequence with the lowest discrepancy (Weyl), so n draws miss a share by O(log n) instead of
// O(sqrt n), and by no less when candidates change from draw to draw.
constexpr std::uint64_t golden_step = 0x9e3779b97f4a7c15ULL;

double even_draw(balance_memory& memory, random_source& random) noexcept {
  if (memory.turn == 0) memory.turn = random.next();
  memory.turn += golden_step;
  return static_cast<double>(memory.turn >> 11) * 0x1.0p-53;
}

/// The index whose share `at` (0..1 of the sum) falls into; entries of 0 are never taken while the sum is positive.
std::size_t index_at(std::span<const double> share, double at) noexcept {
  double sum = 0;
  for (const double s : share) sum += s;
  double left = at * sum;
  std::size_t last = 0;
  for (std::size_t i = 0; i < share.size(); ++i) {
    if (share[i] <= 0) continue;
    last = i;
    if (left < share[i]) return i;
    left -= share[i];
  }
  return last;
}

double configured_weight(const candidate& c) noexcept { return std::max(0.0, c.where->weight * c.key->config.weight); }

// A recovering key sits out with probability 1 - ramp, unless nobody would be left.
void thin(std::span<const candidate> candidates, shares& share, const balance_request& request, random_source& random) noexcept {
  std::size_t left = 0;
  for (const double s : share) left += s > 0;
  for (std::size_t i = 0; i < share.size() && left > 1; ++i) {
    if (share[i] <= 0) continue;
    const double ramp = candidates[i].key->state->ramp(request.now);
    if (ramp < 1.0 && random.uniform() >= ramp) {
      share[i] = 0;
      --left;
    }
  }
}

// Keeps only candidates of the lowest rank; `rank_of(i)` is asked where the share is positive.
template <class Rank>
void keep_lowest(shares& share, Rank rank_of) noexcept {
  boost::container::small_vector<double, 32> ranks(share.size(), 0.0);
  double lowest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < share.size(); ++i) {
    if (share[i] <= 0) continue;
    ranks[i] = rank_of(i);
    lowest = std::min(lowest, ranks[i]);
  }
  for (std::size_t i = 0; i < share.size(); ++i)
    if (share[i] > 0 && ranks[i] > lowest + same * std::abs(lowest)) share[i] = 0;
}

int in_flight(const candidate& c) noexcept { return std::max(0, c.key->state->in_flight.load(std::memory_order_relaxed)); }

std::size_t round_robin(std::span<const candidate> candidates, const shares& share, balance_memory& memory) noexcept {
  if (memory.last_turns.size() > most_remembered_keys) memory.last_turns.clear();
  const auto turn_of = [&memory](std::uint32_t id) -> std::uint64_t* {
    for (auto& [key, turn] : memory.last_turns)
      if (key == id) return &turn;
    return nullptr;
  };
  std::size_t chosen = 0;
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (share[i] <= 0) continue;
    const auto* turn = turn_of(candidates[i].key->state->id);
    const std::uint64_t last = turn != nullptr ? *turn : 0;
    if (last < oldest) {
      oldest = last;
      chosen = i;
    }
  }
  const auto id = candidates[chosen].key->state->id;
  const std::uint64_t now = ++memory.turn;
  if (auto* turn = turn_of(id))
    *turn = now;
  else
    memory.last_turns.emplace_back(id, now);
  return chosen;
}

std::size_t lowest_latency(std::span<const candidate> candidates, shares& share, const balance_request& request, balance_memory& memory,
                           random_source& random) noexcept {
  const std::size_t first = index_at(share, even_draw(memory, random));
  if (random.below(remeasure_every) == 0) return first;
  share[first] = 0;
  if (std::none_of(share.begin(), share.end(), [](double s) { return s > 0; })) return first;
  const std::size_t second = index_at(share, random.uniform());
  const auto& a = *candidates[first].key->state;
  const auto& b = *candidates[second].key->state;
  double latency_a = a.latency_ewma_us.load(std::memory_order_relaxed);
  double latency_b = b.latency_ewma_us.load(std::memory_order_relaxed);
  if (latency_a <= 0) latency_a = latency_b > 0 ? latency_b : 1.0;
  if (latency_b <= 0) latency_b = latency_a;
  const double load_a = latency_a * (in_flight(candidates[first]) + 1) / a.ramp(request.now);
  const double load_b = latency_b * (in_flight(candidates[second]) + 1) / b.ramp(request.now);
  return load_b < load_a ? second : first;
}

double estimated_cost(const candidate& c, const balance_request& request) noexcept {
  const auto prices = c.where->provider->price_of(c.where->model);
  const auto cost = providers::cost(prices, {.input = request.input_tokens, .output = request.output_tokens});
  return cost ? static_cast<double>(*cost) : std::numeric_limits<double>::max();
}

// "eu" of "eu-west"; a name without a dash is its own area.
std::string_view area(std::string_view region) noexcept { return region.substr(0, region.rfind('-')); }

double distance(std::string_view from, std::string_view to) noexcept {
  if (from.empty()) return 0;
  if (from == to) return 0;
  return !to.empty() && area(from) == area(to) ? 1 : 2;
}

double limit_headroom(const rate_limit& limit, steady_time now) noexcept {
  const auto most = limit.limit();
  return most == 0 ? 1.0 : static_cast<double>(limit.remaining(now)) / static_cast<double>(most);
}

void adaptive_shares(std::span<const candidate> candidates, shares& share, const balance_request& request) noexcept {
  int all_in_flight = 0;
  for (const auto& c : candidates) all_in_flight += in_flight(c);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (share[i] <= 0) continue;
    const auto& c = candidates[i];
    const auto& key = *c.key->state;
    const double headroom = std::min({key.headroom.load(std::memory_order_relaxed), limit_headroom(key.requests, request.now),
                                      limit_headroom(key.tokens, request.now)});
    const int most = c.key->config.max_in_flight > 0 ? c.key->config.max_in_flight : std::max(all_in_flight, 1);
    const double busy = static_cast<double>(in_flight(c)) / most;
    const double health = c.where->weight * key.weight.load(std::memory_order_relaxed);
    const double wanted = health * std::clamp(2.0 * headroom, least_headroom_factor, 1.0) / (1.0 + busy);
    share[i] = std::max(wanted, adaptive_floor * share[i]) * key.ramp(request.now);
  }
}

}  // namespace

std::size_t choose(balance_strategy strategy, std::span<const candidate> candidates, const balance_request& request,
                   balance_memory& memory, random_source& random) noexcept {
  assert(!candidates.empty());
  if (candidates.size() == 1) return 0;

  shares share(candidates.size());
  double sum = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) sum += share[i] = configured_weight(candidates[i]);
  if (sum <= 0) std::fill(share.begin(), share.end(), 1.0);
  const auto apply_ramp = [&] {
    for (std::size_t i = 0; i < share.size(); ++i) share[i] *= candidates[i].key->state->ramp(request.now);
  };

  switch (strategy) {
    case balance_strategy::weighted:
      apply_ramp();
      break;
    case balance_strategy::round_robin:
      thin(candidates, share, request, random);
      return round_robin(candidates, share, memory);
    case balance_strategy::least_connections:
      apply_ramp();
      keep_lowest(share, [&](std::size_t i) { return in_flight(candidates[i]) / share[i]; });
      return index_at(share, random.uniform());
    case balance_strategy::lowest_latency:
      apply_ramp();
      return lowest_latency(candidates, share, request, memory, random);
    case balance_strategy::lowest_cost:
      thin(candidates, share, request, random);
      keep_lowest(share, [&](std::size_t i) { return estimated_cost(candidates[i], request); });
      break;
    case balance_strategy::geo:
      thin(candidates, share, request, random);
      keep_lowest(share, [&](std::size_t i) { return distance(request.region, candidates[i].key->config.region); });
      break;
    case balance_strategy::adaptive:
      adaptive_shares(candidates, share, request);
      break;
  }
  return index_at(share, even_draw(memory, random));
}

std::string_view to_string(balance_strategy strategy) noexcept {
  switch (strategy) {
    case balance_strategy::weighted: return "weighted";
    case balance_strategy::round_robin: return "round_robin";
    case balance_strategy::least_connections: return "least_connections";
    case balance_strategy::lowest_latency: return "lowest_latency";
    case balance_strategy::lowest_cost: return "lowest_cost";
    case balance_strategy::geo: return "geo";
    case balance_strategy::adaptive: return "adaptive";
  }
  return "weighted";
}

}  // namespace switchyard::routing
