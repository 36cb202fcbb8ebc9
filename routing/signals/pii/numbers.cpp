// Numbers of people: cards, social security, telephones, bank accounts.
#include "routing/signals/pii/rules.hpp"

#include <algorithm>
#include <array>

namespace switchyard::routing::pii {

namespace {

// Digits in groups, parted by single blanks, dashes, dots, slashes or parentheses.
struct grouped {
  std::array<char, 24> digits{};
  std::array<std::uint8_t, 16> group{};       // sizes
  std::size_t count = 0, groups = 0, end = 0;
  char mark = 0;                              // the one between groups; '*' when they differ
  bool parenthesis = false, plus = false;

  [[nodiscard]] std::string_view text() const noexcept { return {digits.data(), count}; }
  [[nodiscard]] int value(std::size_t first, std::size_t length) const noexcept {
    int n = 0;
    for (auto i = first; i < first + length; ++i) n = n * 10 + (digits[i] - '0');
    return n;
  }
};

// Stops before group number `most`.
grouped read(std::string_view text, std::size_t at, std::size_t most = 16) {
  grouped all;
  all.plus = text[at] == '+';
  if (all.plus) ++at;
  std::uint8_t size = 0;
  const auto close = [&] {
    if (size > 0 && all.groups < all.group.size()) all.group[all.groups++] = size;
    size = 0;
  };
  while (at < text.size() && all.count < all.digits.size()) {
    const char c = text[at];
    if (is_digit(c)) {
      all.digits[all.count++] = c;
      ++size;
      all.end = ++at;
      continue;
    }
    const char next = at_or_0(text, at + 1);
    if (c == '(' && is_digit(next) && !all.parenthesis && all.count <= 3) {
      all.parenthesis = true;
      close();
      ++at;
      continue;
    }
    if (c == ')' && all.parenthesis && size > 0) {
      close();
      all.end = ++at;
      if (at_or_0(text, at) == ' ' || at_or_0(text, at) == '-') ++at;
      if (!is_digit(at_or_0(text, at))) break;
      continue;
    }
    if ((c == ' ' || c == '-' || c == '.' || c == '/') && (is_digit(next) || (next == '(' && !all.parenthesis)) && all.count > 0) {
      close();
      if (all.groups >= most) break;
      all.mark = all.mark == 0 || all.mark == c ? c : '*';
      ++at;
      continue;
    }
    break;
  }
  close();
  return all;
}

bool luhn(std::string_view digits) noexcept {
  int sum = 0;
  bool twice = false;
  for (auto i = digits.size(); i-- > 0; twice = !twice) {
    int d = digits[i] - '0';
    if (twice && (d *= 2) > 9) d -= 9;
    sum += d;
  }
  return sum % 10 == 0;
}

// Issuer ranges and their lengths: Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay.
bool is_issued(const grouped& n) noexcept {
  const int two = n.value(0, 2), three = n.value(0, 3), four = n.value(0, 4);
  const auto length = n.count;
  if (n.digits[0] == '4') return length == 13 || length == 16 || length == 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length == 16;
  if (two == 34 || two == 37) return length == 15;
  if (four == 6011 || two == 65 || (three >= 644 && three <= 649)) return length >= 16;
  if (two == 36 || two == 38 || two == 39 || (three >= 300 && three <= 305)) return length == 14;
  if (four >= 3528 && four <= 3589) return length == 16;
  return two == 62 && length >= 16;
}

maybe card(std::string_view text, std::size_t at, const grouped& n) {
  if (n.count < 13 || n.count > 19 || n.plus || n.parenthesis || (n.mark != 0 && n.mark != ' ' && n.mark != '-')) return std::nullopt;
  if (n.groups > 1 && (n.groups > 5 || std::any_of(n.group.begin(), n.group.begin() + static_cast<std::ptrdiff_t>(n.groups),
                                                   [](auto size) { return size < 2 || size > 6; })))
    return std::nullopt;
  const auto digits = n.text();
  if (digits.find_first_not_of(digits[0]) == digits.npos || !is_issued(n) || !luhn(digits)) return std::nullopt;
  const bool told = said_before(text, at, 48, {"card", "visa", "mastercard", "amex", "credit", "debit", "payment", "pay", "cc", "charge", "american express",
                                               "discover", "pan"});
  if (!told && is_reference(text, at)) return std::nullopt;
  return match{pii_kind::card, at, n.end, told || n.groups > 1 ? 0.99f : 0.9f};
}

maybe social_security(std::string_view text, std::size_t at, const grouped& n) {
  if (n.count != 9 || n.plus || n.parenthesis) return std::nullopt;
  const int area = n.value(0, 3);
  if (area == 0 || area == 666 || area >= 900 || n.value(3, 2) == 0 || n.value(5, 4) == 0) return std::nullopt;
  const bool told = said_before(text, at, 48, {"ssn", "social security", "social", "taxpayer", "tin"});
  const bool shaped = n.groups == 3 && n.group[0] == 3 && n.group[1] == 2 && n.group[2] == 4;
  if (!(shaped && n.mark == '-') && !(told && (shaped || n.groups == 1))) return std::nullopt;
  if (!told && is_reference(text, at)) return std::nullopt;
  return match{pii_kind::ssn, at, n.end, told ? 0.99f : 0.9f};
}

bool is_american(const grouped& n, std::size_t skip) noexcept {
  if (n.count != 10 + skip) return false;
  return n.digits[skip] >= '2' && n.digits[skip + 3] >= '2' && !(n.digits[skip + 1] == '1' && n.digits[skip + 2] == '1');
}

bool all_pairs(const grouped& n, std::size_t from) noexcept {
  for (auto i = from; i < n.groups; ++i)
    if (n.group[i] != 2) return false;
  return n.groups > from;
}

// A national number as Europeans write it: a trunk 0, then groups.
bool is_european(const grouped& n) noexcept {
  if (n.digits[0] != '0' || n.digits[1] == '0' || n.count < 9 || n.count > 12 || n.groups < 2) return false;
  if (n.mark == '*' || n.mark == '.') return n.count == 10 && all_pairs(n, 1) && n.group[0] == 2;
  if (n.count == 10 && n.groups == 5 && all_pairs(n, 0)) return true;                       // France: 01 23 45 67 89
  const bool area = n.group[0] >= 3 && n.group[0] <= 5;
  return area && n.groups <= 4 && n.group[1] >= 2 && n.group[n.groups - 1] >= 2 && n.count - n.group[0] >= 5;
}

maybe phone(std::string_view text, std::size_t at, const grouped& n) {
  if (n.count < 7 || n.count > 15) return std::nullopt;
  const auto say = [&](float confidence) { return match{pii_kind::phone, at, n.end, confidence}; };
  if (n.plus) {
    if (n.digits[0] == '0' || n.count < 8 || n.groups > 7) return std::nullopt;
    if (n.digits[0] == '1' && !is_american(n, 1)) return std::nullopt;
    return say(0.97f);
  }
  const bool told = said_before(text, at, 40, {"phone", "call", "tel", "telephone", "mobile", "cell", "whatsapp", "fax", "text me", "dial", "reach me",
                                               "contact", "number is", "sms", "handy", "ring", "hotline", "telefon", "cellphone"});
  if (!told && is_reference(text, at)) return std::nullopt;
  // 0049 30 ..., but no decimal fraction
  if (n.digits[0] == '0' && n.digits[1] == '0' && n.digits[2] != '0' && n.count >= 11 && n.groups >= 2 && n.group[0] >= 2 && n.mark != '.') return say(0.9f);
  const std::size_t skip = n.digits[0] == '1' && n.count == 11 ? 1 : 0;
  if (is_american(n, skip)) {
    const auto first = skip;                                                                                // the group of the area code
    const bool shaped = n.groups == 3 + skip && n.group[first] == 3 && n.group[first + 1] == 3 && n.group[first + 2] == 4;
    const bool halved = n.groups == 2 && n.group[0] == 3 && n.parenthesis;                                  // (212)5550123 and the like
    if (n.parenthesis && (shaped || halved)) return say(0.97f);
    if (shaped && n.mark != '/' && (n.mark != ' ' || told || skip == 0)) return say(told ? 0.98f : n.mark == ' ' ? 0.75f : 0.9f);
    if (told) return say(0.9f);
  }
  if (is_european(n)) return say(told ? 0.95f : 0.8f);
  if (told && n.groups >= 1 && n.mark != '/' && n.mark != '.' && (n.count >= 9 || (n.count == 7 && n.groups == 2 && n.group[0] == 3))) {
    if (n.groups == 1 && n.count > 13) return std::nullopt;
    return say(0.8f);
  }
  return std::nullopt;
}

struct country {
  char code[3];
  std::uint8_t length;
};
constexpr country countries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22}, {"BR", 29}, {"BY", 28}, {"CH", 21},
    {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
    {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27},
    {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25},
    {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}};

}  // namespace

maybe number(std::string_view text, std::size_t at) {
  if ((text[at] == '+' || text[at] == '(') && !is_digit(at_or_0(text, at + 1))) return std::nullopt;
  const char before = at > 0 ? text[at - 1] : ' ';
  const bool opens = text[at] == '+' || text[at] == '(';
  if (!opens && std::string_view(".-/,$#=").find(before) != std::string_view::npos) return std::nullopt;
  const bool inside = !opens && before == ' ' && at >= 2 && is_digit(text[at - 2]);      // a later group of a longer run
  const auto whole = read(text, at);
  if (whole.count < 7) return std::nullopt;
  // The longest part that is something counts: "4111 1111 1111 1111 12/27". But for cards it must end where the way of writing changes.
  for (auto groups = whole.groups; groups > 0; --groups) {
    const auto n = groups == whole.groups ? whole : read(text, at, groups);
    if (n.count < 7) break;
    const char next = at_or_0(text, n.end), after = at_or_0(text, n.end + 1);
    if (groups == whole.groups && (is_word(next) || next == '%' || (std::string_view("-.,:/").find(next) != std::string_view::npos && is_word(after)))) continue;
    if (groups < whole.groups && next != ' ') continue;
    if (inside && (n.mark == ' ' || n.mark == '*' || (n.mark == 0 && n.count < 13))) continue;
    if (auto found = card(text, at, n)) return found;
    if (groups < whole.groups && (n.mark == ' ' || n.mark == '*')) continue;
    if (auto found = social_security(text, at, n)) return found;
    if (auto found = phone(text, at, n)) return found;
  }
  return std::nullopt;
}

maybe iban(std::string_view text, std::size_t at) {
  if (at + 15 > text.size() || !is_letter(text[at]) || !is_letter(text[at + 1]) || !is_digit(text[at + 2]) || !is_digit(text[at + 3])) return std::nullopt;
  const char code[2] = {static_cast<char>(lower(text[at]) - 32), static_cast<char>(lower(text[at + 1]) - 32)};
  const auto* country = std::find_if(std::begin(countries), std::end(countries), [&](const auto& c) { return c.code[0] == code[0] && c.code[1] == code[1]; });
  if (country == std::end(countries)) return std::nullopt;
  std::array<char, 34> body{};
  std::size_t count = 0, end = at;
  for (; end < text.size() && count < country->length; ++end) {
    const char c = text[end];
    if (is_digit(c) || is_letter(c)) {
      body[count++] = static_cast<char>(is_digit(c) ? c : lower(c) - 32);
    } else if (!((c == ' ' || c == '-') && count % 4 == 0 && count > 0)) {
      return std::nullopt;
    }
  }
  if (count != country->length || is_word(at_or_0(text, end))) return std::nullopt;
  int rest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = body[(i + 4) % count];
    rest = is_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  if (rest != 1) return std::nullopt;
  return match{pii_kind::iban, at, end, 0.99f};
}

}  // namespace switchyard::routing::pii
