#include "routing/signals/pii/find.hpp"

#include "routing/signals/pii/rules.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace pii {

bool said_before(std::string_view text, std::size_t at, std::size_t reach, std::initializer_list<std::string_view> words) {
  const auto begin = at > reach ? at - reach : 0;
  const auto window = text.substr(begin, at - begin);
  for (const auto wanted : words) {
    if (wanted.size() > window.size()) continue;
    for (std::size_t i = window.size() - wanted.size() + 1; i-- > 0;) {
      if (!std::equal(wanted.begin(), wanted.end(), window.begin() + static_cast<std::ptrdiff_t>(i), [](char a, char b) { return a == lower(b); }))
        continue;
      const bool begins = begin + i == 0 || !is_letter(text[begin + i - 1]);
      const bool ends = !is_letter(at_or_0(text, begin + i + wanted.size()));
      if (begins && ends) return true;
    }
  }
  return false;
}

bool is_reference(std::string_view text, std::size_t at) {
  return said_before(text, at, 28,
                     {"order", "invoice", "ticket", "tracking", "isbn", "issn", "sku", "serial", "case", "version", "build", "commit", "hash",
                      "timestamp", "model", "part", "issue", "transaction", "reference", "ref", "imei", "item", "batch", "job", "request id",
                      "order id", "id", "uuid", "epoch", "doi", "article", "product", "barcode", "ean", "upc", "lot", "shipment", "booking",
                      "confirmation", "checksum", "revision", "patent", "pmid", "arxiv"});
}

}  // namespace pii

namespace {

using namespace pii;

// Rules that begin at a word, the stricter first.
maybe at_word(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (is_digit(c) || c == '+' || c == '(') {
    if (is_digit(c)) {
      if (auto found = birth_date(text, at)) return found;
      if (auto found = network_address(text, at)) return found;
    }
    if (auto found = document(text, at)) return found;
    if (auto found = number(text, at)) return found;
    if (is_digit(c)) {
      if (auto found = key(text, at)) return found;
      return street_address(text, at);
    }
    return std::nullopt;
  }
  if (auto found = key(text, at)) return found;
  if (is_upper(c) || is_digit(at_or_0(text, at + 2)))
    if (auto found = iban(text, at)) return found;
  if (is_hex(c))
    if (auto found = network_address(text, at)) return found;
  if (is_upper(c)) {
    if (auto found = document(text, at)) return found;
    if (auto found = birth_date(text, at)) return found;
  }
  return std::nullopt;
}

maybe at_place(std::string_view text, std::size_t at, std::size_t from) {
  const char c = text[at];
  const bool fresh = at == 0 || !is_word(text[at - 1]);
  if (c == '@') return email_around(text, at, from);
  if (c == '-' && fresh) return private_key(text, at);
  if (c == ':' && text.substr(at, 3) == "://") return url_credentials(text, at);
  if (c == '=' || c == ':') {
    if (c == ':' && text.substr(at, 2) == "::" && fresh) return network_address(text, at);
    return assigned_secret(text, at);
  }
  if (fresh && (is_digit(c) || is_letter(c) || c == '+' || c == '(')) return at_word(text, at);
  return std::nullopt;
}

}  // namespace

void find_pii(std::string_view text, std::size_t turn, std::vector<pii_span>& to) {
  std::size_t from = 0;                   // nothing before it may be part of another span
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto found = at_place(text, at, from);
    if (!found || found->start < from) continue;
    to.push_back({{turn, found->start, found->end}, found->kind, found->confidence});
    from = found->end;
    at = found->end - 1;
  }
}

}  // namespace switchyard::routing
