// The words of the contract for signals and their values, and the numbers they stand for here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace switchyard::routing {

/// What can be known of a request by looking at it alone. (user, tags.X and region come from elsewhere.)
enum class signal : std::uint8_t {
  domain, complexity, format, pii, jailbreak, harmful, input_tokens, output_tokens, language, turns, tools, images,
  vector, clarity, code_share,          ///< these have no name in rules
};
constexpr std::size_t signal_count = 15;

/// "domain", "safety.pii", "tokens.input" ... "vector", "clarity", "code_share".
[[nodiscard]] std::string_view to_string(signal which) noexcept;
/// Of the names rules may use; nullopt: none of them.
[[nodiscard]] std::optional<signal> signal_named(std::string_view name) noexcept;
/// Is it a number in rules (else a word)?
[[nodiscard]] bool is_number(signal which) noexcept;

enum class domain : std::uint8_t {
  biology, business, chemistry, computer_science, economics, engineering, health, history, law, math, other, philosophy, physics, psychology
};
constexpr std::size_t domain_count = 14;
/// "computer science".
[[nodiscard]] std::string_view to_string(domain which) noexcept;
[[nodiscard]] std::optional<domain> domain_named(std::string_view name) noexcept;

enum class answer_format : std::uint8_t { code, json, summary, creative, translation, list, chat };
constexpr std::size_t format_count = 7;
[[nodiscard]] std::string_view to_string(answer_format which) noexcept;
[[nodiscard]] std::optional<answer_format> format_named(std::string_view name) noexcept;

enum class pii_kind : std::uint8_t {
  email, phone, card, iban, ssn, ip, mac, jwt, private_key, api_key, date_of_birth, passport, driver_licence, address
};
constexpr std::size_t pii_kind_count = 14;
[[nodiscard]] std::string_view to_string(pii_kind which) noexcept;
[[nodiscard]] std::optional<pii_kind> pii_kind_named(std::string_view name) noexcept;

}  // namespace switchyard::routing
