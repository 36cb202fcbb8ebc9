#include "tools/sim/provider.hpp"

#include "net/server.hpp"
#include "tools/sim/delivery.hpp"
#include "tools/sim/yard_state.hpp"

#include <ctime>
#include <map>

namespace switchyard::sim {
namespace {

constexpr std::uint64_t largest_request = 64ull << 20;   // bytes

/// One answer per wire and shape, made once: what --fast sends whatever is asked.
struct canned_answers {
  struct wire_answers {
    reply whole;
    reply stream;
  };
  std::map<const wire*, wire_answers> generated;
  std::map<std::string, reply, std::less<>> embeddings;   // by path

  canned_answers() {
    constexpr std::string_view messages = R"("messages":[{"role":"user","content":"A canned answer of usual length"}])";
    constexpr std::string_view contents = R"({"contents":[{"role":"user","parts":[{"text":"A canned answer of usual length"}]}]})";
    constexpr std::string_view blocks = R"({"messages":[{"role":"user","content":[{"text":"A canned answer of usual length"}]}]})";
    const std::string openai = R"({"model":"small","max_tokens":50,"min_tokens":100,"stream_options":{"include_usage":true},)" + std::string(messages);
    const std::string anthropic = R"({"model":"small","max_tokens":50,)" + std::string(messages);
    add("/v1/chat/completions", openai + "}", "/v1/chat/completions", openai + R"(,"stream":true})");
    add("/v1/messages", anthropic + "}", "/v1/messages", anthropic + R"(,"stream":true})");
    add("/v1beta/models/small:generateContent", contents, "/v1beta/models/small:streamGenerateContent", contents);
    add("/model/small/converse", blocks, "/model/small/converse-stream", blocks);
    const std::string cohere = R"({"model":"small",)" + std::string(messages);
    add("/v2/chat", cohere + "}", "/v2/chat", cohere + R"(,"stream":true})");
    embeddings["/v1/embeddings"] = make("/v1/embeddings", R"({"model":"small","input":"canned"})").second;
    embeddings["/v2/embed"] = make("/v2/embed", R"({"model":"small","texts":["canned"],"input_type":"search_query","embedding_types":["float"]})").second;
  }

 private:
  static std::pair<const wire*, reply> make(std::string_view path, std::string_view body) {
    static const model_list models;
    static constexpr header version[] = {{"anthropic-version", "2023-06-01"}};
    const call asked{"POST", path, body, models, 1735689600, "alt=sse", version};
    const found_route found = find_route(asked);
    return {found.spoken, found.route->answer(asked)};
  }
  void add(std::string_view path, std::string_view body, std::string_view stream_path, std::string_view stream_body) {
    auto [spoken, whole] = make(path, body);
    generated[spoken] = {std::move(whole), make(stream_path, stream_body).second};
  }
};

bool asks_for_stream(std::string_view path, std::string_view body) {
  if (path.ends_with(":streamGenerateContent") || path.ends_with("/converse-stream")) return true;
  const std::size_t at = body.find("\"stream\"");
  if (at == std::string_view::npos) return false;
  const std::size_t value = body.find_first_not_of(" \t\r\n:", at + 8);
  return value != std::string_view::npos && body.substr(value, 4) == "true";
}

call call_of(const net::request_head& head, std::string_view body, const model_list& models) {
  return {head.method, head.path, body, models, static_cast<std::int64_t>(std::time(nullptr)), head.query, head.headers};
}

net::task<void> serve_fast(yard_state& yard, net::exchange& on) {
  static const canned_answers canned;
  auto body = co_await on.read_body(largest_request);
  if (!body) co_return;
  const std::string_view path = on.head().path;
  const model_profile pace{.first_token = yard.options.latency, .tokens_per_second = yard.options.tokens_per_second};
  const canned_answers::wire_answers& answers = canned.generated.at(find_route(call_of(on.head(), *body, *yard.models)).spoken);
  const auto embedding = canned.embeddings.find(path);
  const reply& what = embedding != canned.embeddings.end() ? embedding->second : asks_for_stream(path, *body) ? answers.stream : answers.whole;
  const fault_decision none;
  (void)co_await deliver(on, what, pace, none);
}

net::task<void> refuse(net::exchange& on, const found_route& found, const complaint& why, const call& asked) {
  const reply what = found.spoken->refuse(why, asked);
  std::vector<header> headers{{"content-type", what.content_type}};
  for (const auto& [name, value] : what.headers) headers.push_back({name, value});
  (void)co_await on.respond(what.status, headers, std::string_view(what.body));
}

complaint unread_body(const error& e) { return {.status = http_status(e), .message = e.message}; }

complaint unknown_path(const call& asked, bool known) {
  if (known) return {.status = 405, .message = "Not allowed to " + std::string(asked.method) + " on this path."};
  return {.status = 404, .message = "Unknown request URL: " + std::string(asked.path)};
}

}  // namespace

net::task<void> serve_provider(yard_state& yard, net::exchange& on) {
  const net::request_head& head = on.head();
  std::shared_ptr<const model_list> models;
  std::shared_ptr<const key_ring> keys;
  {
    const std::lock_guard held(yard.lock);
    models = yard.models;
    keys = yard.keys;
  }
  auto body = co_await on.read_body(largest_request);
  call asked = call_of(head, body ? *body : std::string_view(), *models);
  asked.script = &yard.script;
  const found_route found = find_route(asked);
  if (!body) {
    const complaint why = unread_body(body.failure());
    co_await refuse(on, found, why, asked);
    co_return;
  }
  if (!found.route) {
    const complaint why = unknown_path(asked, found.known_path);
    co_await refuse(on, found, why, asked);
    co_return;
  }
  const std::string key = credential_of(asked);
  {
    const std::lock_guard held(yard.lock);
    yard.received.begin(key, head.path, head.headers, *body);
  }
  reply what;
  fault_decision faults;
  if (auto refused = found.spoken->admit(asked, *keys)) {
    what = std::move(*refused);
  } else {
    what = found.route->answer(asked);
    const std::lock_guard held(yard.lock);
    faults = yard.faults.decide(key, what.model, head.path);
  }
  const model_profile pace = models->find(what.model);
  const faulted_call met{*found.spoken, asked, what, pace, key};
  delivered sent;
  if (!co_await wait_for(on, faults.latency)) sent.aborted = true;
  else if (faults.fault) sent = co_await deliver_fault(on, met, faults);
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
