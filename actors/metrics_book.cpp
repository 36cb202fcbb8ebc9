#include "actors/metrics_book.hpp"

#include "routing/stage.hpp"

namespace switchyard::actors {

namespace {

constexpr std::size_t most_series = 2000;        // per metric
constexpr std::size_t most_answered_models = 500;
constexpr std::string_view other = "other";

}  // namespace

void duration_histogram::add(nanoseconds sample) noexcept {
  const auto ns = std::max<std::int64_t>(sample.count(), 0);
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), static_cast<double>(ns) * 1e-9);
  ++counts_[static_cast<std::size_t>(bound - bounds.begin())];
  ++count_;
  sum_ns_ += ns;
}

template <class Value>
Value& metrics_book::cell(table<Value>& in, label_views at, std::size_t used) {
  if (const auto known = in.find(at); known != in.end()) return known->second;
  if (in.size() >= most_series) std::fill_n(at.begin(), used, other);
  labels owned;
  std::copy(at.begin(), at.end(), owned.begin());
  return in[std::move(owned)];
}

std::string_view metrics_book::model_label(const routing::key_entry& key, std::string_view model) const {
  const auto& listed = key.config.models;
  if (std::find(listed.begin(), listed.end(), model) != listed.end()) return model;
  const auto answered = answered_models_.find(key.provider);
  return answered != answered_models_.end() && answered->second.contains(model) ? model : other;
}

void metrics_book::learn_model(const std::string& provider, const std::string& model) {
  if (answered_count_ < most_answered_models && answered_models_[provider].insert(model).second) ++answered_count_;
}

/// All of an attempt but its duration. Returns its model's label.
std::string_view metrics_book::note_attempt(const attempt_record& attempt) {
  const auto& key = *attempt.key;
  const auto& outcome = attempt.outcome;
  if (outcome.result == routing::call_result::ok) learn_model(key.provider, attempt.model);
  const auto model = model_label(key, attempt.model);
  if (outcome.result != routing::call_result::ok && outcome.result != routing::call_result::client_gone &&
      outcome.result != routing::call_result::not_asked)
    ++cell(upstream_errors_, {key.provider, key.config.name, to_string(outcome.result)}, 3);
  return model;
}

metrics_book::usual_cells& metrics_book::usual(const routing::key_entry& key, std::string_view model, std::string_view route, int status) {
  for (auto& one : usual_)
    if (one.status == status && one.key == key.config.name && one.provider == key.provider && one.model == model && one.route == route) return one;
  auto& made = usual_[next_usual_];
  next_usual_ = (next_usual_ + 1) % usual_.size();
  made = {.provider = key.provider, .key = key.config.name, .model = std::string(model), .route = std::string(route), .status = status};
  return made;
}

void metrics_book::add_answered(const request_record& record, std::string_view route) {
  const auto& last = record.attempts.back();
  const std::string_view provider = last.key->provider;
  const auto model = note_attempt(last);
  auto& cells = usual(*last.key, model, route, record.status);
  const auto found = [this]<class Value>(Value*& known, table<Value>& in, label_views at, std::size_t used) -> Value& {
    if (known == nullptr) known = &cell(in, at, used);
    return *known;
  };
  found(cells.upstream, upstream_durations_, {provider, model, last.key->config.name}, 3).add(last.outcome.duration);
  if (record.input_tokens > 0) found(cells.input, tokens_, {provider, model, "input"}, 3) += static_cast<std::uint64_t>(record.input_tokens);
  if (record.output_tokens > 0) found(cells.output, tokens_, {provider, model, "output"}, 3) += static_cast<std::uint64_t>(record.output_tokens);
  if (record.cached_tokens > 0) cell(tokens_, {provider, model, "cached_input"}, 3) += static_cast<std::uint64_t>(record.cached_tokens);
  if (record.cost) found(cells.cost, costs_, {provider, model, route}, 3) += *record.cost;
  if (record.unpriced) ++cell(unpriced_, {provider, model}, 2);
  if (cells.requests == nullptr) cells.requests = &cell(requests_, {route, provider, model, std::to_string(record.status)}, 4);
  ++*cells.requests;
}

void metrics_book::add(const request_record& record) {
  const auto route = record.route ? std::string_view(record.route->name) : std::string_view();
  const bool answered = !record.attempts.empty() && record.attempts.back().key;
  for (std::size_t i = 0; i + (answered ? 1 : 0) < record.attempts.size(); ++i) {
    const auto& attempt = record.attempts[i];
    if (!attempt.key) continue;
    const auto model = note_attempt(attempt);
    cell(upstream_durations_, {attempt.key->provider, model, attempt.key->config.name}, 3).add(attempt.outcome.duration);
  }
  if (answered)
    add_answered(record, route);
  else
    ++cell(requests_, {route, {}, {}, std::to_string(record.status)}, 4);
  if (record.saved > 0) cell(savings_, {record.saved_by}, 1) += record.saved;
  if (record.saved < 0) cell(losses_, {record.saved_by}, 1) -= record.saved;
  durations_.add(record.duration);
  overheads_.add(record.overhead);
  if (record.first_token.count() > 0) first_tokens_.add(record.first_token);
  if (record.route) ++cell(cache_lookups_, {record.cache}, 1);
  if (!record.embedding.empty() && record.route) ++cell(embeddings_, {record.route->name, record.embedding}, 2);
  add_failovers(record);
  add_stages(record);
}

void metrics_book::add_stages(const request_record& record) {
  if (!record.route) return;
  for (std::size_t i = 0; i < record.stage_times.size() && i < record.route->stages.size(); ++i)
    cell(stage_durations_, {record.route->name, record.route->stages[i]->name()}, 2).add(record.stage_times[i]);
  for (const auto& found : record.findings) ++cell(findings_, {record.route->name, found.check, found.action}, 3);
}

void metrics_book::add_failovers(const request_record& record) {
  for (std::size_t i = 1; i < record.attempts.size(); ++i) {
    const auto& from = record.attempts[i - 1];
    const auto& to = record.attempts[i];
    if (!from.key || !to.key) continue;
    const auto from_name = from.key->provider + "/" + from.key->config.name;
    const auto to_name = to.key->provider + "/" + to.key->config.name;
    ++cell(failovers_, {from_name, to_name, to_string(from.outcome.result)}, 3);
  }
}

std::size_t metrics_book::series() const noexcept {
  return requests_.size() + upstream_durations_.size() + upstream_errors_.size() + tokens_.size() + costs_.size() + savings_.size() +
         losses_.size() + unpriced_.size() + failovers_.size() + cache_lookups_.size() + stage_durations_.size() + findings_.size() +
         embeddings_.size();
}

}  // namespace switchyard::actors
