#include "storage/memory_store.hpp"

namespace switchyard::storage {

namespace {

using tables = memory_store::tables;

std::optional<std::string> find(const tables& all, table where, std::string_view key) {
  const auto& rows = all[static_cast<std::size_t>(where)];
  const auto found = rows.find(key);
  if (found == rows.end()) return std::nullopt;
  return found->second;
}

void walk(const tables& all, table where, std::string_view from, std::string_view to, const reader::visitor& visit) {
  const auto& rows = all[static_cast<std::size_t>(where)];
  for (auto at = rows.lower_bound(from); at != rows.end() && (to.empty() || at->first < to); ++at)
    if (!visit(at->first, at->second)) return;
}

void walk_back(const tables& all, table where, std::string_view from, std::string_view to, const reader::visitor& visit) {
  const auto& rows = all[static_cast<std::size_t>(where)];
  for (auto at = to.empty() ? rows.end() : rows.lower_bound(to); at != rows.begin();) {
    --at;
    if (at->first < from || !visit(at->first, at->second)) return;
  }
}

class memory_snapshot final : public reader {
 public:
  explicit memory_snapshot(std::shared_ptr<const tables> all) : all_(std::move(all)) {}
  result<std::optional<std::string>> get(table where, std::string_view key) const override { return find(*all_, where, key); }
  outcome scan(table where, std::string_view from, std::string_view to, const visitor& visit) const override {
    walk(*all_, where, from, to, visit);
    return done{};
  }
  outcome scan_back(table where, std::string_view from, std::string_view to, const visitor& visit) const override {
    walk_back(*all_, where, from, to, visit);
    return done{};
  }

 private:
  std::shared_ptr<const tables> all_;
};

}  // namespace

memory_store::memory_store() : tables_(std::make_shared<tables>()) {}

std::shared_ptr<const tables> memory_store::now() const {
  const std::lock_guard guard(mutex_);
  return tables_;
}

result<std::optional<std::string>> memory_store::get(table where, std::string_view key) const { return find(*now(), where, key); }

outcome memory_store::scan(table where, std::string_view from, std::string_view to, const visitor& visit) const {
  walk(*now(), where, from, to, visit);
  return done{};
}

outcome memory_store::scan_back(table where, std::string_view from, std::string_view to, const visitor& visit) const {
  walk_back(*now(), where, from, to, visit);
  return done{};
}

outcome memory_store::write(const write_batch& batch, survives) {
  const std::lock_guard guard(mutex_);
  if (!room_) stuck_ = true;
  if (stuck_) return storage_error("no space left", true);
  if (tables_.use_count() > 1) tables_ = std::make_shared<tables>(*tables_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto change = batch[i];
    auto& rows = (*tables_)[static_cast<std::size_t>(change.where)];
    const std::string key(change.key);
    switch (change.what) {
      case write_batch::kind::put: rows.insert_or_assign(key, std::string(change.value)); break;
      case write_batch::kind::erase: rows.erase(key); break;
      case write_batch::kind::erase_range: rows.erase(rows.lower_bound(key), rows.lower_bound(change.value)); break;
    }
  }
  return done{};
}

std::unique_ptr<reader> memory_store::snapshot() const { return std::make_unique<memory_snapshot>(now()); }

outcome memory_store::checkpoint(const std::string&) { return storage_error("this node keeps nothing on disk (node.data_dir)"); }

outcome memory_store::reopen() {
  const std::lock_guard guard(mutex_);
  stuck_ = !room_;
  return done{};
}

void memory_store::set_room(bool room) noexcept {
  const std::lock_guard guard(mutex_);
  room_ = room;
}

}  // namespace switchyard::storage
