// What a request tells the ledger: each attempt is reserved before its provider is called and settled once, with how it ended.

#include "actors/request_life.hpp"

#include "providers/price_catalogue.hpp"

namespace switchyard::actors {

namespace {

using routing::call_result;

}  // namespace

/// Points into the yard this request goes by.
ledger_entry request_life::entry_of(const routing::key_entry* key, const std::string& model) const {
  ledger_entry entry;
  entry.id = {record_.id, attempt_number_};
  entry.virtual_key = virtual_key_;
  entry.tags = tags_;
  entry.route = record_.route.get();
  entry.key = key;
  entry.model = model;
  return entry;
}

/// The next attempt's reservation; what the one before came to is settled.
ledger_entry request_life::open_row(const routing::picked_key& pick) {
  settle_row(false);
  ++attempt_number_;
  auto entry = entry_of(pick.key.get(), pick.model);
  entry.provider = pick.provider.get();
  entry.uncounted = &request_.input;
  entry.output_tokens = most_output_tokens();
  row_open_ = true;
  reserved_row_ = {};
  return entry;
}

void request_life::reserve_row(const routing::picked_key& pick) { reserved_row_ = here_.ledger.add(open_row(pick), yard_); }

/// Where answers wait for their rows. False: the disk failed; the provider must not be called.
net::task<bool> request_life::reserve_durable_row(const routing::picked_key& pick) {
  auto entry = open_row(pick);
  co_return co_await here_.ledger.add_and_wait(std::move(entry), yard_);
}

ledger_entry request_life::settlement_of(const attempt_record& report, bool last) const {
  auto entry = entry_of(report.key.get(), report.model);
  settle_entry(entry, report, last);
  return entry;
}

/// Makes a settlement of an entry that names the attempt.
void request_life::settle_entry(ledger_entry& entry, const attempt_record& report, bool last) const {
  entry.settles = true;
  entry.uncounted = nullptr;
  entry.input_tokens = entry.output_tokens = 0;
  entry.last = last;
  const auto result = report.outcome.result;
  const bool well = result == call_result::ok || result == call_result::not_asked;
  const bool gone = result == call_result::client_gone || (last && well && record_.ending == request_ending::client_gone);
  entry.outcome = gone ? storage::row_outcome::client_gone : result == call_result::ok ? storage::row_outcome::ok : storage::row_outcome::error;
  entry.cost = 0;
  if (!is_charged(result)) return;
  entry.input_tokens = record_.input_tokens;
  entry.output_tokens = record_.output_tokens;
  entry.cached_tokens = record_.cached_tokens;
  entry.estimated = record_.tokens_estimated;
  entry.cost = record_.cost;
  entry.saved = record_.saved;
  entry.saved_by = record_.saved_by;
  entry.cache = record_.cache;
}

/// An answer of the cache is a row without cost. False: where answers wait for their rows, the disk failed.
net::task<bool> request_life::record_hit(const routing::cache_entry& from) {
  auto key = std::make_shared<routing::key_entry>();
  key->provider = from.provider;
  key->config.name = from.key_name;
  ++attempt_number_;
  auto entry = entry_of(key.get(), from.model);
  entry.stored_key = std::move(key);
  entry.settles = entry.whole = true;
  entry.cost = 0;
  entry.saved = from.cost;
  entry.saved_by = "cache";
  entry.cache = record_.cache;
  if (here_.ledger.holds_answers()) co_return co_await here_.ledger.add_and_wait(std::move(entry), yard_);
  here_.ledger.add(std::move(entry), yard_);
  co_return true;
}

/// A stream that stalled after content had gone out has cost what went out.
bool request_life::is_charged(call_result result) const noexcept {
  return routing::is_charged(result) || (content_sent_ && result == call_result::timeout);
}

/// The newest attempt's row, unless it was written already.
void request_life::settle_row(bool last) {
  if (!row_open_ || record_.attempts.empty()) return;
  row_open_ = false;
  const auto& report = record_.attempts.back();
  if (auto* const reservation = here_.ledger.waiting(reserved_row_)) {
    settle_entry(*reservation, report, last);
    reservation->whole = true;
  } else {
    here_.ledger.add(settlement_of(report, last), yard_);
  }
}

/// Before an answer's last bytes leave: where answers wait for their rows, the row is durable when this returns true.
net::task<bool> request_life::seal_row(const attempt_record& report) {
  if (!must_seal_row()) co_return true;
  row_open_ = false;
  co_return co_await here_.ledger.add_and_wait(settlement_of(report, true), yard_);
}

}  // namespace switchyard::actors
