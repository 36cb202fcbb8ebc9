// What one request and the cache have to do with each other: kept from the lookup to the answer's end.
#pragma once

#include "actors/cache_keeper.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::actors {

/// Made when the request's route has a cache stage and the client did not say "off".
struct cache_visit {
  std::shared_ptr<cache_keeper> keeper;
  config::cache_stage_config told;
  providers::operation_target operation;
  std::shared_ptr<routing::cache_entry> entry;   ///< what its answer will be kept as
  std::vector<float> vector;                     ///< of the prompt; empty: nobody asked for it
  routing::answer_cache::finding near;           ///< under error control: to be judged by the fresh answer
  std::optional<routing::cache_hash> near_exact; ///< its hash, where another node has it
  float chance = 1;                              ///< how likely it was to be judged
  bool leads = false;                            ///< others wait for this request's answer
  bool counts = false;                           ///< neither a hit nor without the cache: a miss

  /// Computed once, and only when the very request was not found, or is to be kept. Precondition: the entry has a prompt.
  [[nodiscard]] const std::vector<float>& prompt_vector(const routing::answer_cache& cache) {
    if (vector.empty()) vector = cache.judge().model().embed(*entry->key.prompt);
    return vector;
  }

  cache_visit() = default;
  cache_visit(const cache_visit&) = delete;
  cache_visit& operator=(const cache_visit&) = delete;
  /// Whoever waits is woken on every ending.
  ~cache_visit() {
    if (leads) keeper->land(entry->key.exact);
  }
};

}  // namespace switchyard::actors
