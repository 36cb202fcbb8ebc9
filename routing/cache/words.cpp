#include "routing/cache/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace switchyard::routing {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) noexcept { return is_upper(c) || is_lower(c) || static_cast<unsigned char>(c) >= 0x80; }
bool is_word(char c) noexcept { return is_letter(c) || is_digit(c) || c == '_'; }
/// Asked of every byte: looked up.
constexpr auto operators = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("+*/=<>^%$&|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();
bool is_operator(char c) noexcept { return operators[static_cast<unsigned char>(c)]; }

// "one", "first" and "second" are left out: they are rarely numbers.
constexpr std::array<std::pair<std::string_view, std::string_view>, 30> number_words{{
    {"two", "2"},        {"three", "3"},      {"four", "4"},        {"five", "5"},      {"six", "6"},       {"seven", "7"},     {"eight", "8"},
    {"nine", "9"},       {"ten", "10"},       {"eleven", "11"},     {"twelve", "12"},   {"thirteen", "13"}, {"fourteen", "14"}, {"fifteen", "15"},
    {"sixteen", "16"},   {"seventeen", "17"}, {"eighteen", "18"},   {"nineteen", "19"}, {"twenty", "20"},   {"thirty", "30"},   {"forty", "40"},
    {"fifty", "50"},     {"sixty", "60"},     {"seventy", "70"},    {"eighty", "80"},   {"ninety", "90"},   {"hundred", "100"}, {"thousand", "1000"},
    {"million", "1e6"},  {"billion", "1e9"},
}};

std::string_view digits_of(std::string_view lower) noexcept {
  if (lower.size() < 3 || lower.size() > 9) return {};
  for (const auto& [name, digits] : number_words)
    if (name.size() == lower.size() && name.front() == lower.front() && name == lower) return digits;
  return {};
}

std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// Bytes of a character that ends words though its bytes are above 0x7f: general punctuation (U+2000 to U+206F, dashes, quotes, dots) but the
/// apostrophe, and everything beyond the basic plane (emoji). 0: it does not.
std::size_t punctuation_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t ahead) { return at + ahead < text.size() ? static_cast<unsigned char>(text[at + ahead]) : 0; };
  if (byte(0) == 0xf0) return 4;
  if (byte(0) == 0xe2 && (byte(1) == 0x80 || byte(1) == 0x81) && !(byte(1) == 0x80 && byte(2) == 0x99)) return 3;
  return 0;
}

/// An operator counts where it stands by a number: "5 + 3", not "and/or".
bool is_by_number(std::string_view text, std::size_t at) noexcept {
  auto before = at, after = at + 1;
  while (before > 0 && text[before - 1] == ' ') --before;
  while (after < text.size() && text[after] == ' ') ++after;
  return (before > 0 && is_digit(text[before - 1])) || (after < text.size() && is_digit(text[after]));
}

/// The end of the word that begins at `at`.
std::size_t end_of_word(std::string_view text, std::size_t at) noexcept {
  auto end = at;
  const auto next = [&](std::size_t ahead) { return end + ahead < text.size() ? text[end + ahead] : ' '; };
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (is_word(c) && punctuation_at(text, end) == 0) continue;
    const char before = end > at ? text[end - 1] : ' ';
    if (c == '\'' && is_letter(before) && is_letter(next(1))) continue;
    if ((c == '.' || c == ',') && is_digit(before) && is_digit(next(1))) continue;
    if ((c == '+' && next(1) == '+' && end == at + 1) || (c == '#' && end == at + 1)) {   // C++, C#
      end += c == '+' ? 2 : 1;
      break;
    }
    break;
  }
  return end;
}

bool looks_like_code(std::string_view text) noexcept {
  if (text.size() < 2) return false;
  bool lower = false, inner_upper = false, digit = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' || text[i] == '#' || text[i] == '+') return true;
    if (is_upper(text[i]) && lower) inner_upper = true;
    lower = lower || is_lower(text[i]);
    digit = digit || is_digit(text[i]);
  }
  return inner_upper || digit;
}

}  // namespace

std::uint64_t stem_of(std::string_view w) noexcept {
  if (w.ends_with("'s")) w.remove_suffix(2);
  std::string_view tail;
  if (w.size() > 4 && w.ends_with("ies")) {
    w.remove_suffix(3);
    tail = "y";
  } else if (w.size() > 4 && (w.ends_with("sses") || w.ends_with("xes") || w.ends_with("zes") || w.ends_with("ches") || w.ends_with("shes"))) {
    w.remove_suffix(2);
  } else if (w.size() > 3 && w.ends_with('s') && !w.ends_with("ss") && !w.ends_with("us") && !w.ends_with("is")) {
    w.remove_suffix(1);
  }
  if (w.size() > 5 && w.ends_with("ing")) {
    w.remove_suffix(3);
  } else if (w.size() > 4 && w.ends_with("ed")) {
    w.remove_suffix(2);
  }
  if (tail.empty() && w.size() > 3 && w[w.size() - 1] == w[w.size() - 2]) w.remove_suffix(1);   // "running", "run"
  if (tail.empty() && w.size() > 3 && w.ends_with('e')) w.remove_suffix(1);                     // "making", "make"
  return hash_of(w) ^ hash_of(tail) * 3;
}

word_list::word_list(std::string_view text) {
  lower_.resize(text.size());
  std::transform(text.begin(), text.end(), lower_.begin(), [](char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; });
  const std::string_view lower = lower_;
  words_.reserve(std::min<std::size_t>(most, text.size() / 5 + 4));
  bool begins = true;                            // the next word begins a sentence, where a capital says nothing
  std::size_t capitals = 0, letters = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (const auto bytes = punctuation_at(text, at); bytes > 0) {
      at = std::min(text.size(), at + bytes);
      continue;
    }
    if (is_operator(c) && !is_by_number(text, at)) {
      ++at;
      continue;
    }
    const bool sign = c == '-' && at + 1 < text.size() && is_digit(text[at + 1]) && (at == 0 || text[at - 1] == ' ' || text[at - 1] == '(');
    if (!is_word(c) && !sign && !is_operator(c)) {
      begins = begins || c == '.' || c == '?' || c == '!' || c == ':' || c == '\n' || c == '"';
      ++at;
      continue;
    }
    if (words_.size() == most) {
      cut_ = true;
      break;
    }
    const auto end = sign ? end_of_word(text, at + 1) : is_operator(c) ? at + 1 : end_of_word(text, at);
    prompt_word found;
    found.text = text.substr(at, end - at);
    found.lower = lower.substr(at, end - at);
    for (const std::string_view ending : {"n't", "n\u2019t"})
      if (found.lower.back() == 't' && found.lower.size() > ending.size() + 1 && found.lower.ends_with(ending)) {
        found.negated = true;
        found.lower.remove_suffix(ending.size());
      }
    for (const std::string_view ending : {"'s", "\u2019s"})
      if (found.lower.back() == 's' && found.lower.size() > ending.size() && found.lower.ends_with(ending)) found.lower.remove_suffix(ending.size());
    const char first = found.text.front();
    if (is_digit(first) || sign) {
      found.kind = word_kind::number;
    } else if (const auto digits = digits_of(found.lower); !digits.empty()) {
      found.kind = word_kind::number;
      found.lower = digits;
    } else if (is_operator(first) || looks_like_code(found.text)) {
      found.kind = word_kind::code;
    } else if (is_upper(first) && found.text != "I" && !found.text.starts_with("I'")) {
      if (!begins) found.kind = word_kind::name;
      ++capitals;
    }
    if (is_letter(first)) ++letters;
    found.stem = stem_of(found.lower);
    words_.push_back(found);
    begins = false;
    at = end;
  }
  // Where Most Words Are Capitalised, capitals tell no names.
  if (letters > 3 && capitals * 2 > letters)
    for (auto& one : words_)
      if (one.kind == word_kind::name) one.kind = word_kind::plain;
}

}  // namespace switchyard::routing
