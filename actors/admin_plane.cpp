#include "actors/admin_plane.hpp"

#include "net/upstream.hpp"
#include "providers/registry.hpp"

#include <boost/json.hpp>

#include <deque>

namespace switchyard::actors {

namespace {

constexpr std::uint64_t most_body = 1u << 20;
constexpr std::size_t most_queued_events = 1000;   // per listener; the oldest are dropped
constexpr milliseconds keep_alive_every = seconds(15);

std::string error_json(const error& what) { return providers::openai_ingress().error_body(what); }

net::server_options options_of(const config::admin_section& admin) {
  net::server_options options;
  options.listen = admin.listen;
  options.max_connections = 256;
  options.error_body = error_json;
  return options;
}

bool is_loopback_name(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.starts_with("[::1]");
  const auto name = host.substr(0, host.find(':'));
  return name == "localhost" || name.starts_with("127.");
}

/// An entity tag's value: of `"5"` and of `W/"5"` 5.
std::string unquoted(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  return std::string(tag);
}

net::task<void> answer(net::exchange& x, const error& what) {
  const std::string body = error_json(what);
  const header headers[] = {{"content-type", "application/json"}, {"cache-control", "no-store"}};
  (void)co_await x.respond(http_status(what), headers, std::string_view(body));
}

/// What one listener of the event stream has not been sent yet. Filled on an actor's thread through post().
struct event_queue {
  std::deque<std::string> waiting;
  std::shared_ptr<net::signal<bool>> wake = std::make_shared<net::signal<bool>>();
};

}  // namespace

admin_plane::admin_plane(net::io_thread& thread, actor_world& world, const config::admin_section& admin, config::listen_address data,
                         dashboard_page dashboard, const std::atomic<bool>& draining)
    : thread_(thread), world_(world), token_(admin.token), data_(std::move(data)), dashboard_(std::move(dashboard)), draining_(draining),
      server_(std::span<net::io_thread* const>(std::initializer_list<net::io_thread*>{&thread}), options_of(admin),
              [this](net::exchange& x) { return serve(x); }) {}

result<config::listen_address> admin_plane::start() { return server_.start(); }
void admin_plane::stop() { server_.drain(milliseconds(200)); }

std::optional<error> admin_plane::admit(const net::request_head& head) const {
  const auto origin = head.find("origin");
  const auto host = head.find("host");
  if (!token_.empty()) {
    const auto given = head.find("authorization");
    if (given.size() > 7 && equal_ignoring_case(given.substr(0, 7), "bearer ") && token_.equals(given.substr(7))) return std::nullopt;
    return client_error(error_code::invalid_api_key, "the admin API needs its token: Authorization: Bearer TOKEN");
  }
  error foreign = client_error(error_code::invalid_request, "requests from another origin need an admin token");
  foreign.status = 403;
  // Against DNS rebinding and cross-site posts: a page can only name its own host and origin.
  if (!is_loopback_name(host)) return foreign;
  if (origin.data() != nullptr && origin != "http://" + std::string(host)) return foreign;
  return std::nullopt;
}

net::task<void> admin_plane::serve(net::exchange& x) {
  const auto& head = x.head();
  if (head.path == "/healthz" || head.path == "/readyz") {
    const bool well = head.path == "/healthz" || !draining_.load(std::memory_order_relaxed);
    const header headers[] = {{"content-type", "text/plain; charset=utf-8"}, {"cache-control", "no-store"}};
    (void)co_await x.respond(well ? 200 : 503, headers, std::string_view(well ? "ok\n" : "draining\n"));
    co_return;
  }
  if (head.path == "/" && (head.method == "GET" || head.method == "HEAD")) {
    const header headers[] = {{"content-type", "text/html; charset=utf-8"},
                              {"cache-control", "no-cache"},
                              {"content-security-policy", dashboard_.policy},
                              {"x-content-type-options", "nosniff"},
                              {"referrer-policy", "no-referrer"}};
    (void)co_await x.respond(200, headers, dashboard_.html);
    co_return;
  }
  if (auto problem = admit(head)) co_return co_await answer(x, *problem);
  if (head.path == "/admin/v1/events" && head.method == "GET") co_return co_await stream_events(x);
  if (head.path == "/admin/v1/playground" && head.method == "POST") co_return co_await playground(x);

  admin_question question{std::string(head.method), std::string(head.path), std::string(head.query), {}, unquoted(head.find("if-match"))};
  auto body = co_await x.read_body(most_body);
  if (!body) co_return co_await answer(x, body.failure());
  question.body = *body;
  const auto box = std::make_shared<net::mailbox<admin_answer>>(thread_);
  world_.ask(std::move(question), [box](admin_answer a) { box->put(std::move(a)); });
  const auto reply = co_await box->take();
  const std::string etag = '"' + reply.etag + '"';
  const header headers[] = {{"content-type", reply.content_type}, {"cache-control", "no-store"}, {"x-content-type-options", "nosniff"}, {"etag", etag}};
  (void)co_await x.respond(reply.status, std::span(headers).first(reply.etag.empty() ? 3 : 4), std::string_view(reply.body));
}

net::task<void> admin_plane::stream_events(net::exchange& x) {
  const header headers[] = {{"content-type", "text/event-stream"}, {"cache-control", "no-store"}};
  (void)co_await x.begin(200, headers);
  const std::string_view hello[] = {": connected\n\n"};
  if (!co_await x.write(hello)) co_return;

  const auto queue = std::make_shared<event_queue>();
  const auto subscription = world_.subscribe([queue, &thread = thread_](const std::string& json) {
    thread.post([queue, json] {
      if (queue->waiting.size() >= most_queued_events) queue->waiting.pop_front();
      queue->waiting.push_back(json);
      queue->wake->set(true);
    });
  });
  x.on_client_gone([queue] { queue->wake->set(false); });
  while (!x.client_gone() && !draining_.load(std::memory_order_relaxed)) {
    net::io_thread::timer alarm;
    thread_.arm(alarm, queue->waiting.empty() ? keep_alive_every : milliseconds(0), [queue] { queue->wake->set(true); });
    const auto wake = queue->wake;
    co_await *wake;
    queue->wake = std::make_shared<net::signal<bool>>();
    std::string out;
    for (const auto& json : queue->waiting) out.append("data: ").append(json).append("\n\n");
    if (out.empty()) out = ": still here\n\n";
    queue->waiting.clear();
    const std::string_view pieces[] = {out};
    if (!co_await x.write(pieces)) break;
  }
  x.on_client_gone({});
  world_.unsubscribe(subscription);
  if (!x.client_gone()) (void)co_await x.end();
}

/// Sends a prompt through the data plane for the dashboard, so that the page needs no second origin.
net::task<void> admin_plane::playground(net::exchange& x) {
  auto body = co_await x.read_body(most_body);
  if (!body) co_return co_await answer(x, body.failure());
  net::call_limits limits;
  limits.first_byte = seconds(120);
  const std::string host = data_.host == "0.0.0.0" ? "127.0.0.1" : data_.host == "::" ? "::1" : data_.host;
  net::upstream_call call(thread_, net::endpoint{false, host, data_.port}, limits);
  x.on_client_gone([&call] { call.cancel(); });
  std::string head_lines = "content-type: application/json\r\n";
  if (const auto key = x.head().find("x-api-key"); !key.empty()) head_lines.append("x-api-key: ").append(key).append("\r\n");
  const std::string_view pieces[] = {*body};
  auto head = co_await call.send("POST", "/v1/chat/completions", head_lines, pieces);
  if (!head) {
    x.on_client_gone({});
    co_return co_await answer(x, head.failure());
  }
  boost::json::object reply;
  reply["status"] = (*head)->status;
  boost::json::object fields;
  for (const auto& field : (*head)->headers) fields[field.name] = field.value;
  reply["headers"] = std::move(fields);
  auto content = co_await call.read_all(8u << 20);
  x.on_client_gone({});
  if (!content) co_return co_await answer(x, content.failure());
  boost::system::error_code not_json;
  auto parsed = boost::json::parse(boost::json::string_view(content->data(), content->size()), not_json);
  reply["body"] = not_json ? boost::json::value(boost::json::string_view(content->data(), content->size())) : std::move(parsed);
  const std::string text = boost::json::serialize(reply);
  const header headers[] = {{"content-type", "application/json"}, {"cache-control", "no-store"}};
  (void)co_await x.respond(200, headers, std::string_view(text));
}

}  // namespace switchyard::actors
