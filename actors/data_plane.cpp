// What an I/O thread does with a request: probes, the formats' endpoints (providers/endpoints.hpp), default deny.

#include "actors/data_plane.hpp"

#include "actors/request_life.hpp"
#include "providers/endpoints.hpp"
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

net::task<void> answer_probe(net::exchange& x, bool well, std::string_view word) {
  const header headers[] = {{"content-type", "text/plain; charset=utf-8"}, {"cache-control", "no-store"}};
  (void)co_await x.respond(well ? 200 : 503, headers, word);
}

}  // namespace

thread_context::thread_context(net::io_thread& home, const yard_feed& feed, const data_plane_limits& bounds, const std::atomic<bool>& leaving,
                               report_function report, std::shared_ptr<ledger_writer> writer, std::uint64_t seed)
    : thread(home), yard(feed), limits(bounds), draining(leaving), random(seed), ledger(thread, std::move(writer)), report_(std::move(report)) {}

routing::retry_budget& thread_context::budget_of(const config::provider_config& provider) {
  const auto [found, made] = budgets_.try_emplace(provider.name, provider.retry.budget, fewest_retries);
  if (!made) found->second.configure(provider.retry.budget);
  return found->second;
}

const net::base_url* thread_context::base_url_of(const std::string& url, bool allow_private) {
  auto& known = urls_[allow_private ? 1 : 0];
  if (const auto found = known.find(url); found != known.end()) return &found->second;
  auto parsed = net::parse_base_url(url);
  if (!parsed) return nullptr;
  parsed->where.allow_private = allow_private;
  return &known.emplace(url, std::move(*parsed)).first->second;
}

void thread_context::record(request_record&& finished) {
  bool urgent = false;
  for (const auto& attempt : finished.attempts) urgent = urgent || attempt.outcome.probe || !routing::is_success(attempt.outcome.result);
  if (finished_ < batch_.size())
    batch_[finished_] = std::move(finished);
  else
    batch_.push_back(std::move(finished));
  ++finished_;
  if (urgent || finished_ >= batch_size)
    flush();
  else if (!flush_timer_.armed())
    thread.arm(flush_timer_, batch_age, [this] { flush(); });
}

void thread_context::flush() {
  if (finished_ == 0) return;
  batch_.resize(std::exchange(finished_, 0));
  batch_ = report_(std::move(batch_));
}

net::task<void> serve_request(thread_context& here, net::exchange& x) {
  const auto& head = x.head();
  const std::string_view path = head.path;
  if (path == "/healthz") {
    co_await answer_probe(x, true, "ok\n");
    co_return;
  }
  if (path == "/readyz") {
    const bool joining = here.limits.joining.load(std::memory_order_relaxed);
    const bool ready = !joining && !here.draining.load(std::memory_order_relaxed) && here.yard.get() != nullptr;
    co_await answer_probe(x, ready, ready ? "ready\n" : joining ? "joining\n" : "draining\n");
    co_return;
  }
  const bool anthropic_client = head.find("anthropic-version").data() != nullptr;
  const auto found = providers::find_endpoint(path, head.query, anthropic_client);
  request_life life(here, x, found ? *found->format : providers::format_of_path(path, anthropic_client));
  if (!found) co_return co_await life.refuse(not_found(head.method, path));
  if (head.method != found->method && !(found->method == "GET" && head.method == "HEAD"))
    co_return co_await life.refuse(wrong_method(found->method));
  if (found->kind == providers::endpoint_kind::operation)
    co_await life.run(found->target);
  else
    co_await life.list_models(found->target.model);
}

}  // namespace switchyard::actors
