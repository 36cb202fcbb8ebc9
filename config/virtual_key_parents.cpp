#include "config/reading.hpp"
#include "config/virtual_keys.hpp"

#include "config/budget_periods.hpp"
#include "config/units.hpp"

#include <algorithm>

namespace switchyard::config {

namespace {

std::string usd_text(double usd) {
  char text[40];
  std::snprintf(text, sizeof text, "%.10g", usd);
  return text;
}

bool covered(const std::string& inner, const std::vector<std::string>& outer) {
  return std::any_of(outer.begin(), outer.end(), [&](const std::string& pattern) { return covers(pattern, inner); });
}

std::optional<widening> more_than(std::string_view field, std::int64_t child, std::int64_t parent, const std::string& parent_name) {
  if (parent == 0 || child <= parent) return std::nullopt;
  return widening{std::string(field), "is more than the " + std::to_string(parent) + " of its parent " + in_quotes(parent_name)};
}

}  // namespace

bool covers(std::string_view outer, std::string_view inner) noexcept {
  if (outer == "*") return true;
  if (outer.find('/') == std::string_view::npos) {   // the model's own name, at any provider
    if (const auto slash = inner.find('/'); slash != std::string_view::npos) inner.remove_prefix(slash + 1);
  }
  if (!outer.ends_with('*')) return outer == inner;
  return inner.starts_with(outer.substr(0, outer.size() - 1));
}

std::optional<widening> wider_than(const virtual_key_config& child, const virtual_key_config& parent) {
  if (!parent.models.empty())
    for (const auto& pattern : child.models)
      if (!covered(pattern, parent.models)) return widening{"models", in_quotes(pattern) + " is not among the models of its parent " + in_quotes(parent.name)};
  if (!parent.routes.empty())
    for (const auto& route : child.routes)
      if (std::find(parent.routes.begin(), parent.routes.end(), route) == parent.routes.end())
        return widening{"routes", in_quotes(route) + " is not among the routes of its parent " + in_quotes(parent.name)};
  if (auto wide = more_than("rpm", child.rpm, parent.rpm, parent.name)) return wide;
  if (auto wide = more_than("tpm", child.tpm, parent.tpm, parent.name)) return wide;
  // More an hour than the parent has a month can never be spent; more a month than the parent has an hour can.
  if (child.budget && parent.budget && child.budget->period <= parent.budget->period && child.budget->usd > parent.budget->usd)
    return widening{"budget", usd_text(child.budget->usd) + " USD a " + std::string(to_string(child.budget->period)) + " is more than the " +
                                  usd_text(parent.budget->usd) + " USD a " + std::string(to_string(parent.budget->period)) + " of its parent " +
                                  in_quotes(parent.name)};
  if (child.expires && parent.expires && *child.expires > *parent.expires)
    return widening{"expires", "is after its parent " + in_quotes(parent.name) + " expires, " + format_time(*parent.expires)};
  return std::nullopt;
}

std::optional<widening> check_parent(const virtual_key_config& key, const key_finder& find) {
  if (key.parent.empty()) return std::nullopt;
  int depth = 1;
  const virtual_key_config* at = &key;
  while (!at->parent.empty()) {
    if (at->parent == key.name) return widening{"parent", "a key cannot be below itself: the parents of " + in_quotes(key.name) + " lead back to it"};
    const auto* next = find(at->parent);
    if (next == nullptr) return widening{"parent", "there is no virtual key " + in_quotes(at->parent)};
    if (++depth > deepest_parents) return widening{"parent", "at most " + std::to_string(deepest_parents) + " keys may stand one below another"};
    if (auto wide = wider_than(key, *next)) return wide;
    at = next;
  }
  return std::nullopt;
}

}  // namespace switchyard::config
