// Answering a request from the cache, and keeping what it is answered with.
//
// x-switchyard-cache: on (as without it); off: neither looked up nor kept; refresh: asked anew and kept; only: from the cache or not at
// all (504). What a guard refuses or masks is neither looked up nor kept. A hit is a row of the ledger without cost, which says what it saved.
#include "actors/request_life.hpp"

#include "actors/cluster/cache_exchange.hpp"
#include "actors/cluster/cache_wire.hpp"
#include "actors/request_cache.hpp"
#include "net/short_wait.hpp"
#include "providers/registry.hpp"
#include "providers/stored_answer.hpp"
#include "routing/stages/cache.hpp"

#include <array>
#include <charconv>

namespace switchyard::actors {

namespace {

constexpr std::string_view wish_header = "x-switchyard-cache";

using kind = routing::answer_cache::result_kind;

constexpr std::size_t longest_prompt = 8u << 10;         // compared by likeness; longer ones are found by their exact text alone
constexpr std::size_t most_kept = 1u << 20;              // bytes of an answer
constexpr milliseconds longest_wait = seconds(30);       // for the same request under way
constexpr int most_waits = 2;
constexpr std::size_t longest_name_told = 60;

enum class cache_wish { on, off, refresh, only };

std::optional<cache_wish> wish_of(std::string_view said) noexcept {
  if (said.data() == nullptr || equal_ignoring_case(said, "on")) return cache_wish::on;
  if (equal_ignoring_case(said, "off")) return cache_wish::off;
  if (equal_ignoring_case(said, "refresh")) return cache_wish::refresh;
  if (equal_ignoring_case(said, "only")) return cache_wish::only;
  return std::nullopt;
}

std::string_view to_string(config::cache_scope scope) noexcept {
  switch (scope) {
    case config::cache_scope::virtual_key: return "virtual_key";
    case config::cache_scope::route: return "route";
    case config::cache_scope::global: return "global";
  }
  return "virtual_key";
}

routing::answer_cache::control control_of(const config::cache_stage_config& told) noexcept {
  return told.max_wrong_rate ? routing::answer_cache::control::measured : routing::answer_cache::control::none;
}

std::int64_t micros(wall_time at) { return std::chrono::duration_cast<microseconds>(at.time_since_epoch()).count(); }

error not_stored() {
  error what = client_error(error_code::upstream_error, "nothing is stored for this request, and x-switchyard-cache: only asks for nothing else", "x-switchyard-cache");
  what.status = 504;
  return what;
}

}  // namespace

/// A route without a cache has nothing to do with it, unless the client says something about it.
bool request_life::may_ask_cache() const {
  return routing::stages::cache_of(*record_.route) != nullptr || x_.head().find(wish_header).data() != nullptr;
}

/// True: the request was answered.
net::task<bool> request_life::answer_from_cache(const providers::operation_target& wanted) {
  const auto wish = wish_of(x_.head().find(wish_header));
  if (!wish) {
    co_await answer_error(client_error(error_code::invalid_request, "x-switchyard-cache: expected on, off, refresh or only", "x-switchyard-cache"));
    co_return true;
  }
  const auto* told = routing::stages::cache_of(*record_.route);
  const auto* cache = here_.cache ? here_.cache->answers() : nullptr;
  const bool possible = told != nullptr && cache != nullptr && *wish != cache_wish::off && !selection_->decided().refusal && !mask_;
  if (possible) begin_cache_visit(wanted, *told);
  if (!cache_) {
    if (told != nullptr && here_.cache) here_.cache->count(cache_keeper::lookup::bypass);
    if (*wish != cache_wish::only) co_return false;
    co_await answer_error(not_stored());
    co_return true;
  }
  const auto& key = cache_->entry->key;
  for (int waits = 0; *wish != cache_wish::refresh; ++waits) {
    const auto now_us = micros(wall_now());
    auto found = cache->find_same(key.exact, now_us);
    cache_->near_exact.reset();
    const auto owner = found.entry ? std::string() : owner_elsewhere();
    if (!owner.empty())
      found = co_await ask_owner(owner);
    else if (!found.entry && key.prompt)
      found = cache->find_alike(key, cache_->prompt_vector(*cache), static_cast<float>(told->threshold), now_us, control_of(*told));
    if (found.kind == kind::alike && told->max_wrong_rate && *wish != cache_wish::only && here_.random.uniform() < static_cast<double>(found.verify_share)) {
      cache_->chance = found.verify_share;
      found.kind = kind::unsure;                 // checked: the provider is asked, and the stored answer compared
    }
    if (found.kind == kind::exact || found.kind == kind::alike) {
      if (co_await give_stored(found)) co_return true;
      break;                                     // it cannot be said as this client wants it
    }
    if (*wish == cache_wish::only) {
      here_.cache->count(cache_keeper::lookup::miss);
      record_.cache = "miss";
      co_await answer_error(not_stored());
      co_return true;
    }
    if (found.kind == kind::unsure && found.entry) cache_->near_exact = found.entry->key.exact;
    cache_->near = found.kind == kind::unsure ? std::move(found) : routing::answer_cache::finding{};
    if (waits == most_waits || !co_await wait_for_the_same(key.exact)) break;
    if (x_.client_gone()) break;
  }
  cache_->counts = true;
  record_.cache = "miss";
  here_.cache->count(cache_keeper::lookup::miss);
  tap_.arm(most_kept);
  co_return false;
}

/// The node to ask for what is not here; "": there is none.
std::string request_life::owner_elsewhere() const {
  const auto& exchange = cache_->keeper->exchange();
  return exchange ? exchange->owner_of(bytes_of(cache_->entry->key.partition)) : std::string();
}

/// What the owner of the request's partition has, if it says so in time.
net::task<routing::answer_cache::finding> request_life::ask_owner(const std::string& owner) {
  auto& visit = *cache_;
  const auto& key = visit.entry->key;
  std::span<const float> vector;
  if (key.prompt) vector = visit.prompt_vector(*visit.keeper->answers());
  const auto& exchange = visit.keeper->exchange();
  const auto box = std::make_shared<net::mailbox<std::optional<cluster::cache_answer>>>(here_.thread);
  const auto id = exchange->ask(owner, lookup_of(key, vector, static_cast<float>(visit.told.threshold), control_of(visit.told)),
                                [box](std::optional<cluster::cache_answer> answer) { box->put(std::move(answer)); });
  if (!id) co_return routing::answer_cache::finding{};
  const net::short_wait deadline(here_.thread, cluster::cache_options{}.deadline, [exchange, id = *id] { exchange->give_up(id); });
  const auto said = co_await box->take();
  if (!said) co_return routing::answer_cache::finding{};
  auto remote = finding_of(*said, key);
  visit.near_exact = remote.near;
  co_return std::move(remote.found);
}

void request_life::begin_cache_visit(const providers::operation_target& wanted, const config::cache_stage_config& told) {
  routing::cache_place where;
  where.scope = to_string(told.scope);
  if (told.scope == config::cache_scope::virtual_key && virtual_key_ != nullptr) where.tenant = virtual_key_->config.name;
  const auto& asked = selection_->asked();
  const auto& made = selection_->decided();
  // The model that the client named, or that a stage chose for this very request.
  const std::string target = asked ? asked->name() : !made.named_by.empty() && !made.targets.empty() ? made.targets.front().name() : std::string();
  where.asked = target;
  // A route stands for its stages; where everybody shares, a model that was named stands for itself.
  if (told.scope != config::cache_scope::global || !asked) where.route = record_.route->name;
  where.embedding = here_.cache->embedding();
  auto key = routing::key_of(request_, where);
  if (!key) return;
  auto visit = std::make_unique<cache_visit>();
  visit->keeper = here_.cache;
  visit->told = told;
  visit->entry = std::make_shared<routing::cache_entry>();
  if (!told.semantic || (key->prompt && key->prompt->size() > longest_prompt)) key->prompt.reset();
  auto& entry = *visit->entry;
  entry.key = *std::move(key);
  entry.route = record_.route->name;
  if (virtual_key_ != nullptr) {
    entry.tenant = virtual_key_->config.name;
    for (const auto& [name, value] : virtual_key_->config.tags) entry.tags.push_back(name + "=" + value);
  }
  entry.embedding = where.embedding;
  visit->operation = wanted;
  cache_ = std::move(visit);
}

/// True: the same request was under way and has ended, look again. False: this one asks the provider, and others wait for it.
net::task<bool> request_life::wait_for_the_same(const routing::cache_hash& exact) {
  const auto box = std::make_shared<net::mailbox<bool>>(here_.thread);
  if (here_.cache->join(exact, [box] { box->put(true); })) {
    cache_->leads = true;
    co_return false;
  }
  const auto from = here_.thread.now();
  net::io_thread::timer patience;
  const auto left = std::min<milliseconds>(longest_wait, std::chrono::duration_cast<milliseconds>(deadline_ - from));
  here_.thread.arm(patience, std::max(left, milliseconds(1)), [box] { box->put(false); });
  x_.on_client_gone([box] { box->put(false); });
  const bool landed = co_await box->take();
  x_.on_client_gone({});
  away_ += std::chrono::duration_cast<microseconds>(here_.thread.now() - from);
  co_return landed;
}

/// False: the stored answer cannot be said in the way this client wants it.
net::task<bool> request_life::give_stored(const routing::answer_cache::finding& found) {
  const auto entry = found.entry;
  std::string made;
  std::string_view body = entry->body;
  const auto context = answer_context();
  if (request_.stream) {
    auto streamed = providers::answer_to_stream(request_, asked_, entry->body, context);
    if (!streamed) co_return false;
    made = *std::move(streamed);
    body = made;
  }
  const bool exact = found.kind == kind::exact;
  record_.cache = exact ? "hit" : "semantic-hit";
  record_.saved = entry->cost;
  record_.saved_by = "cache";
  record_.cost = 0;
  record_.input_tokens = record_.output_tokens = record_.cached_tokens = 0;
  record_.tokens_estimated = false;
  record_.status = 200;
  here_.cache->count(exact ? cache_keeper::lookup::hit : cache_keeper::lookup::semantic_hit, entry->cost);
  cache_note_ = std::string_view(record_.route->name).substr(0, longest_name_told);
  if (exact) {
    cache_note_ += ": stored answer to the same request";
  } else {
    std::array<char, 16> text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), found.similarity, std::chars_format::fixed, 4);
    similarity_text_.assign(text.data(), written.ptr);
    cache_note_.append(": stored answer to a request ").append(similarity_text_).append(" alike");
  }
  if (!co_await record_hit(*entry)) co_return false;
  const auto type = request_.stream ? providers::dialect_of(request_.operation)->stream_content_type(context) : std::string_view(entry->content_type);
  auto headers = answer_headers(type, !request_.stream);
  headers.push_back({"x-switchyard-provider", entry->provider});
  headers.push_back({"x-switchyard-model", entry->model});
  headers.push_back({"x-switchyard-key", entry->key_name});
  bool sent = false;
  if (request_.stream) {
    headers.push_back({"x-accel-buffering", "no"});
    record_.first_token = std::chrono::duration_cast<microseconds>(here_.thread.now() - x_.started());
    (void)co_await x_.begin(200, fields_of(headers));
    const std::string_view pieces[] = {body};
    (void)co_await x_.write(pieces);
    const auto ended = co_await x_.end();
    sent = ended.has_value();
  } else {
    const auto ended = co_await x_.respond(200, fields_of(headers), body);
    sent = ended.has_value();
  }
  settle(sent ? 200 : 499, "", sent ? request_ending::ok : request_ending::client_gone);
  co_return true;
}

/// Before settle() gives the record away: a whole, good answer is offered to the cache.
void request_life::keep_answer() {
  if (!cache_ || !cache_->counts) return;
  auto& visit = *cache_;
  const auto& kept = tap_.kept();
  if (record_.status != 200 || record_.ending != request_ending::ok || !kept.whole || kept.status != 200 || kept.body.empty() || !record_.error_code.empty()) return;
  if (record_.attempts.empty() || record_.attempts.back().outcome.result != routing::call_result::ok) return;
  auto& entry = *visit.entry;
  const auto& last = record_.attempts.back();
  entry.provider = last.key->provider;
  entry.model = last.model;
  entry.key_name = last.key->config.name;
  entry.created_us = micros(wall_now());
  entry.expires_us = entry.created_us + std::chrono::duration_cast<microseconds>(visit.told.ttl).count();
  entry.input_tokens = record_.input_tokens;
  entry.output_tokens = record_.output_tokens;
  entry.cost = record_.cost.value_or(0);
  if (entry.key.prompt) entry.vector = routing::small_vector(visit.prompt_vector(*here_.cache->answers()));
  cache_offer offer;
  offer.entry = visit.entry;
  offer.operation = visit.operation;
  auto copy = tap_.take();
  offer.streamed = copy.streamed;
  offer.body = std::move(copy.body);
  if (offer.streamed || request_.stream) {
    offer.streamed = true;
    offer.request_body = std::string(request_.body);
  }
  offer.counts.input = record_.input_tokens;
  offer.counts.output = record_.output_tokens;
  offer.request_id.assign(id_text_, sizeof id_text_);
  offer.lands_flight = std::exchange(visit.leads, false);
  offer.near_exact = visit.near_exact;
  if (visit.told.max_wrong_rate && entry.key.prompt) {
    offer.control = {.max_wrong_rate = *visit.told.max_wrong_rate, .verify_share = visit.told.verify_share, .least_similarity = visit.told.threshold};
    offer.near = visit.near.entry;
    offer.similarity = visit.near.similarity;
    offer.chance = visit.chance;
  }
  here_.cache->offer(std::move(offer));
}

}  // namespace switchyard::actors
