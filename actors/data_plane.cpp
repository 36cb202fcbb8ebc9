// Which path means what: the one table of data-plane routes, default deny.

#include "actors/data_plane.hpp"

#include "actors/request_life.hpp"
#include "providers/registry.hpp"

namespace switchyard::actors {

namespace {

constexpr std::size_t batch_size = 256;
constexpr milliseconds batch_age{10};
constexpr int fewest_retries = 30;     // in 10 s, whatever the traffic: failover must work on a quiet node, too

error not_found(std::string_view method, std::string_view path) {
  error what = client_error(error_code::invalid_request, "no such endpoint: " + std::string(method) + " " + std::string(path.substr(0, 200)));
  what.status = 404;
  return what;
}

error wrong_method(std::string_view expected) {
  error what = client_error(error_code::invalid_request, "method not allowed: expected " + std::string(expected));
  what.status = 405;
  return what;
}

struct operation_path {
  std::string_view path;
  providers::api operation;
};

constexpr operation_path operations[] = {
    {"/v1/chat/completions", providers::api::chat_completions},
    {"/v1/responses", providers::api::responses},
    {"/v1/completions", providers::api::completions},
    {"/v1/embeddings", providers::api::embeddings},
};

constexpr std::string_view models_path = "/v1/models";

/// Clients send "openai%2Fgpt-4o" for a model's path segment. What is not a valid escape stays as it is.
std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      plain += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

net::task<void> answer_probe(net::exchange& x, bool well, std::string_view word) {
  const header headers[] = {{"content-type", "text/plain; charset=utf-8"}, {"cache-control", "no-store"}};
  (void)co_await x.respond(well ? 200 : 503, headers, word);
}

}  // namespace

thread_context::thread_context(net::io_thread& home, const yard_feed& feed, const data_plane_limits& bounds, const std::atomic<bool>& leaving,
                               std::function<void(std::vector<request_record>)> report, std::uint64_t seed)
    : thread(home), yard(feed), limits(bounds), draining(leaving), random(seed), report_(std::move(report)) {}

routing::retry_budget& thread_context::budget_of(const config::provider_config& provider) {
  const auto [found, made] = budgets_.try_emplace(provider.name, provider.retry.budget, fewest_retries);
  if (!made) found->second.configure(provider.retry.budget);
  return found->second;
}

const net::base_url* thread_context::base_url_of(const std::string& url) {
  if (const auto found = urls_.find(url); found != urls_.end()) return &found->second;
  auto parsed = net::parse_base_url(url);
  if (!parsed) return nullptr;
  return &urls_.emplace(url, std::move(*parsed)).first->second;
}

void thread_context::record(request_record finished) {
  bool urgent = false;
  for (const auto& attempt : finished.attempts) urgent = urgent || attempt.outcome.probe || !routing::is_success(attempt.outcome.result);
  if (batch_.empty()) batch_.reserve(64);
  batch_.push_back(std::move(finished));
  if (urgent || batch_.size() >= batch_size)
    flush();
  else if (!flush_timer_.armed())
    thread.arm(flush_timer_, batch_age, [this] { flush(); });
}

void thread_context::flush() {
  if (batch_.empty()) return;
  report_(std::exchange(batch_, {}));
}

net::task<void> serve_request(thread_context& here, net::exchange& x) {
  const auto& head = x.head();
  std::string_view path = head.path;
  if (path == "/healthz") {
    co_await answer_probe(x, true, "ok\n");
    co_return;
  }
  if (path == "/readyz") {
    const bool ready = !here.draining.load(std::memory_order_relaxed) && here.yard.get() != nullptr;
    co_await answer_probe(x, ready, ready ? "ready\n" : "draining\n");
    co_return;
  }
  if (path.starts_with("/openai/")) path.remove_prefix(std::string_view("/openai").size());

  request_life life(here, x);
  for (const auto& known : operations) {
    if (path != known.path) continue;
    if (head.method != "POST") co_return co_await life.refuse(wrong_method("POST"));
    co_return co_await life.run(known.operation);
  }
  if (path == models_path || (path.starts_with(models_path) && path[models_path.size()] == '/' && path.size() > models_path.size() + 1)) {
    if (head.method != "GET" && head.method != "HEAD") co_return co_await life.refuse(wrong_method("GET"));
    // Not within the co_await: GCC 12 evaluates both arms of a conditional there.
    std::string id;
    if (path != models_path) id = percent_decoded(path.substr(models_path.size() + 1));
    co_return co_await life.list_models(id);
  }
  co_await life.refuse(not_found(head.method, path));
}

}  // namespace switchyard::actors
