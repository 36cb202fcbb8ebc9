#include "tools/sim/aws_signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace switchyard::sim {
namespace {

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string sha256(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
  return {reinterpret_cast<char*>(digest), length};
}

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &length);
  return {reinterpret_cast<char*>(digest), length};
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
}

/// The path as sent is encoded already; AWS signs it encoded once more.
std::string canonical_path(std::string_view path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    if (is_unreserved(c) || c == '/') {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out.empty() ? "/" : out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::string> pairs;
  while (!query.empty()) {
    std::string pair(query.substr(0, query.find('&')));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (pair.find('=') == std::string::npos) pair += '=';
    pairs.push_back(std::move(pair));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const std::string& pair : pairs) out += (out.empty() ? "" : "&") + pair;
  return out;
}

/// Without outer blanks, runs of inner ones as one.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if ((c == ' ' || c == '\t') && (out.empty() || out.back() == ' ')) continue;
    out += c == '\t' ? ' ' : c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string canonical_headers(const call& asked, std::string_view names) {
  std::string out;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(';'));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    out.append(name).append(":");
    bool first = true;
    for (const header& h : asked.headers) {
      if (!equal_ignoring_case(h.name, name)) continue;
      out.append(first ? "" : ",").append(trimmed(h.value));
      first = false;
    }
    out += '\n';
  }
  return out;
}

/// What follows `name` up to ',' or the end.
std::string_view part(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_of(", "));
}

/// Cuts off and returns what stands before the next '/'.
std::string_view next_of_scope(std::string_view& scope) {
  const std::string_view head = scope.substr(0, scope.find('/'));
  scope.remove_prefix(std::min(scope.size(), head.size() + 1));
  return head;
}

bool read_digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  out = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  return true;
}

}  // namespace

std::optional<aws_authorization> parse_aws_authorization(std::string_view header) noexcept {
  constexpr std::string_view scheme = "AWS4-HMAC-SHA256 ";
  if (!header.starts_with(scheme)) return std::nullopt;
  header.remove_prefix(scheme.size());
  std::string_view scope = part(header, "Credential=");
  aws_authorization out;
  out.access_key = next_of_scope(scope);
  out.date = next_of_scope(scope);
  out.region = next_of_scope(scope);
  out.service = next_of_scope(scope);
  out.signed_headers = part(header, "SignedHeaders=");
  out.signature = part(header, "Signature=");
  if (out.access_key.empty() || out.date.size() != 8 || out.region.empty() || out.service.empty() || scope != "aws4_request") return std::nullopt;
  if (out.signed_headers.empty() || out.signature.size() != 64) return std::nullopt;
  return out;
}

std::string aws_signature(const call& asked, const aws_authorization& by, std::string_view secret) {
  const std::string request = std::string(asked.method) + "\n" + canonical_path(asked.path) + "\n" + canonical_query(asked.query) + "\n" +
                              canonical_headers(asked, by.signed_headers) + "\n" + std::string(by.signed_headers) + "\n" + hex(sha256(asked.body));
  const std::string scope = std::string(by.date) + "/" + std::string(by.region) + "/" + std::string(by.service) + "/aws4_request";
  const std::string text = "AWS4-HMAC-SHA256\n" + std::string(asked.find("x-amz-date")) + "\n" + scope + "\n" + hex(sha256(request));
  std::string key = hmac("AWS4" + std::string(secret), by.date);
  for (const std::string_view next : {by.region, by.service, std::string_view("aws4_request")}) key = hmac(key, next);
  return hex(hmac(key, text));
}

std::optional<std::int64_t> parse_amz_date(std::string_view text) noexcept {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const bool digits = read_digits(text, 0, 4, year) && read_digits(text, 4, 2, month) && read_digits(text, 6, 2, day) &&
                      read_digits(text, 9, 2, hour) && read_digits(text, 11, 2, minute) && read_digits(text, 13, 2, second);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))};
  if (!digits || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * 86'400LL + hour * 3600 + minute * 60 + second;
}

}  // namespace switchyard::sim
