#include "tools/sim/fault_script.hpp"

#include <boost/json.hpp>

#include <array>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, fault_kind>, 17> kinds = {{
    {"latency", fault_kind::latency},
    {"headers", fault_kind::headers},
    {"status", fault_kind::status},
    {"rate_limited", fault_kind::rate_limited},
    {"insufficient_quota", fault_kind::insufficient_quota},
    {"unauthorized", fault_kind::unauthorized},
    {"redirect", fault_kind::redirect},
    {"malformed_json", fault_kind::malformed_json},
    {"wrong_content_type", fault_kind::wrong_content_type},
    {"blackhole", fault_kind::blackhole},
    {"stream_error", fault_kind::stream_error},
    {"reset", fault_kind::reset},
    {"truncate", fault_kind::truncate},
    {"stall", fault_kind::stall},
    {"malformed_event", fault_kind::malformed_event},
    {"drip", fault_kind::drip},
    {"endless_line", fault_kind::endless_line},
}};

std::string_view name_of(fault_kind kind) {
  for (const auto& [name, value] : kinds) {
    if (value == kind) return name;
  }
  return "status";
}

error wrong(const std::string& what) { return client_error(error_code::invalid_request, what); }

/// A non-negative integer field into `out`; false: present and wrong.
template <class Integer>
bool read_number(const json::value& v, Integer& out) {
  boost::system::error_code failed;
  if (!v.is_number()) return false;
  const auto n = v.to_number<std::int64_t>(failed);
  if (failed || n < 0) return false;
  out = static_cast<Integer>(n);
  return true;
}

bool read_milliseconds(const json::value& v, milliseconds& out) {
  std::int64_t n = 0;
  if (!read_number(v, n)) return false;
  out = milliseconds(n);
  return true;
}

bool read_text(const json::value& v, std::string& out) {
  if (!v.is_string()) return false;
  out = v.get_string();
  return true;
}

bool read_kind(const json::value& v, fault_kind& out) {
  if (!v.is_string()) return false;
  for (const auto& [name, kind] : kinds) {
    if (name == std::string_view(v.get_string())) {
      out = kind;
      return true;
    }
  }
  return false;
}

bool read_headers(const json::value& v, std::vector<std::pair<std::string, std::string>>& out) {
  if (!v.is_object()) return false;
  for (const auto& field : v.get_object()) {
    if (!field.value().is_string()) return false;
    out.emplace_back(field.key(), field.value().get_string());
  }
  return true;
}

result<fault_rule> read_rule(const json::value& from) {
  if (!from.is_object()) return wrong("a fault must be an object");
  fault_rule rule;
  if (!from.get_object().contains("kind")) return wrong("a fault needs a kind");
  for (const auto& field : from.get_object()) {
    const std::string_view name = field.key();
    const json::value& v = field.value();
    bool fine = true;
    if (name == "kind") fine = read_kind(v, rule.kind);
    else if (name == "key") fine = read_text(v, rule.key);
    else if (name == "model") fine = read_text(v, rule.model);
    else if (name == "path") fine = read_text(v, rule.path);
    else if (name == "location") fine = read_text(v, rule.location);
    else if (name == "status") fine = read_number(v, rule.status) && rule.status >= 200 && rule.status <= 599;
    else if (name == "after_events") fine = read_number(v, rule.after_events);
    else if (name == "bytes") fine = read_number(v, rule.bytes) && rule.bytes > 0;
    else if (name == "retry_after_s") fine = read_number(v, rule.retry_after_s);
    else if (name == "applied") fine = read_number(v, rule.applied);
    else if (name == "latency_ms") fine = read_milliseconds(v, rule.latency);
    else if (name == "interval_ms") fine = read_milliseconds(v, rule.interval);
    else if (name == "headers") fine = read_headers(v, rule.headers);
    else if (name == "body") rule.body = v.is_string() ? std::string(v.get_string()) : json::serialize(v);
    else if (name == "next") {
      std::uint64_t n = 0;
      fine = read_number(v, n);
      rule.next = n;
    } else if (name == "probability") {
      fine = v.is_number();
      if (fine) rule.probability = v.to_number<double>();
    } else {
      return wrong("unknown field of a fault: " + std::string(name));
    }
    if (!fine) return wrong("wrong value of a fault's " + std::string(name));
  }
  return rule;
}

}  // namespace

outcome fault_script::load(std::string_view text, bool append) {
  boost::system::error_code failed;
  const json::value read = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !read.is_object()) return wrong("the faults must be a JSON object");
  const json::value* faults = read.get_object().if_contains("faults");
  if (!faults || !faults->is_array()) return wrong("the faults need an array `faults`");
  std::vector<fault_rule> rules;
  for (const json::value& entry : faults->get_array()) {
    auto rule = read_rule(entry);
    if (!rule) return rule.failure();
    rules.push_back(std::move(*rule));
  }
  if (const json::value* seed = read.get_object().if_contains("seed")) {
    std::uint64_t n = 0;
    if (!read_number(*seed, n)) return wrong("the seed must be a non-negative integer");
    random_ = random_source(n);
  }
  if (!append) rules_.clear();
  rules_.insert(rules_.end(), std::make_move_iterator(rules.begin()), std::make_move_iterator(rules.end()));
  return done{};
}

fault_decision fault_script::decide(std::string_view key, std::string_view model, std::string_view path) {
  fault_decision decided;
  for (fault_rule& rule : rules_) {
    if (!rule.key.empty() && rule.key != key) continue;
    if (!rule.model.empty() && rule.model != model) continue;
    if (!rule.path.empty() && rule.path != path) continue;
    if (rule.next && *rule.next == 0) continue;
    if (rule.probability < 1 && random_.uniform() >= rule.probability) continue;
    if (rule.next) --*rule.next;
    ++rule.applied;
    decided.latency += rule.latency;
    if (rule.kind == fault_kind::latency) continue;
    if (rule.kind == fault_kind::headers) {
      decided.headers.insert(decided.headers.end(), rule.headers.begin(), rule.headers.end());
      continue;
    }
    decided.fault = rule;
    break;
  }
  return decided;
}

std::string fault_script::to_json() const {
  json::array faults;
  for (const fault_rule& rule : rules_) {
    json::object entry{{"kind", name_of(rule.kind)}, {"probability", rule.probability}, {"applied", rule.applied}};
    if (!rule.key.empty()) entry["key"] = rule.key;
    if (!rule.model.empty()) entry["model"] = rule.model;
    if (!rule.path.empty()) entry["path"] = rule.path;
    if (rule.next) entry["next"] = *rule.next;
    if (rule.latency.count() > 0) entry["latency_ms"] = rule.latency.count();
    if (rule.kind == fault_kind::status) entry["status"] = rule.status;
    if (!rule.headers.empty()) {
      json::object headers;
      for (const auto& [name, value] : rule.headers) headers[name] = value;
      entry["headers"] = std::move(headers);
    }
    if (rule.after_events > 0) entry["after_events"] = rule.after_events;
    faults.push_back(std::move(entry));
  }
  return json::serialize(json::object{{"faults", std::move(faults)}});
}

}  // namespace switchyard::sim
