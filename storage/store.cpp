#include "storage/store.hpp"

namespace switchyard::storage {

std::string_view to_string(table which) noexcept {
  switch (which) {
    case table::meta: return "default";          // RocksDB demands a family of that name
    case table::open_attempts: return "open_attempts";
    case table::ledger_rows: return "ledger_rows";
    case table::rollups: return "rollups";
    case table::virtual_keys: return "virtual_keys";
    case table::spending: return "spending";
    case table::cluster: return "cluster";
    case table::kept_rows: return "kept_rows";
  }
  return "unknown";
}

error storage_error(std::string message, bool retryable) {
  return error{error_code::internal, error_origin::storage, retryable, std::move(message), {}};
}

std::string after_prefix(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && static_cast<unsigned char>(next.back()) == 0xff) next.pop_back();
  if (!next.empty()) next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
  return next;
}

}  // namespace switchyard::storage
