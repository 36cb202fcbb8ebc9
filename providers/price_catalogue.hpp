// What models cost: a catalogue of thousands of models, compiled into the program, and the arithmetic from token counts to money.
#pragma once

#include "base/money.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace switchyard::config {
struct provider_config;
}

namespace switchyard::providers {

/// Nano-dollars per million tokens; nullopt: unknown, never 0.
struct token_rates {
  std::optional<std::int64_t> input = {};
  std::optional<std::int64_t> output = {};
  std::optional<std::int64_t> cached_input = {};   ///< read from a cache
  std::optional<std::int64_t> cache_write = {};    ///< written to a cache
  std::optional<std::int64_t> cache_write_1h = {}; ///< written to a cache that lasts an hour
};

/// Above so many input tokens the whole request costs these rates; those it does not give stay as they were.
struct price_tier {
  std::int64_t above = 0;                          ///< 0: there is no such tier
  token_rates rates;
};

struct model_prices : token_rates {
  std::optional<std::int64_t> audio_input = {};    ///< per million tokens, as above
  std::optional<std::int64_t> audio_output = {};
  std::optional<std::int64_t> image_input = {};
  std::optional<std::int64_t> image_output = {};
  std::optional<nano_usd> per_request = {};
  std::optional<nano_usd> per_image = {};          ///< each generated one
  std::array<price_tier, 2> tiers = {};            ///< rising

  /// Is anything known at all?
  [[nodiscard]] bool known() const noexcept;
};

/// What was used. `input` and `output` are totals; the others are parts of them.
struct usage_counts {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cached_input = 0;
  std::int64_t cache_write = 0;
  std::int64_t cache_write_1h = 0;
  std::int64_t audio_input = 0;
  std::int64_t audio_output = 0;
  std::int64_t image_input = 0;
  std::int64_t image_output = 0;
  std::int64_t images = 0;
};

/// The cost of one request; nullopt: the price of something that was used is unknown. A part without a rate of its own (cached input,
/// audio, ...) costs what its whole costs. Rounded half up once, at the end. A price per request or image alone is a flat price: then
/// tokens cost nothing.
[[nodiscard]] std::optional<nano_usd> cost(const model_prices& prices, const usage_counts& used) noexcept;

/// The catalogue's name for a configured provider: by its preset (config/presets.cpp), else its own name if the catalogue has it; empty: none.
[[nodiscard]] std::string_view catalogue_provider(const config::provider_config& provider) noexcept;

/// The model's prices at the catalogue's `provider`; nothing known when it is not listed, or listed without a price. A binary search, then at
/// most some dozens of patterns; allocates nothing.
[[nodiscard]] model_prices catalogue_prices(std::string_view provider, std::string_view model) noexcept;

/// "2026-11-26": the day the catalogue's prices are of.
[[nodiscard]] std::string_view catalogue_date() noexcept;
/// "genai-prices 0.2.3"
[[nodiscard]] std::string_view catalogue_source() noexcept;

}  // namespace switchyard::providers
