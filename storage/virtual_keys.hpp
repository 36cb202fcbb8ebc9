// Virtual keys that the admin API made. The key itself is never here: only its SHA-256, which a random value of 256 bits needs no more than.
//
//   virtual_keys  key   = name
//                 value = record 1: digest (32 bytes), digest before the last rotation (32 bytes), valid until us or nil, created us,
//                         rotated us or nil, revoked us or nil, expires us or nil, parent, rpm, tpm, budget nano-dollars or nil, period,
//                         mode, [model, ...], [route, ...], [tag, value, ...], change, node
//
// change, node: which change of the key this is, counted from 1, and on which node of the cluster it was made. Records from before they were kept have neither.
//
// Revoked keys stay: the ledger knows keys by name, so a name is not used twice.
#pragma once

#include "base/sha256.hpp"
#include "config/config.hpp"
#include "storage/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace switchyard::storage {

struct stored_virtual_key {
  config::virtual_key_config terms;              ///< its `key` is empty
  sha256_digest digest{};
  sha256_digest digest_before{};                 ///< what it was before it was rotated
  std::optional<wall_time> before_until;         ///< the one before is taken until then; nullopt: it is not
  wall_time created{};
  std::optional<wall_time> rotated;
  std::optional<wall_time> revoked;
  std::uint64_t change = 0;                      ///< counts up
  std::string changed_by;                        ///< the node's name
};

/// The record's bytes, and back; `name` is not among them.
[[nodiscard]] std::string encode(const stored_virtual_key& key);
[[nodiscard]] result<stored_virtual_key> decode_virtual_key(std::string_view name, std::string_view value);
void put(write_batch& batch, const stored_virtual_key& key);
/// A record as another node wrote it: fields that this version does not know stay.
void put_virtual_key(write_batch& batch, std::string_view name, std::string_view value);
/// By name; an error names the one whose record is damaged.
[[nodiscard]] result<std::vector<stored_virtual_key>> read_virtual_keys(const reader& from);

}  // namespace switchyard::storage
