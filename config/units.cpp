#include "config/units.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace switchyard::config {

namespace {

using unit_row = std::pair<std::string_view, std::uint64_t>;

// Largest first: formatting takes the first that divides.
constexpr std::array<unit_row, 5> duration_units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit_row, 3> size_units{{{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}}};
constexpr std::uint64_t longest_ms = 3650ull * 86'400'000;
constexpr std::uint64_t largest_size = 1ull << 63;

struct amount {
  std::uint64_t count;
  std::string_view unit;
};

std::optional<amount> split(std::string_view text) noexcept {
  amount parsed{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), parsed.count);
  if (failure != std::errc{}) return std::nullopt;
  parsed.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return parsed;
}

template <std::size_t N>
std::optional<std::uint64_t> scale(const amount& what, const std::array<unit_row, N>& units, std::uint64_t limit) noexcept {
  for (const auto& [name, factor] : units) {
    if (name != what.unit) continue;
    if (what.count > limit / factor) return std::nullopt;
    return what.count * factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) noexcept {
  const auto parsed = split(text);
  if (!parsed) return std::nullopt;
  const auto ms = scale(*parsed, duration_units, longest_ms);
  if (!ms) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(*ms));
}

std::string format_duration(milliseconds duration) {
  const auto ms = static_cast<std::uint64_t>(duration.count());
  if (ms == 0) return "0s";
  for (const auto& [name, factor] : duration_units)
    if (ms % factor == 0) return std::to_string(ms / factor) + std::string(name);
  return std::to_string(ms) + "ms";
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  const auto parsed = split(text);
  if (!parsed) return std::nullopt;
  if (parsed->unit.empty()) return parsed->count <= largest_size ? std::optional(parsed->count) : std::nullopt;
  return scale(*parsed, size_units, largest_size);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes != 0)
    for (const auto& [name, factor] : size_units)
      if (bytes % factor == 0) return std::to_string(bytes / factor) + std::string(name);
  return std::to_string(bytes);
}

}  // namespace switchyard::config
