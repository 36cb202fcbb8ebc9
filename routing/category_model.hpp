// What `switchyardctl train category` makes: a linear head over embeddings that knows categories by name, as a JSON file.
//
//   {"kind":"switchyard category model","version":1,"dimensions":256,
//    "categories":[{"name":"code","threshold":0.41,"bias":-0.2,"weights":[256 numbers]}, ...]}
//   p(category) = softmax(weights . vector + bias)
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// Immutable once read: any number of threads may use it.
class category_model {
 public:
  struct category {
    std::string name;
    float threshold = 0.5f;                      ///< fitted on held-out prompts
    float bias = 0;
    std::vector<float> weights;
  };

  explicit category_model(std::vector<category> categories) : categories_(std::move(categories)) {}
  /// An error says what is wrong with which file. `dimensions`: the embedding's.
  [[nodiscard]] static result<category_model> load(const std::string& path, std::size_t dimensions);
  [[nodiscard]] static result<category_model> read(std::string_view json, std::size_t dimensions);
  [[nodiscard]] std::string write() const;

  [[nodiscard]] const std::vector<category>& categories() const noexcept { return categories_; }
  /// nullopt: it was not trained on that name.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;
  /// Probabilities, one per category; `out` has as many places.
  void probabilities(std::span<const float> vector, std::span<float> out) const noexcept;

 private:
  std::vector<category> categories_;
};

}  // namespace switchyard::routing
