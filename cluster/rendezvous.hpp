// Who owns what: highest random weight (Thaler and Ravishankar 1998) over the configured nodes. Part of the protocol: all nodes
// must agree on it, so neither the hash nor the order may change within a version.
#pragma once

#include "cluster/message.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace switchyard::cluster {

inline constexpr std::uint8_t shards = 64;

/// FNV-1a, 64 bits, finished as SplitMix64 does.
[[nodiscard]] std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0) noexcept;
/// All nodes, the best owner of `what` first. Taking one away leaves the order of the others.
[[nodiscard]] std::vector<node_name> owners_of(std::string_view what, std::span<const node_name> nodes);
[[nodiscard]] std::uint8_t shard_of(std::string_view key) noexcept;
/// What owners_of() is asked for a shard's owner: "shard 17".
[[nodiscard]] std::string shard_name(std::uint8_t shard);

}  // namespace switchyard::cluster
