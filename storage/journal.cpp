#include "storage/journal.hpp"

#include "storage/big_endian.hpp"

namespace switchyard::storage {

namespace {

std::string prefix_of(std::string_view log) {
  std::string key(log);
  key += '\0';
  return key;
}

std::string key_of(std::string_view log, std::uint64_t number) {
  auto key = prefix_of(log);
  append_big_endian(key, number);
  return key;
}

}  // namespace

void append_record(write_batch& batch, std::string_view log, std::uint64_t number, std::string_view bytes) {
  batch.put(table::cluster, key_of(log, number), bytes);
}

void drop_records(write_batch& batch, std::string_view log, std::uint64_t number) {
  if (number > 0) batch.erase_range(table::cluster, key_of(log, 0), key_of(log, number));
}

outcome replay_records(const reader& from, std::string_view log, const std::function<void(std::uint64_t, std::string_view)>& visit) {
  const auto prefix = prefix_of(log);
  return from.scan(table::cluster, prefix, after_prefix(prefix), [&](std::string_view key, std::string_view bytes) {
    if (key.size() == prefix.size() + 8) visit(read_big_endian<std::uint64_t>(key.substr(prefix.size())), bytes);
    return true;
  });
}

result<std::uint64_t> last_record(const reader& from, std::string_view log) {
  const auto prefix = prefix_of(log);
  std::uint64_t last = 0;
  auto scanned = from.scan_back(table::cluster, prefix, after_prefix(prefix), [&](std::string_view key, std::string_view) {
    if (key.size() != prefix.size() + 8) return true;
    last = read_big_endian<std::uint64_t>(key.substr(prefix.size()));
    return false;
  });
  if (!scanned) return scanned.failure();
  return last;
}

}  // namespace switchyard::storage
