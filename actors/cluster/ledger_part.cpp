#include "actors/cluster/ledger_part.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace switchyard::actors {

namespace {

constexpr cluster::shipping_options shipping;
constexpr std::size_t longest_packed = cluster::longest_frame - (1u << 10);   // what frame and message add is a few bytes
constexpr std::size_t recent_bytes = 2 * shipping.most_packed_bytes;          // of the newest rows: those of the next message, and of one more
constexpr milliseconds note_every = seconds(1);
constexpr milliseconds retry_every{500};

}  // namespace

ledger_part::ledger_part(std::shared_ptr<ledger_writer> ledger) : ledger_(std::move(ledger)) {
  returns_->found.attend();
  returns_->kept.attend();
}

void ledger_part::begin(cluster::node_protocols& protocols, steady_time) {
  protocols_ = &protocols;
  kept_up_to_ = 0;
  failed_.clear();
  written_.clear();
  returns_ = std::make_shared<returns>();         // what is under way belongs to the protocols before
  returns_->found.attend();
  returns_->kept.attend();
  lives_.clear();
  const auto& disk = ledger_->newest();
  const auto lives = storage::ledger_lives(disk);
  const auto mark = storage::read_shipped(disk);
  const auto ranges = storage::kept_ranges(disk);
  for (const auto* problem : {lives ? nullptr : &lives.failure(), mark ? nullptr : &mark.failure(), ranges ? nullptr : &ranges.failure()})
    if (problem != nullptr) log::error("ledger_shipping", problem->message + "; rows are shipped, or kept, once more", {});
  if (lives)
    for (const auto& life : *lives) {
      protocols.shipper.durable(life.incarnation, life.last, life.first);
      lives_.push_back(life.incarnation);
    }
  if (lives_.empty() || lives_.back() != ledger_->incarnation()) lives_.push_back(ledger_->incarnation());
  protocols.shipper.durable(ledger_->incarnation(), ledger_->durable_rows());
  (void)ledger_->send([](storage::ledger& ledger, storage::store&) { ledger.recent().keep(recent_bytes); });
  if (mark) protocols.shipper.resume(mark->incarnation, mark->seq);
  if (mark) noted_ = *mark;
  if (ranges)
    for (const auto& range : *ranges) protocols.collector.replay(range.origin, range.incarnation, range.first, range.last);
}

void ledger_part::tick(steady_time now) {
  if (protocols_ == nullptr) return;
  protocols_->shipper.durable(ledger_->incarnation(), ledger_->durable_rows());
  for (auto& found : returns_->found.take()) ship(std::move(found), now);

  std::vector<kept_record> records;
  for (auto& record : protocols_->row_journal.take()) records.push_back({record.number, std::move(record.content), false});
  if (!failed_.empty() && now >= retry_at_) records.insert(records.begin(), std::make_move_iterator(failed_.begin()), std::make_move_iterator(failed_.end()));
  if (!failed_.empty() && now >= retry_at_) failed_.clear();
  if (!records.empty()) keep(std::move(records));
  for (auto& record : returns_->kept.take()) {
    if (!record.written) {
      failed_.push_back(std::move(record));
      retry_at_ = now + retry_every;
    } else {
      written_.insert(record.number);
    }
  }
  const auto before = kept_up_to_;
  while (written_.erase(kept_up_to_ + 1) > 0) ++kept_up_to_;
  if (kept_up_to_ > before) protocols_->collector.written(kept_up_to_, protocols_->out);
  note_what_is_shipped(now);
}

// -- this node's rows -------------------------------------------------------------------------------------------------

result<ledger_part::found_rows> ledger_part::find(const cluster::rows_to_read& wanted, storage::ledger& ledger, const storage::reader& on) {
  found_rows found{wanted, wanted.first};
  if (wanted.packed && wanted.life == ledger.incarnation())
    for (auto most = shipping.most_packed_bytes;; most = shipping.most_bytes) {
      const auto recent = ledger.recent().from(wanted.first, wanted.count, most);
      if (!recent) break;
      found.count = recent->rows;
      found.packed = storage::pack_run(recent->run);
      if (found.packed.size() > longest_packed && most != shipping.most_bytes) continue;   // rows unlike each other: fewer of them
      ledger.recent().forget_before(wanted.first + found.count);   // were this message lost, the disk has them
      return found;
    }
  auto run = storage::read_row_run(on, wanted.life, wanted.first, wanted.count, shipping.most_bytes);
  if (!run) return run.failure();
  if (!run->rows.empty()) found.first = run->first;
  found.count = run->rows.size();
  found.rows = std::move(run->rows);
  if (!wanted.packed) return found;
  std::string all;
  for (const auto& row : found.rows) storage::append_to_run(all, row);
  found.packed = storage::pack_run(all);
  found.rows.clear();
  return found;
}

void ledger_part::rows_wanted(const cluster::rows_to_read& wanted, steady_time) {
  (void)ledger_->send([wanted, returns = returns_](storage::ledger& ledger, storage::store& on) {
    if (auto found = find(wanted, ledger, on))
      (void)returns->found.put(std::move(*found));
    else
      log::error("ledger_shipping", found.failure().message, {});   // asked for again soon
  });
}

void ledger_part::ship(found_rows found, steady_time now) {
  auto wanted = found.wanted;
  if (found.first > wanted.first) {
    // Retention dropped what was before: passed over, and what is there asked for by itself.
    wanted.count = found.first - wanted.first;
    found.count = 0;
    found.rows.clear();
  }
  if (wanted.packed)
    protocols_->shipper.run_read(wanted, found.count, std::move(found.packed), now, protocols_->out);
  else
    protocols_->shipper.rows_read(wanted, std::move(found.rows), now, protocols_->out);
}

void ledger_part::note_what_is_shipped(steady_time now) {
  if (now < next_note_) return;
  next_note_ = now + note_every;
  storage::shipped_mark mark = noted_;
  for (const auto life : lives_)
    if (const auto shipped = protocols_->shipper.shipped(life); shipped > 0 && life >= mark.incarnation) mark = {life, shipped};
  if (mark.incarnation == noted_.incarnation && mark.seq == noted_.seq) return;
  noted_ = mark;
  (void)ledger_->send([mark](storage::ledger&, storage::store& on) {
    storage::write_batch batch;
    storage::note_shipped(batch, mark);
    if (const auto written = on.write(batch, storage::survives::process); !written) log::warn("ledger_shipping", written.failure().message, {});
  });
}

// -- others' rows -----------------------------------------------------------------------------------------------------

void ledger_part::keep(std::vector<kept_record> records) {
  // An errand is copied; what it holds is not.
  const auto all = std::make_shared<std::vector<kept_record>>(std::move(records));
  (void)ledger_->send([all, returns = returns_](storage::ledger&, storage::store& on) {
    storage::write_batch batch;
    for (const auto& [number, rows, written] : *all) {
      if (rows.packed.empty())
        storage::keep_rows(batch, rows.origin, rows.life, rows.first, rows.rows);
      else
        storage::keep_packed_rows(batch, rows.origin, rows.life, rows.first, rows.count, rows.skipped, rows.packed);
    }
    const auto written = on.write(batch, storage::survives::power);
    if (!written) log::error("ledger_rows_not_kept", written.failure().message + "; the other node keeps them, and sends them elsewhere", {});
    for (auto& record : *all) {
      record.written = written.has_value();
      if (record.written) record.rows = {};
      (void)returns->kept.put(std::move(record));
    }
  });
}

}  // namespace switchyard::actors
