// Looks up the catalogue's texts in place. Their grammar:
//
//   text     = comment *line                    ; "# genai-prices 0.2.3, prices of 2026-11-26; ..."
//   line     = provider TAB name TAB prices LF  ; all names in lower case
//   prices   = "-" / rates *(" >" tokens " " rates)      ; "-": listed without a price; ">200000 ...": above that many input tokens
//   rates    = letter usd *(" " letter usd)     ; USD per million tokens: i input, o output, r cache read, w cache write, W the same for
//                                               ; an hour, a audio in, A audio out, p image in, P image out; q USD a request
//
// prices_exact.txt is sorted by bytes; a name is either there or it is held against the provider's lines of prices_patterns.txt, whose
// providers are sorted and whose patterns are in order of precedence:
//
//   pattern  = glob *("&" glob) / ">" provider  ; every glob must match; ">": go on with that provider's names and patterns
//   glob     = ["!"] *(byte / "#" / "*")        ; "#" a digit, "*" any bytes, "!" must not match
#include "providers/price_catalogue.hpp"

#include "config/presets.hpp"
#include "providers/price_texts.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

constexpr std::size_t longest_name = 128;   // bytes; no listed name is longer

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The line that holds position `at`, without its end.
[[nodiscard]] std::string_view line_at(std::string_view text, std::size_t at) noexcept {
  const auto before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const auto begin = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// "provider\tname\t..." against provider and name: the order of the sorted texts, whose names end at a tab.
[[nodiscard]] int compare(std::string_view line, std::string_view provider, std::string_view name) noexcept {
  const auto tab = line.find('\t');
  if (tab == std::string_view::npos) return -1;    // the comment
  // The tab sorts below everything a name holds, so comparing the parts gives the order of the whole lines.
  if (const int by_provider = line.substr(0, tab).compare(provider); by_provider != 0) return by_provider;
  const auto rest = line.substr(tab + 1);
  return rest.substr(0, rest.find('\t')).compare(name);
}

/// Position of the first line that is not before (provider, name).
[[nodiscard]] std::size_t first_not_before(std::string_view text, std::string_view provider, std::string_view name) noexcept {
  std::size_t low = 0, high = text.size();
  while (low < high) {
    const auto line = line_at(text, low + (high - low) / 2);
    const auto begin = static_cast<std::size_t>(line.data() - text.data());
    if (compare(line, provider, name) < 0)
      low = begin + line.size() + 1;
    else
      high = begin;
  }
  return low;
}

/// USD with up to nine places as nano-dollars; moves `at` behind it.
[[nodiscard]] std::int64_t read_usd(std::string_view text, std::size_t& at) noexcept {
  std::int64_t nano = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) nano = nano * 10 + (text[at] - '0');
  int places = 0;
  if (at < text.size() && text[at] == '.')
    for (++at; at < text.size() && is_digit(text[at]); ++at, ++places) nano = nano * 10 + (text[at] - '0');
  for (; places < 9; ++places) nano *= 10;
  return nano;
}

[[nodiscard]] std::optional<std::int64_t>* place_of(char letter, model_prices& all, token_rates& rates) noexcept {
  switch (letter) {
    case 'i': return &rates.input;
    case 'o': return &rates.output;
    case 'r': return &rates.cached_input;
    case 'w': return &rates.cache_write;
    case 'W': return &rates.cache_write_1h;
    case 'a': return &all.audio_input;
    case 'A': return &all.audio_output;
    case 'p': return &all.image_input;
    case 'P': return &all.image_output;
    case 'q': return &all.per_request;
    default: return nullptr;
  }
}

[[nodiscard]] model_prices read_prices(std::string_view text) noexcept {
  model_prices out;
  token_rates* rates = &out;
  std::size_t tier = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char letter = text[at++];
    if (letter == '>' && tier < out.tiers.size()) {
      auto& next = out.tiers[tier++];
      for (; at < text.size() && is_digit(text[at]); ++at) next.above = next.above * 10 + (text[at] - '0');
      rates = &next.rates;
    } else if (auto* place = place_of(letter, out, *rates)) {
      *place = read_usd(text, at);
    }
  }
  return out;
}

/// '#' a digit, '*' any bytes.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view name) noexcept {
  if (glob.size() > 2 && glob.front() == '*' && glob.back() == '*') {   // most are "*name*"
    const auto inside = glob.substr(1, glob.size() - 2);
    if (inside.find_first_of("*#") == std::string_view::npos) return name.find(inside) != std::string_view::npos;
  }
  std::size_t g = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = n;
    } else if (g < glob.size() && (glob[g] == '#' ? is_digit(name[n]) : glob[g] == name[n])) {
      ++g, ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

[[nodiscard]] bool pattern_matches(std::string_view pattern, std::string_view name) noexcept {
  while (true) {
    const auto end = pattern.find('&');
    auto glob = pattern.substr(0, end);
    const bool refused = glob.starts_with('!');
    if (refused) glob.remove_prefix(1);
    if (glob_matches(glob, name) == refused) return false;
    if (end == std::string_view::npos) return true;
    pattern.remove_prefix(end + 1);
  }
}

enum class follow { yes, no };

/// The prices column of the line that `name` leads to.
[[nodiscard]] std::optional<std::string_view> find_line(std::string_view provider, std::string_view name, follow others) noexcept {
  const auto line = line_at(exact_price_text, first_not_before(exact_price_text, provider, name));
  if (compare(line, provider, name) == 0) return line.substr(provider.size() + name.size() + 2);
  for (auto at = first_not_before(price_pattern_text, provider, ""); at < price_pattern_text.size();) {
    auto row = line_at(price_pattern_text, at);
    at += row.size() + 1;
    if (!row.starts_with(provider) || row[provider.size()] != '\t') break;
    row.remove_prefix(provider.size() + 1);
    const auto tab = row.find('\t');
    const auto pattern = row.substr(0, tab);
    if (pattern.starts_with('>')) {
      if (others == follow::no) continue;
      if (const auto found = find_line(pattern.substr(1), name, follow::no)) return found;
    } else if (pattern_matches(pattern, name)) {
      return row.substr(tab + 1);
    }
  }
  return std::nullopt;
}

/// "gpt-5.2-20251211" as "gpt-5.2-2025-12-11", the form of the listed names; false: holds no such date.
[[nodiscard]] bool spell_out_date(std::string_view name, std::array<char, longest_name + 2>& into, std::string_view& out) noexcept {
  for (std::size_t at = 0; at + 9 <= name.size(); ++at) {
    const auto date = name.substr(at + 1, 8);
    const bool ends = at + 9 == name.size() || name[at + 9] == '-' || name[at + 9] == ':';
    if (name[at] != '-' || !ends || !date.starts_with("20") || !std::all_of(date.begin(), date.end(), is_digit)) continue;
    char* to = std::copy_n(name.data(), at + 5, into.data());
    *to++ = '-';
    to = std::copy_n(name.data() + at + 5, 2, to);
    *to++ = '-';
    to = std::copy(name.begin() + static_cast<std::ptrdiff_t>(at) + 7, name.end(), to);
    out = {into.data(), static_cast<std::size_t>(to - into.data())};
    return true;
  }
  return false;
}

__extension__ using wide = __int128;

/// Adds up tokens times rates; forgets itself once a rate is missing.
class bill {
 public:
  void add(std::int64_t tokens, const std::optional<std::int64_t>& rate) noexcept {
    if (tokens <= 0) return;
    if (rate)
      sum_ += static_cast<wide>(tokens) * *rate;
    else
      known_ = false;
  }
  [[nodiscard]] bool known() const noexcept { return known_; }
  [[nodiscard]] nano_usd total() const noexcept { return static_cast<nano_usd>((sum_ + 500'000) / 1'000'000); }

 private:
  wide sum_ = 0;
  bool known_ = true;
};

[[nodiscard]] token_rates rates_for(const model_prices& prices, std::int64_t input_tokens) noexcept {
  token_rates rates = prices;
  for (const auto& tier : prices.tiers) {
    if (tier.above == 0 || input_tokens <= tier.above) break;
    const auto raise = [](auto& rate, const auto& by) { rate = by ? by : rate; };
    raise(rates.input, tier.rates.input);
    raise(rates.output, tier.rates.output);
    raise(rates.cached_input, tier.rates.cached_input);
    raise(rates.cache_write, tier.rates.cache_write);
    raise(rates.cache_write_1h, tier.rates.cache_write_1h);
  }
  return rates;
}

/// Takes a part out of what is left of the whole.
[[nodiscard]] std::int64_t take(std::int64_t& whole, std::int64_t part) noexcept {
  const auto taken = std::clamp<std::int64_t>(part, 0, std::max<std::int64_t>(whole, 0));
  whole -= taken;
  return taken;
}

[[nodiscard]] std::optional<std::int64_t> either(const std::optional<std::int64_t>& own, const std::optional<std::int64_t>& whole) noexcept {
  return own ? own : whole;
}

}  // namespace

bool model_prices::known() const noexcept { return input || output || per_request || per_image || audio_input || image_output; }

std::optional<nano_usd> cost(const model_prices& prices, const usage_counts& used) noexcept {
  const bool flat = !prices.input && !prices.output && (prices.per_request || prices.per_image);
  if (!flat && !prices.input) return std::nullopt;
  bill all;
  if (!flat) {
    const auto rates = rates_for(prices, used.input);
    auto input = used.input, output = used.output;
    all.add(take(input, used.cached_input), either(rates.cached_input, rates.input));
    all.add(take(input, used.cache_write_1h), either(rates.cache_write_1h, either(rates.cache_write, rates.input)));
    all.add(take(input, used.cache_write), either(rates.cache_write, rates.input));
    all.add(take(input, used.audio_input), either(prices.audio_input, rates.input));
    all.add(take(input, used.image_input), either(prices.image_input, rates.input));
    all.add(input, rates.input);
    all.add(take(output, used.audio_output), either(prices.audio_output, rates.output));
    all.add(take(output, used.image_output), either(prices.image_output, rates.output));
    all.add(output, rates.output);
  }
  if (!all.known()) return std::nullopt;
  return all.total() + prices.per_request.value_or(0) + std::max<std::int64_t>(used.images, 0) * prices.per_image.value_or(0);
}

std::string_view catalogue_provider(const config::provider_config& provider) noexcept {
  if (const auto* preset = config::preset_of(provider)) return preset->prices;
  const auto line = line_at(exact_price_text, first_not_before(exact_price_text, provider.name, ""));
  return compare(line, provider.name, "") > 0 && line.starts_with(provider.name) && line[provider.name.size()] == '\t'
             ? line.substr(0, provider.name.size())
             : std::string_view{};
}

model_prices catalogue_prices(std::string_view provider, std::string_view model) noexcept {
  if (provider.empty() || model.empty() || model.size() > longest_name) return {};
  std::array<char, longest_name> lowered;
  std::transform(model.begin(), model.end(), lowered.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  std::string_view name(lowered.data(), model.size());
  std::array<char, 64> hosted;
  if (provider == "huggingface") {
    // Its router serves others' models at their prices; "model:host" says whose. Without a host nobody knows beforehand.
    constexpr std::string_view prefix = "huggingface_";
    const auto colon = name.rfind(':');
    if (colon == std::string_view::npos || name.size() - colon - 1 > hosted.size() - prefix.size()) return {};
    const auto host = name.substr(colon + 1);
    std::copy(host.begin(), host.end(), std::copy(prefix.begin(), prefix.end(), hosted.begin()));
    provider = {hosted.data(), prefix.size() + host.size()};
    name = name.substr(0, colon);
  }
  auto found = find_line(provider, name, follow::yes);
  std::array<char, longest_name + 2> respelled;
  if (std::string_view other; !found && spell_out_date(name, respelled, other)) found = find_line(provider, other, follow::yes);
  return found ? read_prices(*found) : model_prices{};
}

std::string_view catalogue_date() noexcept {
  constexpr std::string_view mark = "prices of ";
  const auto at = exact_price_text.find(mark);
  return at == std::string_view::npos ? std::string_view{} : exact_price_text.substr(at + mark.size(), 10);
}

std::string_view catalogue_source() noexcept { return exact_price_text.substr(2, exact_price_text.find(',') - 2); }

}  // namespace switchyard::providers
