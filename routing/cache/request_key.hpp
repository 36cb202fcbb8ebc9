// What makes two requests the same for the cache: the exact key, and the partition within which likeness may count.
//
//   partition = SHA-256(scope, tenant, route, asked target, operation, embedding, canonical(body without the last user turn's text)), 16 bytes
//   exact     = SHA-256(partition, that text), 16 bytes
//   canonical = members sorted by name, no white space, strings unescaped, 1.0 as 1; without "model" (the target stands for it) and
//               without what only says how the answer is delivered ("stream", "stream_options")
//
// So the system prompt, earlier turns, tools, response format and sampling parameters all stand in the partition; nothing is shared across it.
#pragma once

#include "providers/api_request.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::routing {

using cache_hash = std::array<std::uint8_t, 16>;
struct cache_hash_hash {
  std::size_t operator()(const cache_hash& hash) const noexcept;
};

/// Where a request stands beside its body.
struct cache_place {
  std::string_view scope;          ///< "virtual_key", "route", "global"
  std::string_view tenant;         ///< the virtual key's name; empty with other scopes
  std::string_view route;          ///< empty with scope global
  std::string_view asked;          ///< "provider/model" when the client named a model
  std::uint64_t embedding = 0;     ///< fingerprint of the embedding
};

struct request_key {
  cache_hash partition{};
  cache_hash exact{};
  /// The last user turn's text, if likeness may count: the turn is the last one and nothing but text.
  std::optional<std::string> prompt;
};

/// `request.body` was validated by its ingress. nullopt: nothing that is cached (token counts), or the body is not what it was.
[[nodiscard]] std::optional<request_key> key_of(const providers::api_request& request, const cache_place& where);

}  // namespace switchyard::routing
