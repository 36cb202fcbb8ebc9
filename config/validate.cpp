#include "config/validate.hpp"

#include "config/addresses.hpp"
#include "config/bedrock_keys.hpp"
#include "config/cluster.hpp"
#include "config/presets.hpp"
#include "config/rules.hpp"
#include "config/stage_kinds.hpp"
#include "config/targets.hpp"
#include "config/virtual_keys.hpp"

#include <unistd.h>

#include <algorithm>
#include <unordered_map>

namespace switchyard::config {

namespace {

std::string provider_path(const provider_config& provider) { return "providers" + path_step(provider.name); }

std::string host_name() {
  char buffer[256] = {};
  if (::gethostname(buffer, sizeof buffer - 1) != 0) return "node";
  std::string name(buffer);
  for (char& c : name)
    if (!is_name(std::string_view(&c, 1))) c = '-';
  name.resize(std::min<std::size_t>(name.size(), 128));
  return name.empty() ? "node" : name;
}

// Providers and their keys.

void complete_provider(provider_config& provider, const reading& run) {
  const auto path = provider_path(provider);
  const auto* preset = find_preset(provider.name);
  if (preset) {
    if (!run.given(path + ".wire")) provider.wire = preset->wire;
    if (provider.base_url.empty() && preset->wire == provider.wire && !run.given(path + ".base_url"))
      provider.base_url = preset->base_url;
  }
  // Cohere is known by its endpoint that speaks OpenAI's format; its own format is spoken at another address.
  if (provider.wire == wire_format::cohere && provider.base_url.empty() && !run.given(path + ".base_url")) provider.base_url = "https://api.cohere.com";
  const bool needs_no_credential = (preset && preset->key_variable.empty()) || run.given(path + ".base_url");
  if (provider.keys.empty() && needs_no_credential && !run.given(path + ".keys")) provider.keys.emplace_back().at = provider.at;
  for (std::size_t i = 0; i < provider.keys.size(); ++i)
    if (provider.keys[i].name.empty()) provider.keys[i].name = provider.name + "-key-" + std::to_string(i + 1);
  if (provider.wire == wire_format::bedrock) complete_bedrock(provider);
}

/// False: the provider cannot be used at all, so its other gaps are not worth a line.
bool check_wire_and_url(const provider_config& provider, reading& run) {
  const auto path = provider_path(provider);
  const auto* preset = find_preset(provider.name);
  if (run.reported(path + ".wire")) return false;
  if (provider.wire == wire_format::bedrock) return true;   // its address comes from a key's region
  if (!provider.base_url.empty() || run.given(path + ".base_url")) return true;
  if (preset) {
    run.report(path + ".base_url", provider.at,
               preset->base_url_form.empty() ? "is required when the wire is not the provider's own"
                                             : "is required: your own endpoint, such as " + std::string(preset->base_url_form));
    return true;
  }
  std::vector<std::string_view> known;
  for (const auto& row : provider_presets())
    if (row.wire == wire_format::openai) known.push_back(row.name);
  const auto hint = suggestion(provider.name, known);
  known.resize(std::min<std::size_t>(known.size(), 8));   // enough to see what is meant
  run.report(path + ".base_url", provider.at,
             "is required, since " + in_quotes(provider.name) + " is no provider known by name" +
                 (hint.empty() ? " (" + joined(known) + ", ...)" : hint));
  return true;
}

void check_keys(const provider_config& provider, reading& run) {
  const auto path = provider_path(provider);
  const auto* preset = find_preset(provider.name);
  if (provider.keys.empty() && !run.given(path + ".keys")) run.report(path + ".keys", provider.at, "is required");
  for (std::size_t i = 0; i < provider.keys.size(); ++i) {
    const auto& key = provider.keys[i];
    const auto key_path = item_path(path + ".keys", i);
    const bool own_endpoint = run.given(path + ".base_url") || !key.base_url.empty() || run.reported(key_path + ".base_url");
    if (provider.wire != wire_format::bedrock && preset && !preset->key_variable.empty() && !own_endpoint && !run.given(key_path + ".value") && !run.reported(key_path))
      run.report(key_path + ".value", key.at,
                 "is required: the secret itself, env.NAME (such as env." + std::string(preset->key_variable) + ") or file:/path");
  }
  const bool some_weight = std::any_of(provider.keys.begin(), provider.keys.end(), [](const auto& key) { return key.weight > 0; });
  if (!provider.keys.empty() && !some_weight)
    run.report(path + ".keys", run.place_of(path + ".keys"), "at least one key needs a weight above 0");
}

void check_provider_limits(const provider_config& provider, reading& run) {
  const auto* preset = preset_of(provider);
  if (!provider.api_version.empty() && (preset == nullptr || preset->path != path_style::azure))
    run.report(provider_path(provider) + ".api_version", run.place_of(provider_path(provider) + ".api_version"),
               "is for Azure only: a provider named azure, or a base_url at *.openai.azure.com, *.cognitiveservices.azure.com or "
               "*.services.ai.azure.com");
  const auto path = provider_path(provider);
  const auto not_below = [&](const char* larger, milliseconds large, const char* smaller, milliseconds small) {
    if (large >= small) return;
    const auto key = path + "." + larger;
    const auto other = path + "." + smaller;
    run.report(key, run.place_of(run.given(key) ? key : other), std::string("must not be below ") + smaller);
  };
  not_below("breaker.max_open_for", provider.breaker.max_open_for, "breaker.open_for", provider.breaker.open_for);
  not_below("retry.max_backoff", provider.retry.max_backoff, "retry.backoff", provider.retry.backoff);
}

void check_providers(const config& all, reading& run) {
  std::unordered_map<std::string_view, std::string> key_names;
  for (const auto& provider : all.providers) {
    if (!check_wire_and_url(provider, run)) continue;
    check_keys(provider, run);
    check_aws_keys(provider, provider_path(provider), run);
    check_provider_limits(provider, run);
    for (std::size_t i = 0; i < provider.keys.size(); ++i) {
      const auto path = item_path(provider_path(provider) + ".keys", i);
      const auto [first, is_new] = key_names.emplace(provider.keys[i].name, path);
      if (is_new) continue;
      run.report(path + ".name", run.given(path + ".name") ? run.place_of(path + ".name") : provider.keys[i].at,
                 "key names are unique over all providers, and " + in_quotes(provider.keys[i].name) + " is already " + first->second);
    }
  }
}

// Routes.

/// Each kind stands at most once in a route, but not at the index it has in the file: refused stages are left out.
std::string stage_path(const std::string& route_path, std::string_view kind, const reading& run) {
  const auto list = route_path + ".stages";
  for (std::size_t i = 0; run.given(item_path(list, i)); ++i)
    if (const auto path = item_path(list, i) + "." + std::string(kind); run.given(path)) return path;
  return list + "." + std::string(kind);
}

void check_stages(const config& all, const route_config& route, const std::string& route_path, reading& run) {
  for (const auto& stage : route.stages) {
    const auto& kind = kind_of_stage_config(stage);
    kind.check(all, stage.what, {stage_path(route_path, kind.name, run), stage.at}, run);
  }
}

void check_routes(const config& all, reading& run) {
  std::unordered_map<std::string_view, std::string> taken;
  const auto claim = [&](const std::string& name, const std::string& path) {
    if (name.empty()) return;
    const auto at = run.place_of(path);
    if (const auto [first, is_new] = taken.emplace(name, path); !is_new)
      run.report(path, at, "route names and aliases are unique, and " + in_quotes(name) + " is already " + first->second);
    const auto slash = name.find('/');
    if (slash != std::string::npos && find_provider(all, std::string_view(name).substr(0, slash)))
      run.report(path, at, in_quotes(name) + " would hide a model of provider " + in_quotes(name.substr(0, slash)));
  };
  for (std::size_t i = 0; i < all.routes.size(); ++i) {
    const auto& route = all.routes[i];
    const auto path = item_path("routes", i);
    claim(route.name, path + ".name");
    for (std::size_t j = 0; j < route.aliases.size(); ++j) claim(route.aliases[j], item_path(path + ".aliases", j));
    check_stages(all, route, path, run);
    check_target(all, route.baseline, path + ".baseline", run.place_of(path + ".baseline"), run);
  }
}

// Virtual keys.

void check_virtual_key_models(const config& all, const virtual_key_config& key, const std::string& path, reading& run) {
  for (std::size_t i = 0; i < key.models.size(); ++i) {
    const auto& pattern = key.models[i];
    const auto model_path = item_path(path + ".models", i);
    const auto slash = pattern.find('/');
    if (pattern.empty() || (slash == std::string::npos && pattern.ends_with('*'))) continue;
    if (slash == std::string::npos) {
      run.report(model_path, run.place_of(model_path), "expected provider/model, where only the last character may be '*'");
      continue;
    }
    const auto provider = std::string_view(pattern).substr(0, slash);
    if (!find_provider(all, provider))
      run.report(model_path, run.place_of(model_path),
                 "no provider " + in_quotes(provider) + " is configured" + suggestion(provider, provider_names(all)));
  }
}

/// Parents of the file's keys are the file's keys; those of the admin API's may be either.
void check_parents(const config& all, reading& run) {
  const auto find = [&](const std::string& name) -> const virtual_key_config* {
    const auto found = std::find_if(all.virtual_keys.begin(), all.virtual_keys.end(), [&](const auto& key) { return key.name == name; });
    return found == all.virtual_keys.end() ? nullptr : &*found;
  };
  for (std::size_t i = 0; i < all.virtual_keys.size(); ++i) {
    const auto& key = all.virtual_keys[i];
    if (key.name.empty()) continue;              // reported by the table
    const auto wide = check_parent(key, find);
    if (!wide) continue;
    const auto path = item_path("virtual_keys", i) + "." + wide->field;
    run.report(path, run.place_of(path), wide->message);
  }
}

void check_virtual_keys(const config& all, reading& run) {
  std::vector<std::string_view> routes{"direct"};
  for (const auto& route : all.routes) routes.push_back(route.name);
  std::unordered_map<std::string_view, std::string> names;
  for (std::size_t i = 0; i < all.virtual_keys.size(); ++i) {
    const auto& key = all.virtual_keys[i];
    const auto path = item_path("virtual_keys", i);
    if (const auto [first, is_new] = names.emplace(key.name, path); !is_new && !key.name.empty())
      run.report(path + ".name", run.place_of(path + ".name"), in_quotes(key.name) + " is already the name of " + first->second);
    for (std::size_t j = 0; j < key.routes.size(); ++j) {
      if (key.routes[j].empty() || std::find(routes.begin(), routes.end(), key.routes[j]) != routes.end()) continue;
      const auto route_path = item_path(path + ".routes", j);
      run.report(route_path, run.place_of(route_path),
                 "no route " + in_quotes(key.routes[j]) + " is configured" + suggestion(key.routes[j], routes));
    }
    check_virtual_key_models(all, key, path, run);
  }
  check_parents(all, run);

  std::unordered_map<std::string_view, std::size_t> values;
  for (std::size_t i = 0; i < all.virtual_keys.size(); ++i) {
    if (all.virtual_keys[i].key.empty()) continue;   // reported by the table
    const auto [first, is_new] = values.emplace(all.virtual_keys[i].key.reveal(), i);
    if (is_new) continue;
    const auto path = item_path("virtual_keys", i) + ".key";
    run.report(path, run.place_of(path), "is the same as the key of " + item_path("virtual_keys", first->second));
  }
}

void check_listeners(const config& all, reading& run) {
  if (clash(all.server.listen, all.admin.listen)) {
    const std::string path = run.given("admin.listen") ? "admin.listen" : "server.listen";
    run.report(path, run.place_of(path), "server and admin cannot both listen on " + to_string(all.admin.listen));
  }
  if (!is_loopback(all.admin.listen) && !run.given("admin.token"))
    run.report("admin.token", run.place_of("admin.listen"), "is required, since admin.listen is not a loopback address");
}

void check_cluster(const config& all, reading& run) {
  for (const auto& gap : cluster_gaps(all, run.given("node.name")))
    run.report(gap.key, run.place_of(run.given(gap.key) ? gap.key : "cluster"), gap.message);
}

}  // namespace

void complete(config& parsed, reading& run) {
  if (parsed.node.name.empty()) parsed.node.name = host_name();
  for (auto& provider : parsed.providers) complete_provider(provider, run);
}

void validate(const config& completed, reading& run) {
  check_listeners(completed, run);
  check_providers(completed, run);
  check_routes(completed, run);
  check_virtual_keys(completed, run);
  check_cluster(completed, run);
}

}  // namespace switchyard::config
