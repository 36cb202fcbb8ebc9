// HTTP header fields as views, and looking one up.
#pragma once

#include <span>
#include <string_view>

namespace switchyard {

/// One field; the views live as long as the message they point into.
struct header {
  std::string_view name;
  std::string_view value;
};

/// Of the same length.
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b) noexcept;
/// ASCII case-insensitive, as field names compare. Most names differ in their length already.
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && same_letters(a, b);
}
/// The first field of that name; an empty view (data() == nullptr) when there is none.
[[nodiscard]] std::string_view find_header(std::span<const header> headers, std::string_view name) noexcept;

}  // namespace switchyard
