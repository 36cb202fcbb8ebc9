#include "routing/selection.hpp"

#include "routing/pipeline.hpp"
#include "routing/printable.hpp"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <limits>

namespace switchyard::routing {

namespace {

constexpr std::size_t longest_reason = 300;
constexpr std::size_t longest_message = 600;

bool same_target(const target& a, const target& b) noexcept { return a.provider == b.provider && a.model == b.model; }

// The key itself refused: asking it again within this request can not help.
bool refused_by_key(call_result result) noexcept {
  return result == call_result::rate_limited || result == call_result::quota_exhausted || result == call_result::unauthorized;
}

bool is_limit(const availability& now, const key_state& key) noexcept {
  switch (now.what) {
    case availability::verdict::request_limit:
    case availability::verdict::token_limit:
    case availability::verdict::max_in_flight: return true;
    case availability::verdict::parked: return key.parked_for.load(std::memory_order_relaxed) == park_reason::retry_after;
    default: return false;
  }
}

int whole_seconds(milliseconds wait) noexcept {
  return static_cast<int>(std::max<std::int64_t>(1, std::chrono::ceil<seconds>(wait).count()));
}

std::string in_seconds(milliseconds wait) {
  char text[32];
  std::snprintf(text, sizeof text, " %.1f s", static_cast<double>(wait.count()) / 1000.0);
  return text;
}

// "" when the key may be taken.
std::string describe(const availability& now, const key_state& key) {
  const std::string when = now.retry_in > milliseconds(0) ? in_seconds(now.retry_in) : std::string();
  switch (now.what) {
    case availability::verdict::yes:
    case availability::verdict::probe: return {};
    case availability::verdict::parked: return "parked: " + std::string(to_string(key.parked_for.load(std::memory_order_relaxed))) + when;
    case availability::verdict::breaker_open: return "breaker open" + when;
    case availability::verdict::request_limit: return "rpm limit" + when;
    case availability::verdict::token_limit: return "tpm limit" + when;
    case availability::verdict::max_in_flight: return "max_in_flight reached";
  }
  return {};
}

}  // namespace

stage_request as_stage_request(const selection_request& request) noexcept {
  return {request.asked ? &*request.asked : nullptr, request.fallbacks, request.region, request.output_tokens};
}

selection::selection(selection_request request, balance_memory& memory, random_source& random)
    : request_(std::move(request)), memory_(memory), random_(random) {
  decision_ = run_stages(*request_.route, as_stage_request(request_));
}

selection::selection(selection_request request, decision made, balance_memory& memory, random_source& random)
    : request_(std::move(request)), decision_(std::move(made)), memory_(memory), random_(random) {}

// ---- tiers ----------------------------------------------------------------------------------------------------------

const target& selection::fallback(std::size_t at) const noexcept {
  for (const auto& list : decision_.fallbacks) {
    if (at < list.size()) return list[at];
    at -= list.size();
  }
  assert(false);
  return decision_.fallbacks.front().front();
}

std::size_t selection::fallback_count() const noexcept {
  std::size_t count = 0;
  for (const auto& list : decision_.fallbacks) count += list.size();
  return count;
}

// Without a target of its own a route begins with its first fallback; the client's list replaces what comes after.
std::size_t selection::tier_count() const noexcept {
  const std::size_t routed = fallback_count();
  const bool first_is_fallback = !request_.asked && decision_.targets.empty();
  if (first_is_fallback && routed == 0) return request_.fallbacks.size();
  const std::size_t further = !request_.fallbacks.empty() ? request_.fallbacks.size() : first_is_fallback ? routed - 1 : routed;
  return 1 + further;
}

std::span<const target> selection::tier(std::size_t at) const noexcept {
  const std::size_t routed = fallback_count();
  const bool first_is_fallback = !request_.asked && decision_.targets.empty();
  if (first_is_fallback && routed == 0) return {&request_.fallbacks[at], 1};
  if (at == 0) {
    if (request_.asked) return {&*request_.asked, 1};
    if (!decision_.targets.empty()) return decision_.targets;
    return {&fallback(0), 1};
  }
  if (!request_.fallbacks.empty()) return {&request_.fallbacks[at - 1], 1};
  return {&fallback(first_is_fallback ? at : at - 1), 1};
}

bool selection::repeats_earlier(std::size_t tier_at, const target& where) const noexcept {
  for (std::size_t earlier = 0; earlier < tier_at; ++earlier)
    for (const auto& t : tier(earlier))
      if (same_target(t, where)) return true;
  for (const auto& t : tier(tier_at)) {
    if (&t == &where) break;
    if (same_target(t, where)) return true;
  }
  return false;
}

// ---- what was tried -------------------------------------------------------------------------------------------------

int selection::attempts_on(const target& where) const noexcept {
  return static_cast<int>(std::count_if(tried_.begin(), tried_.end(), [&](const tried_key& t) { return t.where == &where; }));
}

int selection::times_tried(const key_entry& key) const noexcept {
  return static_cast<int>(std::count_if(tried_.begin(), tried_.end(), [&](const tried_key& t) { return t.key == &key; }));
}

const selection::tried_key* selection::last_try(const key_entry& key) const noexcept {
  for (auto it = tried_.rbegin(); it != tried_.rend(); ++it)
    if (it->key == &key) return &*it;
  return nullptr;
}

selection::rank selection::rank_of(const target& where, const key_entry& key) const noexcept {
  bool tried_here = false;
  for (const auto& t : tried_) {
    if (t.result == call_result::not_asked && t.key->provider == key.provider) return rank::none;   // its other keys speak no other format
    if (t.key != &key) continue;
    if (refused_by_key(t.result)) return rank::none;
    tried_here = tried_here || t.where == &where;
  }
  if (tried_here) return rank::tried_before;
  return last_target_ == nullptr || last_target_ == &where ? rank::same_target : rank::other_target;
}

std::int64_t selection::tokens_for(const key_entry& key) const noexcept {
  if (key.state->tokens.limit() == 0) return 0;
  return std::max<std::int64_t>(0, request_.input_tokens()) + std::max<std::int64_t>(0, request_.output_tokens);
}

// ---- choosing -------------------------------------------------------------------------------------------------------

void selection::collect(std::size_t tier_at, steady_time now, choices& found) const {
  for (const auto& where : tier(tier_at)) {
    if (repeats_earlier(tier_at, where)) continue;
    if (!tried_.empty() && attempts_on(where) >= std::max(1, where.provider->config.retry.attempts)) continue;
    for (const auto& key : where.provider->keys) {
      if (!key->serves(where.model)) continue;
      const auto rank_now = tried_.empty() ? rank::same_target : rank_of(where, *key);
      if (rank_now == rank::none || rank_now > found.best) continue;
      const auto state = check(*key->state, key->config.max_in_flight, tokens_for(*key), now);
      if (!state.usable()) continue;
      if (rank_now < found.best) {
        found.best = rank_now;
        found.candidates.clear();
        found.probes.clear();
      }
      (state.what == availability::verdict::probe ? found.probes.push_back({&where, key.get()})
                                                  : found.candidates.push_back({&where, key.get()}));
    }
  }
}

bool selection::anything_left(steady_time now) const {
  for (std::size_t at = tier_; at < tier_count(); ++at) {
    choices found;
    collect(at, now, found);
    if (!found.candidates.empty() || !found.probes.empty()) return true;
  }
  return false;
}

std::optional<picked_key> selection::pick_from(std::size_t tier_at, purpose what_for, steady_time now) {
  choices found;
  collect(tier_at, now, found);
  const std::size_t all = found.candidates.size() + found.probes.size();
  const bool by_cost = decision_.strategy == config::balance_strategy::lowest_cost;   // the others do not ask how long the prompt is
  const balance_request asked{request_.region, by_cost ? request_.input_tokens() : 0, request_.output_tokens, now};

  // A probe goes first on a request's first attempt, and only as the last resort on a further one.
  const auto regular = [](const candidate& c) { return c.where->weight * c.key->config.weight > 0; };
  const bool any_regular = std::any_of(found.candidates.begin(), found.candidates.end(), regular);
  const auto take = [&](auto& list) -> std::optional<picked_key> {
    while (!list.empty()) {
      const std::size_t at = choose(decision_.strategy, {list.data(), list.size()}, asked, memory_, random_);
      const candidate chosen = list[at];
      picked_key pick;
      if (what_for == purpose::look || reserve(*chosen.key, pick, now)) {
        const auto& keys = chosen.where->provider->keys;
        pick.key = *std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.get() == chosen.key; });
        pick.provider = chosen.where->provider;
        pick.model = chosen.where->model;
        pick.wait = backoff(*chosen.where, *chosen.key, now);
        last_target_ = chosen.where;
        last_key_ = chosen.key;
        last_tier_ = tier_at;
        last_choices_ = all;
        last_probe_ = pick.probe;
        return pick;
      }
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));   // another thread took the last of it
    }
    return std::nullopt;
  };
  if (attempts_ == 0 && !found.probes.empty()) {
    // A key of weight 0 is the spare one: it is not probed while others can serve.
    if (any_regular)
      found.probes.erase(std::remove_if(found.probes.begin(), found.probes.end(), [&](const candidate& c) { return !regular(c); }),
                         found.probes.end());
    if (auto pick = take(found.probes)) return pick;
  }
  if (auto pick = take(found.candidates)) return pick;
  return take(found.probes);
}

bool selection::reserve(const key_entry& key, picked_key& into, steady_time now) const noexcept {
  auto& state = *key.state;
  const int before = state.in_flight.fetch_add(1, std::memory_order_relaxed);
  if (key.config.max_in_flight > 0 && before >= key.config.max_in_flight) {
    state.in_flight.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  const bool probe = state.breaker.load(std::memory_order_acquire) == breaker_state::half_open;
  if (probe && !state.take_probe()) {
    state.in_flight.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  const std::int64_t tokens = tokens_for(key);
  const bool request_fits = state.requests.reserve(1, now);
  if (!request_fits || !state.tokens.reserve(tokens, now)) {
    if (request_fits) state.requests.settle(1, 0, now, now);
    if (probe) state.return_probe();
    state.in_flight.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  into.probe = probe;
  into.reserved_tokens = tokens;
  into.reserved_at = now;
  return true;
}

// Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): uniform in 0 .. min(max_backoff, backoff x 2^(tries - 1)).
milliseconds selection::backoff(const target& where, const key_entry& key, steady_time now) noexcept {
  const int tries = times_tried(key);
  if (tries == 0) return milliseconds(0);
  const auto& retry = where.provider->config.retry;
  milliseconds most = retry.backoff;
  for (int i = 1; i < tries && most < retry.max_backoff; ++i) most *= 2;
  most = std::min(most, retry.max_backoff);
  auto wait = std::chrono::duration_cast<milliseconds>(most * random_.uniform());
  if (deadline_) wait = std::min(wait, std::chrono::duration_cast<milliseconds>(*deadline_ - now));
  return std::max(wait, milliseconds(0));
}

result<picked_key> selection::pick(purpose what_for, steady_time now) {
  if (decision_.refusal) return *decision_.refusal;
  const std::size_t tiers = tier_count();
  for (std::size_t at = tier_; at < tiers; ++at) {
    auto found = pick_from(at, what_for, now);
    if (!found) continue;
    if (what_for == purpose::take) {
      tier_ = at;
      ++attempts_;
    }
    return std::move(*found);
  }
  return exhausted(now);
}

result<picked_key> selection::next(steady_time now) { return pick(purpose::take, now); }
result<picked_key> selection::preview(steady_time now) { return pick(purpose::look, now); }

bool selection::failed(call_result result, const error& why, milliseconds retry_after, retry_budget& budget, steady_time deadline,
                       steady_time now) {
  assert(last_key_ != nullptr);
  tried_.push_back({last_target_, last_key_, result, retry_after});
  last_error_ = why;
  deadline_ = deadline;
  if (!is_retryable(result) || now >= deadline) return false;
  // With nothing left, next() has a better answer than `why` only where all are limited: the shortest wait.
  if (!anything_left(now)) return every_key_limited(now);
  return result == call_result::not_asked || budget.take_retry(now);   // nothing was sent: that is no retry
}

void selection::finish(const picked_key& pick, std::int64_t tokens_used, steady_time now) noexcept {
  auto& state = *pick.key->state;
  state.in_flight.fetch_sub(1, std::memory_order_relaxed);
  state.tokens.settle(pick.reserved_tokens, tokens_used, pick.reserved_at, now);
}

// ---- saying why -----------------------------------------------------------------------------------------------------

bool selection::every_key_limited(steady_time now) const {
  bool any = false;
  for (std::size_t at = 0; at < tier_count(); ++at) {
    for (const auto& where : tier(at)) {
      for (const auto& key : where.provider->keys) {
        if (!key->serves(where.model)) continue;
        any = true;
        const auto* tried = last_try(*key);
        if (tried != nullptr) {
          if (tried->result != call_result::rate_limited) return false;
          continue;
        }
        const auto state = check(*key->state, key->config.max_in_flight, tokens_for(*key), now);
        // Usable, yet next() did not get it: another thread took its last request, token or slot in between.
        if (!is_limit(state, *key->state) && !(state.usable() && attempts_ == 0)) return false;
      }
    }
  }
  return any;
}

error selection::exhausted(steady_time now) const {
  const bool limited = every_key_limited(now);
  if (last_error_ && !limited) return *last_error_;

  milliseconds soonest = milliseconds::max();
  for (std::size_t at = 0; at < tier_count(); ++at) {
    for (const auto& where : tier(at)) {
      for (const auto& key : where.provider->keys) {
        if (!key->serves(where.model)) continue;
        const auto state = check(*key->state, key->config.max_in_flight, tokens_for(*key), now);
        milliseconds wait = state.retry_in;
        if (const auto* tried = last_try(*key); tried != nullptr) wait = std::max(wait, tried->retry_after);
        soonest = std::min(soonest, std::max(wait, milliseconds(1)));
      }
    }
  }

  std::string list;
  for (const auto& out : exclusions(now)) {
    if (out.because == "serves other models") continue;
    list += (list.empty() ? "" : "; ") + out.provider + "/" + out.model + " " + out.key + ": " + (out.because.empty() ? "busy" : out.because);
  }
  error what;
  what.origin = error_origin::upstream;
  what.retryable = true;
  if (soonest == milliseconds::max()) {
    what.code = error_code::no_healthy_upstream;
    what.message = "no key can take this request: route '" + printable(request_.route->name, 100) + "' leads to no target";
    return what;
  }
  what.code = limited ? error_code::rate_limited : error_code::no_healthy_upstream;
  what.retry_after_s = whole_seconds(soonest);
  what.message = printable((limited ? "every key is rate limited: " : "no key can take this request: ") + list, longest_message);
  return what;
}

std::vector<exclusion> selection::exclusions(steady_time now) const {
  std::vector<exclusion> rows;
  for (std::size_t at = 0; at < tier_count(); ++at) {
    for (const auto& where : tier(at)) {
      if (repeats_earlier(at, where)) continue;
      for (const auto& key : where.provider->keys) {
        exclusion row{where.provider->config.name, where.model, key->config.name, {}, where.weight * key->config.weight};
        if (!key->serves(where.model)) {
          row.because = "serves other models";
        } else if (const auto* tried = last_try(*key); tried != nullptr) {
          row.because = "tried: " + std::string(to_string(tried->result));
          if (tried->retry_after > milliseconds(0)) row.because += in_seconds(tried->retry_after);
        } else {
          row.because = describe(check(*key->state, key->config.max_in_flight, tokens_for(*key), now), *key->state);
        }
        rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

std::string selection::reason() const {
  std::string text;
  text.reserve(192);
  text += request_.route->name;
  if (!decision_.notes.empty()) text.append(": ").append(decision_.notes);
  if (last_key_ == nullptr) return printable(text + (decision_.notes.empty() ? ": no key" : ""), longest_reason);
  if (!decision_.notes.empty()) text += " ->";
  // The model is the client's text: cut here, so that what matters behind it stays.
  text.append(" ").append(last_target_->provider->config.name).append("/").append(printable(last_target_->model, 80));
  text.append(" by ").append(to_string(decision_.strategy)).append(": key ").append(last_key_->config.name);
  text.append(" of ").append(std::to_string(last_choices_));
  if (last_probe_) text += " (probe)";
  if (last_tier_ > 0) text += ", fallback " + std::to_string(last_tier_);
  for (std::size_t i = 0; i < tried_.size(); ++i) {
    text += i == 0 ? " after " : ", ";
    text += tried_[i].key->config.name + ": ";
    text += to_string(tried_[i].result);
  }
  return printable(std::move(text), longest_reason);
}

}  // namespace switchyard::routing
