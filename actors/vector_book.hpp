// The vectors that providers have made: of every example that a config's routes want one of, and of the prompts that came last. Any thread.
#pragma once

#include "base/sha256.hpp"
#include "routing/provider_vectors.hpp"
#include "routing/yard.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace switchyard::actors {

/// Texts that one model is still to be asked about.
struct vector_batch {
  std::vector<std::string> texts;                ///< empty: nothing is missing
  std::shared_ptr<const routing::route_entry> books;   ///< a route the calls are booked under
};

class vector_book {
 public:
  /// Of one call: some embeddings servers take no more than 32 texts.
  static constexpr std::size_t most_texts = 32, most_text_bytes = 256u << 10;
  static constexpr std::size_t most_prompts = 4'096, most_prompt_floats = 8u << 20;   // 32 MiB

  /// A config is in force. Vectors of texts that its routes want stay, others go. Gives the models that are to be asked, each once:
  /// whoever was told of one asks until next_batch() has nothing more, unless a later adopt() has come.
  [[nodiscard]] std::vector<std::string> adopt(const routing::yard& yard);
  /// Grows with every adopt().
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  [[nodiscard]] vector_batch next_batch(const std::string& model) const;
  /// `vectors` in the order of `texts`.
  void keep_examples(const std::string& model, const std::vector<std::string>& texts, std::vector<routing::provider_vector> vectors);
  /// null: not all of them are there yet.
  [[nodiscard]] std::shared_ptr<const routing::example_vectors> examples_of(const routing::embedding_wish& wish) const;

  using prompt_key = sha256_digest;
  [[nodiscard]] static prompt_key key_of(std::string_view model, std::string_view text);
  /// null: unknown or forgotten.
  [[nodiscard]] routing::provider_vector find_prompt(const prompt_key& key);
  void keep_prompt(const prompt_key& key, routing::provider_vector vector);
  [[nodiscard]] std::size_t prompts() const;

 private:
  struct wanted_set {
    routing::embedding_wish wish;
    std::shared_ptr<const routing::route_entry> books;
    std::shared_ptr<const routing::example_vectors> ready;   ///< null: something is missing
  };
  struct digest_hash {
    std::size_t operator()(const prompt_key& key) const noexcept;
  };
  using kept_prompts = std::list<std::pair<prompt_key, routing::provider_vector>>;

  void complete(wanted_set& set) const;

  std::atomic<std::uint64_t> generation_{0};
  mutable std::mutex mutex_;
  std::vector<wanted_set> wanted_;               ///< one per route that wants vectors
  std::map<std::pair<std::string, std::string>, routing::provider_vector> examples_;   ///< by model and text
  kept_prompts newest_;                          ///< the one used last first
  std::unordered_map<prompt_key, kept_prompts::iterator, digest_hash> prompts_;
  std::size_t prompt_floats_ = 0;
};

}  // namespace switchyard::actors
