#include "actors/explain.hpp"

#include "actors/admin_answers.hpp"
#include "actors/signals_json.hpp"
#include "providers/registry.hpp"
#include "routing/pipeline.hpp"
#include "routing/request_prompt.hpp"
#include "routing/route_plan.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

constexpr std::size_t parser_padding = 64;

admin_answer refused(const error& why) { return problem_answer(http_status(why), to_string(why.code), why.message); }

json::object estimate(const providers::api_request& request, std::int64_t output_tokens, const result<routing::picked_key>& pick) {
  json::object out{{"input_tokens", request.input.tokens()},
                   {"output_tokens", output_tokens},
                   {"cost_usd", nullptr},
                   {"prices", nullptr}};
  if (!pick) return out;
  const auto prices = pick->provider->price_of(pick->model);
  const auto cost = providers::cost(prices, {.input = request.input.tokens(), .output = output_tokens});
  if (!cost) return out;
  out["cost_usd"] = format_usd(*cost);
  if (pick->provider->configured_price(pick->model) != nullptr)
    out["prices"] = "config";
  else
    out["prices"] = "catalogue of " + std::string(providers::catalogue_date());
  return out;
}

struct asked_stages {
  routing::decision made;
  json::array rows;
};

/// Runs the route's stages one at a time to see how long each took.
asked_stages ask_stages(const routing::route_entry& route, const routing::stage_request& request) {
  asked_stages out;
  for (const auto& stage : route.stages) {
    routing::decision_context context{request, out.made, true};
    const auto before = steady_now();
    const auto verdict = stage->decide(context);
    const auto took = std::chrono::duration_cast<microseconds>(steady_now() - before);
    out.rows.push_back(json::object{{"name", verdict.name},
                                    {"kind", verdict.kind},
                                    {"verdict", verdict.what},
                                    {"reason", verdict.reason},
                                    {"took_us", took.count()}});
    if (out.made.refusal) break;
  }
  return out;
}

/// Of the prompt and the examples, as far as they are kept: explaining sends nothing.
std::optional<routing::provided_vectors> kept_vectors(const routing::route_entry& route, const routing::stage_request& request, vector_book& vectors) {
  const auto need = routing::vector_needed(route, request);
  if (!need) return std::nullopt;
  routing::provided_vectors out;
  out.examples = vectors.examples_of(*need->wish);
  if (!out.examples) {
    out.why_not = "the provider's vectors of the examples are not there yet";
    return out;
  }
  out.query = vectors.find_prompt(vector_book::key_of(need->wish->model, need->text));
  if (out.query && out.query->size() != out.examples->dimensions()) out.query = nullptr;
  if (!out.query) out.why_not = "explain asks no provider, and its vector of this prompt is not kept";
  return out;
}

json::array candidates(const routing::selection& walk, steady_time now) {
  json::array rows;
  for (const auto& one : walk.exclusions(now)) {
    json::object row{{"provider", one.provider}, {"model", one.model}, {"key", one.key}, {"weight", one.weight}};
    if (!one.because.empty()) row["excluded_because"] = one.because;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

admin_answer explain(const routing::yard& yard, std::string_view body, std::string_view query, std::uint64_t seed, steady_time now,
                     std::shared_ptr<const routing::signal_models> models, vector_book* vectors) {
  const auto began = steady_now();
  std::string padded;
  padded.reserve(body.size() + parser_padding);
  padded = body;
  const auto parsed = providers::openai_ingress().parse(providers::api::chat_completions, padded);
  if (!parsed) return refused(parsed.failure());
  const auto& request = *parsed;

  const auto forced = query_value(query, "route"), region = query_value(query, "region");
  routing::route_wish wish{request.model, std::nullopt, request.fallbacks, region, &request.input, request.max_output_tokens};
  if (!forced.empty()) wish.route = forced;
  auto planned = routing::plan_route(yard, wish);
  if (!planned) return refused(planned.failure());
  auto& [wanted, filler] = *planned;

  if (wanted.route->models) models = wanted.route->models;
  std::optional<routing::understood_request> understood;
  if (models) understood.emplace(models, request);
  auto facts = routing::as_stage_request(wanted);
  if (understood) {
    facts.known = &understood->known;
    facts.user = understood->prompt.user();
  }
  std::optional<routing::provided_vectors> provided;
  if (wanted.route->embeds && vectors != nullptr) provided = kept_vectors(*wanted.route, facts, *vectors);
  if (provided) facts.provided = &*provided;
  auto stages = ask_stages(*wanted.route, facts);
  if (stages.made.targets.empty() && filler) wanted.asked = std::move(filler);
  const auto route_name = wanted.route->name;

  routing::balance_memory memory;
  random_source random(seed);
  routing::selection walk(std::move(wanted), stages.made, memory, random);
  auto rows = candidates(walk, now);
  const auto pick = walk.preview(now);
  json::object answer{{"route", route_name}, {"target", nullptr}, {"reason", pick ? walk.reason() : pick.failure().message}};
  if (pick) answer["target"] = pick->provider->config.name + "/" + pick->model;
  if (understood) {
    know_everything(understood->known);
    answer["signals"] = signals_object(understood->known.findings(), true);
  } else {
    answer["signals"] = json::object{{"tokens", json::object{{"input", request.input.tokens()}, {"output", request.max_output_tokens}}}};
  }
  answer["stages"] = std::move(stages.rows);
  answer["candidates"] = std::move(rows);
  // What the client allows, else what such a prompt usually gets.
  const auto output_tokens = request.max_output_tokens > 0 || !understood ? request.max_output_tokens : understood->known.tokens().output;
  answer["estimate"] = estimate(request, output_tokens, pick);
  answer["took_us"] = std::chrono::duration_cast<microseconds>(steady_now() - began).count();
  return {200, "application/json", json::serialize(answer)};
}

std::string routes_json(const routing::yard& yard) {
  const auto route_object = [](const routing::route_entry& route, bool implied) {
    json::array aliases, stages, targets, fallbacks;
    for (const auto& alias : route.aliases) aliases.emplace_back(alias);
    for (const auto& stage : route.stages) stages.push_back(json::object{{"kind", stage->kind()}, {"name", stage->name()}});
    for (const auto& target : route.targets) targets.push_back(json::object{{"target", target.name()}, {"weight", target.weight}});
    for (const auto& target : route.fallbacks) fallbacks.emplace_back(target.name());
    return json::object{{"name", route.name},
                        {"implied", implied},
                        {"aliases", std::move(aliases)},
                        {"strategy", routing::to_string(route.strategy)},
                        {"stages", std::move(stages)},
                        {"targets", std::move(targets)},
                        {"fallbacks", std::move(fallbacks)}};
  };
  json::array rows;
  for (const auto& route : yard.routes) rows.push_back(route_object(*route, false));
  if (yard.direct && !yard.find_route(yard.direct->name)) rows.push_back(route_object(*yard.direct, true));
  return json::serialize(json::object{{"routes", std::move(rows)}});
}

}  // namespace switchyard::actors
