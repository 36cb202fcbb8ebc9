#include "providers/event_shape.hpp"

#include "providers/json_scan.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <functional>

namespace switchyard::providers {

namespace {

constexpr std::size_t longest = 4096;

[[nodiscard]] bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// '"', '0', '{'; 0 for any other value.
[[nodiscard]] char sort_of(std::string_view value) noexcept {
  if (json::is_string(value)) return '"';
  if (json::is_object(value)) return '{';
  return std::all_of(value.begin(), value.end(), is_digit) ? '0' : '\0';
}

/// The end of the string that begins at `at`, with nothing in it that a string cannot have; npos: it is none.
[[nodiscard]] std::size_t string_end(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size() || text[at] != '"') return json::npos;
  while (++at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '"') return at + 1;
    if (c < 0x20) return json::npos;
    if (c != '\\') continue;
    if (++at == text.size()) return json::npos;
    if (static_cast<unsigned char>(text[at]) < 0x20) return json::npos;
    if (text[at] != 'u') continue;
    for (int digit = 0; digit < 4; ++digit)
      if (++at == text.size() || std::isxdigit(static_cast<unsigned char>(text[at])) == 0) return json::npos;
  }
  return json::npos;
}

[[nodiscard]] std::size_t value_end(std::string_view text, std::size_t at, char sort) noexcept {
  if (sort == '"') return string_end(text, at);
  if (sort == '{') {
    if (at >= text.size() || text[at] != '{') return json::npos;
    return json::skip_plain_container(text, at);   // a line break within it would be one of the event
  }
  const auto begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at == begin ? json::npos : at;
}

}  // namespace

void event_shape::remember(std::string_view event, std::initializer_list<std::string_view> differing) {
  forget();
  if (event.size() > longest || differing.size() > most_values) return;
  const std::less<const char*> before;
  std::array<std::string_view, most_values> sorted;
  std::size_t count = 0, given = 0;
  for (const auto value : differing) {
    const auto place = given++;
    if (value.empty()) continue;
    if (before(value.data(), event.data()) || before(event.data() + event.size(), value.data() + value.size()) || sort_of(value) == '\0') return;
    auto at = count++;
    for (; at > 0 && before(value.data(), sorted[at - 1].data()); --at) sorted[at] = sorted[at - 1], holes_[at] = holes_[at - 1];
    sorted[at] = value;
    holes_[at] = {.given = place, .sort = sort_of(value)};
  }
  literals_.clear();
  std::size_t copied = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = static_cast<std::size_t>(sorted[i].data() - event.data());
    if (begin < copied) return;   // one within another
    literals_ += event.substr(copied, begin - copied);
    holes_[i].literal_end = literals_.size();
    copied = begin + sorted[i].size();
  }
  literals_ += event.substr(copied);
  count_ = count;
}

bool event_shape::matches(std::string_view event, values& found) {
  if (count_ == 0) return false;
  std::size_t at = 0, literal = 0;
  const std::string_view literals = literals_;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& next = holes_[i];
    const auto size = next.literal_end - literal;
    if (event.size() - at < size || std::memcmp(event.data() + at, literals.data() + literal, size) != 0) return false;
    at += size;
    literal = next.literal_end;
    const bool same_object = next.sort == '{' && !object_.empty() && event.substr(at).starts_with(object_);   // a whole one: it ends there
    const auto end = same_object ? at + object_.size() : value_end(event, at, next.sort);
    if (end == json::npos) return false;
    if (next.sort == '{' && !same_object) object_.assign(event, at, end - at);
    found[next.given] = event.substr(at, end - at);
    at = end;
  }
  return event.substr(at) == literals.substr(literal);
}

}  // namespace switchyard::providers
