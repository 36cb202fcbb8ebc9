#include "tools/sim/received_log.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

template <class Map>
void count(Map& map, std::string_view name) {
  const auto found = map.find(name);
  if (found != map.end()) ++found->second;
  else map.emplace(name, 1);
}

}  // namespace

received_log::counts& received_log::of(std::string_view key) {
  const auto found = keys_.find(key);
  return found != keys_.end() ? found->second : keys_[std::string(key)];
}

void received_log::begin(std::string_view key, std::string_view path, std::span<const header> headers, std::string_view body) {
  counts& c = of(key);
  ++c.requests;
  ++in_flight_;
  count(c.paths, path);
  kept_request kept{std::string(key), std::string(path), {}, std::string(body.substr(0, kept_body))};
  for (const header& h : headers) kept.headers.emplace_back(h.name, h.value);
  last_.push_back(std::move(kept));
  if (last_.size() > kept_requests) last_.pop_front();
}

void received_log::end(const call_ending& how) {
  counts& c = of(how.key);
  --in_flight_;
  ++(how.aborted ? c.aborted : c.finished);
  if (!how.model.empty()) count(c.models, how.model);
  ++c.statuses[how.status];
  c.input_tokens += how.input_tokens;
  c.output_tokens += how.output_tokens;
}

void received_log::clear() {
  keys_.clear();
  last_.clear();
}

std::string received_log::to_json(bool with_bodies) const {
  counts sum;
  const auto print = [](const counts& c) {
    json::object paths, models, statuses;
    for (const auto& [name, n] : c.paths) paths[name] = n;
    for (const auto& [name, n] : c.models) models[name] = n;
    for (const auto& [status, n] : c.statuses) statuses[std::to_string(status)] = n;
    return json::object{{"requests", c.requests}, {"finished", c.finished}, {"aborted", c.aborted}, {"input_tokens", c.input_tokens},
                        {"output_tokens", c.output_tokens}, {"paths", std::move(paths)}, {"models", std::move(models)}, {"statuses", std::move(statuses)}};
  };
  json::object keys;
  for (const auto& [key, c] : keys_) {
    keys[key] = print(c);
    sum.requests += c.requests;
    sum.finished += c.finished;
    sum.aborted += c.aborted;
    sum.input_tokens += c.input_tokens;
    sum.output_tokens += c.output_tokens;
    for (const auto& [name, n] : c.paths) sum.paths[name] += n;
    for (const auto& [name, n] : c.models) sum.models[name] += n;
    for (const auto& [status, n] : c.statuses) sum.statuses[status] += n;
  }
  json::object total = print(sum);
  total["in_flight"] = in_flight_;
  json::object out{{"total", std::move(total)}, {"keys", std::move(keys)}};
  if (with_bodies) {
    json::array requests;
    for (const kept_request& kept : last_) {
      json::object headers;
      for (const auto& [name, value] : kept.headers) headers[name] = value;
      requests.push_back(json::object{{"key", kept.key}, {"path", kept.path}, {"headers", std::move(headers)}, {"body", kept.body}});
    }
    out["requests"] = std::move(requests);
  }
  return json::serialize(out);
}

}  // namespace switchyard::sim
