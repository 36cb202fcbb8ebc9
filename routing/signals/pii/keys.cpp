// Secrets: tokens of known makers by prefix, alphabet and length; JSON web tokens; private keys; what is assigned to a secret's name.
#include "routing/signals/pii/rules.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace switchyard::routing::pii {

namespace {

enum class alphabet { upper_digits, letters_digits, hex, url, wide };   // url: and - _; wide: and . / + = as well

bool is_of(alphabet set, char c) noexcept {
  switch (set) {
    case alphabet::upper_digits: return is_upper(c) || is_digit(c);
    case alphabet::hex: return is_digit(c) || (c >= 'a' && c <= 'f');
    case alphabet::letters_digits: return is_letter(c) || is_digit(c);
    case alphabet::url: return is_letter(c) || is_digit(c) || c == '-' || c == '_';
    case alphabet::wide: return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '/' || c == '+' || c == '=';
  }
  return false;
}

struct maker {
  std::string_view prefix;
  alphabet rest;
  std::size_t least, most;       // characters after the prefix
};
constexpr maker makers[] = {
    {"AKIA", alphabet::upper_digits, 16, 16}, {"ASIA", alphabet::upper_digits, 16, 16}, {"ABIA", alphabet::upper_digits, 16, 16},
    {"ACCA", alphabet::upper_digits, 16, 16}, {"AIza", alphabet::url, 35, 35}, {"ya29.", alphabet::wide, 20, 400},
    {"GOCSPX-", alphabet::url, 20, 40}, {"ghp_", alphabet::letters_digits, 30, 255}, {"gho_", alphabet::letters_digits, 30, 255},
    {"ghu_", alphabet::letters_digits, 30, 255}, {"ghs_", alphabet::letters_digits, 30, 255}, {"ghr_", alphabet::letters_digits, 30, 255},
    {"github_pat_", alphabet::url, 22, 255}, {"glpat-", alphabet::url, 20, 64}, {"xoxb-", alphabet::url, 20, 255},
    {"xoxp-", alphabet::url, 20, 255}, {"xoxa-", alphabet::url, 20, 255}, {"xoxr-", alphabet::url, 20, 255}, {"xoxs-", alphabet::url, 20, 255},
    {"xapp-", alphabet::url, 20, 255}, {"sk_live_", alphabet::letters_digits, 16, 255}, {"sk_test_", alphabet::letters_digits, 16, 255},
    {"rk_live_", alphabet::letters_digits, 16, 255}, {"rk_test_", alphabet::letters_digits, 16, 255}, {"whsec_", alphabet::wide, 16, 255},
    {"sk-ant-", alphabet::url, 20, 255}, {"sk-proj-", alphabet::url, 20, 255}, {"sk-or-", alphabet::url, 20, 255},
    {"sk-svcacct-", alphabet::url, 20, 255}, {"sk-", alphabet::letters_digits, 20, 255}, {"hf_", alphabet::letters_digits, 30, 64},
    {"r8_", alphabet::letters_digits, 37, 37}, {"gsk_", alphabet::letters_digits, 40, 64}, {"xai-", alphabet::letters_digits, 40, 128},
    {"pplx-", alphabet::letters_digits, 40, 64}, {"SG.", alphabet::wide, 60, 80}, {"npm_", alphabet::letters_digits, 36, 36},
    {"pypi-AgE", alphabet::url, 40, 400}, {"dop_v1_", alphabet::hex, 64, 64}, {"shpat_", alphabet::letters_digits, 32, 32},
    {"shpss_", alphabet::letters_digits, 32, 32}, {"sq0atp-", alphabet::url, 22, 43}, {"sq0csp-", alphabet::url, 43, 43},
    {"lin_api_", alphabet::letters_digits, 32, 64}, {"dckr_pat_", alphabet::url, 20, 64}, {"ATATT3", alphabet::wide, 40, 400},
    {"hvs.", alphabet::url, 20, 200}, {"dapi", alphabet::hex, 32, 34}, {"key-", alphabet::hex, 32, 32}, {"SK", alphabet::hex, 32, 32},
    {"AC", alphabet::hex, 32, 32}, {"EAACEdEose0cBA", alphabet::letters_digits, 20, 255}, {"fw_", alphabet::letters_digits, 24, 64},
    {"tgp_v1_", alphabet::url, 30, 64}, {"nvapi-", alphabet::url, 50, 80}, {"AGE-SECRET-KEY-", alphabet::upper_digits, 50, 70}};

// Which two bytes begin a prefix: [first][second], a bit each.
constexpr auto beginnings = [] {
  std::array<std::array<std::uint64_t, 2>, 128> bits{};
  for (const auto& m : makers) bits[static_cast<std::size_t>(m.prefix[0])][static_cast<std::size_t>(m.prefix[1]) >> 6] |= std::uint64_t{1} << (m.prefix[1] & 63);
  return bits;
}();

bool may_begin(char first, char second) noexcept {
  const auto a = static_cast<unsigned char>(first), b = static_cast<unsigned char>(second);
  return a < 128 && b < 128 && (beginnings[a][b >> 6] >> (b & 63) & 1) != 0;
}

std::size_t run_of(std::string_view text, std::size_t at, alphabet set, std::size_t most = 4096) noexcept {
  std::size_t length = 0;
  while (length < most && at + length < text.size() && is_of(set, text[at + length])) ++length;
  return length;
}

bool is_mixed(std::string_view token) noexcept {
  return std::any_of(token.begin(), token.end(), is_digit) && std::any_of(token.begin(), token.end(), is_letter);
}

// "sk-your-key-here", "sk-xxxxxxxxxxxxxxxxxxxx": a place holder is no secret.
bool is_place_holder(std::string_view token) noexcept {
  std::size_t changes = 0;
  for (std::size_t i = 1; i < token.size(); ++i) changes += token[i] != token[i - 1];
  return changes * 3 < token.size();
}

maybe web_token(std::string_view text, std::size_t at) {
  auto end = at;
  for (int part = 0; part < 3; ++part) {
    if (part > 0 && at_or_0(text, end++) != '.') return std::nullopt;
    const auto length = run_of(text, end, alphabet::url, 1u << 14);
    if (length < (part == 2 ? 16u : 10u)) return std::nullopt;
    end += length;
  }
  return match{pii_kind::jwt, at, end, 0.99f};
}

constexpr std::string_view secret_names[] = {"api_key", "apikey", "api-key", "api key", "secret_key", "secret key", "secret-key", "client_secret", "client secret",
                                             "access_token", "access token", "auth_token", "auth token", "access_key", "access key", "secret_access_key",
                                             "secret access key", "accountkey", "sharedaccesskey", "private_key", "password", "passwd", "pwd", "bearer",
                                             "refresh_token", "encryption_key", "webhook_secret", "token", "secret", "authorization", "x-api-key", "passphrase"};

}  // namespace

maybe key(std::string_view text, std::size_t at) {
  const char first = text[at], second = at_or_0(text, at + 1);
  if (first == 'e' && text.substr(at, 3) == "eyJ") return web_token(text, at);
  if (!may_begin(first, second)) return std::nullopt;
  if (at > 0 && text[at - 1] == '-') return std::nullopt;
  for (const auto& m : makers) {
    if (m.prefix[0] != first || m.prefix[1] != second || !text.substr(at).starts_with(m.prefix)) continue;
    const auto from = at + m.prefix.size();
    auto length = run_of(text, from, m.rest);
    while (length > 0 && (text[from + length - 1] == '.' || text[from + length - 1] == '-')) --length;
    if (length < m.least || length > m.most || is_word(at_or_0(text, from + length))) continue;
    const auto token = text.substr(from, length);
    if (!is_mixed(token) || is_place_holder(token)) continue;
    return match{pii_kind::api_key, at, from + length, 0.99f};
  }
  return std::nullopt;
}

maybe private_key(std::string_view text, std::size_t at) {
  constexpr std::string_view begin = "-----BEGIN ", close = "-----END ";
  if (!text.substr(at).starts_with(begin)) return std::nullopt;
  const auto line = text.substr(at, text.substr(at, 96).find('\n'));
  if (line.find("PRIVATE KEY") == line.npos) return std::nullopt;
  auto end = text.find(close, at);
  if (end == text.npos) return match{pii_kind::private_key, at, text.size(), 0.95f};
  end += close.size();
  while (end < text.size() && text[end] != '\n' && text[end] != '-') ++end;
  while (end < text.size() && text[end] == '-') ++end;
  return match{pii_kind::private_key, at, end, 0.99f};
}

maybe url_credentials(std::string_view text, std::size_t at) {
  const auto start = at + 3;
  std::size_t end = start, colon = 0;
  while (end < text.size() && end - start < 256 && static_cast<unsigned char>(text[end]) > ' ' && text[end] != '/' && text[end] != '@') {
    if (text[end] == ':' && colon == 0) colon = end;
    ++end;
  }
  if (at_or_0(text, end) != '@' || colon == 0 || end - colon < 4) return std::nullopt;
  const auto secret = text.substr(colon + 1, end - colon - 1);
  if (secret == "password" || secret == "pass" || secret[0] == '<' || secret[0] == '$' || secret[0] == '{') return std::nullopt;
  return match{pii_kind::api_key, start, end, 0.9f};
}

maybe assigned_secret(std::string_view text, std::size_t at) {
  // The name stands right before, quotes and blanks between.
  auto end = at;
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '"' || text[end - 1] == '\'')) --end;
  const auto begin = end > 24 ? end - 24 : 0;
  const auto before = text.substr(begin, end - begin);
  const auto named = std::any_of(std::begin(secret_names), std::end(secret_names), [&](std::string_view name) {
    return before.size() >= name.size() && std::equal(name.begin(), name.end(), before.end() - static_cast<std::ptrdiff_t>(name.size()),
                                                      [](char a, char b) { return a == lower(b); });
  });
  if (!named) return std::nullopt;
  auto from = at + 1;
  while (from < text.size() && from - at < 8 && (text[from] == ' ' || text[from] == '"' || text[from] == '\'' || text[from] == '=')) ++from;
  for (const auto scheme : {std::string_view("Bearer "), std::string_view("Basic ")})
    if (text.substr(from).starts_with(scheme)) from += scheme.size();
  if (auto known = key(text, from < text.size() ? from : at)) return known;
  const auto length = run_of(text, from, alphabet::wide, 512);
  const auto value = text.substr(from, length);
  const auto digits = std::count_if(value.begin(), value.end(), is_digit);
  if (length < 16 || length >= 512 || digits < 3 || !is_mixed(value) || is_place_holder(value)) return std::nullopt;
  if (value.find("..") != value.npos || value.find("://") != value.npos || value.starts_with("process.env") || value.starts_with("os.environ"))
    return std::nullopt;
  return match{pii_kind::api_key, from, from + length, 0.85f};
}

}  // namespace switchyard::routing::pii
