#include "tools/sim/provider.hpp"

#include "net/server.hpp"
#include "tools/sim/delivery.hpp"
#include "tools/sim/openai.hpp"
#include "tools/sim/yard_state.hpp"

#include <ctime>

namespace switchyard::sim {
namespace {

constexpr std::uint64_t largest_request = 64ull << 20;   // bytes

/// The credential under any wire's header; without the scheme.
std::string_view credential(const net::request_head& head) {
  const std::string_view bearer = head.find("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (bearer.size() > scheme.size() && equal_ignoring_case(bearer.substr(0, scheme.size()), scheme)) return bearer.substr(scheme.size());
  for (const char* name : {"x-api-key", "x-goog-api-key"}) {
    if (const std::string_view value = head.find(name); !value.empty()) return value;
  }
  return {};
}

/// One answer per shape, made once: what --fast sends whatever is asked.
struct canned_answers {
  reply whole;
  reply stream;
  reply embedding;

  canned_answers() {
    const model_list models;
    const auto make = [&](std::string_view path, std::string_view body) {
      return find_route("POST", path)->answer({"POST", path, body, models, 1735689600});
    };
    constexpr std::string_view chat = "/v1/chat/completions";
    whole = make(chat, R"({"model":"small","messages":[{"role":"user","content":"A canned answer of usual length"}],"min_tokens":100})");
    stream = make(chat, R"({"model":"small","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"A canned stream"}],"max_tokens":50,"min_tokens":50})");
    embedding = make("/v1/embeddings", R"({"model":"small","input":"canned"})");
  }
};

bool asks_for_stream(std::string_view body) {
  const std::size_t at = body.find("\"stream\"");
  if (at == std::string_view::npos) return false;
  const std::size_t value = body.find_first_not_of(" \t\r\n:", at + 8);
  return value != std::string_view::npos && body.substr(value, 4) == "true";
}

net::task<void> serve_fast(yard_state& yard, net::exchange& on) {
  static const canned_answers canned;
  auto body = co_await on.read_body(largest_request);
  if (!body) co_return;
  const model_profile pace{.first_token = yard.options.latency, .tokens_per_second = yard.options.tokens_per_second};
  const reply& what = on.head().path == "/v1/embeddings" ? canned.embedding : asks_for_stream(*body) ? canned.stream : canned.whole;
  (void)co_await deliver(on, what, pace, {});
}

net::task<void> refuse(net::exchange& on, const reply& what) {
  const header headers[] = {{"content-type", "application/json"}};
  (void)co_await on.respond(what.status, headers, std::string_view(what.body));
}

}  // namespace

net::task<void> serve_provider(yard_state& yard, net::exchange& on) {
  const net::request_head& head = on.head();
  auto body = co_await on.read_body(largest_request);
  if (!body) {
    co_await refuse(on, openai_refusal(http_status(body.failure()), body.failure().message));
    co_return;
  }
  const wire_route* route = find_route(head.method, head.path);
  if (!route) {
    const bool known = knows_path(head.path);
    co_await refuse(on, openai_refusal(known ? 405 : 404, known ? "Not allowed to " + std::string(head.method) + " on this path." : "Unknown request URL: " + std::string(head.path)));
    co_return;
  }
  const std::string_view key = credential(head);
  std::shared_ptr<const model_list> models;
  bool admitted = true;
  {
    const std::lock_guard held(yard.lock);
    models = yard.models;
    admitted = !yard.keys || yard.keys->contains(key);
    yard.received.begin(key, head.path, head.headers, *body);
  }
  reply what;
  fault_decision faults;
  if (!admitted) {
    what = openai_refusal(401, "Incorrect API key provided.", {}, "invalid_api_key");
  } else {
    what = route->answer({head.method, head.path, *body, *models, static_cast<std::int64_t>(std::time(nullptr))});
    const std::lock_guard held(yard.lock);
    faults = yard.faults.decide(key, what.model, head.path);
  }
  const model_profile pace = models->find(what.model);
  delivered sent;
  if (!co_await wait_for(on, faults.latency)) sent.aborted = true;
  else if (faults.fault) sent = co_await deliver_fault(on, what, pace, faults, key);
  else sent = co_await deliver(on, what, pace, faults);
  const std::lock_guard held(yard.lock);
  yard.received.end({key, what.model, sent.status, what.status == 200 && sent.status == 200 ? what.input_tokens : 0, sent.tokens, sent.aborted});
}

struct simulated_provider::servers {
  std::vector<net::io_thread*> threads;
  std::shared_ptr<yard_state> yard;
  std::unique_ptr<net::server> data;
  std::unique_ptr<net::server> control;
  config::listen_address address;
  config::listen_address control_address;
};

simulated_provider::simulated_provider(std::span<net::io_thread* const> threads, simulator_options options) : servers_(std::make_unique<servers>()) {
  servers_->threads.assign(threads.begin(), threads.end());
  servers_->yard = std::make_shared<yard_state>(std::move(options));
}

simulated_provider::~simulated_provider() = default;

outcome simulated_provider::start() {
  yard_state& yard = *servers_->yard;
  const simulator_options& options = yard.options;
  std::vector<model_profile> models = default_models();
  for (model_profile& m : models) {
    m.first_token = options.latency;
    m.tokens_per_second = options.tokens_per_second;
  }
  yard.models = std::make_shared<model_list>(std::move(models));
  if (!options.setup.empty()) {
    if (auto applied = apply_setup(yard, options.setup); !applied) return applied.failure();
  }
  const bool control_here = options.scripted && !options.control;
  const auto shared = servers_->yard;
  const auto serve = [shared, control_here](net::exchange& on) -> net::task<void> {
    if (control_here && on.head().path.starts_with("/sim/")) return serve_control(*shared, on);
    if (shared->options.fast && on.head().method == "POST") return serve_fast(*shared, on);
    return serve_provider(*shared, on);
  };
  servers_->data = std::make_unique<net::server>(servers_->threads, net::server_options{.listen = options.listen, .max_connections = 100'000}, serve);
  auto bound = servers_->data->start();
  if (!bound) return bound.failure();
  servers_->address = servers_->control_address = *bound;
  if (options.scripted && options.control) {
    const auto control_only = [shared](net::exchange& on) { return serve_control(*shared, on); };
    servers_->control = std::make_unique<net::server>(servers_->threads, net::server_options{.listen = *options.control}, control_only);
    auto control_bound = servers_->control->start();
    if (!control_bound) return control_bound.failure();
    servers_->control_address = *control_bound;
  }
  return done{};
}

const config::listen_address& simulated_provider::address() const noexcept { return servers_->address; }
const config::listen_address& simulated_provider::control_address() const noexcept { return servers_->control_address; }

void simulated_provider::drain(milliseconds limit) {
  if (servers_->data) servers_->data->drain(limit);
  if (servers_->control) servers_->control->drain(limit);
}

}  // namespace switchyard::sim
