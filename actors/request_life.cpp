#include "actors/request_life.hpp"

#include "base/log.hpp"
#include "providers/registry.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::actors {

namespace {

using routing::call_result;

constexpr std::size_t most_answer_bytes = 64u << 20;       // a complete answer is held in memory up to this
constexpr std::size_t most_held_stream = 256u << 10;       // stream bytes held back until the first content
constexpr milliseconds longest_hold = seconds(10);
constexpr milliseconds longest_tail{200};                  // a provider may take this long to close a stream it has ended
constexpr milliseconds rest_after_429 = seconds(1);        // when the provider names no time
constexpr milliseconds rest_after_quota = std::chrono::minutes(10);
constexpr milliseconds rest_after_refused_key = std::chrono::minutes(5);

/// Client fields a provider may see. Everything else, credentials and cookies first, stays here.
constexpr std::string_view forwarded_to_provider[] = {"traceparent", "tracestate", "openai-beta", "idempotency-key"};
/// Provider fields a client may see.
constexpr std::string_view forwarded_to_client[] = {"openai-processing-ms", "openai-version", "content-language"};

call_result result_of(providers::failure_kind kind) noexcept {
  switch (kind) {
    case providers::failure_kind::request_refused: return call_result::request_refused;
    case providers::failure_kind::rate_limited: return call_result::rate_limited;
    case providers::failure_kind::quota_exhausted: return call_result::quota_exhausted;
    case providers::failure_kind::unauthorized: return call_result::unauthorized;
    case providers::failure_kind::server_error: return call_result::server_error;
    case providers::failure_kind::bad_response: return call_result::bad_response;
  }
  return call_result::server_error;
}

call_result result_of(net::call_fault fault, bool content_sent) noexcept {
  switch (fault) {
    case net::call_fault::timeout: return call_result::timeout;
    case net::call_fault::protocol: return call_result::bad_response;
    case net::call_fault::cancelled: return call_result::client_gone;
    case net::call_fault::connect:
    case net::call_fault::reset:
    case net::call_fault::none: break;
  }
  return content_sent ? call_result::stream_broken : call_result::connect_failed;
}

/// "Bearer X", x-api-key, x-goog-api-key or ?key=
std::string_view credential_of(const net::request_head& head) noexcept {
  if (const auto value = head.find("authorization"); value.size() > 7 && equal_ignoring_case(value.substr(0, 7), "bearer ")) return value.substr(7);
  if (const auto value = head.find("x-api-key"); !value.empty()) return value;
  if (const auto value = head.find("x-goog-api-key"); !value.empty()) return value;
  for (std::string_view rest = head.query; !rest.empty();) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    if (pair.starts_with("key=")) return pair.substr(4);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

/// "30s", "250ms", "2m"; nullopt: not a duration.
std::optional<milliseconds> parse_timeout(std::string_view text) noexcept {
  double amount = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (failure != std::errc{} || !(amount > 0) || amount > 1e9) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double ms = unit == "ms" ? 1 : unit == "s" || unit.empty() ? 1e3 : unit == "m" ? 60e3 : unit == "h" ? 3600e3 : 0;
  if (ms == 0) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(std::clamp(amount * ms, 1.0, 86'400e3)));
}

bool is_event_stream(std::string_view content_type) noexcept {
  return content_type.size() >= 17 && equal_ignoring_case(content_type.substr(0, 17), "text/event-stream");
}

bool is_json(std::string_view content_type) noexcept {
  return content_type.size() >= 16 && equal_ignoring_case(content_type.substr(0, 16), "application/json");
}

bool may_stand_in_header(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f; });
}

}  // namespace

request_life::request_life(thread_context& here, net::exchange& x)
    : here_(here), x_(x), yard_(here.yard.get()), ingress_(providers::openai_ingress()), ready_at_(x.started()) {
  record_.at = wall_now();
  record_.id = request_id::make(record_.at, here.random);
  record_.id.write(id_text_);
}

// ---- the life ----------------------------------------------------------------------------------------------------

net::task<void> request_life::run(providers::api operation) {
  record_.operation = providers::to_string(operation);
  // admit: who asks?
  if (auto problem = admit()) co_return co_await answer_error(*std::move(problem));
  // understand: what is asked?
  if (auto problem = co_await understand(operation)) co_return co_await answer_error(*std::move(problem));
  // the route and its stages: who could answer it?
  if (auto problem = plan()) co_return co_await answer_error(*std::move(problem));
  if (auto problem = admit_model()) co_return co_await answer_error(*std::move(problem));

  bool first = true;
  while (true) {
    // choose key: balance among healthy, within limits
    auto pick = selection_->next(here_.thread.now());
    if (!pick) co_return co_await answer_error(std::move(pick.failure()));
    if (first) here_.budget_of(pick->provider->config).record_request(here_.thread.now());
    first = false;
    if (pick->wait > milliseconds(0)) {
      const auto from = here_.thread.now();
      co_await here_.thread.sleep(pick->wait);
      away_ += std::chrono::duration_cast<microseconds>(here_.thread.now() - from);
    }
    // call, relay, and report the attempt
    pick_ = &*pick;
    const auto end = co_await attempt(*pick);
    pick_ = nullptr;
    if (end == attempt_end::try_next) continue;
    if (end == attempt_end::give_up) co_return co_await answer_error(last_error_.value_or(internal_error("no attempt was made")));
    if (end == attempt_end::client_left) settle(499, "", request_ending::client_gone);
    co_return;
  }
}

net::task<void> request_life::refuse(error what) {
  if (auto problem = admit()) what = *std::move(problem);
  co_await answer_error(std::move(what));
}

// ---- admit -------------------------------------------------------------------------------------------------------

std::optional<error> request_life::admit() {
  if (yard_ == nullptr) return error{error_code::overloaded, error_origin::internal, true, "the node is starting", {}, 0, 1};
  if (!yard_->virtual_keys.empty()) {
    virtual_key_ = yard_->find_virtual_key(credential_of(x_.head()));
    if (virtual_key_ == nullptr) return client_error(error_code::invalid_api_key, "Incorrect API key provided.");
    record_.virtual_key = virtual_key_->config.name;
  }
  auto limit = milliseconds(here_.limits.request_timeout_ms.load(std::memory_order_relaxed));
  if (const auto asked = x_.head().find("x-switchyard-timeout"); asked.data() != nullptr) {
    const auto parsed = parse_timeout(asked);
    if (!parsed) return client_error(error_code::invalid_request, "x-switchyard-timeout: expected a duration such as 30s or 500ms", "x-switchyard-timeout");
    limit = std::min(limit, *parsed);
  }
  deadline_ = x_.started() + limit;
  return std::nullopt;
}

std::optional<error> request_life::admit_model() {
  if (virtual_key_ == nullptr) return std::nullopt;
  const auto& key = *virtual_key_;
  if (!key.allows_route(record_.route->name))
    return client_error(error_code::model_not_allowed, "this key may not use route '" + record_.route->name + "'", "model");
  const auto now = here_.thread.now();
  if (key.requests && !key.requests->reserve(1, now)) {
    error what = client_error(error_code::rate_limited, "the key's limit of " + std::to_string(key.requests->limit()) + " requests per minute is reached");
    what.retry_after_s = static_cast<int>(std::max<std::int64_t>(1, std::chrono::ceil<seconds>(key.requests->fits_in(1, now)).count()));
    return what;
  }
  const auto estimate = request_.input_tokens + request_.max_output_tokens;
  if (key.tokens && !key.tokens->reserve(estimate, now)) {
    error what = client_error(error_code::rate_limited, "the key's limit of " + std::to_string(key.tokens->limit()) + " tokens per minute is reached");
    what.retry_after_s = static_cast<int>(std::max<std::int64_t>(1, std::chrono::ceil<seconds>(key.tokens->fits_in(estimate, now)).count()));
    return what;
  }
  if (key.tokens) reserved_tokens_ = estimate;
  reserved_at_ = now;
  return std::nullopt;
}

// ---- understand --------------------------------------------------------------------------------------------------

net::task<std::optional<error>> request_life::understand(providers::api operation) {
  if (const auto type = x_.head().find("content-type"); type.data() != nullptr && !is_json(type)) {
    error what = client_error(error_code::invalid_request, "content-type: expected application/json", "content-type");
    what.status = 415;
    co_return what;
  }
  auto body = co_await x_.read_body(here_.limits.max_body.load(std::memory_order_relaxed));
  ready_at_ = here_.thread.now();
  if (!body) co_return body.failure();
  auto parsed = ingress_.parse(operation, *body);
  if (!parsed) co_return parsed.failure();
  request_ = std::move(*parsed);
  record_.requested_model = request_.model;
  record_.stream = request_.stream;
  record_.input_tokens = request_.input_tokens;
  record_.tokens_estimated = true;
  co_return std::nullopt;
}

// ---- the route ---------------------------------------------------------------------------------------------------

std::optional<error> request_life::plan() {
  routing::selection_request wanted;
  const auto named_route = x_.head().find("x-switchyard-route");
  auto resolved = yard_->resolve(request_.model);
  if (named_route.data() != nullptr) {
    wanted.route = yard_->find_route(named_route);
    if (!wanted.route) return client_error(error_code::unknown_model, "x-switchyard-route: no such route", "x-switchyard-route");
    // The route decides; the model only fills in where the route names no target.
    if (resolved && wanted.route->targets.empty()) wanted.asked = resolved->asked;
  } else {
    if (!resolved) return resolved.failure();
    wanted.route = resolved->route;
    wanted.asked = resolved->asked;
  }
  record_.route = wanted.route;
  for (const auto& name : request_.fallbacks) {
    auto found = yard_->find_target(name);
    if (!found) {
      auto what = found.failure();
      what.param = "fallbacks";
      return what;
    }
    wanted.fallbacks.push_back(std::move(*found));
  }
  if (virtual_key_ != nullptr && !virtual_key_->config.models.empty()) {
    const auto forbidden = [&](const routing::target& t) { return !virtual_key_->allows_model(t.name()); };
    if (wanted.asked && forbidden(*wanted.asked))
      return client_error(error_code::model_not_allowed, "this key may not use model '" + wanted.asked->name() + "'", "model");
    for (const auto& t : wanted.fallbacks)
      if (forbidden(t)) return client_error(error_code::model_not_allowed, "this key may not use model '" + t.name() + "'", "fallbacks");
    if (std::any_of(wanted.route->targets.begin(), wanted.route->targets.end(), forbidden) ||
        (wanted.fallbacks.empty() && std::any_of(wanted.route->fallbacks.begin(), wanted.route->fallbacks.end(), forbidden)))
      return client_error(error_code::model_not_allowed, "this key may not use a model of route '" + wanted.route->name + "'", "model");
  }
  const auto region = x_.head().find("x-switchyard-region");
  wanted.region = region.data() != nullptr ? region : std::string_view(yard_->region);
  wanted.input_tokens = record_.input_tokens;
  wanted.output_tokens = request_.max_output_tokens;
  auto& memory = here_.memory_of(wanted.route->name);
  selection_.emplace(std::move(wanted), memory, here_.random);
  return std::nullopt;
}

// ---- call --------------------------------------------------------------------------------------------------------

net::task<request_life::attempt_end> request_life::attempt(const routing::picked_key& pick) {
  const auto& provider = pick.provider->config;
  attempt_record report;
  report.key = pick.key;
  report.model = pick.model;
  report.outcome.key = pick.key->state->id;
  report.outcome.probe = pick.probe;
  const auto begun = here_.thread.now();

  const auto* wire = providers::find_wire(provider.wire);
  const auto* place = here_.base_url_of(pick.key->base_url);
  net::call_limits limits;
  limits.connect = provider.timeouts.connect;
  limits.first_byte = provider.timeouts.first_byte;
  limits.idle = provider.timeouts.idle;
  limits.deadline = std::min(deadline_, begun + provider.timeouts.total);

  attempt_end end = attempt_end::give_up;
  if (x_.client_gone()) {
    report.outcome.result = call_result::client_gone;
    end = attempt_end::client_left;
  } else {
    const auto message = wire->encode(request_, {pick.key->base_url, pick.model, &pick.key->config, &provider});
    std::string head_lines;
    head_lines.reserve(256);
    const auto add = [&head_lines](std::string_view name, std::string_view value) { head_lines.append(name).append(": ").append(value).append("\r\n"); };
    for (const auto& [name, value] : message.headers) add(name, value);
    add("user-agent", "switchyard");
    for (const auto& field : x_.head().headers)
      for (const auto name : forwarded_to_provider)
        if (equal_ignoring_case(field.name, name)) add(name, field.value);

    net::upstream_call call(here_.thread, place->where, limits);
    x_.on_client_gone([&call] { call.cancel(); });
    auto head = co_await call.send(message.method, message.path, head_lines, message.body);
    if (!head) {
      end = call_broke(pick, call, report, head.failure());
    } else {
      report.status = (*head)->status;
      report.outcome.first_byte = call.first_byte_after();
      read_limits(pick, **head);
      if (report.status < 200 || report.status > 299) {
        // A refusal is short; what is longer than 1 MiB is cut and judged by its status.
        const std::vector<header> fields = (*head)->headers;
        auto body = co_await call.read_all(1u << 20);
        auto problem = wire->classify(report.status, fields, body ? *body : std::string_view{}, wall_now(), pick.key->config.value.reveal());
        away_ += call.waited();
        end = problem.kind == providers::failure_kind::request_refused ? co_await relay_refusal(**head, problem, report)
                                                                        : provider_failed(pick, report, problem);
      } else if (request_.stream && is_event_stream((*head)->find("content-type"))) {
        end = co_await relay_stream(call, **head, report, message.hide_usage);
      } else {
        end = co_await relay_whole(call, **head, report);
      }
    }
    x_.on_client_gone({});
  }

  // Every attempt is reported and gives back what it held, whatever happened.
  const auto now = here_.thread.now();
  report.outcome.finished = now;
  report.outcome.duration = std::chrono::duration_cast<microseconds>(now - begun);
  const bool answered = report.outcome.result == call_result::ok || report.outcome.result == call_result::stream_broken ||
                        report.outcome.result == call_result::client_gone;
  if (answered) {
    report.outcome.input_tokens = record_.input_tokens;
    report.outcome.output_tokens = record_.output_tokens;
  }
  pick.key->state->note_result(report.outcome.result, provider.breaker.min_requests);
  routing::selection::finish(pick, report.outcome.input_tokens + report.outcome.output_tokens, now);
  record_.attempts.push_back(std::move(report));
  if (end == attempt_end::answered) settle(record_.status, record_.error_code, record_.ending);
  co_return end;
}

// ---- relay -------------------------------------------------------------------------------------------------------

net::task<request_life::attempt_end> request_life::relay_whole(net::upstream_call& call, const net::response_head& head, attempt_record& report) {
  const std::string content_type(head.find("content-type"));
  std::vector<std::pair<std::string_view, std::string>> kept;
  for (const auto& field : head.headers)
    for (const auto name : forwarded_to_client)
      if (equal_ignoring_case(field.name, name)) kept.emplace_back(name, field.value);
  auto body = co_await call.read_all(most_answer_bytes);
  if (!body) co_return call_broke(*pick_, call, report, body.failure());
  away_ += call.waited();
  const auto* wire = providers::find_wire(pick_->provider->config.wire);
  auto usage = wire->inspect(request_.operation, *body);
  if (!usage) {
    providers::failure problem;
    problem.kind = usage.failure().code == error_code::upstream_error && usage.failure().retryable ? providers::failure_kind::server_error
                                                                                                 : providers::failure_kind::bad_response;
    problem.what = usage.failure();
    co_return provider_failed(*pick_, report, problem);
  }
  report.outcome.result = call_result::ok;
  note_usage(*usage, static_cast<std::int64_t>(body->size() / 4));
  price_it(*pick_);
  record_.status = report.status;
  auto headers = answer_headers(content_type.empty() ? std::string_view("application/json") : std::string_view(content_type), true);
  for (const auto& [name, value] : kept) headers.push_back({name, value});
  if (auto sent = co_await x_.respond(record_.status, headers, *body); !sent) co_return attempt_end::client_left;
  co_return attempt_end::answered;
}

net::task<request_life::attempt_end> request_life::relay_stream(net::upstream_call& call, const net::response_head& head, attempt_record& report, bool hide_usage) {
  const auto* wire = providers::find_wire(pick_->provider->config.wire);
  const auto decoder = wire->open_stream(request_.operation, hide_usage, pick_->key->config.value.reveal());
  const auto opened = here_.thread.now();
  const int status = head.status;
  std::string held;                      // whole events, until the first content decides that this provider answers
  bool finished = false;
  std::optional<error> broken;
  std::optional<providers::failure> problem;

  while (true) {
    auto piece = co_await call.read_body();
    if (!piece) {
      broken = piece.failure();
      break;
    }
    if (piece->empty()) break;
    const auto& step = decoder->feed(*piece);
    finished = finished || step.finished;
    if (content_sent_) {
      if (!step.forward.empty())
        if (auto sent = co_await x_.write(step.forward); !sent) call.cancel();
    } else {
      for (const auto event : step.forward) held += event;
      const bool decided = !step.problem && (step.content || step.finished || held.size() > most_held_stream || here_.thread.now() - opened > longest_hold);
      if (decided && !held.empty()) {
        content_sent_ = true;
        away_ += call.waited();
        record_.first_token = std::chrono::duration_cast<microseconds>(here_.thread.now() - x_.started());
        auto headers = answer_headers("text/event-stream; charset=utf-8", false);
        headers.push_back({"x-accel-buffering", "no"});
        (void)co_await x_.begin(status, headers);
        const std::string_view first[] = {held};
        if (auto sent = co_await x_.write(first); !sent) call.cancel();
        std::string().swap(held);
      }
    }
    if (step.problem) problem = step.problem;
    if (problem || finished) break;
  }

  note_usage(decoder->reported(), decoder->estimated_output_tokens());
  price_it(*pick_);
  record_.status = status;
  if (x_.client_gone()) {
    report.outcome.result = finished ? call_result::ok : call_result::client_gone;
    co_return attempt_end::client_left;
  }
  if (finished && !problem) {
    report.outcome.result = call_result::ok;
    const auto sent = co_await x_.end();
    co_await call.skip_rest(longest_tail);   // so that the connection can serve again
    co_return sent ? attempt_end::answered : attempt_end::client_left;
  }
  if (!problem && !broken) {
    broken = upstream_failure(error_code::upstream_error, "the provider ended its stream early");
  }
  if (!content_sent_) {
    if (problem) co_return provider_failed(*pick_, report, *problem);
    away_ += call.waited();
    co_return call_broke(*pick_, call, report, *broken);
  }
  // Too late for another provider: the client learns of it by an error event, never by a normal end.
  const error why = problem ? problem->what : *broken;
  report.outcome.result = call.fault() == net::call_fault::timeout ? call_result::timeout : call_result::stream_broken;
  report.problem = why.message;
  record_.ending = request_ending::error;
  record_.error_code = to_string(why.code);
  const std::string event = ingress_.stream_error(request_.operation, why);
  const std::string_view last[] = {event};
  (void)co_await x_.write(last);
  (void)co_await x_.end();
  co_return attempt_end::answered;
}

/// The provider refused the request itself: its answer goes through, nobody else is asked.
net::task<request_life::attempt_end> request_life::relay_refusal(const net::response_head& head, providers::failure& problem, attempt_record& report) {
  report.outcome.result = call_result::request_refused;
  report.problem = problem.what.message;
  record_.status = http_status(problem.what);
  record_.error_code = to_string(problem.what.code);
  record_.ending = request_ending::error;
  record_.output_tokens = 0;
  record_.input_tokens = 0;
  (void)head;
  const std::string body = problem.body_for_client.empty() ? ingress_.error_body(problem.what) : std::move(problem.body_for_client);
  const auto headers = answer_headers("application/json", false);
  if (auto sent = co_await x_.respond(record_.status, headers, std::string_view(body)); !sent) co_return attempt_end::client_left;
  co_return attempt_end::answered;
}

// ---- failover ----------------------------------------------------------------------------------------------------

request_life::attempt_end request_life::attempt_failed(const routing::picked_key& pick, attempt_record& report, const error& why, milliseconds retry_after) {
  report.problem = why.message;
  last_error_ = why;
  if (x_.client_gone()) return attempt_end::client_left;
  auto& budget = here_.budget_of(pick.provider->config);
  const bool more = selection_->failed(report.outcome.result, why, retry_after, budget, deadline_, here_.thread.now());
  return more && !content_sent_ ? attempt_end::try_next : attempt_end::give_up;
}

request_life::attempt_end request_life::call_broke(const routing::picked_key& pick, net::upstream_call& call, attempt_record& report, const error& why) {
  report.outcome.result = x_.client_gone() ? call_result::client_gone : result_of(call.fault(), content_sent_);
  away_ += call.waited();
  return attempt_failed(pick, report, why, milliseconds(0));
}

request_life::attempt_end request_life::provider_failed(const routing::picked_key& pick, attempt_record& report, const providers::failure& problem) {
  report.outcome.result = result_of(problem.kind);
  auto& key = *pick.key->state;
  const auto now = here_.thread.now();
  switch (problem.kind) {
    case providers::failure_kind::rate_limited:
      key.park(now + (problem.retry_after > milliseconds(0) ? problem.retry_after : rest_after_429), routing::park_reason::retry_after);
      break;
    case providers::failure_kind::quota_exhausted: key.park(now + rest_after_quota, routing::park_reason::quota); break;
    case providers::failure_kind::unauthorized: key.park(now + rest_after_refused_key, routing::park_reason::unauthorized); break;
    default: break;
  }
  error why = problem.what;
  why.retry_after_s = static_cast<int>(std::chrono::ceil<seconds>(problem.retry_after).count());
  return attempt_failed(pick, report, why, problem.retry_after);
}

void request_life::read_limits(const routing::picked_key& pick, const net::response_head& head) {
  const auto limits = providers::read_rate_limit_headers(head.headers);
  auto& key = *pick.key->state;
  const double headroom = limits.headroom();
  if (key.headroom.load(std::memory_order_relaxed) != headroom) key.headroom.store(headroom, std::memory_order_relaxed);
  if (const auto rest = limits.rest_for(); rest > milliseconds(0)) key.park(here_.thread.now() + rest, routing::park_reason::retry_after);
}

// ---- answer and settle -------------------------------------------------------------------------------------------

void request_life::note_usage(const providers::usage& reported, std::int64_t estimated_output) {
  record_.tokens_estimated = !reported.input || (!reported.output && request_.operation != providers::api::embeddings);
  if (reported.input) record_.input_tokens = *reported.input;
  record_.output_tokens = reported.output ? *reported.output : request_.operation == providers::api::embeddings ? 0 : estimated_output;
  record_.cached_tokens = reported.cached_input.value_or(0);
}

void request_life::price_it(const routing::picked_key& pick) {
  const auto price = pick.provider->price_of(pick.model);
  if (!price.input || (!price.output && record_.output_tokens > 0)) return;
  const auto cached = std::min(record_.cached_tokens, record_.input_tokens);
  record_.cost = token_cost(record_.input_tokens - cached, *price.input) + token_cost(cached, price.cached_input.value_or(*price.input)) +
                 token_cost(record_.output_tokens, price.output.value_or(0));
}

microseconds request_life::overhead() const {
  const auto here = std::chrono::duration_cast<microseconds>(here_.thread.now() - ready_at_) - away_;
  return std::max(here, microseconds(0));
}

std::vector<header> request_life::answer_headers(std::string_view content_type, bool with_cost) {
  std::vector<header> headers;
  headers.reserve(20);
  headers.push_back({"content-type", content_type});
  headers.push_back({"cache-control", "private, no-store"});
  headers.push_back({"x-request-id", {id_text_, sizeof id_text_}});
  if (yard_ != nullptr) headers.push_back({"x-switchyard-node", yard_->node_name});
  if (record_.route) headers.push_back({"x-switchyard-route", record_.route->name});
  if (pick_ != nullptr) {
    headers.push_back({"x-switchyard-provider", pick_->provider->config.name});
    if (may_stand_in_header(pick_->model)) headers.push_back({"x-switchyard-model", pick_->model});
    headers.push_back({"x-switchyard-key", pick_->key->config.name});
  }
  if (selection_) {
    decision_ = selection_->reason();
    headers.push_back({"x-switchyard-decision", decision_});
    attempts_text_ = std::to_string(selection_->attempts());
    headers.push_back({"x-switchyard-attempts", attempts_text_});
    headers.push_back({"x-switchyard-cache", "bypass"});
  }
  if (with_cost && record_.cost) {
    cost_text_ = format_usd(*record_.cost);
    headers.push_back({"x-switchyard-cost-usd", cost_text_});
  }
  record_.overhead = overhead();
  overhead_text_ = std::to_string(record_.overhead.count());
  headers.push_back({"x-switchyard-overhead-us", overhead_text_});
  return headers;
}

net::task<void> request_life::answer_error(error what) {
  if (what.status == 499 || x_.client_gone()) {
    settle(499, to_string(what.code), request_ending::client_gone);
    co_return;
  }
  // A provider's own 401 is our problem, not the client's credential.
  record_.status = http_status(what);
  record_.error_code = to_string(what.code);
  if (record_.attempts.empty() || record_.attempts.back().outcome.result != call_result::stream_broken) record_.input_tokens = record_.output_tokens = 0;
  const std::string body = ingress_.error_body(what);
  auto headers = answer_headers("application/json", false);
  if (what.retry_after_s > 0) {
    retry_after_text_ = std::to_string(what.retry_after_s);
    headers.push_back({"retry-after", retry_after_text_});
  }
  if (record_.status == 401) headers.push_back({"www-authenticate", "Bearer"});
  if (what.origin == error_origin::internal && what.code == error_code::internal)
    log::error("internal_error", what.message, {{"request_id", std::string(id_text_, sizeof id_text_)}});
  const auto sent = co_await x_.respond(record_.status, headers, std::string_view(body));
  settle(sent ? record_.status : 499, record_.error_code, sent ? request_ending::error : request_ending::client_gone);
}

/// Once per request, on every ending.
void request_life::settle(int status, std::string_view error_code, request_ending ending) {
  if (settled_) return;
  settled_ = true;
  const auto now = here_.thread.now();
  if (virtual_key_ != nullptr && virtual_key_->tokens && reserved_tokens_ > 0)
    virtual_key_->tokens->settle(reserved_tokens_, record_.input_tokens + record_.output_tokens, reserved_at_, now);
  record_.status = status;
  record_.error_code = error_code;
  record_.ending = ending;
  record_.duration = std::chrono::duration_cast<microseconds>(now - x_.started());
  if (decision_.empty() && selection_) decision_ = selection_->reason();
  record_.decision = std::move(decision_);
  here_.record(std::move(record_));
}

// ---- models ------------------------------------------------------------------------------------------------------

net::task<void> request_life::list_models(std::string_view id) {
  record_.operation = "models";
  if (auto problem = admit()) co_return co_await answer_error(*std::move(problem));
  std::vector<providers::ingress::model_row> rows;
  for (const auto& provider : yard_->providers) {
    std::vector<std::string> names;
    for (const auto& key : provider->keys)
      for (const auto& model : key->config.models)
        if (!model.ends_with('*') && std::find(names.begin(), names.end(), model) == names.end()) names.push_back(model);
    for (const auto& [model, price] : provider->prices)
      if (!model.ends_with('*') && std::find(names.begin(), names.end(), model) == names.end()) names.push_back(model);
    for (auto& model : names) rows.push_back({provider->config.name + "/" + model, provider->config.name});
  }
  if (virtual_key_ != nullptr) std::erase_if(rows, [&](const auto& row) { return !virtual_key_->allows_model(row.id); });
  for (const auto& route : yard_->routes)
    if (virtual_key_ == nullptr || virtual_key_->allows_route(route->name)) rows.push_back({route->name, "switchyard"});

  std::string body;
  if (id.empty()) {
    body = ingress_.models_body(rows);
  } else {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.id == id; });
    if (found != rows.end()) {
      body = ingress_.model_body(*found);
    } else if (auto resolved = yard_->resolve(id); resolved && resolved->asked && (virtual_key_ == nullptr || virtual_key_->allows_model(resolved->asked->name()))) {
      body = ingress_.model_body({std::string(id), resolved->asked->provider->config.name});
    } else {
      error what = client_error(error_code::unknown_model, "The model '" + std::string(id.substr(0, 200)) + "' does not exist", "model");
      co_return co_await answer_error(std::move(what));
    }
  }
  const auto headers = answer_headers("application/json", false);
  const auto sent = co_await x_.respond(200, headers, std::string_view(body));
  settle(sent ? 200 : 499, "", sent ? request_ending::ok : request_ending::client_gone);
}

}  // namespace switchyard::actors
