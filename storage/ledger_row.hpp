// What the ledger records, and its bytes. An attempt is one call to a provider; it is reserved before the call and settled once.
//
//   ledger_rows    key    = incarnation (u64), seq (u64), node name                         big-endian
//                  value  = record 1: request_id (16 bytes), attempt, flags, at_us, route, provider, model, key, virtual_key,
//                           [tag, value, tag, value, ...], input, output, cached, cost | nil, saved, outcome, cache, previous (16 bytes)
//   open_attempts  key    = request_id (16 bytes), attempt (u8)
//                  value  = record 1: at_us, route, provider, model, key, virtual_key, [tag, value, ...], input, reserved | nil
//   flags    1 the request's last attempt, 2 tokens estimated, 4 charged as reserved, 8 * what saved: 0 routing, 1 cache, 2 cascade
//   previous the first 16 bytes of the SHA-256 of the row before, its key and value; zeros: none
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/money.hpp"
#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::storage {

enum class row_outcome : std::uint8_t { ok, error, client_gone, unknown };
[[nodiscard]] std::string_view to_string(row_outcome outcome) noexcept;

/// What made a request cost less than its route's baseline. The numbers are on disk.
enum class savings_reason : std::uint8_t { routing = 0, cache = 1, cascade = 2 };
/// "cache" -> savings_reason::cache; what is no name is routing.
[[nodiscard]] savings_reason savings_reason_of(std::string_view name) noexcept;

/// One attempt of one request.
struct attempt_key {
  request_id request;
  std::uint8_t attempt = 1;                      ///< counts from 1

  [[nodiscard]] std::string bytes() const;
  friend bool operator==(const attempt_key&, const attempt_key&) = default;
};
struct attempt_key_hash {
  std::size_t operator()(const attempt_key& key) const noexcept;
};

/// Who is asked for whom: the same in the reservation and in the row.
struct attempt_parties {
  std::string route, provider, model, key, virtual_key;
  std::map<std::string, std::string> tags;
  friend bool operator==(const attempt_parties&, const attempt_parties&) = default;
};

/// Cuts what is longer than a row takes: names at 512 bytes, tags at 64.
void clip(attempt_parties& who);

/// RESERVE: a provider may be charging us from now on.
struct open_attempt {
  attempt_key id;
  std::int64_t at_us = 0;                        ///< wall clock, since 1970
  attempt_parties parties;
  std::int64_t input_tokens = 0;                 ///< estimate
  std::optional<nano_usd> reserved;              ///< the dearest it can become; nullopt: no price is known
};

/// What a settlement says beside the parties.
struct settled_facts {
  attempt_key id;
  bool last = true;                              ///< the request made no further attempt
  bool estimated = false;                        ///< the provider gave no usage
  std::int64_t input_tokens = 0;                 ///< including cached
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::optional<nano_usd> cost;                  ///< nullopt: no price is known
  nano_usd saved = 0;
  savings_reason saved_by = savings_reason::routing;
  row_outcome outcome = row_outcome::ok;
  std::string cache = "bypass";
};

/// SETTLE, as the caller gives it.
struct settlement : settled_facts {
  attempt_parties parties;
};

/// Position in the ledger: rows of an incarnation (one life of the process) count from 1 without gaps.
struct row_id {
  std::string node;
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;

  [[nodiscard]] std::string key() const;
  /// The same, appended to `out`.
  void append_key(std::string& out) const;
  /// "yard-a/3/17"
  [[nodiscard]] std::string to_string() const;
};

using row_hash = std::array<std::uint8_t, 16>;

/// SETTLE, as it stands in the ledger.
struct ledger_row {
  row_id id;
  std::int64_t at_us = 0;                        ///< when it was settled; never before the row before
  settlement what;
  bool as_reserved = false;                      ///< charged as reserved: nobody knows how it ended
  row_hash previous{};
};

/// Appends the record to `out`.
void encode(const ledger_row& row, std::string& out);
/// The fields of parties, as they stand in both records: of those that many rows have in common they are made once.
[[nodiscard]] std::string encode(const attempt_parties& who);
/// What encode(row) appends, for a row whose parties are encoded already.
void encode_row(const settled_facts& what, std::string_view parties, std::int64_t at_us, bool as_reserved, const row_hash& previous, std::string& out);
/// The same of a reservation.
void encode_open(std::int64_t at_us, std::string_view parties, std::int64_t input_tokens, const std::optional<nano_usd>& reserved, std::string& out);
void encode(const open_attempt& open, std::string& out);
[[nodiscard]] std::string encode(const ledger_row& row);
[[nodiscard]] std::string encode(const open_attempt& open);
/// An error names the row and what is wrong with its bytes.
[[nodiscard]] result<ledger_row> decode_row(std::string_view key, std::string_view value);
[[nodiscard]] result<open_attempt> decode_open(std::string_view key, std::string_view value);
[[nodiscard]] row_hash hash_of(std::string_view key, std::string_view value);
/// The same of both, one behind the other.
[[nodiscard]] row_hash hash_of(std::string_view key_and_value);

/// Rows as users get them; both have the same columns in the same order.
void append_jsonl(std::string& out, const ledger_row& row);
void append_csv(std::string& out, const ledger_row& row);
[[nodiscard]] std::string_view csv_head() noexcept;

}  // namespace switchyard::storage
