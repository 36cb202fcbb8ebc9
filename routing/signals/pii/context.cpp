// What only the words around it make personal: dates of birth, passports, driver licences, street addresses.
#include "routing/signals/pii/rules.hpp"

#include <algorithm>
#include <iterator>

namespace switchyard::routing::pii {

namespace {

constexpr std::string_view months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

std::size_t digits_at(std::string_view text, std::size_t at, int& value) noexcept {
  std::size_t length = 0;
  value = 0;
  while (length < 5 && is_digit(at_or_0(text, at + length))) value = value * 10 + (text[at + length++] - '0');
  return length;
}

// Letters that begin a month's English name; their number.
std::size_t month_at(std::string_view text, std::size_t at) noexcept {
  std::size_t length = 0;
  while (is_letter(at_or_0(text, at + length))) ++length;
  if (length < 3 || length > 9) return 0;
  const bool known = std::any_of(std::begin(months), std::end(months), [&](auto month) {
    return lower(text[at]) == month[0] && lower(text[at + 1]) == month[1] && lower(text[at + 2]) == month[2];
  });
  return known ? length : 0;
}

bool is_year(int year) noexcept { return year >= 1900 && year <= 2030; }

std::size_t blanks_at(std::string_view text, std::size_t at) noexcept {
  std::size_t length = 0;
  while (length < 3 && (at_or_0(text, at + length) == ' ' || at_or_0(text, at + length) == ',')) ++length;
  return length;
}

// "March 5, 1990"
std::size_t named_date(std::string_view text, std::size_t at) noexcept {
  auto end = at + month_at(text, at);
  if (end == at) return 0;
  if (at_or_0(text, end) == '.') ++end;
  end += blanks_at(text, end);
  int day, year;
  const auto size = digits_at(text, end, day);
  if (size == 0 || size > 2 || day < 1 || day > 31) return 0;
  end += size;
  if (is_letter(at_or_0(text, end))) end += 2;                 // 5th
  end += blanks_at(text, end);
  return digits_at(text, end, year) == 4 && is_year(year) ? end + 4 : 0;
}

// "1990-03-05", "05/03/1990", "5.3.90", "5 March 1990", "5th of March 1990"
std::size_t counted_date(std::string_view text, std::size_t at) noexcept {
  int first, second, third;
  auto size = digits_at(text, at, first);
  auto end = at + size;
  if (size > 4 || size == 3) return 0;
  const char mark = at_or_0(text, end);
  if (mark == '-' || mark == '/' || mark == '.') {
    const auto middle = digits_at(text, end + 1, second);
    if (middle == 0 || middle > 2 || at_or_0(text, end + 1 + middle) != mark) return 0;
    end += 2 + middle;
    const auto last = digits_at(text, end, third);
    if (size == 4) return is_year(first) && last >= 1 && last <= 2 && second <= 12 && third <= 31 ? end + last : 0;
    return first <= 31 && second <= 31 && (last == 2 || (last == 4 && is_year(third))) ? end + last : 0;
  }
  if (size > 2 || first < 1 || first > 31) return 0;
  if (is_letter(mark) && is_letter(at_or_0(text, end + 1)) && !is_letter(at_or_0(text, end + 2))) end += 2;
  end += blanks_at(text, end);
  if (text.substr(end).starts_with("of ")) end += 3;
  const auto month = month_at(text, end);
  if (month == 0) return 0;
  end += month;
  end += blanks_at(text, end);
  return digits_at(text, end, third) == 4 && is_year(third) ? end + 4 : 0;
}

constexpr std::string_view street_words[] = {"Street", "St", "Avenue", "Ave", "Road", "Rd", "Boulevard", "Blvd", "Lane", "Ln", "Drive", "Dr", "Court", "Ct",
                                             "Way", "Place", "Pl", "Terrace", "Square", "Crescent", "Close", "Highway", "Hwy", "Parkway", "Pkwy", "Circle",
                                             "Row", "Gardens"};

}  // namespace

maybe birth_date(std::string_view text, std::size_t at) {
  const auto end = is_digit(text[at]) ? counted_date(text, at) : named_date(text, at);
  if (end == 0 || is_word(at_or_0(text, end))) return std::nullopt;
  if (!said_before(text, at, 32, {"born", "born on", "dob", "d.o.b", "date of birth", "birth date", "birthdate", "birthday", "birth", "geboren", "geburtsdatum",
                                  "date de naissance", "fecha de nacimiento", "nacido"}))
    return std::nullopt;
  return match{pii_kind::date_of_birth, at, end, 0.93f};
}

maybe document(std::string_view text, std::size_t at) {
  std::size_t length = 0, digits = 0;
  while (at + length < text.size() && length < 24 && (is_digit(text[at + length]) || is_upper(text[at + length]) || (text[at + length] == '-' && length > 0)))
    digits += is_digit(text[at + length++]);
  while (length > 0 && text[at + length - 1] == '-') --length;
  if (digits < 5 || length < 6 || length > 20 || is_word(at_or_0(text, at + length))) return std::nullopt;
  const auto body = text.substr(at, length);
  if (length <= 9 && body.find('-') == body.npos && said_before(text, at, 40, {"passport", "passport number", "passport no", "reisepass", "passeport", "pasaporte"}))
    return match{pii_kind::passport, at, at + length, 0.93f};
  if (said_before(text, at, 44, {"driver's license", "drivers license", "driver license", "driving licence", "driving license", "driver's licence", "dl number",
                                 "dl no"}))
    return match{pii_kind::driver_licence, at, at + length, 0.9f};
  return std::nullopt;
}

maybe street_address(std::string_view text, std::size_t at) {
  int number;
  const auto size = digits_at(text, at, number);
  if (size == 0 || size > 5 || number == 0) return std::nullopt;
  auto end = at + size;
  if (is_upper(at_or_0(text, end)) && at_or_0(text, end + 1) == ' ') ++end;      // 221B
  for (int words = 0; words < 5; ++words) {
    if (at_or_0(text, end) != ' ') return std::nullopt;
    const auto from = ++end;
    while (is_letter(at_or_0(text, end)) || at_or_0(text, end) == '\'') ++end;
    if (at_or_0(text, end) == '.') ++end;
    auto word = text.substr(from, end - from);
    if (word.empty() || !is_upper(word[0])) {
      const bool ordinal = words == 0 && is_digit(at_or_0(text, from));            // 12 5th Avenue
      if (!ordinal) return std::nullopt;
      while (is_word(at_or_0(text, end))) ++end;
      continue;
    }
    const bool dotted = word.back() == '.';
    if (dotted) word.remove_suffix(1);
    if (words > 0 && std::find(std::begin(street_words), std::end(street_words), word) != std::end(street_words)) {
      if (dotted && (end >= text.size() || text[end] == '\n')) --end;
      return match{pii_kind::address, at, end, 0.8f};
    }
    if (dotted && word.size() > 1) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace switchyard::routing::pii
