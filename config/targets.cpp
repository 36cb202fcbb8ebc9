#include "config/targets.hpp"

#include <algorithm>

namespace switchyard::config {

namespace {

bool pattern_covers(std::string_view pattern, std::string_view model) noexcept {
  return pattern.ends_with('*') ? model.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == model;
}

bool serves(const key_config& key, std::string_view model) noexcept {
  return key.models.empty() ||
         std::any_of(key.models.begin(), key.models.end(), [&](const auto& pattern) { return pattern_covers(pattern, model); });
}

std::string served_models(const provider_config& provider) {
  std::vector<std::string_view> models;
  for (const auto& key : provider.keys)
    for (const auto& model : key.models)
      if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
  const bool cut = models.size() > 8;
  if (cut) models.resize(8);
  return joined(models) + (cut ? ", ..." : "");
}

}  // namespace

std::string item_path(const std::string& list, std::size_t index) { return list + "[" + std::to_string(index) + "]"; }

std::vector<std::string_view> provider_names(const config& all) {
  std::vector<std::string_view> names;
  for (const auto& provider : all.providers) names.push_back(provider.name);
  return names;
}

const provider_config* find_provider(const config& all, std::string_view name) noexcept {
  const auto found = std::find_if(all.providers.begin(), all.providers.end(), [&](const auto& p) { return p.name == name; });
  return found == all.providers.end() ? nullptr : &*found;
}

void check_target(const config& all, const std::string& target, const std::string& path, source_position at, reading& run) {
  const auto slash = target.find('/');
  if (slash == std::string::npos) return;
  const auto name = std::string_view(target).substr(0, slash);
  const auto model = std::string_view(target).substr(slash + 1);
  const auto* provider = find_provider(all, name);
  if (!provider) {
    const auto known = provider_names(all);
    const auto hint = suggestion(name, known);
    run.report(path, at, "no provider " + in_quotes(name) + " is configured" +
                             (hint.empty() ? known.empty() ? std::string() : "; configured: " + joined(known) : hint));
    return;
  }
  const bool served = provider->keys.empty() ||
                      std::any_of(provider->keys.begin(), provider->keys.end(), [&](const auto& key) { return serves(key, model); });
  if (!served)
    run.report(path, at, "no key of provider " + in_quotes(name) + " serves " + in_quotes(model) + "; served: " + served_models(*provider));
}

}  // namespace switchyard::config
