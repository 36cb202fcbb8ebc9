#include "tools/switchyardctl/eval_route.hpp"

#include "config/load.hpp"
#include "config/model_folders.hpp"
#include "providers/json_document.hpp"
#include "providers/json_out.hpp"
#include "providers/token_estimate.hpp"
#include "routing/pipeline.hpp"
#include "routing/request_prompt.hpp"
#include "routing/stages/semantic.hpp"
#include "tools/switchyardctl/commands.hpp"

#include <algorithm>
#include <cstdio>

namespace switchyard::ctl {

namespace json = providers::json;

namespace {

std::string text_of(std::string_view line, std::string_view name) { return json::unescape(json::find(line, name)); }

/// The node's weights aside, the heaviest of the targets; of none, the first fallback.
const routing::target* target_of(const routing::decision& made) noexcept {
  const routing::target* best = nullptr;
  for (const auto& one : made.targets)
    if (best == nullptr || one.weight > best->weight) best = &one;
  for (const auto& list : made.fallbacks)
    if (best == nullptr && !list.empty()) best = &list.front();
  return best;
}

}  // namespace

result<std::shared_ptr<const routing::route_entry>> compile_offline(const std::string& config_file, const std::string& route,
                                                                    routing::model_shelf& models) {
  // A secret that is not set here stands for itself.
  const auto process = config::process_environment();
  const auto loaded = config::load_file(config_file, [&](const std::string& name) { return std::optional(process(name).value_or("not-set")); });
  if (!loaded.value) {
    std::string all;
    for (const auto& problem : loaded.problems) all += (all.empty() ? "" : "\n") + problem.to_string();
    return client_error(error_code::invalid_request, all);
  }
  std::vector<std::shared_ptr<const routing::provider_entry>> providers;
  std::uint32_t id = 0;
  for (const auto& provider : loaded.value->providers) {
    std::vector<std::shared_ptr<routing::key_state>> states;
    for (const auto& key : provider.keys) states.push_back(std::make_shared<routing::key_state>(++id, key.weight, key.rpm, key.tpm));
    providers.push_back(routing::compile_provider(provider, states));
  }
  const auto& routes = loaded.value->routes;
  const auto is_it = [&](const config::route_config& one) {
    return one.name == route || std::find(one.aliases.begin(), one.aliases.end(), route) != one.aliases.end();
  };
  const auto found = std::find_if(routes.begin(), routes.end(), is_it);
  if (found == routes.end()) return client_error(error_code::invalid_request, "--route: " + config_file + " has no route '" + route + "'");
  std::vector<std::shared_ptr<const routing::stage>> stages;
  for (const auto& stage : found->stages) {
    auto made = routing::make_stage(stage, providers, &models);
    if (!made) return made.failure();
    stages.push_back(std::move(*made));
  }
  return routing::compile_route(*found, std::move(stages));
}

outcome route_line(const routing::route_entry& route, std::string_view line, std::size_t number, std::string& to) {
  json::document document;
  if (!document.parse_copy(line)) return client_error(error_code::invalid_json, document.fault());
  if (!json::is_object(line.substr(json::skip_space(line, 0)))) return client_error(error_code::invalid_request, "expected an object");
  if (json::find(line, "prompt").empty() && json::find(line, "messages").empty())
    return client_error(error_code::invalid_request, "prompt: expected a string (or messages: a list)", "prompt");

  providers::api_request request;
  request.body = line;
  std::optional<routing::understood_request> understood;
  routing::stage_request facts;
  if (route.models) {
    understood.emplace(route.models, request);
    facts.known = &understood->known;
    facts.user = understood->prompt.user();
  }
  const auto region = text_of(line, "region");
  facts.region = region;
  std::vector<std::pair<std::string, std::string>> tag_texts;
  json::members each(json::find(line, "tags"));
  for (json::member one; each.next(one);) tag_texts.emplace_back(one.name, json::unescape(one.value));
  std::vector<routing::request_tag> tags;
  for (const auto& [name, value] : tag_texts) tags.push_back({name, value});
  facts.tags = tags;

  std::vector<routing::verdict> verdicts;
  const auto made = routing::run_stages(route, facts, &verdicts);
  json::out out(to);
  out.begin_object();
  const auto id = json::find(line, "id");
  if (id.empty())
    out.number("id", static_cast<std::int64_t>(number));
  else
    out.raw("id", id);
  const auto* target = made.refusal ? nullptr : target_of(made);
  out.key("target");
  if (target != nullptr)
    out.text(target->name());
  else
    out.null();
  std::vector<routing::stages::category_score> scores;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (route.stages[i]->kind() != "semantic" || facts.known == nullptr) continue;
    scores = routing::stages::category_scores(*route.stages[i], *facts.known);
    if (verdicts[i].what != "matched" || scores.empty()) continue;
    const auto best = std::max_element(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.similarity < b.similarity; });
    out.text("category", best->name);
  }
  const auto reason = made.refusal ? made.refusal->message : made.notes.empty() && !verdicts.empty() ? verdicts.back().reason : made.notes;
  out.text("reason", reason);
  out.key("scores");
  out.begin_object();
  for (const auto& one : scores) {
    char figure[24];
    std::snprintf(figure, sizeof figure, "%.4f", static_cast<double>(one.similarity));
    std::string name;
    json::append_string(name, one.name);
    out.key(std::string_view(name).substr(1, name.size() - 2));
    out.raw(figure);
  }
  out.end_object();
  out.end_object();
  to += '\n';
  return done{};
}

int eval_route(const eval_route_options& options) {
  // One folder, whoever looks: the shelf takes a folder, the command line a search path.
  routing::model_shelf models(options.models);
  const auto route = compile_offline(options.config, options.route, models);
  if (!route) {
    complain(route.failure().message);
    return route.failure().code == error_code::invalid_request ? wrong_usage : failed;
  }
  const auto answered = answer_lines(options.lines, [&](std::string_view line, std::size_t number, std::string& to) {
    return route_line(**route, line, number, to);
  });
  if (!answered) return complain(answered.failure().message), failed;
  return fine;
}

}  // namespace switchyard::ctl
