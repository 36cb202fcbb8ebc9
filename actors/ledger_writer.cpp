#include "actors/ledger_writer.hpp"

#include "actors/end_thread.hpp"
#include "base/log.hpp"
#include "providers/price_catalogue.hpp"
#include "storage/kept_rows.hpp"
#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"
#include "storage/virtual_keys.hpp"

#include <filesystem>

#include <pthread.h>

namespace switchyard::actors {

namespace {

constexpr std::uint64_t most_waiting = 200'000;            // entries in memory, about 300 bytes each
constexpr std::size_t most_in_one_commit = 4096;
constexpr std::size_t most_submissions_waiting = 64;
constexpr std::size_t most_empty_batches = 4;              // about 100 KB each
constexpr milliseconds retry_every{500};
constexpr milliseconds commit_every{20};                   // at most, while nobody waits
constexpr milliseconds retention_every = std::chrono::minutes(10);

storage::attempt_parties parties_of(const ledger_entry& entry) {
  storage::attempt_parties who;
  if (entry.route != nullptr) who.route = entry.route->name;
  if (entry.key != nullptr) who.provider = entry.key->provider;
  who.model = entry.model;
  if (entry.key != nullptr) who.key = entry.key->config.name;
  if (entry.virtual_key != nullptr) who.virtual_key = entry.virtual_key->config.name;
  if (entry.tags)
    who.tags = *entry.tags;
  else if (entry.virtual_key != nullptr)
    who.tags = entry.virtual_key->config.tags;
  return who;
}

storage::opening_facts opening_of(const ledger_entry& entry, std::int64_t at_us) {
  storage::opening_facts open{entry.id, at_us, entry.input_tokens, std::nullopt};
  const auto output = entry.output_tokens > 0 ? entry.output_tokens : unsaid_output_tokens;
  if (entry.provider != nullptr) open.reserved = providers::cost(entry.provider->price_of(entry.model), {.input = entry.input_tokens, .output = output});
  return open;
}

storage::settled_facts settlement_of(const ledger_entry& entry) {
  storage::settled_facts what;
  what.id = entry.id;
  what.last = entry.last;
  what.estimated = entry.estimated;
  what.input_tokens = entry.input_tokens;
  what.output_tokens = entry.output_tokens;
  what.cached_tokens = entry.cached_tokens;
  what.cost = entry.cost;
  what.saved = entry.saved;
  what.saved_by = storage::savings_reason_of(entry.saved_by);
  what.cache = entry.cache;
  what.outcome = entry.outcome;
  return what;
}

}  // namespace

result<std::shared_ptr<ledger_writer>> ledger_writer::open(const config::config& config) {
  auto on = storage::open_rocks_store(config.node.data_dir + "/ledger", storage::on_damage::refuse);
  if (!on) return on.failure();
  // A node of a cluster whose disk was lost must not name a row as it did before.
  const auto since_1970 = std::chrono::duration_cast<seconds>(wall_now().time_since_epoch()).count();
  auto opened = storage::ledger::open(**on, config.node.name, wall_now(), config.cluster.listen ? static_cast<std::uint64_t>(since_1970) : 1);
  if (!opened) {
    auto what = opened.failure();
    what.message = config.node.data_dir + "/ledger: " + what.message;
    return what;
  }
  if (const auto keys = storage::read_virtual_keys(**on); !keys) {
    auto what = keys.failure();
    what.message = config.node.data_dir + "/ledger: " + what.message + ". Restore a backup (switchyardctl restore)";
    return what;
  }
  if (opened->orphans > 0)
    log::warn("ledger_orphans_settled", "calls that the last process had under way are settled as unknown, charged as reserved",
              {{"attempts", static_cast<std::uint64_t>(opened->orphans)}});
  const auto orphans = opened->orphans;
  std::shared_ptr<ledger_writer> made(new ledger_writer(std::move(*on), std::move(opened->value)));
  made->rows_.store(orphans);
  made->configure(config.ledger);
  return made;
}

std::shared_ptr<ledger_writer> ledger_writer::in_memory(const std::string& node) {
  auto on = std::make_unique<storage::memory_store>();
  auto opened = storage::ledger::open(*on, node, wall_now());
  return std::shared_ptr<ledger_writer>(new ledger_writer(std::move(on), std::move(opened->value)));
}

ledger_writer::ledger_writer(std::unique_ptr<storage::store> on, std::unique_ptr<storage::ledger> ledger)
    : store_(std::move(on)), ledger_(std::move(ledger)), incarnation_(ledger_->incarnation()), durable_rows_(ledger_->rows()), thread_([this] { run(); }) {}

ledger_writer::~ledger_writer() { stop(); }

void ledger_writer::configure(const config::ledger_section& section) {
  sync_.store(section.durability == config::ledger_durability::sync, std::memory_order_relaxed);
  retention_ms_.store(section.retention.count(), std::memory_order_relaxed);
}

void ledger_writer::submit(std::vector<ledger_entry> entries, std::function<void(bool)> then) {
  const auto count = entries.size();
  const bool room = waiting_.fetch_add(count, std::memory_order_relaxed) + count <= most_waiting;
  if (room) {
    const std::lock_guard guard(mutex_);
    if (!stopping_) {
      queue_.push_back({std::move(entries), std::move(then)});
      if (queue_.size() == 1 || queue_.size() == most_submissions_waiting) arrived_.notify_one();
      return;
    }
  }
  waiting_.fetch_sub(count, std::memory_order_relaxed);
  if (dropped_.fetch_add(count, std::memory_order_relaxed) % 10'000 == 0)
    log::error("ledger_entries_dropped", "no room in memory for the ledger's entries: they are lost", {{"entries", static_cast<std::uint64_t>(count)}});
  if (then) then(false);
}

std::vector<ledger_entry> ledger_writer::empty_batch() {
  const std::lock_guard guard(mutex_);
  if (empty_batches_.empty()) return {};
  auto batch = std::move(empty_batches_.back());
  empty_batches_.pop_back();
  return batch;
}

bool ledger_writer::send(errand what) {
  const std::lock_guard guard(mutex_);
  if (stopping_) return false;
  errands_.push_back(std::move(what));
  arrived_.notify_one();
  return true;
}

void ledger_writer::stop() { end_thread(thread_, mutex_, arrived_, stopping_); }

void ledger_writer::run() {
  ::pthread_setname_np(::pthread_self(), "ledger");
  while (true) {
    std::vector<submission> batch;
    std::vector<errand> errands;
    bool ending = false;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait_for(lock, writing_.load() ? milliseconds(retention_every) : retry_every, [this] { return stopping_ || !queue_.empty() || !errands_.empty(); });
      // Nobody waits: commits that are few and large cost less. A long queue does not wait, either.
      if (!holds_answers() && !stopping_ && !queue_.empty() && errands_.empty())
        arrived_.wait_until(lock, last_commit_ + commit_every, [this] { return stopping_ || queue_.size() >= most_submissions_waiting; });
      batch.swap(queue_);
      errands.swap(errands_);
      ending = stopping_;
    }
    for (const auto& errand : errands) errand(*ledger_, *store_);
    take(batch);
    last_commit_ = steady_now();
    keep_house();
    if (!ending) continue;
    const std::lock_guard guard(mutex_);
    if (queue_.empty() && errands_.empty()) break;
  }
  if (ledger_->staged() > 0)
    log::error("ledger_entries_lost", "the disk did not take the ledger's last entries", {{"entries", static_cast<std::uint64_t>(ledger_->staged())}});
}

void ledger_writer::take(std::vector<submission>& batch) {
  std::size_t told = 0;                          // submissions before it have been answered
  const auto tell = [&](std::size_t upto, bool durable) {
    for (; told < upto; ++told)
      if (batch[told].then) batch[told].then(durable);
  };
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto now_us = std::chrono::duration_cast<microseconds>(wall_now().time_since_epoch()).count();
    for (const auto& entry : batch[i].entries) enter(entry, now_us);
    lately_ = {};                                // what it points into may go with the batch
    batch[i].entries.clear();
    if (ledger_->staged() >= most_in_one_commit) tell(i + 1, commit());
  }
  if (ledger_->staged() > 0 || told < batch.size()) tell(batch.size(), commit());
  const std::lock_guard guard(mutex_);
  for (auto& done : batch)
    if (done.entries.capacity() > 0 && empty_batches_.size() < most_empty_batches) empty_batches_.push_back(std::move(done.entries));
}

storage::known_parties& ledger_writer::know(const ledger_entry& entry) {
  const auto* tags = entry.tags.get();
  const auto is_same = [&](const named& one) {
    return one.key == entry.key && one.route == entry.route && one.virtual_key == entry.virtual_key && *one.model == entry.model &&
           (one.tags == tags || (one.tags != nullptr && tags != nullptr && *one.tags == *tags));
  };
  for (auto& one : lately_)
    if (one.who != nullptr && is_same(one)) return *one.who;
  auto& who = ledger_->know(parties_of(entry));
  lately_[next_lately_++ % lately_.size()] = {entry.key, entry.route, entry.virtual_key, tags, &entry.model, &who};
  return who;
}

void ledger_writer::enter(const ledger_entry& entry, std::int64_t now_us) {
  auto& who = know(entry);
  const bool taken = entry.whole     ? ledger_->book(settlement_of(entry), who)
                     : entry.settles ? ledger_->settle(settlement_of(entry), who)
                                     : ledger_->reserve(opening_of(entry, now_us), who);
  if (taken && entry.settles) rows_.fetch_add(1, std::memory_order_relaxed);
  if (taken) return;
  if (refused_.fetch_add(1, std::memory_order_relaxed) % 1000 == 0)
    log::error("ledger_entry_refused", entry.settles && !entry.whole ? "an attempt that is not open was settled" : "an attempt was reserved twice",
               {{"request_id", entry.id.request.to_string()}});
}

bool ledger_writer::commit() {
  const auto what = holds_answers() ? storage::survives::power : storage::survives::process;
  if (!writing_.load(std::memory_order_relaxed)) {
    if (steady_now() < next_try_) return false;
    next_try_ = steady_now() + retry_every;
    if (!ledger_->recover()) return false;
    // What had failed is written by itself first.
    if (!ledger_->commit(wall_now(), what)) return false;
    writing_.store(true, std::memory_order_relaxed);
    log::info("ledger_writes_again", "the ledger's disk takes writes again", {{"entries", static_cast<std::uint64_t>(ledger_->staged())}});
  }
  const auto written = ledger_->commit(wall_now(), what);
  if (!written) {
    writing_.store(false, std::memory_order_relaxed);
    next_try_ = steady_now() + retry_every;
    log::error("ledger_cannot_write", written.failure().message + "; entries are kept in memory until it can", {});
  }
  durable_rows_.store(ledger_->rows(), std::memory_order_release);
  // Reservations that were settled before they were written count for nothing.
  const std::lock_guard guard(mutex_);
  std::uint64_t queued = 0;
  for (const auto& waiting : queue_) queued += waiting.entries.size();
  waiting_.store(queued + ledger_->staged(), std::memory_order_relaxed);
  return written.has_value();
}

void ledger_writer::keep_house() {
  const auto now = steady_now();
  if (!writing_.load(std::memory_order_relaxed) && now >= next_try_) (void)commit();
  const auto keep = milliseconds(retention_ms_.load(std::memory_order_relaxed));
  if (keep.count() == 0 || now < next_retention_ || !writing_.load(std::memory_order_relaxed)) return;
  next_retention_ = now + retention_every;
  if (auto dropped = ledger_->retain(keep, wall_now()); !dropped)
    log::warn("ledger_retention_failed", dropped.failure().message, {});
  const auto before = std::chrono::duration_cast<microseconds>((wall_now() - keep).time_since_epoch()).count();
  if (auto dropped = storage::drop_kept_rows(*store_, before); !dropped) log::warn("ledger_retention_failed", dropped.failure().message, {});
}

outcome ledger_writer::backup(const std::string& folder) const {
  std::error_code bad;
  if (std::filesystem::exists(folder, bad)) return client_error(error_code::invalid_request, folder + " exists; name a folder that does not", "dir");
  std::filesystem::create_directories(folder, bad);
  if (bad) return client_error(error_code::invalid_request, "cannot make the folder " + folder + ": " + bad.message(), "dir");
  auto made = store_->checkpoint(folder + "/ledger");
  if (!made) std::filesystem::remove_all(folder, bad);
  return made;
}

ledger_writer::figures ledger_writer::now() const noexcept {
  return {rows_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed), refused_.load(std::memory_order_relaxed),
          waiting_.load(std::memory_order_relaxed), writing_.load(std::memory_order_relaxed)};
}

}  // namespace switchyard::actors
