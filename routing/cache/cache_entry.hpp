// One answer in the cache, with what is needed to find it, to give it and to forget it.
#pragma once

#include "base/money.hpp"
#include "routing/cache/request_key.hpp"
#include "routing/cache/vector_graph.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace switchyard::routing {

struct cache_entry {
  request_key key;                         ///< `prompt`: what likeness is judged by
  small_vector vector;                     ///< of the prompt; empty: exact hits only
  std::string route, tenant;               ///< whose it is, for clearing
  std::string provider, model, key_name;   ///< who gave it
  std::vector<std::string> tags;           ///< "a=b"
  std::uint64_t embedding = 0;             ///< fingerprint
  std::int64_t created_us = 0, expires_us = 0;   ///< wall clock, since 1970
  bool stream = false;                     ///< `body` is a whole stream in the client's format, else a complete answer
  std::string content_type;
  std::string body;
  std::int64_t input_tokens = 0, output_tokens = 0;
  nano_usd cost = 0;                       ///< what asking again would cost: a hit saves it

  mutable std::atomic<std::int64_t> used_us{0};
  mutable std::atomic<std::uint32_t> hits{0};
  mutable std::uint32_t slot = 0;          ///< its place in its partition: the cache's writer's

  /// What it takes of the memory, its place in a graph included.
  [[nodiscard]] std::size_t bytes() const noexcept;
};
using cache_entry_ptr = std::shared_ptr<const cache_entry>;

}  // namespace switchyard::routing
