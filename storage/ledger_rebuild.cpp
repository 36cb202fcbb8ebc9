#include "storage/ledger_rebuild.hpp"

namespace switchyard::storage {

namespace {

constexpr std::size_t rows_in_one_batch = 1000;

}  // namespace

outcome ledger_rebuild::add(std::uint64_t incarnation, std::uint64_t seq, std::string_view row) {
  const auto key = row_id{node_, incarnation, seq}.key();
  const auto read = decode_row(key, row);
  if (!read) return read.failure();
  if (rows_ == 0 || read->previous != head_.last)
    if (auto begun = begin_anew(*read); !begun) return begun;
  head_ = {incarnation, seq, hash_of(key, row), read->at_us};
  rollups_.add(*read);
  spending_.add(read->what.parties.virtual_key, read->what.cost.value_or(0), read->at_us);
  if (const auto minute = ledger::minute_of(read->at_us); minute != minute_) {
    ledger::put_minute(batch_, minute, key);
    minute_ = minute;
  }
  batch_.put(table::ledger_rows, key, row);
  if (++rows_ % rows_in_one_batch == 0) return write_out();
  return done{};
}

outcome ledger_rebuild::begin_anew(const ledger_row& first) {
  left_out_ += std::exchange(rows_, 0);
  before_first_ = first.previous;
  minute_ = -1;
  rollups_ = {};
  spending_ = {};
  batch_.clear();
  const std::string end(64, '\xff');
  for (const auto which : {table::ledger_rows, table::rollups, table::spending}) batch_.erase_range(which, "", end);
  batch_.erase_range(table::meta, "m", "n");
  if (auto written = store_.write(batch_, survives::process); !written) return written;
  batch_.clear();
  if (auto loaded = rollups_.load(store_, first.at_us); !loaded) return loaded;
  return spending_.load(store_);
}

outcome ledger_rebuild::write_out() {
  rollups_.write(batch_);
  spending_.write(batch_);
  auto written = store_.write(batch_, survives::process);
  batch_.clear();
  return written;
}

outcome ledger_rebuild::finish() {
  if (rows_ == 0) return done{};
  if (auto written = write_out(); !written) return written;
  ledger::put_ends(batch_, head_, before_first_);
  auto written = store_.write(batch_, survives::power);
  batch_.clear();
  return written;
}

}  // namespace switchyard::storage
