#include "routing/pipeline.hpp"

#include "routing/stages/balance.hpp"
#include "routing/stages/cache.hpp"
#include "routing/stages/fallback.hpp"
#include "routing/stages/guard.hpp"
#include "routing/stages/intent.hpp"
#include "routing/stages/semantic.hpp"

#include <algorithm>
#include <cassert>

namespace switchyard::routing {

namespace {

// The stages this build knows; the order within a route is the user's. A new stage is a file in stages/ and a line in both.
class compile_one {
 public:
  compile_one(provider_list all, model_shelf* shelf) : providers(all), models(shelf) {}
  provider_list providers;
  model_shelf* models;
  result<std::shared_ptr<const stage>> operator()(const config::balance_stage_config& c) const { return stages::make_balance(c, providers); }
  result<std::shared_ptr<const stage>> operator()(const config::fallback_stage_config& c) const { return stages::make_fallback(c, providers); }
  result<std::shared_ptr<const stage>> operator()(const config::guard_stage_config& c) const {
    const auto loaded = understanding_for("guard");
    return loaded ? stages::make_guard(c, *loaded) : result<std::shared_ptr<const stage>>(loaded.failure());
  }
  result<std::shared_ptr<const stage>> operator()(const config::semantic_stage_config& c) const {
    const auto loaded = understanding_for("semantic");
    return loaded ? stages::make_semantic(c, providers, *loaded) : result<std::shared_ptr<const stage>>(loaded.failure());
  }
  result<std::shared_ptr<const stage>> operator()(const config::intent_stage_config& c) const {
    if (!stages::looks_at_prompt(c)) return stages::make_intent(c, providers, nullptr);
    const auto loaded = understanding_for("intent");
    return loaded ? stages::make_intent(c, providers, *loaded) : result<std::shared_ptr<const stage>>(loaded.failure());
  }
  result<std::shared_ptr<const stage>> operator()(const config::cache_stage_config& c) const { return stages::make_cache(c, providers); }
  /// The configuration's tables refuse what is not built yet, so that nobody gets here.
  template <class Absent>
  result<std::shared_ptr<const stage>> operator()(const Absent&) const {
    return internal_error("this version has no such stage");
  }

 private:
  [[nodiscard]] result<std::shared_ptr<const signal_models>> understanding_for(std::string_view stage) const {
    if (models == nullptr) return internal_error("the stage '" + std::string(stage) + "' needs the signal models");
    auto loaded = models->get();
    if (!loaded) loaded.failure().message = "the stage '" + std::string(stage) + "' needs the signal models: " + loaded.failure().message;
    return loaded;
  }
};
struct name_one {
  std::string_view operator()(const config::balance_stage_config&) const noexcept { return "balance"; }
  std::string_view operator()(const config::fallback_stage_config&) const noexcept { return "fallback"; }
  std::string_view operator()(const config::guard_stage_config&) const noexcept { return "guard"; }
  std::string_view operator()(const config::cache_stage_config&) const noexcept { return "cache"; }
  std::string_view operator()(const config::semantic_stage_config&) const noexcept { return "semantic"; }
  std::string_view operator()(const config::intent_stage_config&) const noexcept { return "intent"; }
};

constexpr std::size_t most_looked_up = 32;   // walked in order: beyond that the catalogue's own search is no slower

std::optional<std::int64_t> to_nano(const std::optional<double>& usd) {
  if (!usd) return std::nullopt;
  return usd_to_nano(*usd);
}

price to_price(const config::price_config& listed) {
  price out;
  out.input = to_nano(listed.input);
  out.output = to_nano(listed.output);
  out.cached_input = to_nano(listed.cached_input);
  out.cache_write = to_nano(listed.cache_write);
  out.per_request = to_nano(listed.per_request);
  out.per_image = to_nano(listed.per_image);
  return out;
}

}  // namespace

std::shared_ptr<const provider_entry> compile_provider(const config::provider_config& config,
                                                       std::span<const std::shared_ptr<key_state>> states) {
  assert(states.size() == config.keys.size());
  auto provider = std::make_shared<provider_entry>();
  provider->config = config;
  for (std::size_t i = 0; i < config.keys.size(); ++i) {
    auto key = std::make_shared<key_entry>();
    key->config = config.keys[i];
    key->provider = config.name;
    key->base_url = config.keys[i].base_url.empty() ? config.base_url : config.keys[i].base_url;
    key->state = states[i];
    provider->keys.push_back(std::move(key));
  }
  for (const auto& [model, listed] : config.prices) provider->prices.emplace_back(model, to_price(listed));
  provider->catalogue = providers::catalogue_provider(config);
  for (const auto& key : config.keys)
    for (const auto& model : key.models) {
      const auto is_it = [&](const auto& row) { return row.first == model; };
      if (provider->looked_up.size() < most_looked_up && std::none_of(provider->looked_up.begin(), provider->looked_up.end(), is_it))
        provider->looked_up.emplace_back(model, providers::catalogue_prices(provider->catalogue, model));
    }
  return provider;
}

result<std::shared_ptr<const stage>> make_stage(const config::stage_config& config, provider_list providers, model_shelf* models) {
  return std::visit(compile_one(providers, models), config.what);
}

std::string_view kind_of(const config::stage_config& config) noexcept { return std::visit(name_one{}, config.what); }

std::shared_ptr<const route_entry> compile_route(const config::route_config& config, std::vector<std::shared_ptr<const stage>> stages,
                                                 provider_list providers) {
  auto route = std::make_shared<route_entry>();
  route->name = config.name;
  route->aliases = config.aliases;
  route->stages = std::move(stages);
  for (const auto& stage : route->stages)
    if (!route->models) route->models = stage->models();
  if (std::any_of(route->stages.begin(), route->stages.end(), [](const auto& stage) { return stage->embedding() != nullptr; })) {
    auto embeds = std::make_shared<route_entry>();
    embeds->name = config.name + "/embedding";
    route->embeds = std::move(embeds);
  }

  // Nobody is sent there, so no key need serve it: only its price counts.
  route->baseline = config.baseline;
  if (const auto slash = config.baseline.find('/'); slash != std::string::npos)
    for (const auto& provider : providers)
      if (provider->config.name == std::string_view(config.baseline).substr(0, slash)) route->baseline_price = provider->price_of(config.baseline.substr(slash + 1));

  const auto made = run_stages(*route, stage_request{});
  route->strategy = made.strategy;
  route->targets.assign(made.targets.begin(), made.targets.end());
  for (const auto& list : made.fallbacks) route->fallbacks.insert(route->fallbacks.end(), list.begin(), list.end());
  return route;
}

std::shared_ptr<const route_entry> default_direct_route() {
  config::route_config config;
  config.name = "direct";
  return compile_route(config, {});
}

decision run_stages(const route_entry& route, const stage_request& request, std::vector<verdict>* verdicts, stage_times* times) {
  decision made;
  decision_context context{request, made, verdicts != nullptr};
  auto begun = times != nullptr && !route.stages.empty() ? times->now() : steady_time{};
  for (const auto& stage : route.stages) {
    auto line = stage->decide(context);
    if (times != nullptr) {
      const auto ended = times->now();
      times->took.push_back(ended - begun);
      begun = ended;
      if (times->wants_words) times->words.push_back(line.what);
    }
    if (verdicts != nullptr) verdicts->push_back(std::move(line));
    if (made.refusal) break;
  }
  return made;
}

}  // namespace switchyard::routing
