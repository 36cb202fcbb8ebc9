// What a virtual key costs a request, without the request: bench_virtual_key [ROUNDS]. One thread, a set of 1000 keys.
//   find     the key by what the client sent (SHA-256 and a look-up)
//   worst    the most that a call can cost, at given prices
//   money    reserve and settle on two budgets, the key's and its parent's
//   limits   requests and tokens a minute: reserve and settle
// Under `valgrind --tool=callgrind --toggle-collect='*measured*'` the rounds of each are counted alone.
#include "routing/virtual_key.hpp"
#include "routing/worst_cost.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace switchyard;
using clock_type = std::chrono::steady_clock;

std::string value_of(std::size_t number) {
  auto text = "sy-" + std::string(43, 'A');
  const auto digits = std::to_string(number);
  return text.replace(text.size() - digits.size(), digits.size(), digits);
}

template <class Work>
[[gnu::noinline]] void measured(long rounds, Work& work) {
  for (long i = 0; i < rounds; ++i) work(i);
}

template <class Work>
double report(const char* name, long rounds, Work work) {
  measured(rounds / 10 + 1, work);
  double best = 1e9;
  for (int sample = 0; sample < 15; ++sample) {
    const auto begin = clock_type::now();
    measured(rounds, work);
    best = std::min(best, std::chrono::duration<double, std::nano>(clock_type::now() - begin).count() / static_cast<double>(rounds));
  }
  std::printf("%-8s %8.1f ns\n", name, best);
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? std::atol(argv[1]) : 100'000;
  const auto now = std::chrono::system_clock::now();
  const auto steady = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<const routing::virtual_key_entry>> all;
  std::vector<routing::virtual_key_set::credential> credentials;
  for (std::size_t i = 0; i < 1000; ++i) {
    credentials.push_back({sha256(value_of(i)), i, std::nullopt});
    all.push_back(std::make_shared<routing::virtual_key_entry>());
  }
  const routing::virtual_key_set set(std::move(all), credentials);
  const auto asked = value_of(617);
  providers::model_prices prices;
  prices.input = usd_to_nano(2.5);
  prices.output = usd_to_nano(10);
  prices.cached_input = usd_to_nano(1.25);
  const routing::budget::terms terms{usd_to_nano(1'000'000), config::budget_period::month};
  const std::shared_ptr<routing::budget> chain[] = {std::make_shared<routing::budget>("key", terms, 0, now),
                                                    std::make_shared<routing::budget>("parent", terms, 0, now)};
  routing::rate_limit requests(1'000'000'000), tokens(1'000'000'000'000);

  long found = 0;
  nano_usd sum = 0;
  double total = 0;
  total += report("find", rounds, [&](long) { found += set.find(asked, now) != nullptr; });
  total += report("worst", rounds, [&](long i) { sum += routing::worst_cost(prices, 500 + i % 7, 200).value_or(0); });
  total += report("money", rounds, [&](long i) {
    if (routing::reserve_all(chain, 1000 + i % 7, now).what == routing::budget::verdict::taken) routing::settle_all(chain, 1000 + i % 7, 900, now);
  });
  total += report("limits", rounds, [&](long) {
    if (requests.reserve(1, steady) && tokens.reserve(700, steady)) tokens.settle(700, 500, steady, steady);
  });
  std::printf("%-8s %8.1f ns   (%ld found, %lld)\n", "all", total, found, static_cast<long long>(sum));
  return found > 0 ? 0 : 1;
}
