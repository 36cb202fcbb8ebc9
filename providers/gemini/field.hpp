// Google's JSON is protobuf's: every field may be spelled in lowerCamelCase or snake_case, null means absent, and where a list is
// expected a single object is taken as a list of one. Its clients use all of that.
#pragma once

#include "providers/json_scan.hpp"

#include <string_view>

namespace switchyard::providers::gemini {

/// Does `given` ("max_output_tokens", "maxOutputTokens") spell the field `camel`?
[[nodiscard]] constexpr bool is_field(std::string_view given, std::string_view camel) noexcept {
  if (given == camel) return true;
  std::size_t at = 0;
  for (std::size_t i = 0; i < given.size(); ++i, ++at) {
    char c = given[i];
    if (c == '_' && i + 1 < given.size() && given[i + 1] >= 'a' && given[i + 1] <= 'z') c = static_cast<char>(given[++i] - 'a' + 'A');
    if (at == camel.size() || c != camel[at]) return false;
  }
  return at == camel.size();
}

/// The raw value of a field in either spelling; empty: absent or null.
[[nodiscard]] inline std::string_view find_field(std::string_view object, std::string_view camel) noexcept {
  json::members walk(object);
  for (json::member m; walk.next(m);)
    if (is_field(m.name, camel)) return json::is_null(m.value) ? std::string_view{} : m.value;
  return {};
}

/// Calls `take` with each element of a list, or with the lone object that stands for one, until it returns false.
template <class Take>
void for_each(std::string_view list, Take take) {
  if (json::is_object(list)) return (void)take(list);
  json::elements walk(list);
  for (std::string_view element; walk.next(element);)
    if (!take(element)) return;
}

}  // namespace switchyard::providers::gemini
