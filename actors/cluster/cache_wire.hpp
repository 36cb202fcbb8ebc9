// The cache's own types as messages between nodes, and back. What a peer says is checked: nothing of it is taken that this node could not have made itself.
#pragma once

#include "actors/cache_keeper.hpp"
#include "cluster/cache_messages.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace switchyard::actors {

/// Of a stored record; longer ones stay where they were made.
inline constexpr std::size_t longest_shared_answer = 256u << 10;

[[nodiscard]] std::string_view bytes_of(const routing::cache_hash& hash) noexcept;

// -- the asker ----------------------------------------------------------------------------------------------------------
/// `vector` empty: only the very request counts.
[[nodiscard]] cluster::cache_lookup lookup_of(const routing::request_key& key, std::span<const float> vector, float threshold, routing::answer_cache::control how);
struct remote_finding {
  routing::answer_cache::finding found;          ///< `unsure`: without its entry
  std::optional<routing::cache_hash> near;       ///< of one that is unsure
};
/// A miss where the answer does not fit the question.
[[nodiscard]] remote_finding finding_of(const cluster::cache_answer& said, const routing::request_key& asked);
/// Of an offer whose entry is complete.
[[nodiscard]] cluster::cache_store store_of(const cache_offer& offer);

// -- the owner ----------------------------------------------------------------------------------------------------------
[[nodiscard]] cluster::cache_answer answer_of(const routing::answer_cache& cache, const cluster::cache_lookup& asked, std::int64_t now_us);
/// nullopt: it does not fit. `embedding`: this node's.
[[nodiscard]] std::optional<cache_offer> offer_of(cluster::cache_store&& kept, const routing::answer_cache& cache, std::uint64_t embedding, std::int64_t now_us);

}  // namespace switchyard::actors
