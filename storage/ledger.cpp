#include "storage/ledger.hpp"

#include "storage/big_endian.hpp"
#include "storage/record.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace switchyard::storage {

namespace {

constexpr std::uint32_t version = 1;
constexpr std::string_view format_key = "format";
constexpr std::string_view format_known = "1";
constexpr std::string_view head_key = "head";
constexpr std::string_view tail_key = "tail";
constexpr std::int64_t us_per_minute = 60'000'000;
constexpr std::size_t most_kept_rows = 1024;       // room for more than these is given back after a commit
constexpr std::size_t most_known_parties = 1024;   // more are forgotten with a commit
constexpr std::size_t most_kept_bytes = 512u << 10;

std::int64_t us_of(wall_time at) noexcept { return std::chrono::duration_cast<microseconds>(at.time_since_epoch()).count(); }

std::string_view view(const row_hash& hash) noexcept { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

row_hash hash_from(const std::string& bytes) {
  row_hash out{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
  return out;
}

std::string encode(const ledger::head& head) {
  std::string out;
  record_writer(out, 4, version)
      .number(static_cast<std::int64_t>(head.incarnation))
      .number(static_cast<std::int64_t>(head.rows))
      .bytes(view(head.last))
      .number(head.at_us)
      .done();
  return out;
}

std::string minute_key(std::int64_t minute) {
  std::string key = "m";
  append_big_endian(key, static_cast<std::uint32_t>(minute));
  return key;
}

void put_tail(write_batch& batch, const row_hash& before_first) {
  std::string tail;
  record_writer(tail, 1, version).bytes(view(before_first)).done();
  batch.put(table::meta, tail_key, tail);
}

}  // namespace

result<std::optional<ledger::head>> ledger::read_head(const reader& from) {
  auto bytes = from.get(table::meta, head_key);
  if (!bytes) return bytes.failure();
  if (!*bytes) return std::optional<head>{};
  record_reader in(**bytes, version, 4);
  head out;
  out.incarnation = static_cast<std::uint64_t>(in.number());
  out.rows = static_cast<std::uint64_t>(in.number());
  out.last = hash_from(in.bytes(out.last.size()));
  out.at_us = in.number();
  if (!in.ok()) return storage_error("the ledger's head is damaged: " + in.problem());
  return std::optional<head>(out);
}

result<row_hash> ledger::read_tail(const reader& from) {
  auto bytes = from.get(table::meta, tail_key);
  if (!bytes) return bytes.failure();
  if (!*bytes) return row_hash{};
  record_reader in(**bytes, version, 1);
  const auto hash = hash_from(in.bytes(sizeof(row_hash)));
  if (!in.ok()) return storage_error("the ledger's tail is damaged: " + in.problem());
  return hash;
}

void ledger::put_ends(write_batch& batch, const head& newest, const row_hash& before_first) {
  batch.put(table::meta, format_key, format_known);
  batch.put(table::meta, head_key, encode(newest));
  if (before_first != row_hash{}) put_tail(batch, before_first);
}

std::int64_t ledger::minute_of(std::int64_t at_us) noexcept { return at_us / us_per_minute; }
void ledger::put_minute(write_batch& batch, std::int64_t minute, std::string_view row_key) { batch.put(table::meta, minute_key(minute), row_key); }

result<ledger::opened> ledger::open(store& on, std::string node, wall_time now, std::uint64_t first_incarnation) {
  auto format = on.get(table::meta, format_key);
  if (!format) return format.failure();
  if (*format && **format != format_known)
    return storage_error("the ledger has format " + **format + "; this version knows format " + std::string(format_known) + ". Use the version that wrote it");
  opened out;
  out.value.reset(new ledger(on, std::move(node)));
  if (auto begun = out.value->begin(now, first_incarnation, out.orphans); !begun) return begun.failure();
  return out;
}

outcome ledger::skip_incarnations(store& on, std::uint64_t used) {
  const auto before = read_head(on);
  if (!before) return before.failure();
  auto skipped = before->value_or(head{});
  if (skipped.incarnation >= used) return done{};
  skipped.incarnation = used;
  skipped.rows = 0;
  write_batch change;
  change.put(table::meta, head_key, encode(skipped));
  return on.write(change, survives::power);
}

outcome ledger::begin(wall_time now, std::uint64_t first_incarnation, std::size_t& orphans) {
  auto before = read_head(store_);
  if (!before) return before.failure();
  if (*before) head_ = **before;
  // The newest row and the head were written together: if they differ, something was lost.
  std::optional<error> problem;
  row_hash newest{};
  std::string newest_key;
  auto read = store_.scan_back(table::ledger_rows, {}, {}, [&](std::string_view key, std::string_view value) {
    newest_key = key;
    newest = hash_of(key, value);
    return false;
  });
  if (!read) return read;
  if (newest_key.empty() && head_.last != row_hash{}) {
    auto tail = read_tail(store_);               // retention may have dropped every row
    if (!tail) return tail.failure();
    newest = *tail;
  }
  if (newest != head_.last)
    return storage_error("the ledger's newest row is not the one its head names: rows were lost or changed. Restore a backup (switchyardctl restore)");
  std::vector<open_attempt> lost;
  read = store_.scan(table::open_attempts, {}, {}, [&](std::string_view key, std::string_view value) {
    auto open = decode_open(key, value);
    if (open)
      lost.push_back(std::move(*open));
    else
      problem = open.failure();
    return !problem;
  });
  if (!read) return read;
  if (problem) return *problem;
  if (auto loaded = rollups_.load(store_, std::max(us_of(now), head_.at_us)); !loaded) return loaded;
  if (auto loaded = spending_.load(store_); !loaded) return loaded;

  if (head_.last != row_hash{}) indexed_minute_ = minute_of(head_.at_us);   // the last row's minute has its mark
  const auto at_us = std::max(us_of(now), head_.at_us);
  head_.incarnation = *before ? head_.incarnation + 1 : first_incarnation;
  head_.rows = 0;
  prepared_.put(table::meta, format_key, format_known);
  // In the order they were made; charged as reserved: nobody knows how far the provider came.
  std::sort(lost.begin(), lost.end(), [](const auto& a, const auto& b) { return a.at_us != b.at_us ? a.at_us < b.at_us : a.id.bytes() < b.id.bytes(); });
  for (auto& open : lost) {
    settlement what;
    what.id = open.id;
    what.parties = std::move(open.parties);
    what.estimated = true;
    what.input_tokens = open.input_tokens;
    what.cost = open.reserved;
    what.outcome = row_outcome::unknown;
    prepare_row(what, know(std::move(what.parties)), true, at_us);
    prepared_.erase(table::open_attempts, open.id.bytes());
  }
  charge_spenders(at_us);
  orphans = lost.size();
  rollups_.write(prepared_);
  spending_.write(prepared_);
  put_head();
  if (auto written = store_.write(prepared_, survives::power); !written) return written;
  prepared_.clear();
  prepared_rows_ = 0;
  written_ = head_;
  return done{};
}

known_parties& ledger::know(attempt_parties who) {
  clip(who);
  auto record = storage::encode(who);
  const auto [known, is_new] = known_.try_emplace(std::move(record));
  if (is_new) {
    known->second.names = std::move(who);
    known->second.record = known->first;
  }
  return known->second;
}

bool ledger::reserve(const opening_facts& what, known_parties& who) {
  if (open_.contains(what.id)) return false;
  return reserved_.try_emplace(what.id, staged_opening{what, &who}).second;
}

bool ledger::reserve(open_attempt what) {
  return reserve({what.id, what.at_us, what.input_tokens, what.reserved}, know(std::move(what.parties)));
}

bool ledger::settle(const settled_facts& what, known_parties& who) {
  if (reserved_.erase(what.id) == 0) {           // short calls: the reservation never was on disk and need not be
    if (open_.erase(what.id) == 0) return false;
    closed_.push_back(what.id);
  }
  rows_.push_back({what, &who});
  return true;
}

bool ledger::book(const settled_facts& what, known_parties& who) {
  if (reserved_.contains(what.id) || open_.contains(what.id)) return false;
  rows_.push_back({what, &who});
  return true;
}

void ledger::prepare_row(const settled_facts& what, known_parties& who, bool as_reserved, std::int64_t at_us) {
  row_.clear();
  append_big_endian(row_, head_.incarnation);
  append_big_endian(row_, ++head_.rows);
  row_ += node_;
  const auto key_bytes = row_.size();
  encode_row(what, who.record, at_us, as_reserved, head_.last, row_);
  head_.last = hash_of(row_);
  head_.at_us = at_us;
  const auto key = std::string_view(row_).substr(0, key_bytes), value = std::string_view(row_).substr(key_bytes);
  rollups_.add(what, who.names, at_us, who.sums);
  if (const auto cost = what.cost.value_or(0); cost != 0 && !who.names.virtual_key.empty()) {
    if (who.spent == 0) spenders_.push_back(&who);
    who.spent += cost;
  }
  if (const auto minute = minute_of(at_us); minute != indexed_minute_) {
    put_minute(prepared_, minute, key);
    indexed_minute_ = minute;
  }
  prepared_.put(table::ledger_rows, key, value);
  recent_.add(head_.rows, value);
  ++prepared_rows_;
}

// Rows of a batch are of one time: a virtual key, and those above it, are charged with their sum.
void ledger::charge_spenders(std::int64_t at_us) {
  for (auto* who : spenders_) spending_.add(who->names.virtual_key, std::exchange(who->spent, 0), at_us);
  spenders_.clear();
}

void ledger::prepare(wall_time now) {
  const auto at_us = std::max(us_of(now), head_.at_us);
  for (const auto& row : rows_) prepare_row(row.what, *row.who, false, at_us);
  rows_.clear();
  if (rows_.capacity() > most_kept_rows) std::vector<staged_row>().swap(rows_);
  charge_spenders(at_us);
  // In order of their keys: the store finds each one's place beside the last one's.
  const auto by_bytes = [](const attempt_key& a, const attempt_key& b) { return std::tie(a.request.bytes, a.attempt) < std::tie(b.request.bytes, b.attempt); };
  std::sort(closed_.begin(), closed_.end(), by_bytes);
  for (const auto& id : closed_) prepared_.erase(table::open_attempts, id.bytes());
  closed_.clear();
  std::vector<const staged_opening*> opened;
  opened.reserve(reserved_.size());
  for (const auto& [id, open] : reserved_) opened.push_back(&open);
  std::sort(opened.begin(), opened.end(), [&](const auto* a, const auto* b) { return by_bytes(a->what.id, b->what.id); });
  for (const auto* open : opened) {
    row_.clear();
    encode_open(open->what.at_us, open->who->record, open->what.input_tokens, open->what.reserved, row_);
    prepared_.put(table::open_attempts, open->what.id.bytes(), row_);
    open_.insert(open->what.id);
  }
  reserved_.clear();
  if (known_.size() > most_known_parties) known_.clear();
  spending_.write(prepared_);
  if (prepared_rows_ == 0) return;
  rollups_.write(prepared_);
  put_head();
}

void ledger::put_head() { prepared_.put(table::meta, head_key, encode(head_)); }

outcome ledger::commit(wall_time now, survives what) {
  if (prepared_.empty()) prepare(now);
  if (prepared_.empty()) return done{};
  if (auto written = store_.write(prepared_, what); !written) return written;
  if (prepared_.bytes() > most_kept_bytes) prepared_ = {};
  prepared_.clear();
  prepared_rows_ = 0;
  written_ = head_;
  return done{};
}

outcome ledger::recover() {
  if (auto opened = store_.reopen(); !opened) return opened;
  auto on_disk = read_head(store_);
  if (!on_disk) return on_disk.failure();
  if (!*on_disk) return storage_error("the ledger is empty after it was reopened");
  if (**on_disk == written_) return done{};      // what failed is not there: commit() writes it again
  if (**on_disk == head_) {                      // it is
    prepared_.clear();
    prepared_rows_ = 0;
    written_ = head_;
    return done{};
  }
  return storage_error("the ledger is not what was written to it; restore a backup (switchyardctl restore)");
}

outcome ledger::retain(milliseconds keep, wall_time now) {
  if (!prepared_.empty()) return done{};         // later, when writing works again
  const auto cutoff_day = (us_of(now) - std::chrono::duration_cast<microseconds>(keep).count()) / us_per_day;
  if (cutoff_day <= 0) return done{};
  const auto cutoff = cutoff_day * us_per_day;
  // The first row to stay: from the first mark at or after the cutoff.
  std::string first_kept;
  auto read = store_.scan(table::meta, minute_key(cutoff / us_per_minute), after_prefix("m"), [&](std::string_view, std::string_view row) {
    first_kept = row;
    return false;
  });
  if (!read) return read;
  std::string oldest;
  read = store_.scan(table::ledger_rows, {}, first_kept, [&](std::string_view key, std::string_view) {
    oldest = key;
    return false;
  });
  if (!read) return read;
  if (oldest.empty()) return done{};
  row_hash before = written_.last;
  if (first_kept.empty()) {
    // Every row goes; the chain continues from the last one.
    first_kept = row_id{{}, written_.incarnation, written_.rows + 1}.key();
  } else {
    auto value = store_.get(table::ledger_rows, first_kept);
    if (!value) return value.failure();
    if (!*value) return storage_error("the ledger's time index names a row that is not there");
    auto row = decode_row(first_kept, **value);
    if (!row) return row.failure();
    before = row->previous;
  }
  write_batch batch;
  batch.erase_range(table::ledger_rows, oldest, first_kept);
  batch.erase_range(table::meta, minute_key(0), minute_key(cutoff / us_per_minute));
  batch.erase_range(table::rollups, rollup_prefix('h', 0), rollup_prefix('h', static_cast<std::uint32_t>(cutoff / us_per_hour)));
  batch.erase_range(table::rollups, rollup_prefix('d', 0), rollup_prefix('d', static_cast<std::uint32_t>(cutoff_day)));
  put_tail(batch, before);
  return store_.write(batch, survives::process);
}

}  // namespace switchyard::storage
