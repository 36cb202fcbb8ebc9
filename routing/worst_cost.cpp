#include "routing/worst_cost.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

constexpr std::int64_t spare_tokens = 16;        // what a format wraps around a short prompt
constexpr std::int64_t most_tokens = 1'000'000'000'000;

}  // namespace

std::optional<nano_usd> worst_cost(const providers::model_prices& prices, std::int64_t input, std::int64_t output) noexcept {
  const auto in = std::min(std::max<std::int64_t>(input, 0), most_tokens) * 5 / 4 + spare_tokens;
  const auto out = std::min(std::max<std::int64_t>(output, 0), most_tokens);
  auto worst = providers::cost(prices, {.input = in, .output = out});
  if (!worst) return std::nullopt;
  const auto consider = [&](const std::optional<std::int64_t>& rate, const providers::usage_counts& used) {
    if (rate) worst = std::max(*worst, providers::cost(prices, used).value_or(0));
  };
  consider(prices.cache_write, {.input = in, .output = out, .cache_write = in});
  consider(prices.cache_write_1h, {.input = in, .output = out, .cache_write = in, .cache_write_1h = in});
  consider(prices.audio_input, {.input = in, .output = out, .audio_input = in});
  consider(prices.audio_output, {.input = in, .output = out, .audio_output = out});
  return worst;
}

}  // namespace switchyard::routing
