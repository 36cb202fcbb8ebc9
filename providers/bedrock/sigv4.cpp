#include "providers/bedrock/sigv4.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <new>

namespace switchyard::providers {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr char hex_digits[] = "0123456789abcdef";

using digest = std::array<unsigned char, 32>;

[[nodiscard]] std::string_view view(const digest& bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

[[nodiscard]] std::string hex(const digest& bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (const auto byte : bytes) out += {hex_digits[byte >> 4], hex_digits[byte & 15]};
  return out;
}

/// OpenSSL fails here only for want of memory.
[[nodiscard]] digest sha256(std::span<const std::string_view> pieces) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  digest out{};
  bool fine = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (const auto piece : pieces) fine = fine && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1;
  if (!fine || EVP_DigestFinal_ex(context.get(), out.data(), nullptr) != 1) throw std::bad_alloc();
  return out;
}

[[nodiscard]] digest hmac(std::string_view key, std::string_view text) {
  digest out{};
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), out.data(), nullptr) == nullptr) throw std::bad_alloc();
  return out;
}

/// "20150830T123600Z"
[[nodiscard]] std::string time_text(wall_time now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  char out[40];
  const int size = std::snprintf(out, sizeof out, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                                 static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return std::string(out, static_cast<std::size_t>(size));
}

/// "/a/./b//../c/" -> "/a/c/": empty and dot segments go, as AWS does before it checks.
[[nodiscard]] std::string normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::string_view rest = path; !rest.empty();) {
    const auto end = std::min(rest.find('/'), rest.size());
    const auto segment = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (segment.empty() || segment == ".") continue;
    if (segment != "..")
      kept.push_back(segment);
    else if (!kept.empty())
      kept.pop_back();
  }
  std::string out;
  for (const auto segment : kept) (out += '/') += segment;
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

void append_encoded_path(std::string& out, std::string_view path) {
  for (const char c : normalised(path)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                       c == '~' || c == '/';
    if (plain) {
      out += c;
    } else {
      constexpr char digits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
}

/// Parameters sorted by name, then value, each with its '='.
void append_sorted_query(std::string& out, std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  for (; !query.empty(); query.remove_prefix(std::min(query.find('&'), query.size() - 1) + 1)) {
    const auto pair = query.substr(0, query.find('&'));
    const auto equals = pair.find('=');
    parameters.emplace_back(pair.substr(0, equals), equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
  }
  std::sort(parameters.begin(), parameters.end());
  bool first = true;
  for (const auto& [name, value] : parameters) {
    if (!first) out += '&';
    first = false;
    ((out += name) += '=') += value;
  }
}

/// Blanks around a value go, rows of them become one.
void append_trimmed(std::string& out, std::string_view value) {
  bool blank = false, any = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      blank = any;
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    any = true;
    out += c;
  }
}

[[nodiscard]] std::string lower(std::string_view name) {
  std::string out(name);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Fields by name, those of one name in their order. `names`: "content-type;host;x-amz-date".
void append_fields(std::string& out, std::string& names, std::string_view host, const field_list& headers) {
  std::vector<std::pair<std::string, std::string_view>> fields;
  fields.reserve(headers.size() + 1);
  fields.emplace_back("host", host);
  for (const auto& [name, value] : headers) fields.emplace_back(lower(name), value);
  std::stable_sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0 && fields[i].first == fields[i - 1].first) {
      out.back() = ',';   // instead of the line's end
    } else {
      (out += fields[i].first) += ':';
      if (!names.empty()) names += ';';
      names += fields[i].first;
    }
    append_trimmed(out, fields[i].second);
    out += '\n';
  }
}

[[nodiscard]] digest signing_key(std::string_view secret_key, std::string_view day, const signing_scope& scope) {
  std::string seed = "AWS4";
  seed += secret_key;
  digest key = hmac(seed, day);
  OPENSSL_cleanse(seed.data(), seed.size());
  for (const auto text : {scope.region, scope.service, std::string_view("aws4_request")}) key = hmac(view(key), text);
  return key;
}

}  // namespace

void sign_v4(std::string_view method, std::string_view host, std::string_view target, std::span<const std::string_view> body,
             const aws_credential& credential, const signing_scope& scope, field_list& headers) {
  const std::string time = time_text(scope.now);
  const auto day = std::string_view(time).substr(0, 8);
  headers.emplace_back("x-amz-date", time);
  if (!credential.session_token.empty()) headers.emplace_back("x-amz-security-token", credential.session_token);

  const auto question = std::min(target.find('?'), target.size());
  std::string canonical(method);
  std::string names;
  canonical += '\n';
  append_encoded_path(canonical, target.substr(0, question));
  canonical += '\n';
  append_sorted_query(canonical, target.substr(std::min(question + 1, target.size())));
  canonical += '\n';
  append_fields(canonical, names, host, headers);
  ((canonical += '\n') += names) += '\n';
  canonical += hex(sha256(body));

  std::string scope_text(day);
  for (const auto text : {scope.region, scope.service, std::string_view("aws4_request")}) (scope_text += '/') += text;
  std::string to_sign(algorithm);
  ((to_sign += '\n') += time) += '\n';
  (to_sign += scope_text) += '\n';
  const std::string_view whole = canonical;
  to_sign += hex(sha256({&whole, 1}));

  digest key = signing_key(credential.secret_access_key, day, scope);
  std::string value(algorithm);
  ((value += " Credential=") += credential.access_key_id) += '/';
  ((value += scope_text) += ", SignedHeaders=") += names;
  (value += ", Signature=") += hex(hmac(view(key), to_sign));
  OPENSSL_cleanse(key.data(), key.size());
  headers.emplace_back("authorization", std::move(value));
}

}  // namespace switchyard::providers
