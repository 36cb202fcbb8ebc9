#include "providers/mask.hpp"

#include "base/header.hpp"
#include "providers/json_scan.hpp"

#include <algorithm>
#include <cstddef>

namespace switchyard::providers {

namespace {

constexpr std::string_view mask = "***";
constexpr std::size_t shortest_credential = 4;   // a shorter one would mask half of the text

struct key_shape {
  std::string_view prefix;
  std::size_t least;        // characters after the prefix
};

// Prefixes providers give their keys. Providers that echo a key often star out its middle, so stars count as key characters.
constexpr key_shape shapes[] = {
    {"sk-", 6},  {"sk_", 6},    {"gsk_", 6},  {"csk-", 6}, {"rk-", 16},  {"pk-", 16},  {"AIza", 6},  {"AQ.", 16},
    {"xai-", 6}, {"pplx-", 6},  {"hf_", 6},   {"r8_", 6},  {"fw_", 6},   {"tgp_", 6},  {"nvapi-", 6}, {"ya29.", 6},
    {"eyJ", 16}, {"AKIA", 12},  {"ASIA", 12}, {"ABSK", 16},
};

// Names whose value is a credential: followed by '=' or ':' (with quotes and spaces as JSON and headers have them).
constexpr std::string_view names[] = {"key", "api_key", "api-key", "apikey", "token", "access_token", "secret", "authorization"};

[[nodiscard]] bool is_word(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
[[nodiscard]] bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] bool is_key_char(char c) noexcept {
  return is_word(c) || c == '-' || c == '_' || c == '.' || c == '*' || c == '+' || c == '/' || c == '=' || c == '~' || c == '%';
}

[[nodiscard]] std::size_t run_of_key_chars(std::string_view text, std::size_t at) noexcept {
  const std::size_t begin = at;
  while (at < text.size() && is_key_char(text[at])) ++at;
  while (at > begin && text[at - 1] == '.') --at;   // the full stop of a sentence
  return at - begin;
}

/// Whether a word starts at `at`; the letter of an escape before it (\n, \u0022 in raw JSON) is no part of it.
[[nodiscard]] bool starts_word(std::string_view text, std::size_t at) noexcept {
  if (!is_word(text[at])) return false;
  if (at == 0 || !is_word(text[at - 1])) return true;
  return (at >= 2 && text[at - 2] == '\\') || (at >= 6 && text[at - 6] == '\\' && text[at - 5] == 'u');
}

/// Whether an escape ends at `at` ("\n"): text may mean a key that begins with that letter, JSON needs it.
[[nodiscard]] bool ends_escape(std::string_view text, std::size_t at) noexcept {
  std::size_t slashes = 0;
  while (slashes < at && text[at - slashes - 1] == '\\') ++slashes;
  return slashes % 2 == 1;
}

/// Appends the mask for what stands at `at`, and what must stay of it.
void put_mask(std::string& out, std::string_view text, std::size_t at) {
  if (ends_escape(text, at)) out.push_back(text[at]);
  out.append(mask);
}

/// A bare JSON number is none, and must stay one.
[[nodiscard]] bool is_number(std::string_view run) noexcept {
  return std::all_of(run.begin(), run.end(), [](char c) { return is_digit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'; });
}

/// How many characters of a key of a known shape start at `at`; 0: none.
[[nodiscard]] std::size_t known_key(std::string_view text, std::size_t at) noexcept {
  for (const auto& shape : shapes) {
    if (!text.substr(at).starts_with(shape.prefix)) continue;
    const std::size_t length = run_of_key_chars(text, at);
    if (length >= shape.prefix.size() + shape.least) return length;
  }
  return 0;
}

/// A run that follows "Bearer" or a name: words of plain prose are let through.
[[nodiscard]] bool looks_secret(std::string_view run) noexcept {
  if (run.size() >= 20) return true;
  return run.size() >= 6 && std::any_of(run.begin(), run.end(), is_digit);
}

/// "Bearer xyz" or `api_key": "xyz` at `at`: where xyz starts and how long it is; length 0: neither.
struct span_at {
  std::size_t begin = 0;
  std::size_t length = 0;
};
[[nodiscard]] span_at named_secret(std::string_view text, std::size_t at) noexcept {
  constexpr std::string_view bearer = "bearer ";
  if (equal_ignoring_case(text.substr(at, bearer.size()), bearer)) {
    const std::size_t begin = at + bearer.size();
    const std::size_t length = run_of_key_chars(text, begin);
    if (looks_secret(text.substr(begin, length))) return {begin, length};
    return {};
  }
  for (const auto name : names) {
    if (!equal_ignoring_case(text.substr(at, name.size()), name)) continue;
    std::size_t begin = at + name.size();
    bool separated = false;
    bool query = false;
    while (begin < text.size() && (text[begin] == '"' || text[begin] == '\\' || text[begin] == '\'' || text[begin] == ' ' ||
                                   text[begin] == ':' || text[begin] == '=')) {
      separated |= text[begin] == ':' || text[begin] == '=';
      query = text[begin] == '=';
      ++begin;
    }
    if (!separated || text[begin - 1] == '\\') continue;
    const std::string_view run = text.substr(begin, run_of_key_chars(text, begin));
    if (text[begin - 1] != '"' && !query && is_number(run)) continue;
    if (!run.empty() && (query || looks_secret(run))) return {begin, run.size()};
  }
  return {};
}

[[nodiscard]] std::string replace_all(std::string_view text, std::string_view what) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  for (std::size_t hit; (hit = text.find(what, at)) != std::string_view::npos; at = hit + what.size()) {
    out.append(text, at, hit - at);
    put_mask(out, text, hit);
  }
  out.append(text, at);
  return out;
}

}  // namespace

std::string mask_credentials(std::string_view text, std::string_view credential) {
  std::string replaced;
  if (credential.size() >= shortest_credential) {
    replaced = replace_all(text, credential);
    std::string quoted;
    json::append_string(quoted, credential);   // as it stands inside JSON
    const std::string_view escaped = std::string_view(quoted).substr(1, quoted.size() - 2);
    if (escaped != credential) replaced = replace_all(replaced, escaped);
    text = replaced;
  }
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (starts_word(text, at)) {
      if (const std::size_t length = known_key(text, at); length != 0) {
        put_mask(out, text, at);
        at += length;
        continue;
      }
      if (const auto secret = named_secret(text, at); secret.length != 0) {
        out.append(text, at, secret.begin - at);
        out.append(mask);
        at = secret.begin + secret.length;
        continue;
      }
    }
    out.push_back(text[at++]);
  }
  return out;
}

}  // namespace switchyard::providers
