#include "routing/yard.hpp"

#include "routing/printable.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>

namespace switchyard::routing {

namespace {

constexpr std::size_t longest_name_shown = 100;

using provider_refs = boost::container::small_vector<const std::shared_ptr<const provider_entry>*, 4>;

std::string shown(std::string_view name) { return printable(std::string(name), longest_name_shown); }

error no_such_model(std::string_view model, const std::string& why) {
  return client_error(error_code::unknown_model, "The model '" + shown(model) + "' does not exist: " + why, "model");
}

std::shared_ptr<const provider_entry> find_provider(provider_list providers, std::string_view name) {
  for (const auto& provider : providers)
    if (provider->config.name == name) return provider;
  return nullptr;
}

std::string provider_names(provider_list providers) {
  std::string names;
  for (const auto& provider : providers) names += (names.empty() ? "" : ", ") + provider->config.name;
  return names.empty() ? "none" : names;
}

// "use 'openai/gpt-4o' or 'azure/gpt-4o'"
std::string choices(const provider_refs& serving, std::string_view model) {
  std::string text = "use ";
  for (std::size_t i = 0; i < serving.size(); ++i) {
    if (i > 0) text += i + 1 == serving.size() ? " or " : ", ";
    text += "'" + (*serving[i])->config.name + "/" + shown(model) + "'";
  }
  return text;
}

template <class Predicate>
provider_refs providers_where(provider_list providers, Predicate keep) {
  provider_refs found;
  for (const auto& provider : providers)
    if (std::any_of(provider->keys.begin(), provider->keys.end(), keep)) found.push_back(&provider);
  return found;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) noexcept {
  return std::any_of(patterns.begin(), patterns.end(), [text](const std::string& pattern) { return pattern_matches(pattern, text); });
}

}  // namespace

bool pattern_matches(std::string_view pattern, std::string_view text) noexcept {
  if (pattern.ends_with('*')) return text.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == text;
}

bool key_entry::serves(std::string_view model) const noexcept { return config.models.empty() || matches_any(config.models, model); }

bool key_entry::names(std::string_view model) const noexcept {
  return std::any_of(config.models.begin(), config.models.end(),
                     [model](const std::string& pattern) { return pattern != "*" && pattern_matches(pattern, model); });
}

const price* provider_entry::configured_price(std::string_view model) const noexcept {
  const std::pair<std::string, price>* best = nullptr;
  for (const auto& row : prices) {
    if (row.first == model) return &row.second;
    if (pattern_matches(row.first, model) && (best == nullptr || row.first.size() > best->first.size())) best = &row;
  }
  return best != nullptr ? &best->second : nullptr;
}

price provider_entry::price_of(std::string_view model) const noexcept {
  if (const auto* configured = configured_price(model)) return *configured;
  for (const auto& row : looked_up)
    if (row.first == model) return row.second;
  return providers::catalogue_prices(catalogue, model);
}

bool provider_entry::serves(std::string_view model) const noexcept {
  return std::any_of(keys.begin(), keys.end(), [model](const auto& key) { return key->serves(model); });
}

result<target> find_target(provider_list providers, std::string_view provider_slash_model) {
  const auto slash = provider_slash_model.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == provider_slash_model.size())
    return no_such_model(provider_slash_model, "expected 'provider/model'");
  const auto name = provider_slash_model.substr(0, slash);
  const auto model = provider_slash_model.substr(slash + 1);
  auto provider = find_provider(providers, name);
  if (!provider) return no_such_model(provider_slash_model, "no provider '" + shown(name) + "' (configured: " + provider_names(providers) + ")");
  if (!provider->serves(model)) return no_such_model(provider_slash_model, "no key of provider '" + provider->config.name + "' serves it");
  return target{std::move(provider), std::string(model)};
}

result<target> yard::find_target(std::string_view provider_slash_model) const { return routing::find_target(providers, provider_slash_model); }

std::shared_ptr<const route_entry> yard::find_route(std::string_view name_or_alias) const noexcept {
  for (const auto& route : routes) {
    if (route->name == name_or_alias) return route;
    for (const auto& alias : route->aliases)
      if (alias == name_or_alias) return route;
  }
  return nullptr;
}

result<resolution> yard::resolve(std::string_view model) const {
  if (auto route = find_route(model)) return resolution{std::move(route), std::nullopt};
  if (model.empty()) return client_error(error_code::invalid_request, "you must provide a model parameter", "model");

  std::optional<error> with_prefix;
  if (model.find('/') != std::string_view::npos) {
    auto found = find_target(model);
    if (found) return resolution{direct, std::move(*found)};
    with_prefix = std::move(found.failure());
  }
  // A bare name; model names may hold slashes themselves ("meta-llama/llama-3").
  const auto naming = providers_where(providers, [model](const auto& key) { return key->names(model); });
  if (naming.size() == 1) return resolution{direct, target{*naming.front(), std::string(model)}};
  if (naming.size() > 1) return no_such_model(model, "several providers serve it; " + choices(naming, model));
  // An unrestricted key would take "openai/nonsense" too: where the prefix is wrong, say so rather than pass it on.
  if (with_prefix) return std::move(*with_prefix);
  const auto unrestricted = providers_where(providers, [model](const auto& key) { return key->serves(model); });
  if (unrestricted.size() == 1) return resolution{direct, target{*unrestricted.front(), std::string(model)}};
  if (unrestricted.size() > 1) return no_such_model(model, "several providers may serve it; " + choices(unrestricted, model));
  return no_such_model(model, "no key of any provider serves it (configured: " + provider_names(providers) + ")");
}

}  // namespace switchyard::routing
