// One attempt of a request: the call to a provider, what is relayed of its answer, and what its failure means.

#include "actors/request_life.hpp"

#include "base/log.hpp"
#include "providers/failure.hpp"
#include "providers/registry.hpp"

#include <algorithm>
#include <array>
#include <memory_resource>

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
/// Those of the same format (wire::client_headers) come on top.
constexpr std::string_view forwarded_to_provider[] = {"traceparent", "tracestate"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) noexcept {
  return std::any_of(names.begin(), names.end(), [&](std::string_view known) { return equal_ignoring_case(name, known); });
}

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

}  // namespace

// ---- call --------------------------------------------------------------------------------------------------------

net::task<request_life::attempt_end> request_life::attempt(const routing::picked_key& pick) {
  const auto& provider = pick.provider->config;
  attempt_record report;
  report.key = pick.key;
  report.model = pick.model;
  report.outcome.key = pick.key->state->id;
  report.outcome.probe = pick.probe;
  const auto begun = here_.thread.now();

  attempt_end end = attempt_end::client_left;
  const bool durable = here_.ledger.holds_answers();
  if (x_.client_gone()) {
    report.outcome.result = call_result::client_gone;
  } else if (auto refused = top_up(pick)) {
    end = not_affordable(*std::move(refused), report);
  } else if (durable && !co_await reserve_durable_row(pick)) {
    end = unrecorded(report);
  } else if (x_.client_gone()) {
    report.outcome.result = call_result::not_asked;   // it left while the reservation was on its way to the disk
  } else {
    if (!durable) reserve_row(pick);
    end = co_await call_provider(pick, report, begun);
    if (report.outcome.result == call_result::client_gone && !record_.cost && !record_.unpriced) {
      record_.input_tokens = request_.input.tokens();
      record_.used = {.input = record_.input_tokens};   // it left before the provider said anything: the prompt was read
      price_it(pick);
    }
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

/// Parts of the answer that the client's format has no place for join what was dropped of the request.
void request_life::note_lost(std::string_view names) {
  if (names.empty()) return;
  if (!dropped_.empty()) dropped_ += ',';
  dropped_ += names;
}

/// The body for this provider: the client's own, or translated into the provider's format.
result<providers::upstream_request> request_life::encode(const routing::picked_key& pick, const providers::wire& to) {
  const auto& provider = pick.provider->config;
  const providers::call_target where{pick.key->base_url, pick.model, &pick.key->config, &provider, wall_now()};
  dropped_.clear();
  translates_ = !to.takes(request_.operation, provider);
  if (!translates_) return to.encode(request_, where);
  providers::neutral::dropped_fields dropped;
  auto translated = providers::translate_request(request_, asked_, to, where, dropped);
  dropped_ = dropped.list();
  return translated;
}

net::task<request_life::attempt_end> request_life::call_provider(const routing::picked_key& pick, attempt_record& report, steady_time begun) {
  const auto& provider = pick.provider->config;
  const auto* wire = providers::find_wire(provider.wire);
  const auto* place = here_.base_url_of(pick.key->base_url, provider.allow_private);
  net::call_limits limits;
  limits.connect = provider.timeouts.connect;
  limits.first_byte = provider.timeouts.first_byte;
  limits.idle = provider.timeouts.idle;
  limits.deadline = std::min(deadline_, begun + provider.timeouts.total);

  const auto message = encode(pick, *wire);
  if (!message) {
    report.outcome.result = call_result::not_asked;
    co_return attempt_failed(pick, report, message.failure(), milliseconds(0));
  }
  std::array<std::byte, 512> head_space;         // a head's lines fit, as a rule
  std::pmr::monotonic_buffer_resource head_memory(head_space.data(), head_space.size());
  std::pmr::string head_lines(&head_memory);
  head_lines.reserve(head_space.size() - 1);
  const auto add = [&head_lines](std::string_view name, std::string_view value) { head_lines.append(name).append(": ").append(value).append("\r\n"); };
  const auto same_format = translates_ ? std::span<const std::string_view>{} : wire->client_headers();
  // A client's own version takes the place of ours; lists (anthropic-beta) may come in several fields.
  for (const auto& [name, value] : message->headers)
    if (!name.ends_with("-version") || !is_one_of(name, same_format) || x_.head().find(name).data() == nullptr) add(name, value);
  add("user-agent", "switchyard");
  for (const auto& field : x_.head().headers)
    if (is_one_of(field.name, forwarded_to_provider) || is_one_of(field.name, same_format)) add(field.name, field.value);

  net::upstream_call call(here_.thread, place->where, limits);
  x_.on_client_gone([&call] { call.cancel(); });
  auto head = co_await call.send(message->method, message->path, head_lines, message->body);
  attempt_end end = attempt_end::give_up;
  if (!head) {
    end = call_broke(pick, call, report, head.failure());
  } else {
    report.status = (*head)->status;
    report.outcome.first_byte = call.first_byte_after();
    read_limits(pick, **head);
    if (report.status < 200 || report.status > 299) {
      // A refusal is short; what is longer than 1 MiB is cut and judged by its status.
      auto body = co_await call.read_all(1u << 20);
      auto problem = wire->classify(report.status, (*head)->headers, body ? *body : std::string_view{}, wall_now(), config::secret_of(pick.key->config).reveal());
      away_ += call.waited();
      if (translates_) problem.body_for_client.clear();   // it is in the provider's format
      end = problem.kind == providers::failure_kind::request_refused ? co_await relay_refusal(problem, report)
                                                                      : provider_failed(pick, report, problem);
    } else if (request_.stream && wire->is_stream((*head)->find("content-type"))) {
      end = co_await relay_stream(call, **head, report, message->hide_usage);
    } else {
      end = co_await relay_whole(call, **head, report);
    }
  }
  x_.on_client_gone({});
  co_return end;
}

// ---- relay -------------------------------------------------------------------------------------------------------

net::task<request_life::attempt_end> request_life::relay_whole(net::upstream_call& call, const net::response_head& head, attempt_record& report) {
  const auto* wire = providers::find_wire(pick_->provider->config.wire);
  auto content_type = translates_ ? std::string_view("application/json") : head.find("content-type");
  auto body = co_await call.read_all(most_answer_bytes);
  if (!body) co_return call_broke(*pick_, call, report, body.failure());
  away_ += call.waited();
  providers::translated_answer translated;
  result<providers::usage> usage = providers::usage{};
  if (translates_) {
    // A provider may answer a streamed request whole; the client gets its stream all the same.
    auto made = request_.stream ? providers::translate_answer_to_stream(request_, asked_, *wire, pick_->provider->config, *body, answer_context())
                                : providers::translate_answer(request_, asked_, *wire, pick_->provider->config, *body, answer_context());
    if (made) {
      translated = std::move(*made);
      usage = translated.counts;
      note_lost(translated.lost.list());
      if (request_.stream) content_type = providers::dialect_of(request_.operation)->stream_content_type(answer_context());
    } else {
      usage = made.failure();
    }
  } else {
    usage = wire->inspect(request_.operation, *body);
  }
  if (!usage) {
    const auto problem = providers::bad_answer(usage.failure(), config::secret_of(pick_->key->config).reveal());
    co_return provider_failed(*pick_, report, problem);
  }
  report.outcome.result = call_result::ok;
  note_usage(*usage, static_cast<std::int64_t>(body->size() / 4));
  price_it(*pick_);
  if (const auto* guard = answer_guard(); guard != nullptr)
    if (auto refusal = judge_answer(*guard, translates_ ? std::string_view(translated.body) : *body, request_.stream))
      co_return co_await withhold_answer(*std::move(refusal), report);
  record_.status = report.status;
  auto headers = answer_headers(content_type.empty() ? std::string_view("application/json") : content_type, true);
  if (!translates_)
    for (const auto& field : head.headers)
      if (is_one_of(field.name, wire->provider_headers())) headers.push_back(field);
  std::string_view answer = translates_ ? std::string_view(translated.body) : *body;
  std::string unmasked;
  if (mask_ && !request_.stream) {
    if (providers::restore(mask_->book(), answer, unmasked)) answer = unmasked;
  } else if (const auto restorer = open_restorer()) {
    unmasked = restorer->whole(answer);
    answer = unmasked;
  }
  if (must_seal_row() && !co_await seal_row(report)) co_return unrecorded(report);
  const std::string_view pieces[] = {answer};
  const auto fields = fields_of(headers);
  if (auto sent = co_await x_.respond(record_.status, fields, std::span<const std::string_view>(pieces)); !sent) co_return attempt_end::client_left;
  co_return attempt_end::answered;
}

net::task<request_life::attempt_end> request_life::relay_stream(net::upstream_call& call, const net::response_head& head, attempt_record& report, bool hide_usage) {
  const auto* wire = providers::find_wire(pick_->provider->config.wire);
  const auto context = answer_context();
  const auto credential = config::secret_of(pick_->key->config).reveal();
  const auto decoder = translates_ ? providers::translate_stream(request_, asked_, *wire, pick_->provider->config, context, credential)
                                   : wire->open_stream(request_.operation, hide_usage, credential);
  const std::string_view content_type = translates_ ? providers::dialect_of(request_.operation)->stream_content_type(context)
                                                    : ingress_.stream_content_type(request_);
  const auto restorer = open_restorer();
  const auto* guard = answer_guard();    // then all of the stream is held back until it was judged
  const auto opened = here_.thread.now();
  const int status = head.status;
  std::string told;                      // what the head says is left out of the answer
  std::string held;                      // whole events, until the first content decides that this provider answers
  std::string unmasking;                 // pieces of an event: masked data is put back into whole ones
  std::string_view piece;
  bool more = false;                     // the last step was not all of what that piece is
  bool finished = false;
  bool closed = false;
  std::optional<error> broken;
  std::optional<providers::failure> problem;

  while (true) {
    if (!more) {
      const auto read = co_await call.read_body();
      if (!read) {
        broken = read.failure();
        break;
      }
      piece = *read;
      closed = piece.empty();
    }
    const auto& step = more ? decoder->more() : closed ? decoder->close() : decoder->feed(piece);
    more = step.more;
    finished = finished || step.finished;
    std::span<const std::string_view> forward = step.forward;
    std::string_view unmasked;
    if (restorer && guard == nullptr) {
      if (more || !unmasking.empty() || forward.size() > 1) {
        for (const auto part : forward) unmasking += part;
        if (more) continue;
        unmasked = unmasking;
        forward = std::span<const std::string_view>(&unmasked, 1);
      }
      forward = restorer->feed(forward);
      if (finished || closed || step.problem) forward = restorer->finish();
    }
    const bool hold_last = finished && !more && here_.ledger.holds_answers();   // the last bytes wait for the row
    if (content_sent_) {
      if (hold_last)
        for (const auto event : forward) held += event;
      else if (!forward.empty())
        if (auto sent = co_await x_.write(forward); !sent) call.cancel();
    } else {
      for (const auto event : forward) held += event;
      if (guard != nullptr && held.size() > most_answer_bytes) {
        broken = upstream_failure(error_code::upstream_error, "the answer is too long to be judged by the guard", false);
        break;
      }
      if (guard != nullptr && finished && !more && !step.problem) {
        if (auto refusal = judge_answer(*guard, held, true)) {
          note_usage(decoder->reported(), decoder->estimated_output_tokens());
          price_it(*pick_);
          co_return co_await withhold_answer(*std::move(refusal), report);
        }
        // The client's own data is no finding: it comes back after the judgement.
        if (restorer) held = restorer->whole(held);
      }
      const bool decided = !step.problem && (guard == nullptr || (finished && !more)) && (step.content || step.finished || held.size() > most_held_stream || here_.thread.now() - opened > longest_hold);
      if (decided && !held.empty()) {
        content_sent_ = true;
        away_ += call.waited();
        told = decoder->lost();
        note_lost(told);
        record_.first_token = std::chrono::duration_cast<microseconds>(here_.thread.now() - x_.started());
        auto headers = answer_headers(content_type, false);
        headers.push_back({"x-accel-buffering", "no"});
        (void)co_await x_.begin(status, fields_of(headers));
        if (!hold_last) {
          const std::string_view first[] = {held};
          if (auto sent = co_await x_.write(first); !sent) call.cancel();
          std::string().swap(held);
        }
      }
    }
    unmasking.clear();
    if (more) continue;
    if (step.problem) problem = step.problem;
    if (problem || finished || closed) break;
  }

  note_usage(decoder->reported(), decoder->estimated_output_tokens());
  price_it(*pick_);
  record_.status = status;
  if (const auto lost = decoder->lost(); content_sent_ && lost != told)   // the head is gone
    log::warn("answer_part_dropped", "the client's format has no place for a part of the streamed answer",
              {{"request_id", std::string(id_text_, sizeof id_text_)}, {"dropped", lost}});
  if (x_.client_gone()) {
    report.outcome.result = finished ? call_result::ok : call_result::client_gone;
    co_return attempt_end::client_left;
  }
  if (finished && !problem) {
    report.outcome.result = call_result::ok;
    if (co_await seal_row(report)) {
      const std::string_view last[] = {held};
      if (!held.empty()) (void)co_await x_.write(last);
      const auto sent = co_await x_.end();
      co_await call.skip_rest(longest_tail);   // so that the connection can serve again
      co_return sent ? attempt_end::answered : attempt_end::client_left;
    }
    (void)unrecorded(report);
    broken = last_error_;
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
  if (row_open_) (void)co_await seal_row(report);
  std::string event = decoder->failure_event(why);
  if (event.empty()) event = ingress_.stream_error(request_.operation, why);
  if (restorer) {
    (void)restorer->feed({});
    std::string rest;
    for (const auto piece : restorer->finish()) rest += piece;
    event.insert(0, rest);
  }
  const std::string_view last[] = {event};
  (void)co_await x_.write(last);
  (void)co_await x_.end();
  co_return attempt_end::answered;
}

/// The provider refused the request itself: its answer goes through, nobody else is asked.
net::task<request_life::attempt_end> request_life::relay_refusal(providers::failure& problem, attempt_record& report) {
  report.outcome.result = call_result::request_refused;
  report.problem = problem.what.message;
  record_.status = http_status(problem.what);
  record_.error_code = to_string(problem.what.code);
  record_.ending = request_ending::error;
  record_.output_tokens = 0;
  record_.input_tokens = 0;
  std::string body = problem.body_for_client.empty() ? ingress_.error_body(problem.what) : std::move(problem.body_for_client);
  if (mask_) (void)providers::restore(mask_->book(), body, body);
  (void)co_await seal_row(report);
  auto headers = answer_headers("application/json", false);
  const auto own = ingress_.error_headers(problem.what);
  for (const auto& [name, value] : own) headers.push_back({name, value});
  if (auto sent = co_await x_.respond(record_.status, fields_of(headers), std::string_view(body)); !sent) co_return attempt_end::client_left;
  co_return attempt_end::answered;
}

providers::answer_context request_life::answer_context() const {
  providers::answer_context out;
  out.request_id = {id_text_, sizeof id_text_};
  out.model = request_.model;
  out.created = std::chrono::duration_cast<seconds>(record_.at.time_since_epoch()).count();
  out.as_array = request_.as_array;
  return out;
}

// ---- failover ----------------------------------------------------------------------------------------------------

/// The ledger cannot write and answers wait for it: nobody else is asked, for each would have to be recorded, too.
request_life::attempt_end request_life::unrecorded(attempt_record& report) {
  if (report.outcome.result != call_result::ok) report.outcome.result = call_result::not_asked;
  last_error_ = error{error_code::overloaded, error_origin::storage, true, "the node cannot record what this request costs; try again later", {}, 503, 2};
  report.problem = last_error_->message;
  return x_.client_gone() ? attempt_end::client_left : attempt_end::give_up;
}

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
  const auto limits = providers::read_rate_limit_headers(head.headers, wall_now());
  auto& key = *pick.key->state;
  const double headroom = limits.headroom();
  if (key.headroom.load(std::memory_order_relaxed) != headroom) key.headroom.store(headroom, std::memory_order_relaxed);
  if (limits.requests_remaining) key.requests.provider_said(*limits.requests_remaining);
  if (limits.tokens_remaining) key.tokens.provider_said(*limits.tokens_remaining);
  if (const auto rest = limits.rest_for(); rest > milliseconds(0)) key.park(here_.thread.now() + rest, routing::park_reason::retry_after);
}

}  // namespace switchyard::actors
