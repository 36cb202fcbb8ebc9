#include "base/header.hpp"

namespace switchyard {

namespace {
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
}  // namespace

bool same_letters(std::string_view a, std::string_view b) noexcept {
  if (a == b) return true;   // as most write them: all in lower case
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string_view find_header(std::span<const header> headers, std::string_view name) noexcept {
  for (const auto& field : headers)
    if (equal_ignoring_case(field.name, name)) return field.value;
  return {};
}

}  // namespace switchyard
