// µs per prompt for all signals together and each alone: bench_signals [--models DIR]. One thread.
#include "routing/signals/understanding.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace switchyard;
using routing::understanding;
using which = routing::signal;

constexpr std::string_view prose =
    "Could you please explain why the quarterly report that our accounting department sent to several customers last Thursday was missing "
    "some important figures about travel costs, and what we should tell them when they call tomorrow morning to ask for an explanation? ";

std::string words(std::size_t count) {
  std::string text;
  for (std::size_t at = 0; count > 0; --count) {
    const auto end = prose.find(' ', at) + 1;
    text += prose.substr(at, end - at);
    at = end >= prose.size() ? 0 : end;
  }
  return text;
}

template <class Work>
void measure(const char* name, const Work& work) {
  using clock = std::chrono::steady_clock;
  std::vector<double> samples(2000);
  for (auto& sample : samples) {
    const auto begin = clock::now();
    work();
    sample = std::chrono::duration<double, std::micro>(clock::now() - begin).count();
  }
  std::sort(samples.begin(), samples.end());
  std::printf("%-28s fastest %8.2f us  p50 %8.2f us  p99 %8.2f us\n", name, samples.front(), samples[samples.size() / 2], samples[samples.size() * 99 / 100]);
}

void measure_all(const routing::signal_models& models, const char* name, const std::string& text) {
  const routing::turn turns[] = {{routing::speaker::user, text}};
  const routing::prompt asked{.turns = turns};
  double sum = 0;
  measure(name, [&] {
    understanding seen(models, asked);
    for (std::size_t i = 0; i < routing::signal_count; ++i)
      if (const auto value = seen.value(static_cast<which>(i)); std::holds_alternative<double>(value)) sum += std::get<double>(value);
    sum += seen.vector()[0];
  });
  if (sum == 12345) std::puts("");      // the results are used
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc == 3 && std::string_view(argv[1]) == "--models" ? argv[2] : "";
  const auto begin = std::chrono::steady_clock::now();
  const auto models = routing::signal_models::load(folder);
  if (!models) return std::fprintf(stderr, "bench_signals: %s\n", models.failure().message.c_str()), 1;
  std::printf("load %.1f ms\n", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  const auto fifty = words(50);
  measure_all(**models, "50 words, all signals", fifty);
  measure_all(**models, "2000 words, all signals", words(2000));
  const routing::turn turns[] = {{routing::speaker::user, fifty}};
  for (std::size_t i = 0; i < routing::signal_count; ++i) {
    const auto one = static_cast<which>(i);
    measure(std::string(to_string(one)).c_str(), [&] {
      understanding seen(**models, {.turns = turns});
      static_cast<void>(one == which::vector ? routing::signal_value(static_cast<double>(seen.vector()[0])) : seen.value(one));
    });
  }
}
