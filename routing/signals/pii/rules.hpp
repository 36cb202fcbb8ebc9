// The rules behind find_pii(). Each looks at one place of a text and says what begins there, if anything of its kind does.
#pragma once

#include "routing/signals/findings.hpp"

#include <initializer_list>
#include <optional>
#include <string_view>

namespace switchyard::routing::pii {

struct match {
  pii_kind kind = pii_kind::email;
  std::size_t start = 0, end = 0;
  float confidence = 0;
};
using maybe = std::optional<match>;

// `at` is the first character of a word or number (nothing of it stands before), unless said otherwise.
[[nodiscard]] maybe email_around(std::string_view text, std::size_t at, std::size_t from);   ///< `at`: the '@'; not before `from`
[[nodiscard]] maybe network_address(std::string_view text, std::size_t at);     ///< IPv4, IPv6, MAC
[[nodiscard]] maybe number(std::string_view text, std::size_t at);              ///< card, SSN, phone; '+' and '(' may begin it
[[nodiscard]] maybe iban(std::string_view text, std::size_t at);
[[nodiscard]] maybe key(std::string_view text, std::size_t at);                 ///< JWT, vendor keys
[[nodiscard]] maybe private_key(std::string_view text, std::size_t at);         ///< `at`: the first '-'
[[nodiscard]] maybe url_credentials(std::string_view text, std::size_t at);     ///< `at`: the ':' of "://"
[[nodiscard]] maybe assigned_secret(std::string_view text, std::size_t at);     ///< `at`: a '=' or ':'
[[nodiscard]] maybe birth_date(std::string_view text, std::size_t at);
[[nodiscard]] maybe document(std::string_view text, std::size_t at);            ///< passport, driver licence
[[nodiscard]] maybe street_address(std::string_view text, std::size_t at);      ///< `at`: a digit

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
[[nodiscard]] constexpr bool is_letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
[[nodiscard]] constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_word(char c) noexcept {
  return is_digit(c) || is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
[[nodiscard]] constexpr bool is_hex(char c) noexcept { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
/// 0 beyond the text.
[[nodiscard]] constexpr char at_or_0(std::string_view text, std::size_t at) noexcept { return at < text.size() ? text[at] : '\0'; }

/// Does one of these (lower case) stand within `reach` bytes before `at`, as whole words?
[[nodiscard]] bool said_before(std::string_view text, std::size_t at, std::size_t reach, std::initializer_list<std::string_view> words);
/// "order 123", "invoice no. 123", "commit 123": the number before which this stands is somebody's reference, not a person's.
[[nodiscard]] bool is_reference(std::string_view text, std::size_t at);

}  // namespace switchyard::routing::pii
