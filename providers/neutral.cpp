#include "providers/neutral.hpp"

#include "providers/json_scan.hpp"

#include <algorithm>

namespace switchyard::providers::neutral {

json_text arena::quote(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  json::append_string(quoted, text);
  return keep(std::move(quoted));
}

void dropped_fields::add(std::string_view name) {
  constexpr std::size_t longest = 1000;
  if (more_ || std::find(names_.begin(), names_.end(), name) != names_.end()) return;
  const auto size = size_ + (names_.empty() ? 0 : 1) + name.size();
  if (size > longest) {
    more_ = true;
    return;
  }
  size_ = size;
  names_.emplace_back(name);
}

std::string dropped_fields::list() const {
  std::string out;
  for (const auto& name : names_) {
    if (&name != &names_.front()) out += ',';
    for (const char c : name) out += c > 0x20 && c < 0x7f && c != ',' ? c : '_';   // it is to stand in a header
  }
  if (more_) out += names_.empty() ? "..." : ",...";
  return out;
}

}  // namespace switchyard::providers::neutral
