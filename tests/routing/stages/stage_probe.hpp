// A route of stages that look at prompts, asked about one text.
#pragma once

#include "routing/signals/understanding.hpp"
#include "tests/routing/yard_fixture.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing::testing {

inline model_shelf& shelf() {
  static model_shelf one;
  return one;
}

inline const std::vector<std::shared_ptr<const provider_entry>>& yard_providers() {
  static const std::vector<std::shared_ptr<const provider_entry>> all = {provider("openai", {key("a")}), provider("anthropic", {key("b")})};
  return all;
}

/// What a route decided about one user turn.
struct asked_route {
  std::shared_ptr<const route_entry> route;
  decision made;
  std::vector<verdict> verdicts;
  std::set<signal> computed;                     ///< of the request, by the stages
};

struct probe {
  std::string_view text;
  const target* asked = nullptr;
  std::string_view user;
  std::string_view region;
  std::vector<request_tag> tags;
  int tools = 0;
  bool explain = true;
  bool has_prompt = true;
};

inline asked_route ask(const std::vector<config::stage_config>& stages, const probe& about) {
  config::route_config config;
  config.name = "auto";
  std::vector<std::shared_ptr<const stage>> compiled;
  for (const auto& one : stages) compiled.push_back(make_stage(one, yard_providers(), &shelf()).value());
  asked_route out;
  out.route = compile_route(config, std::move(compiled));
  const turn turns[] = {{speaker::user, about.text}};
  prompt asked;
  asked.turns = turns;
  asked.tools = about.tools;
  const auto models = shelf().get().value();
  understanding known(*models, asked);
  stage_request request;
  request.asked = about.asked;
  request.known = about.has_prompt ? &known : nullptr;
  request.user = about.user;
  request.region = about.region;
  request.tags = about.tags;
  out.made = run_stages(*out.route, request, about.explain ? &out.verdicts : nullptr);
  for (unsigned i = 0; i < signal_count; ++i)
    if (known.knows(static_cast<signal>(i))) out.computed.insert(static_cast<signal>(i));
  return out;
}

}  // namespace switchyard::routing::testing
