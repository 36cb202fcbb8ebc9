// Providers, keys and routes for tests, in a few words.
#pragma once

#include "routing/pipeline.hpp"
#include "routing/selection.hpp"

#include <atomic>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace switchyard::routing::testing {

/// Virtual time: `t(1500ms)` after an arbitrary start.
inline steady_time t(nanoseconds since_start) { return steady_time(seconds(1'000'000)) + since_start; }

inline config::key_config key(std::string name, double weight = 1.0, std::vector<std::string> models = {}) {
  config::key_config made;
  made.name = std::move(name);
  made.weight = weight;
  made.models = std::move(models);
  return made;
}

/// Every key gets a fresh state; ids count up over the whole program.
inline std::shared_ptr<const provider_entry> provider(config::provider_config config) {
  static std::atomic<std::uint32_t> next_id{1};
  std::vector<std::shared_ptr<key_state>> states;
  for (const auto& k : config.keys) states.push_back(std::make_shared<key_state>(next_id++, k.weight, k.rpm, k.tpm));
  return compile_provider(config, states);
}

inline std::shared_ptr<const provider_entry> provider(std::string name, std::vector<config::key_config> keys) {
  config::provider_config config;
  config.name = std::move(name);
  config.base_url = "https://" + config.name + ".example";
  config.keys = std::move(keys);
  return provider(std::move(config));
}

inline config::stage_config balance_of(config::balance_strategy strategy, std::vector<config::weighted_target> targets = {}) {
  return {config::balance_stage_config{strategy, std::move(targets)}, {}};
}
inline config::stage_config fallback_to(std::vector<std::string> targets) { return {config::fallback_stage_config{std::move(targets), {}}, {}}; }

/// Targets must exist.
inline std::shared_ptr<const route_entry> route(std::string name, provider_list providers, std::vector<config::stage_config> stages) {
  config::route_config config;
  config.name = std::move(name);
  std::vector<std::shared_ptr<const stage>> compiled;
  for (const auto& s : stages) compiled.push_back(make_stage(s, providers).value());
  return compile_route(config, std::move(compiled));
}

inline call_outcome ended(call_result how, steady_time at, bool probe = false) {
  call_outcome outcome;
  outcome.result = how;
  outcome.finished = at;
  outcome.probe = probe;
  return outcome;
}

}  // namespace switchyard::routing::testing
