#include "actors/request_life.hpp"

#include "base/log.hpp"
#include "providers/redirect_fields.hpp"
#include "providers/registry.hpp"
#include "routing/route_plan.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::actors {

namespace {

/// AWS4-HMAC-SHA256 Credential=X/20260101/...: clients of Bedrock's format that sign give their access key id as the credential.
std::string_view access_key_of(std::string_view authorization) noexcept {
  constexpr std::string_view before = "Credential=";
  const auto at = authorization.find(before);
  if (!authorization.starts_with("AWS4-HMAC-SHA256 ") || at == std::string_view::npos) return {};
  authorization.remove_prefix(at + before.size());
  return authorization.substr(0, authorization.find('/'));
}

/// "Bearer X", x-api-key, x-goog-api-key, ?key= or the access key of a signed request
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
  return access_key_of(head.find("authorization"));
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

bool is_json(std::string_view content_type) noexcept {
  return content_type.size() >= 16 && equal_ignoring_case(content_type.substr(0, 16), "application/json");
}

bool may_stand_in_header(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f; });
}

}  // namespace

request_life::request_life(thread_context& here, net::exchange& x, const providers::ingress& format)
    : here_(here), tap_(x), yard_(here.yard.get()), ingress_(format), ready_at_(x.started()) {
  record_.at = wall_now();
  record_.id = request_id::make(record_.at, here.random);
  record_.id.write(id_text_);
}

// ---- the life ----------------------------------------------------------------------------------------------------

net::task<void> request_life::run(const providers::operation_target& wanted) {
  record_.operation = providers::to_string(wanted.operation);
  // admit: who asks?
  if (auto problem = admit()) co_return co_await answer_error(*std::move(problem));
  // understand: what is asked?
  if (auto problem = co_await understand(wanted)) co_return co_await answer_error(*std::move(problem));
  // the route and its stages: who could answer it?
  if (auto problem = plan()) co_return co_await answer_error(*std::move(problem));
  if (record_.route->embeds) co_await fetch_vectors();
  if (auto problem = decide()) co_return co_await answer_error(*std::move(problem));
  if (auto problem = admit_model()) co_return co_await answer_error(*std::move(problem));
  if (providers::is_count(wanted.operation) && co_await answer_count()) co_return;
  // the cache: was it answered before?
  if (may_ask_cache() && co_await answer_from_cache(wanted)) co_return;

  // budget: what may this cost?
  if (needs_money()) {
    if (auto problem = co_await reserve_money()) co_return co_await answer_error(*std::move(problem));
  }

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

net::task<void> request_life::run_own(const providers::operation_target& wanted, const own_request& own) {
  own_ = &own;
  yard_ = own.yard;
  co_await run(wanted);
}

net::task<void> request_life::refuse(error what) {
  if (auto problem = admit()) what = *std::move(problem);
  co_await answer_error(std::move(what));
}

// ---- admit -------------------------------------------------------------------------------------------------------

std::optional<error> request_life::admit() {
  if (yard_ == nullptr) return error{error_code::overloaded, error_origin::internal, true, "the node is starting", {}, 0, 1};
  if (own_ != nullptr) {
    deadline_ = own_->deadline;
    return std::nullopt;
  }
  if (auto problem = admit_key(credential_of(x_.head()))) return problem;
  if (auto redirect = providers::refuse_redirect(x_.head().headers, x_.head().query)) return redirect;
  auto limit = milliseconds(here_.limits.request_timeout_ms.load(std::memory_order_relaxed));
  if (const auto asked = x_.head().find("x-switchyard-timeout"); asked.data() != nullptr) {
    const auto parsed = parse_timeout(asked);
    if (!parsed) return client_error(error_code::invalid_request, "x-switchyard-timeout: expected a duration such as 30s or 500ms", "x-switchyard-timeout");
    limit = std::min(limit, *parsed);
  }
  deadline_ = x_.started() + limit;
  return std::nullopt;
}

// ---- understand --------------------------------------------------------------------------------------------------

net::task<std::optional<error>> request_life::understand(const providers::operation_target& wanted) {
  if (const auto type = x_.head().find("content-type"); type.data() != nullptr && !is_json(type)) {
    error what = client_error(error_code::invalid_request, "content-type: expected application/json", "content-type");
    what.status = 415;
    co_return what;
  }
  auto body = co_await x_.read_body(here_.limits.max_body.load(std::memory_order_relaxed));
  ready_at_ = here_.thread.now();
  if (!body) co_return body.failure();
  auto parsed = ingress_.parse(wanted, *body);
  if (!parsed) co_return parsed.failure();
  request_ = std::move(*parsed);
  record_.requested_model = request_.model;
  record_.stream = request_.stream;
  record_.tokens_estimated = true;
  co_return std::nullopt;
}

// ---- the route ---------------------------------------------------------------------------------------------------

std::optional<error> request_life::plan() {
  if (own_ != nullptr) {
    planned_.wanted.route = record_.route = own_->route;
    planned_.wanted.asked = own_->where;
    planned_.wanted.region = yard_->region;
    planned_.wanted.input = &request_.input;
    return std::nullopt;
  }
  routing::route_wish wish;
  wish.model = request_.model;
  if (const auto named = x_.head().find("x-switchyard-route"); named.data() != nullptr) wish.route = named;
  wish.fallbacks = request_.fallbacks;
  wish.region = x_.head().find("x-switchyard-region");
  wish.input = &request_.input;
  wish.output_tokens = request_.max_output_tokens;
  auto planned = routing::plan_route(*yard_, wish);
  if (!planned) return std::move(planned.failure());
  planned_ = std::move(*planned);
  const auto& wanted = planned_.wanted;
  record_.route = wanted.route;
  if (virtual_key_ != nullptr && virtual_key_->restricts_models()) {
    const auto forbidden = [&](const routing::target& t) { return !virtual_key_->allows_model(t.name()); };
    if (wanted.asked && forbidden(*wanted.asked))
      return client_error(error_code::model_not_allowed, "this key may not use model '" + wanted.asked->name() + "'", "model");
    for (const auto& t : wanted.fallbacks)
      if (forbidden(t)) return client_error(error_code::model_not_allowed, "this key may not use model '" + t.name() + "'", "fallbacks");
  }
  return std::nullopt;
}

// ---- answer and settle -------------------------------------------------------------------------------------------

void request_life::note_usage(const providers::usage& reported, std::int64_t estimated_output) {
  if (providers::is_count(request_.operation)) {   // nobody is charged for counting
    record_.input_tokens = 0;
    return;
  }
  record_.tokens_estimated = !reported.input || (!reported.output && request_.operation != providers::api::embeddings);
  record_.input_tokens = reported.input ? *reported.input : request_.input.tokens();
  record_.output_tokens = reported.output ? *reported.output : request_.operation == providers::api::embeddings ? 0 : estimated_output;
  record_.cached_tokens = reported.cached_input.value_or(0);
  record_.used = {.input = record_.input_tokens,
                  .output = record_.output_tokens,
                  .cached_input = record_.cached_tokens,
                  .cache_write = reported.cache_write.value_or(0),
                  .cache_write_1h = reported.cache_write_1h.value_or(0),
                  .audio_input = reported.audio_input.value_or(0),
                  .audio_output = reported.audio_output.value_or(0),
                  .images = reported.images};
}

void request_life::price_it(const routing::picked_key& pick) {
  record_.cost = providers::cost(pick.provider->price_of(pick.model), record_.used);
  if (providers::is_count(request_.operation)) record_.cost = 0;
  record_.unpriced = !record_.cost;
  const auto& baseline = record_.route->baseline_price;
  const auto instead = record_.cost && baseline.known() ? providers::cost(baseline, record_.used) : std::nullopt;
  record_.saved = instead ? *instead - *record_.cost : 0;
  record_.saved_by = "routing";
}

microseconds request_life::overhead() const {
  const auto here = std::chrono::duration_cast<microseconds>(steady_now() - ready_at_) - away_;
  return std::max(here, microseconds(0));
}

request_life::header_list request_life::answer_headers(std::string_view content_type, bool with_cost) {
  header_list headers;
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
    decision_ = cache_note_.empty() ? selection_->reason() : cache_note_;
    headers.push_back({"x-switchyard-decision", decision_});
    attempts_text_ = std::to_string(selection_->attempts());
    headers.push_back({"x-switchyard-attempts", attempts_text_});
    headers.push_back({"x-switchyard-cache", record_.cache});
    if (!similarity_text_.empty()) headers.push_back({"x-switchyard-similarity", similarity_text_});
  }
  if (const auto name = ingress_.request_id_header(); !name.empty()) headers.push_back({name, {id_text_, sizeof id_text_}});
  if (!dropped_.empty()) headers.push_back({"x-switchyard-dropped", dropped_});
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
  if (record_.attempts.empty() || record_.attempts.back().outcome.result != routing::call_result::stream_broken) record_.input_tokens = record_.output_tokens = 0;
  const std::string body = ingress_.error_body(what);
  auto headers = answer_headers("application/json", false);
  if (what.retry_after_s > 0) {
    retry_after_text_ = std::to_string(what.retry_after_s);
    headers.push_back({"retry-after", retry_after_text_});
  }
  if (record_.status == 401) headers.push_back({"www-authenticate", "Bearer"});
  const auto own = ingress_.error_headers(what);
  for (const auto& [name, value] : own) headers.push_back({name, value});
  if (what.origin == error_origin::internal && what.code == error_code::internal)
    log::error("internal_error", what.message, {{"request_id", std::string(id_text_, sizeof id_text_)}});
  if (!record_.attempts.empty()) (void)co_await seal_row(record_.attempts.back());
  const auto sent = co_await x_.respond(record_.status, fields_of(headers), std::string_view(body));
  settle(sent ? record_.status : 499, record_.error_code, sent ? request_ending::error : request_ending::client_gone);
}

/// Once per request, on every ending.
void request_life::settle(int status, std::string_view error_code, request_ending ending) {
  if (settled_) return;
  settled_ = true;
  const auto now = here_.thread.now();
  settle_limits(now);
  record_.status = status;
  record_.error_code = error_code;
  record_.ending = ending;
  record_.duration = std::chrono::duration_cast<microseconds>(now - x_.started());
  if (decision_.empty() && selection_) decision_ = selection_->reason();
  record_.decision = std::move(decision_);
  note_details();
  settle_row(true);
  keep_answer();
  here_.record(std::move(record_));
}

// ---- counting tokens ---------------------------------------------------------------------------------------------

/// Answers from our own estimate unless the key that would be asked takes such a request as it comes.
net::task<bool> request_life::answer_count() {
  const auto next = selection_->preview(here_.thread.now());
  if (next && providers::find_wire(next->provider->config.wire)->takes(request_.operation, next->provider->config)) co_return false;
  const std::string body = ingress_.count_body(request_.input.tokens());   // nobody is charged for them
  record_.status = 200;
  const auto headers = answer_headers("application/json", false);
  const auto sent = co_await x_.respond(200, fields_of(headers), std::string_view(body));
  settle(sent ? 200 : 499, "", sent ? request_ending::ok : request_ending::client_gone);
  co_return true;
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
  const auto sent = co_await x_.respond(200, fields_of(headers), std::string_view(body));
  settle(sent ? 200 : 499, "", sent ? request_ending::ok : request_ending::client_gone);
}

}  // namespace switchyard::actors
