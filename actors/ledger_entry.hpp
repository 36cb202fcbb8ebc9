// What an I/O thread hands to the ledger's writer: a reservation or a settlement, names by reference. No CAF.
#pragma once

#include "base/ids.hpp"
#include "base/money.hpp"
#include "providers/input_estimate.hpp"
#include "routing/yard.hpp"
#include "storage/ledger_row.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace switchyard::actors {

/// Reserved for an answer whose length the client does not limit.
inline constexpr std::int64_t unsaid_output_tokens = 4096;

struct ledger_entry {
  bool settles = false;                          ///< else it reserves
  bool whole = false;                            ///< settles what it alone reserves: the attempt was over before its reservation was handed over
  storage::attempt_key id;
  /// Keeps what the next four point into, here and in the entries behind this one that have none themselves.
  std::shared_ptr<const routing::yard> yard;
  const routing::provider_entry* provider = nullptr;   ///< reservations: whose price; may be null
  const routing::virtual_key_entry* virtual_key = nullptr;
  const routing::route_entry* route = nullptr;
  const routing::key_entry* key = nullptr;
  std::shared_ptr<const routing::key_entry> stored_key;   ///< answers of the cache: `key` of a yard that may be gone
  std::shared_ptr<const std::map<std::string, std::string>> tags;   ///< the request's and its virtual key's; null: the key's
  std::string model;
  const providers::input_estimate* uncounted = nullptr;   ///< reservations: becomes input_tokens when it is handed over; the request lives till then
  std::int64_t input_tokens = 0;                 ///< reservations: estimate
  std::int64_t output_tokens = 0;                ///< reservations: most the client asked for; 0: it did not say

  // Settlements only:
  bool last = true;
  bool estimated = false;
  std::int64_t cached_tokens = 0;
  std::optional<nano_usd> cost;
  nano_usd saved = 0;
  std::string_view saved_by = "routing";         ///< or "cache", "cascade"; a literal
  std::string_view cache = "bypass";             ///< a literal
  storage::row_outcome outcome = storage::row_outcome::ok;
};

}  // namespace switchyard::actors
