// Vectors that a provider's embeddings API makes for a semantic stage, in place of the built-in embedding's. Nothing here calls anybody:
// whoever runs a route's stages fetches them (actors/request_vectors.cpp) and hands them in with the request.
#pragma once

#include "base/clock.hpp"
#include "routing/stage.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// A unit vector; shared by everything that compares with it.
using provider_vector = std::shared_ptr<const std::vector<float>>;

/// What a stage wants vectors of, and from whom. Made with the stage.
struct embedding_wish {
  std::string model;                             ///< "provider/model"
  milliseconds timeout{0};                       ///< for a prompt's
  std::vector<std::string> examples;             ///< category after category
  std::vector<std::size_t> counts;               ///< examples of each category
};

/// A stage's examples as vectors of one provider's model. Immutable.
class example_vectors {
 public:
  /// `rows`: one per example of the wish, in its order. nullptr: they are of different lengths.
  [[nodiscard]] static std::shared_ptr<const example_vectors> make(const embedding_wish& wish, std::vector<provider_vector> rows);

  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] const float* row(std::size_t example) const noexcept { return rows_[example]->data(); }
  /// A unit vector; zeros where the examples' sum is nothing.
  [[nodiscard]] const float* centroid(std::size_t category) const noexcept { return centroids_.data() + category * dimensions_; }

 private:
  std::size_t dimensions_ = 0;
  std::vector<provider_vector> rows_;
  std::vector<float> centroids_;                 ///< row after row
};

/// What came of a wish for one request.
struct provided_vectors {
  provider_vector query;                         ///< null: the built-in embedding serves
  std::shared_ptr<const example_vectors> examples;   ///< of the query's dimensions
  std::string why_not;                           ///< "the provider took longer than 300 ms"
};

/// The text that a provider is to embed for a route's semantic stage, and for which wish.
struct vector_need {
  const embedding_wish* wish = nullptr;
  std::string text;
};
/// nullopt: no stage of the route wants a provider's vectors for this request: the client named a model, an earlier stage refuses it, or there
/// is no text. What an earlier guard masks is masked in the text, too. Runs the stages before that one: `request` is as for run_stages().
[[nodiscard]] std::optional<vector_need> vector_needed(const route_entry& route, const stage_request& request);

/// Scales to length 1; false: it has none.
[[nodiscard]] bool make_unit(std::span<float> vector) noexcept;

}  // namespace switchyard::routing
