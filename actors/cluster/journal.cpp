#include "actors/cluster/journal.hpp"

#include "base/log.hpp"
#include "storage/journal.hpp"

namespace switchyard::actors {

void cluster_journal::replay(const std::string& log, const std::function<void(const std::string&)>& visit) const {
  const auto writer = writer_.lock();
  if (!writer) return;
  const auto read = storage::replay_records(writer->newest(), log, [&](std::uint64_t, std::string_view bytes) { visit(std::string(bytes)); });
  if (!read) log::error("cluster_journal_unreadable", read.failure().message, {{"log", log}});
}

void cluster_journal::write(std::vector<entry> entries, std::function<void()> then) {
  {
    const std::lock_guard guard(mutex_);
    waiting_.push_back({std::move(entries), std::move(then)});
    if (std::exchange(under_way_, true)) return;
  }
  send_errand();
}

void cluster_journal::retry() {
  {
    const std::lock_guard guard(mutex_);
    if (waiting_.empty() || std::exchange(under_way_, true)) return;
  }
  send_errand();
}

std::size_t cluster_journal::waiting() const {
  const std::lock_guard guard(mutex_);
  std::size_t count = 0;
  for (const auto& one : waiting_) count += one.entries.size();
  return count;
}

void cluster_journal::send_errand() {
  if (const auto writer = writer_.lock()) (void)writer->send([self = shared_from_this()](storage::ledger& ledger, storage::store& on) {
    if (!self->commit(on)) (void)ledger.recover();         // a full disk takes nothing more before that, not even where there is room again
  });
}

bool cluster_journal::commit(storage::store& on) {
  std::vector<group> groups;
  {
    const std::lock_guard guard(mutex_);
    groups.swap(waiting_);
    under_way_ = false;
  }
  storage::write_batch batch;
  auto last = last_;
  outcome written = done{};
  for (const auto& one : groups) {
    for (const auto& entry : one.entries) {
      auto known = last.find(entry.log);
      if (known == last.end()) {
        auto stored = storage::last_record(on, entry.log);
        if (!stored) written = stored.failure();
        known = last.emplace(entry.log, stored ? *stored : 0).first;
      }
      storage::append_record(batch, entry.log, ++known->second, entry.bytes);
      if (entry.replaces) storage::drop_records(batch, entry.log, known->second);
    }
  }
  if (written) written = on.write(batch, storage::survives::power);
  if (written) {
    last_ = std::move(last);
    for (const auto& one : groups)
      if (one.then) one.then();
    return true;
  }
  log::error("cluster_journal_not_written", written.failure().message + "; tried again", {});
  const std::lock_guard guard(mutex_);
  groups.insert(groups.end(), std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  waiting_ = std::move(groups);
  return false;
}

}  // namespace switchyard::actors
