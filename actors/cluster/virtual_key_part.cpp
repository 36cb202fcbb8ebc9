#include "actors/cluster/virtual_key_part.hpp"

#include "base/log.hpp"

namespace switchyard::actors {

cluster::shared_record record_of(const storage::stored_virtual_key& key) {
  return {key.terms.name, key.change, key.changed_by, key.revoked.has_value(), storage::encode(key)};
}

result<std::vector<cluster::shared_record>> stored_virtual_key_records(const storage::reader& from) {
  std::vector<cluster::shared_record> all;
  std::optional<error> problem;
  auto read = from.scan(storage::table::virtual_keys, {}, {}, [&](std::string_view name, std::string_view value) {
    const auto key = storage::decode_virtual_key(name, value);
    if (!key) problem = key.failure();
    // The bytes as they stand there: a later version's may hold more than this one knows.
    if (key) all.push_back({std::string(name), key->change, key->changed_by, key->revoked.has_value(), std::string(value)});
    return !problem;
  });
  if (!read) return read.failure();
  if (problem) return *std::move(problem);
  return all;
}

void virtual_key_part::begin(cluster::node_protocols& protocols, steady_time) {
  protocols_ = &protocols;
  board_->virtual_keys.attend();                 // before the table is read: no change falls between
  auto stored = around_.stored();
  if (!stored) log::error("virtual_keys_not_shared", stored.failure().message + "; they are compared with other nodes' after a restart", {});
  if (!stored) return;
  for (auto& record : *stored) protocols.records.restore(std::move(record));
}

void virtual_key_part::tick(steady_time) {
  if (protocols_ == nullptr) return;
  for (auto& record : board_->virtual_keys.take()) {
    const auto name = record.name;
    if (const auto told = protocols_->records.write(std::move(record), protocols_->out); !told)
      log::error("virtual_key_not_shared", told.failure().message, {{"virtual_key", name}});
  }
  auto learned = protocols_->records.take_learned();
  if (board_->virtual_keys_begin.exchange(false)) {
    learned.clear();
    for (const auto& [name, record] : protocols_->records.all()) learned.push_back(record);
  }
  if (!learned.empty()) around_.learned(std::move(learned));
}

}  // namespace switchyard::actors
