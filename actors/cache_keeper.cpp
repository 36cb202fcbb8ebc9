#include "actors/cache_keeper.hpp"

#include "actors/cache_records.hpp"
#include "actors/cluster/cache_exchange.hpp"
#include "actors/cluster/cache_wire.hpp"
#include "actors/end_thread.hpp"
#include "base/log.hpp"
#include "base/money.hpp"
#include "config/model_folders.hpp"
#include "providers/json_out.hpp"
#include "providers/registry.hpp"
#include "providers/stored_answer.hpp"
#include "routing/cache/answers_agree.hpp"
#include "storage/answer_store.hpp"
#include "storage/cleared_answers.hpp"
#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <future>

namespace switchyard::actors {

namespace {

constexpr std::size_t parser_padding = 64;         // readable bytes behind a body that is parsed
constexpr std::size_t most_queued = 8192;
constexpr std::size_t most_queued_bytes = 64u << 20;
constexpr std::size_t most_flights = 10'000;
constexpr milliseconds idle_round{1000};           // graphs tended
constexpr milliseconds expiry_round{10'000};       // expired answers dropped; none is given before that either
constexpr std::size_t most_in_one_batch = 256;
constexpr milliseconds graphs_round = std::chrono::minutes(1);   // between two times that graphs are kept
constexpr microseconds own_copy_for = std::chrono::seconds(10);   // of an answer that another node keeps: for those who wait for the same request
constexpr std::uint64_t fewest_changes = 1000;     // and an eighth of the graphs: so much is worth writing them again
constexpr std::array<std::string_view, 4> lookup_names{"hit", "semantic_hit", "miss", "bypass"};

std::int64_t now_us() { return std::chrono::duration_cast<microseconds>(wall_now().time_since_epoch()).count(); }

bool has_cache_stage(const config::config& config) {
  for (const auto& route : config.routes)
    for (const auto& stage : route.stages)
      if (std::holds_alternative<config::cache_stage_config>(stage.what)) return true;
  return false;
}

routing::cache_bounds bounds_of(const config::config& config) { return {config.cache.max_entries, config.cache.max_size}; }

}  // namespace

cache_keeper::cache_keeper(std::string data_dir) : data_dir_(std::move(data_dir)) {}
cache_keeper::~cache_keeper() { stop(); }

void cache_keeper::configure(const config::config& config) {
  if (cache_) {
    const std::lock_guard guard(mutex_);
    errands_.push_back([this, bounds = bounds_of(config)] { cache_->set_bounds(bounds); });
    arrived_.notify_one();
  } else if (has_cache_stage(config)) {
    open(config);
  }
}

void cache_keeper::open(const config::config& config) {
  const auto folders = config::model_folders("");
  // Prompts are found by sums of rows alone: a lookup's time is the embedding's, and the verifier was trained with them.
  auto model = routing::embedder::load(config::model_file(folders, "embedding.bin"), routing::embedder::rows::alone);
  if (!model) return log::error("cache_without_model", model.failure().message + "; nothing is cached", {});
  model_ = std::make_unique<routing::embedder>(*std::move(model));
  embedding_ = model_->fingerprint();
  auto judge = routing::load_judge(*model_, config::model_file(folders, "hit_verifier.bin"));
  if (!judge) log::warn("cache_without_verifier", judge.failure().message + "; like prompts are told by their cosine and the guard alone", {});
  cache_ = std::make_unique<routing::answer_cache>(judge ? *std::move(judge) : std::make_shared<const routing::hit_judge>(*model_), bounds_of(config));
  if (data_dir_.empty()) {
    store_ = std::make_unique<storage::memory_store>();
  } else if (auto on = storage::open_rocks_store(data_dir_ + "/cache", storage::on_damage::set_aside)) {
    store_ = std::move(*on);
    graphs_path_ = data_dir_ + "/cache.graphs";
  } else {
    log::warn("cache_in_memory_alone", on.failure().message, {});
    store_ = std::make_unique<storage::memory_store>();
  }
  thread_ = std::thread([this] { run(); });
  ready_.store(cache_.get(), std::memory_order_release);
}

void cache_keeper::load() {
  const auto begun = steady_now();
  const auto now = now_us();
  std::uint64_t old = 0;
  const auto read = storage::read_answers(*store_, [&](storage::stored_answer answer) {
    // Another embedding's partitions are never asked for; what is too old neither.
    if (answer.expires_us <= now || answer.embedding != embedding_) {
      ++old;
      changes_.emplace_back(storage::answer_key(answer.exact), std::nullopt);
      return;
    }
    forget(cache_->insert(restored(std::move(answer)), now));
  });
  if (!read) {
    writing_ = false;
    log::warn("cache_not_read", read.failure().message, {});
  }
  const auto ms_since = [](steady_time from) { return static_cast<std::int64_t>(std::chrono::duration_cast<milliseconds>(steady_now() - from).count()); };
  if (exchange_) {
    auto clears = storage::read_clears(*store_);
    if (!clears) log::warn("cache_clears_not_read", clears.failure().message + "; more is cleared than must be", {});
    const std::lock_guard guard(mutex_);
    known_clears_ = clears ? *std::move(clears) : storage::clears_read{};
  }
  if (!read) return;
  const auto read_ms = ms_since(begun);
  const auto graphs_begun = steady_now();
  const auto graphs = graphs_path_.empty() ? routing::answer_cache::graphs_taken{} : cache_->take_graphs(graphs_path_);
  if (!graphs.read) {
    log::warn("cache_graphs_not_read", graphs.read.failure().message + "; they are made anew, like prompts are found later", {});
    std::error_code ignored;
    std::filesystem::remove(graphs_path_, ignored);
  }
  if (read->read + read->dropped > 0)
    log::info("cache_loaded", "stored answers were read",
              {{"answers", cache_->figures().entries}, {"expired", old}, {"damaged", read->dropped}, {"ms", read_ms}, {"in_graphs", graphs.vectors}, {"graphs_ms", ms_since(graphs_begun)}});
}

/// Writes the graphs beside the answers: when much has changed, when something was cleared, and at the end.
void cache_keeper::keep_graphs(bool ending) {
  const auto now = steady_now();
  const auto [vectors, changes] = cache_->graphs();
  if (graphs_path_.empty() || changes == 0) return;
  const bool due = now >= next_graphs_ && (cleared_ || changes >= std::max(fewest_changes, vectors / 8));
  if (!due && !ending) return;
  next_graphs_ = now + graphs_round;
  cleared_ = false;
  const auto kept = cache_->keep_graphs(graphs_path_);
  if (!kept) log::warn("cache_graphs_not_kept", kept.failure().message + "; the next start makes what is missing anew", {});
}

void cache_keeper::stop() { end_thread(thread_, mutex_, arrived_, stopping_); }

void cache_keeper::offer(cache_offer what) {
  const auto exact = what.entry->key.exact;
  const bool lands = what.lands_flight;
  const auto size = what.body.size() + what.request_body.size();
  {
    const std::lock_guard guard(mutex_);
    if (!stopping_ && queue_.size() < most_queued && queued_bytes_ + size <= most_queued_bytes) {
      queued_bytes_ += size;
      queue_.push_back(std::move(what));
      if (queue_.size() == 1) arrived_.notify_one();
      return;
    }
  }
  dropped_.fetch_add(1, std::memory_order_relaxed);
  if (lands) land(exact);
}

void cache_keeper::run() {
  std::vector<cache_offer> batch;
  std::vector<std::function<void()>> errands;
  load();
  auto next_round = steady_now() + expiry_round;
  while (true) {
    bool ending = false;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait_for(lock, idle_round, [this] { return stopping_ || !queue_.empty() || !errands_.empty(); });
      batch.swap(queue_);
      errands.swap(errands_);
      queued_bytes_ = 0;
      ending = stopping_;
    }
    for (auto& errand : errands) errand();
    for (auto& what : batch) {
      keep(what);
      if (what.lands_flight) land(what.entry->key.exact);
      if (changes_.size() >= most_in_one_batch) write_out();
    }
    batch.clear();
    errands.clear();
    if (ending || steady_now() >= next_round) {
      forget(cache_->drop_expired(now_us()));
      next_round = steady_now() + expiry_round;
    }
    write_out();
    keep_graphs(ending);
    if (ending) break;
    for (bool more = true; more;) {
      more = cache_->tend();
      const std::lock_guard guard(mutex_);
      more = more && !stopping_ && queue_.empty() && errands_.empty();
    }
  }
}

/// Brings an answer into its whole form, keeps it if it is one, and judges the hit it stands against.
void cache_keeper::keep(cache_offer& what) {
  auto& entry = *what.entry;
  const auto operation = what.operation.operation;
  std::optional<std::string> fresh;              // its text
  if (providers::is_embedding(operation)) {
    if (what.streamed) return;
  } else {
    if (what.streamed) {
      what.request_body.reserve(what.request_body.size() + parser_padding);
      const auto request = providers::ingress_of(operation).parse(what.operation, what.request_body);
      if (!request) return;
      providers::neutral_view asked(*request);
      providers::answer_context context;
      context.request_id = what.request_id;
      context.model = request->model;
      context.created = entry.created_us / 1'000'000;
      auto whole = providers::stream_to_answer(*request, asked, what.body, what.counts, context);
      if (!whole) return void(refused_.fetch_add(1, std::memory_order_relaxed));
      what.body = *std::move(whole);
    }
    const auto facts = providers::read_facts(operation, what.body);
    if (!facts || !facts->complete) return void(refused_.fetch_add(1, std::memory_order_relaxed));
    fresh = facts->text;
  }
  entry.content_type = "application/json";
  entry.body = std::move(what.body);
  if (hand_on(what)) return;
  if (what.control && fresh) judge(what, *fresh);
  if (what.control)
    cache_->set_threshold(entry.key.partition, static_cast<float>(control_.threshold(entry.key.partition)),
                          static_cast<float>(control_.verify_share(entry.key.partition, what.control->verify_share)));
  changes_.emplace_back(storage::answer_key(entry.key.exact), storage::encode(stored(entry)));
  forget(cache_->insert(what.entry, entry.created_us));
}

/// True: another node owns its partition. What is too long to travel stays here, found by the very request alone.
bool cache_keeper::hand_on(const cache_offer& what) {
  if (!exchange_ || what.from_peer) return false;
  auto& entry = *what.entry;
  const auto owner = exchange_->owner_of(bytes_of(entry.key.partition));
  if (owner.empty()) return false;
  auto message = store_of(what);
  const bool travels = message.record.size() <= longest_shared_answer;
  if (travels) {
    if (!exchange_->store(owner, std::move(message))) dropped_.fetch_add(1, std::memory_order_relaxed);
    entry.expires_us = std::min(entry.expires_us, entry.created_us + own_copy_for.count());
  }
  entry.key.prompt.reset();
  entry.vector = {};
  auto gone = cache_->insert(what.entry, entry.created_us);
  if (!travels) {
    changes_.emplace_back(storage::answer_key(entry.key.exact), storage::encode(stored(entry)));
  } else if (std::any_of(gone.begin(), gone.end(), [&](const auto& old) { return old->key.exact == entry.key.exact; })) {
    changes_.emplace_back(storage::answer_key(entry.key.exact), std::nullopt);   // or a restart would bring the older one back
  }
  forget(gone);
  return true;
}

void cache_keeper::judge(const cache_offer& what, const std::string& fresh) {
  auto near = what.near;
  if (!near && what.near_exact) near = cache_->find_same(*what.near_exact, what.entry->created_us).entry;
  if (!near) return;
  const auto facts = providers::read_facts(what.operation.operation, near->body);
  if (!facts) return;
  const bool wrong = !routing::answers_agree(*model_, facts->text, fresh);
  checked_.fetch_add(1, std::memory_order_relaxed);
  wrong_.fetch_add(wrong ? 1 : 0, std::memory_order_relaxed);
  (void)control_.judged(what.entry->key.partition, *what.control, static_cast<double>(what.similarity), wrong, static_cast<double>(what.chance));
}

void cache_keeper::forget(const std::vector<routing::cache_entry_ptr>& gone) {
  // One that a newer answer to the same request took the place of is overwritten by it, whichever comes first here.
  for (const auto& entry : gone)
    if (!cache_->holds(entry->key.exact))
      changes_.emplace_back(storage::answer_key(entry->key.exact), std::nullopt);
}

void cache_keeper::write_out() {
  if (changes_.empty()) return;
  storage::write_batch batch;
  for (auto& [key, value] : changes_) {
    if (value)
      batch.put(storage::table::meta, std::move(key), *std::move(value));
    else
      batch.erase(storage::table::meta, std::move(key));
  }
  changes_.clear();
  auto written = store_->write(batch, storage::survives::process);
  if (!written && !writing_) written = store_->reopen() ? store_->write(batch, storage::survives::process) : std::move(written);
  if (written.has_value() != writing_) {
    writing_ = written.has_value();
    if (writing_)
      log::info("cache_writes_again", "stored answers reach the disk again", {});
    else
      log::warn("cache_cannot_write", written.failure().message + "; answers are kept in memory alone", {});
  }
}

std::uint64_t cache_keeper::clear(std::string route, std::string tenant, std::string tag) {
  auto done = std::make_shared<std::promise<std::uint64_t>>();
  auto answer = done->get_future();
  const bool comes = run_soon([this, done, route = std::move(route), tenant = std::move(tenant), tag = std::move(tag)] { done->set_value(drop(route, tenant, tag)); });
  if (!comes) return 0;
  return answer.wait_for(seconds(1)) == std::future_status::ready ? answer.get() : 0;
}

/// False: there is no cache, or it ends.
bool cache_keeper::run_soon(std::function<void()> errand) {
  const std::lock_guard guard(mutex_);
  if (stopping_ || ready_.load(std::memory_order_acquire) == nullptr) return false;
  errands_.push_back(std::move(errand));
  arrived_.notify_one();
  return true;
}

std::size_t cache_keeper::drop(const std::string& route, const std::string& tenant, const std::string& tag) {
  const auto gone = cache_->clear(route, tenant, tag);
  cleared_ = cleared_ || !gone.empty();            // nothing of it stays in the graphs' file longer than must be
  forget(gone);
  return gone.size();
}

void cache_keeper::clear_for(std::string node, std::uint64_t mark, std::string route, std::string tenant, std::string tag) {
  (void)run_soon([this, node = std::move(node), mark, route = std::move(route), tenant = std::move(tenant), tag = std::move(tag)] {
    const auto gone = drop(route, tenant, tag);
    if (mark == 0) return;
    {
      const std::lock_guard guard(mutex_);
      if (known_clears_) known_clears_->marks[node] = mark;
    }
    auto [key, value] = storage::clear_mark(node, mark);
    changes_.emplace_back(std::move(key), std::move(value));
    log::info("cache_cleared", "another node's clearing of the cache is done here", {{"node", node}, {"answers", static_cast<std::uint64_t>(gone)}});
  });
}

void cache_keeper::keep_clear(std::uint8_t slot, storage::own_clear what) {
  {
    const std::lock_guard guard(mutex_);
    if (known_clears_) known_clears_->own[slot] = what;
  }
  (void)run_soon([this, slot, what = std::move(what)] {
    auto [key, value] = storage::own_clear_record(slot, what);
    changes_.emplace_back(std::move(key), std::move(value));
  });
}

std::optional<storage::clears_read> cache_keeper::known_clears() {
  const std::lock_guard guard(mutex_);
  return known_clears_;
}

bool cache_keeper::join(const routing::cache_hash& exact, std::function<void()> landed) {
  const std::lock_guard guard(flights_mutex_);
  const auto at = flights_.find(exact);
  if (at != flights_.end()) {
    at->second.push_back(std::move(landed));
    return false;
  }
  if (flights_.size() < most_flights) flights_.try_emplace(exact);
  return true;
}

void cache_keeper::land(const routing::cache_hash& exact) {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard guard(flights_mutex_);
    const auto at = flights_.find(exact);
    if (at == flights_.end()) return;
    waiting = std::move(at->second);
    flights_.erase(at);
  }
  for (const auto& call : waiting) call();
}

void cache_keeper::count(lookup what, nano_usd saved) noexcept {
  lookups_[static_cast<std::size_t>(what)].fetch_add(1, std::memory_order_relaxed);
  saved_.fetch_add(saved, std::memory_order_relaxed);
}

std::string cache_keeper::stats_json() const {
  std::string text;
  providers::json::out out(text);
  const auto* cache = answers();
  const auto figures = cache != nullptr ? cache->figures() : routing::cache_figures{};
  out.begin_object();
  out.boolean("enabled", cache != nullptr);
  out.number("entries", static_cast<std::int64_t>(figures.entries));
  out.number("bytes", static_cast<std::int64_t>(figures.bytes));
  out.number("partitions", static_cast<std::int64_t>(figures.partitions));
  out.number("inserted", static_cast<std::int64_t>(figures.inserted));
  out.number("evicted", static_cast<std::int64_t>(figures.evicted));
  out.number("expired", static_cast<std::int64_t>(figures.expired));
  out.key("lookups");
  out.begin_object();
  for (std::size_t i = 0; i < lookup_names.size(); ++i) out.number(lookup_names[i], static_cast<std::int64_t>(lookups_[i].load(std::memory_order_relaxed)));
  out.end_object();
  out.text("saved_usd", format_usd(saved_.load(std::memory_order_relaxed)));
  out.number("checked", static_cast<std::int64_t>(checked_.load(std::memory_order_relaxed)));
  out.number("checked_wrong", static_cast<std::int64_t>(wrong_.load(std::memory_order_relaxed)));
  out.number("not_kept", static_cast<std::int64_t>(refused_.load(std::memory_order_relaxed)));
  out.number("dropped", static_cast<std::int64_t>(dropped_.load(std::memory_order_relaxed)));
  if (exchange_) {
    const auto shared = exchange_->figures();
    out.key("cluster");
    out.begin_object();
    out.number("asked", static_cast<std::int64_t>(shared.lookups.asked));
    out.number("found", static_cast<std::int64_t>(shared.lookups.found));
    out.number("unanswered", static_cast<std::int64_t>(shared.lookups.unanswered));
    out.number("late", static_cast<std::int64_t>(shared.lookups.late));
    out.number("not_asked", static_cast<std::int64_t>(shared.lookups.not_asked));
    out.number("answered", static_cast<std::int64_t>(shared.answered));
    out.number("stores_sent", static_cast<std::int64_t>(shared.stores_sent));
    out.number("stores_dropped", static_cast<std::int64_t>(shared.stores_dropped));
    out.end_object();
  }
  out.end_object();
  return text;
}

}  // namespace switchyard::actors
