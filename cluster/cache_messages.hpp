// The semantic cache between nodes: a question to a partition's owner, its answer, and an answer that is to be kept there. kinds 80 - 82.
//
//   cache_lookup --> owner                  cache_answer <-- at once, or nobody waits for it any more
//   cache_store  --> owner: keeps it, and judges the stored one that it stands against
//
// Hashes are 16 bytes, floats travel as their bits, vectors as those of 32-bit floats, little-endian. `record` is what storage/answer_store writes; the times
// in it count for nothing, what is left of them stands beside it.
#pragma once

#include "cluster/message.hpp"

namespace switchyard::cluster {

enum class cache_result : std::uint8_t { miss, exact, alike, unsure };
constexpr cache_result last_of(cache_result) { return cache_result::unsure; }

struct cache_lookup {
  static constexpr auto kind = message_kind::cache_lookup;
  std::uint64_t id = 0;                          ///< of the asker's life
  std::string partition, exact;
  std::optional<std::string> prompt;             ///< nil: only the very request counts
  std::string vector;                            ///< of the prompt
  std::uint32_t threshold = 0;                   ///< the least similarity ever to be given
  bool measured = false;                         ///< and what the partition has shown (error control)

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.id, self.partition, self.exact, self.prompt, self.vector, self.threshold, self.measured);
  }
};

struct cache_answer {
  static constexpr auto kind = message_kind::cache_answer;
  std::uint64_t id = 0;
  cache_result result = cache_result::miss;
  std::string found;                             ///< its exact hash; of a miss: empty
  std::uint32_t similarity = 0;
  std::uint32_t verify_share = 0;                ///< how often such a hit is to be checked instead of given
  std::string record;                            ///< exact and alike: without its prompt and vector

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.id, self.result, self.found, self.similarity, self.verify_share, self.record);
  }
};

/// Error control as the asker's route has it, and the near one that was not given.
struct cache_judgement {
  std::uint64_t max_wrong_rate = 0, verify_share = 0, least_similarity = 0;   ///< 64-bit floats
  std::string near;                              ///< exact hash; empty: there was none
  std::uint32_t similarity = 0;
  std::uint32_t chance = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.max_wrong_rate, self.verify_share, self.least_similarity, self.near, self.similarity, self.chance);
  }
};

struct cache_store {
  static constexpr auto kind = message_kind::cache_store;
  std::string exact;
  std::string record;
  milliseconds lasts{0};                         ///< so long it may still be given
  std::string operation;                         ///< "chat_completions": the format of the answer
  std::optional<cache_judgement> judged;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.exact, self.record, self.lasts, self.operation, self.judged);
  }
};

}  // namespace switchyard::cluster
