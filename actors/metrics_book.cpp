#include "actors/metrics_book.hpp"

#include <algorithm>

namespace switchyard::actors {

namespace {

constexpr std::size_t most_series = 2000;        // per metric
constexpr std::size_t most_answered_models = 500;
const std::string other = "other";

}  // namespace

void duration_histogram::add(microseconds sample) noexcept {
  const auto us = std::max<std::int64_t>(sample.count(), 0);
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), static_cast<double>(us) * 1e-6);
  ++counts_[static_cast<std::size_t>(bound - bounds.begin())];
  ++count_;
  sum_us_ += us;
}

template <class Value>
Value& metrics_book::cell(table<Value>& in, labels at, std::size_t used) {
  if (const auto known = in.find(at); known != in.end()) return known->second;
  if (in.size() >= most_series) std::fill_n(at.begin(), used, other);
  return in[std::move(at)];
}

std::string metrics_book::model_label(const routing::key_entry& key, const std::string& model) const {
  const auto& listed = key.config.models;
  if (std::find(listed.begin(), listed.end(), model) != listed.end()) return model;
  return answered_models_.contains({key.provider, model}) ? model : other;
}

void metrics_book::add_attempt(const attempt_record& attempt) {
  const auto& key = *attempt.key;
  const auto& outcome = attempt.outcome;
  if (outcome.result == routing::call_result::ok && answered_models_.size() < most_answered_models)
    answered_models_.emplace(key.provider, attempt.model);
  const auto model = model_label(key, attempt.model);
  if (outcome.result != routing::call_result::ok && outcome.result != routing::call_result::client_gone)
    ++cell(upstream_errors_, {key.provider, key.config.name, std::string(to_string(outcome.result))}, 3);
  cell(upstream_durations_, {key.provider, model, key.config.name}, 3).add(outcome.duration);
}

void metrics_book::add(const request_record& record) {
  for (const auto& attempt : record.attempts)
    if (attempt.key) add_attempt(attempt);

  const auto route = record.route ? record.route->name : std::string();
  std::string provider, model;
  if (!record.attempts.empty() && record.attempts.back().key) {
    const auto& last = record.attempts.back();
    provider = last.key->provider;
    model = model_label(*last.key, last.model);
    if (record.input_tokens > 0) cell(tokens_, {provider, model, "input"}, 3) += static_cast<std::uint64_t>(record.input_tokens);
    if (record.output_tokens > 0) cell(tokens_, {provider, model, "output"}, 3) += static_cast<std::uint64_t>(record.output_tokens);
    if (record.cached_tokens > 0) cell(tokens_, {provider, model, "cached_input"}, 3) += static_cast<std::uint64_t>(record.cached_tokens);
    if (record.cost) cell(costs_, {provider, model, route}, 3) += *record.cost;
  }
  ++cell(requests_, {route, provider, model, std::to_string(record.status)}, 4);
  durations_.add(record.duration);
  overheads_.add(record.overhead);
  if (record.first_token.count() > 0) first_tokens_.add(record.first_token);

  for (std::size_t i = 1; i < record.attempts.size(); ++i) {
    const auto& from = record.attempts[i - 1];
    const auto& to = record.attempts[i];
    if (!from.key || !to.key) continue;
    ++cell(failovers_,
           {from.key->provider + "/" + from.key->config.name, to.key->provider + "/" + to.key->config.name,
            std::string(to_string(from.outcome.result))},
           3);
  }
}

std::size_t metrics_book::series() const noexcept {
  return requests_.size() + upstream_durations_.size() + upstream_errors_.size() + tokens_.size() + costs_.size() + failovers_.size();
}

}  // namespace switchyard::actors
