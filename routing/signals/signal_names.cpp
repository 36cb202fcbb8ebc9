#include "routing/signals/signal_names.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

constexpr std::array<std::string_view, signal_count> signals{
    "domain", "complexity", "format", "safety.pii", "safety.jailbreak", "safety.harmful", "tokens.input", "tokens.output", "language",
    "turns", "tools", "images", "vector", "clarity", "code_share"};
constexpr std::size_t named_in_rules = 12;
constexpr std::array<std::string_view, domain_count> domains{
    "biology", "business", "chemistry", "computer science", "economics", "engineering", "health", "history", "law", "math", "other",
    "philosophy", "physics", "psychology"};
constexpr std::array<std::string_view, format_count> formats{"code", "json", "summary", "creative", "translation", "list", "chat"};
constexpr std::array<std::string_view, pii_kind_count> pii_kinds{
    "email", "phone", "card", "iban", "ssn", "ip", "mac", "jwt", "private_key", "api_key", "date_of_birth", "passport", "driver_licence",
    "address"};

template <class Enum, std::size_t n>
std::optional<Enum> find(const std::array<std::string_view, n>& names, std::string_view name, std::size_t among = n) noexcept {
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(among), at = std::find(names.begin(), end, name);
  if (at == end) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

}  // namespace

std::string_view to_string(signal which) noexcept { return signals[static_cast<std::size_t>(which)]; }
std::optional<signal> signal_named(std::string_view name) noexcept { return find<signal>(signals, name, named_in_rules); }
bool is_number(signal which) noexcept { return which != signal::domain && which != signal::format && which != signal::language; }

std::string_view to_string(domain which) noexcept { return domains[static_cast<std::size_t>(which)]; }
std::optional<domain> domain_named(std::string_view name) noexcept { return find<domain>(domains, name); }

std::string_view to_string(answer_format which) noexcept { return formats[static_cast<std::size_t>(which)]; }
std::optional<answer_format> format_named(std::string_view name) noexcept { return find<answer_format>(formats, name); }

std::string_view to_string(pii_kind which) noexcept { return pii_kinds[static_cast<std::size_t>(which)]; }
std::optional<pii_kind> pii_kind_named(std::string_view name) noexcept { return find<pii_kind>(pii_kinds, name); }

}  // namespace switchyard::routing
