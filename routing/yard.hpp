// The yard: the immutable snapshot of everything a request needs to be routed. Actors compile and publish it; I/O threads read it.
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "config/config.hpp"
#include "providers/price_catalogue.hpp"
#include "routing/key_state.hpp"
#include "routing/virtual_key.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// Unknown figures are nullopt, never 0.
using price = providers::model_prices;

struct provider_entry;

/// One provider key: what is configured, and its live state.
struct key_entry {
  config::key_config config;
  std::string provider;
  std::string base_url;                          ///< the key's own or the provider's
  std::shared_ptr<key_state> state;

  /// Does the key serve `model`? An empty model list serves all; a trailing * matches a prefix.
  [[nodiscard]] bool serves(std::string_view model) const noexcept;
  /// Is it named in the list itself (not by an empty list or a lone "*")?
  [[nodiscard]] bool names(std::string_view model) const noexcept;
};

struct provider_entry {
  config::provider_config config;
  std::vector<std::shared_ptr<const key_entry>> keys;

  /// The config's: the model's own row, else the longest row ending in '*' that matches. Without one the catalogue's; nothing known when it
  /// has none either.
  [[nodiscard]] price price_of(std::string_view model) const noexcept;
  /// The config's row alone; nullptr: it has none for this model.
  [[nodiscard]] const price* configured_price(std::string_view model) const noexcept;
  [[nodiscard]] bool serves(std::string_view model) const noexcept;
  std::vector<std::pair<std::string, price>> prices;     ///< the config's
  std::string_view catalogue;                            ///< the provider's name in the price catalogue; "" none
  std::vector<std::pair<std::string, price>> looked_up;  ///< the catalogue's, of the models that the keys name: found once
};

/// A model at a provider.
struct target {
  std::shared_ptr<const provider_entry> provider;
  std::string model;
  double weight = 1.0;

  /// "provider/model"
  [[nodiscard]] std::string name() const { return provider->config.name + "/" + model; }
};

class stage;           // routing/stage.hpp
class signal_models;   // routing/signals/signal_models.hpp

/// A route: its compiled stages in the user's order. compile_route() makes it.
struct route_entry {
  std::string name;
  std::vector<std::string> aliases;
  std::vector<std::shared_ptr<const stage>> stages;   ///< run per request by run_stages()
  std::shared_ptr<const signal_models> models;   ///< what its stages understand prompts with; null: none looks at the prompt
  std::shared_ptr<const route_entry> embeds;     ///< "NAME/embedding", without stages: what calls for a provider's vectors are booked under;
                                                 ///< null: no stage wants such vectors

  // What the stages come to for a request that names no model: for status pages and for permission checks.
  config::balance_strategy strategy = config::balance_strategy::weighted;
  std::vector<target> targets;                   ///< from the balance stage; may be empty
  std::vector<target> fallbacks;                 ///< from the fallback stage, in order; may be empty
  std::string baseline;                          ///< "provider/model" that savings are counted against; empty: none
  price baseline_price;                          ///< what is known of it
};

/// Where a request's `model` leads.
struct resolution {
  std::shared_ptr<const route_entry> route;      ///< never null on success
  std::optional<target> asked;                   ///< set when the client named a model, not a route
};

using provider_list = std::span<const std::shared_ptr<const provider_entry>>;

/// "provider/model" where some key of that provider serves the model; unknown_model (404) says why not.
[[nodiscard]] result<target> find_target(provider_list providers, std::string_view provider_slash_model);

/// The whole snapshot. Immutable once published.
struct yard {
  std::uint64_t version = 0;                     ///< grows with every publication
  std::string node_name;
  std::string region;
  std::vector<std::shared_ptr<const provider_entry>> providers;
  std::vector<std::shared_ptr<const route_entry>> routes;
  std::shared_ptr<const route_entry> direct;     ///< the route of requests that name a model: the configured `direct`, else weighted
  std::shared_ptr<const virtual_key_set> virtual_keys;   ///< null or without keys: any credential is accepted

  /// A route's name or alias, `provider/model`, or a bare model: one that exactly one provider names in its keys' lists ("meta-llama/llama-3"
  /// may be one), or, if it holds no slash, that none names and exactly one provider takes by an unrestricted key.
  /// unknown_model (404) says why: unknown provider, no key serves it, several providers do.
  [[nodiscard]] result<resolution> resolve(std::string_view model) const;
  /// "provider/model" only.
  [[nodiscard]] result<target> find_target(std::string_view provider_slash_model) const;
  [[nodiscard]] std::shared_ptr<const route_entry> find_route(std::string_view name_or_alias) const noexcept;
};

/// "openai/*", "gpt-4o", "*": exact, or a prefix when it ends in '*'.
[[nodiscard]] bool pattern_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace switchyard::routing
