#include "actors/signals_json.hpp"

#include <boost/json/array.hpp>

#include <cmath>

namespace switchyard::actors {

namespace json = boost::json;
using routing::signal;

namespace {

/// Three places behind the point.
double rounded(double value) { return std::round(value * 1000) / 1000; }
double to_us(nanoseconds took) { return std::round(static_cast<double>(took.count()) / 10) / 100; }

json::object with_time(json::object what, const routing::signal_findings& known, signal which) {
  what["took_us"] = to_us(known.took[static_cast<std::size_t>(which)]);
  return what;
}

json::object pii(const routing::pii_finding& found) {
  json::object kinds;
  for (const auto& span : found.spans) {
    auto& count = kinds[routing::to_string(span.kind)];
    count = count.is_int64() ? count.as_int64() + 1 : 1;
  }
  return {{"score", rounded(found.score)}, {"kinds", std::move(kinds)}};
}

json::object jailbreak(const routing::jailbreak_finding& found) {
  json::array why;
  for (const auto& one : found.spans) why.push_back(json::value(one.why));
  return {{"score", rounded(found.score)}, {"why", std::move(why)}};
}

}  // namespace

void know_everything(routing::understanding& known) {
  static_cast<void>(known.vector());
  static_cast<void>(known.domain());
  static_cast<void>(known.complexity());
  static_cast<void>(known.format());
  static_cast<void>(known.pii());
  static_cast<void>(known.jailbreak());
  static_cast<void>(known.harmful());
  static_cast<void>(known.tokens());
  static_cast<void>(known.language());
  static_cast<void>(known.clarity());
  static_cast<void>(known.code_share());
}

json::object signals_object(const routing::signal_findings& known, bool with_scores) {
  json::object out;
  if (known.knows(signal::domain)) {
    const auto& found = known.domain;
    json::object domain{{"value", routing::to_string(found.value)}, {"confidence", rounded(found.confidence)}};
    if (with_scores) {
      json::object scores;
      for (std::size_t i = 0; i < routing::domain_count; ++i)
        scores[routing::to_string(static_cast<routing::domain>(i))] = rounded(found.scores[i]);
      domain["scores"] = std::move(scores);
    }
    out["domain"] = with_time(std::move(domain), known, signal::domain);
  }
  if (known.knows(signal::complexity)) {
    const auto& found = known.complexity;
    json::array reasons;
    for (const auto reason : found.reasons) reasons.push_back(json::value(reason));
    json::object complexity{{"value", rounded(found.value)}, {"confidence", rounded(found.confidence)}, {"reasons", std::move(reasons)}};
    out["complexity"] = with_time(std::move(complexity), known, signal::complexity);
  }
  if (known.knows(signal::format)) {
    const auto& found = known.format;
    out["format"] = with_time({{"value", routing::to_string(found.value)}, {"confidence", rounded(found.confidence)}}, known, signal::format);
  }
  json::object safety;
  if (known.knows(signal::pii)) safety["pii"] = with_time(pii(known.pii), known, signal::pii);
  if (known.knows(signal::jailbreak)) safety["jailbreak"] = with_time(jailbreak(known.jailbreak), known, signal::jailbreak);
  if (known.knows(signal::harmful)) {
    const auto& found = known.harmful;
    json::object harmful{{"score", rounded(found.score)}};
    if (!found.category.empty()) harmful["category"] = found.category;
    safety["harmful"] = with_time(std::move(harmful), known, signal::harmful);
  }
  if (!safety.empty()) out["safety"] = std::move(safety);
  json::object tokens;
  if (known.knows(signal::output_tokens)) {
    const auto& found = known.tokens;
    tokens = {{"input", found.input}, {"output", found.output}, {"output_low", found.output_low}, {"output_high", found.output_high}};
    tokens = with_time(std::move(tokens), known, signal::output_tokens);
  } else if (known.knows(signal::input_tokens)) {
    tokens["input"] = known.tokens.input;
  }
  if (!tokens.empty()) out["tokens"] = std::move(tokens);
  if (known.knows(signal::language)) {
    const auto& found = known.language;
    out["language"] = with_time({{"value", found.code}, {"confidence", rounded(found.confidence)}}, known, signal::language);
  }
  if (known.knows(signal::clarity)) {
    const auto& found = known.clarity;
    json::object clarity{{"value", found.clear ? "clear" : "ambiguous"}, {"confidence", rounded(found.confidence)}};
    if (!found.why.empty()) clarity["why"] = found.why;
    out["clarity"] = with_time(std::move(clarity), known, signal::clarity);
  }
  if (known.knows(signal::code_share)) out["code_share"] = rounded(known.code_share);
  if (known.knows(signal::vector)) out["embedding"] = with_time({{"value", std::to_string(known.dimensions) + " dimensions"}}, known, signal::vector);
  out["turns"] = known.turns;
  out["tools"] = known.tools;
  out["images"] = known.images;
  return out;
}

json::object details_object(const request_details& of) {
  json::array stages;
  for (const auto& one : of.stages) stages.push_back(json::object{{"name", one.stage}, {"verdict", one.word}, {"took_us", to_us(one.took)}});
  json::object out{{"signals", signals_object(of.signals, false)}, {"stages", std::move(stages)}};
  json::array found;
  for (const auto& one : of.guard) found.push_back(json::object{{"check", one.check}, {"action", one.action}, {"score", rounded(one.score)}});
  if (!found.empty()) out["guard"] = std::move(found);
  if (!of.vectors.empty()) out["vectors"] = of.vectors;
  return out;
}

}  // namespace switchyard::actors
