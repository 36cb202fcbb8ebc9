// The control API: /sim/faults, /sim/received, /sim/models, /sim/keys, /sim/script.
#include "tools/sim/openai.hpp"
#include "tools/sim/yard_state.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::uint64_t largest_setup = 16 << 20;   // bytes

error wrong(std::string what) { return client_error(error_code::invalid_request, std::move(what)); }

result<json::object> parse_object(std::string_view text) {
  boost::system::error_code failed;
  json::value read = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !read.is_object()) return wrong("expected a JSON object");
  return std::move(read.get_object());
}

result<model_profile> read_model(const json::value& from) {
  const json::object* object = from.if_object();
  const json::value* id = object ? object->if_contains("id") : nullptr;
  if (!id || !id->is_string()) return wrong("a model needs an id");
  model_profile model = model_list().find(id->get_string());
  for (const auto& field : *object) {
    if (field.key() == "id") continue;
    if (!field.value().is_number()) return wrong("a model's fields beside id are numbers");
    const double n = field.value().to_number<double>();
    if (n < 0) return wrong("a model's numbers are not negative");
    const std::string_view name = field.key();
    if (name == "latency_ms") model.first_token = milliseconds(static_cast<std::int64_t>(n));
    else if (name == "tokens_per_second") model.tokens_per_second = n;
    else if (name == "ability") model.ability = n;
    else if (name == "sentences") model.sentences = static_cast<int>(n);
    else if (name == "input_price") model.input_price = n;
    else if (name == "output_price") model.output_price = n;
    else return wrong("unknown field of a model: " + std::string(name));
  }
  return model;
}

result<std::shared_ptr<const model_list>> read_models(const json::value& from) {
  if (!from.is_array() || from.get_array().empty()) return wrong("models must be a non-empty array");
  std::vector<model_profile> models;
  for (const json::value& entry : from.get_array()) {
    auto model = read_model(entry);
    if (!model) return model.failure();
    models.push_back(std::move(*model));
  }
  return std::shared_ptr<const model_list>(std::make_shared<model_list>(std::move(models)));
}

result<std::shared_ptr<const key_ring>> read_keys(const json::value& from) {
  if (!from.is_array()) return wrong("keys must be an array of strings");
  std::set<std::string, std::less<>> keys;
  for (const json::value& entry : from.get_array()) {
    if (!entry.is_string()) return wrong("keys must be an array of strings");
    keys.emplace(entry.get_string());
  }
  return std::shared_ptr<const key_ring>(std::make_shared<key_ring>(std::move(keys)));
}

std::string print_models(const model_list& models) {
  json::array out;
  for (const model_profile& m : models.all()) {
    out.push_back(json::object{{"id", m.id}, {"latency_ms", m.first_token.count()}, {"tokens_per_second", m.tokens_per_second}, {"ability", m.ability},
                               {"sentences", m.sentences}, {"input_price", m.input_price}, {"output_price", m.output_price}});
  }
  return json::serialize(json::object{{"models", std::move(out)}});
}

struct answer {
  int status;
  std::string body;
};

answer changed(const outcome& how) {
  if (how) return {200, "{}"};
  return {400, openai_error_body(how.failure().message, "invalid_request_error")};
}

answer control_faults(yard_state& yard, std::string_view method, std::string_view body) {
  const std::lock_guard held(yard.lock);
  if (method == "GET") return {200, yard.faults.to_json()};
  if (method == "PUT") return changed(yard.faults.load(body));
  if (method == "POST") return changed(yard.faults.load(body, true));
  yard.faults.clear();
  return {200, "{}"};
}

answer control_received(yard_state& yard, std::string_view method, std::string_view query) {
  const std::lock_guard held(yard.lock);
  if (method == "GET") return {200, yard.received.to_json(query.find("bodies=1") != std::string_view::npos)};
  if (method != "DELETE") return {405, openai_error_body("use GET or DELETE", "invalid_request_error")};
  yard.received.clear();
  return {200, "{}"};
}

answer control_models(yard_state& yard, std::string_view method, std::string_view body) {
  if (method == "PUT") return changed(apply_setup(yard, body));
  const std::lock_guard held(yard.lock);
  if (method == "DELETE") yard.models = std::make_shared<model_list>();
  return {200, print_models(*yard.models)};
}

answer control_keys(yard_state& yard, std::string_view method, std::string_view body) {
  if (method == "PUT") return changed(apply_setup(yard, body));
  const std::lock_guard held(yard.lock);
  if (method == "DELETE") yard.keys = std::make_shared<key_ring>();
  return {200, json::serialize(json::object{{"keys", yard.keys->accepts_any() ? json::value() : json::value(yard.keys->size())}})};
}

answer control_script(yard_state& yard, std::string_view method, std::string_view body) {
  if (method == "PUT") return changed(yard.script.load(body));
  if (method == "DELETE") yard.script.clear();
  return {200, yard.script.to_json()};
}

}  // namespace

outcome apply_setup(yard_state& yard, std::string_view text) {
  auto read = parse_object(text);
  if (!read) return read.failure();
  std::shared_ptr<const model_list> models;
  std::shared_ptr<const key_ring> keys;
  for (const auto& field : *read) {
    const std::string_view name = field.key();
    if (name == "models") {
      auto got = read_models(field.value());
      if (!got) return got.failure();
      models = std::move(*got);
    } else if (name == "keys") {
      auto got = read_keys(field.value());
      if (!got) return got.failure();
      keys = std::move(*got);
    } else if (name != "faults" && name != "seed" && name != "script") {
      return wrong("unknown field: " + std::string(name));
    }
  }
  if (read->contains("script")) {
    if (auto loaded = yard.script.load(json::serialize(read->at("script"))); !loaded) return loaded.failure();
  }
  const std::lock_guard held(yard.lock);
  if (read->contains("faults")) {
    json::object script{{"faults", read->at("faults")}};
    if (read->contains("seed")) script["seed"] = read->at("seed");
    if (auto loaded = yard.faults.load(json::serialize(script)); !loaded) return loaded.failure();
  }
  if (models) yard.models = std::move(models);
  if (keys) yard.keys = std::move(keys);
  return done{};
}

net::task<void> serve_control(yard_state& yard, net::exchange& on) {
  const header json_type[] = {{"content-type", "application/json"}};
  const std::string_view method = on.head().method;
  const std::string_view path = on.head().path;
  answer out{404, openai_error_body("no such control: use /sim/faults, /sim/received, /sim/models, /sim/keys or /sim/script", "invalid_request_error")};
  auto body = co_await on.read_body(largest_setup);
  if (!body) {
    out = {http_status(body.failure()), openai_error_body(body.failure().message, "invalid_request_error")};
  } else if (method != "GET" && method != "PUT" && method != "POST" && method != "DELETE") {
    out = {405, openai_error_body("use GET, PUT, POST or DELETE", "invalid_request_error")};
  } else if (path == "/sim/faults") {
    out = control_faults(yard, method, *body);
  } else if (path == "/sim/received") {
    out = control_received(yard, method, on.head().query);
  } else if (path == "/sim/models") {
    out = control_models(yard, method, *body);
  } else if (path == "/sim/keys") {
    out = control_keys(yard, method, *body);
  } else if (path == "/sim/script") {
    out = control_script(yard, method, *body);
  }
  (void)co_await on.respond(out.status, json_type, std::string_view(out.body));
}

}  // namespace switchyard::sim
