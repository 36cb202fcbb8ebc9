// May one prompt get another's answer? Cosine, guard and verifier together: what the cache asks of each candidate, and what
// `switchyardctl eval similarity` prints.
#pragma once

#include "routing/cache/hit_verifier.hpp"
#include "routing/cache/near_miss.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::routing {

struct hit_opinion {
  float cosine = 0;            ///< of the two vectors
  float similarity = 0;        ///< what a threshold is held against: 1 for texts of the same words, lower the likelier the answers differ
  bool refused = false;        ///< by the guard or because it cannot judge: no threshold helps
  std::string why;             ///< of a refusal: "numbers differ: 5 / 7"
};

/// Immutable; any number of threads may use it. The embedding must outlive it.
class hit_judge {
 public:
  /// Without a verifier the similarity is the cosine.
  explicit hit_judge(const embedder& model, std::optional<hit_verifier> verifier = std::nullopt) : model_(model), verifier_(std::move(verifier)) {}

  /// How much is wanted of a pair that the guard refuses: its similarity, too, or only the refusal, which is much cheaper.
  enum class refused_pairs { scored, unscored };
  [[nodiscard]] hit_opinion operator()(std::string_view a, std::span<const float> va, std::string_view b, std::span<const float> vb,
                                       refused_pairs wanted = refused_pairs::scored) const;

  [[nodiscard]] const embedder& model() const noexcept { return model_; }
  [[nodiscard]] bool has_verifier() const noexcept { return verifier_.has_value(); }

 private:
  const embedder& model_;
  std::optional<hit_verifier> verifier_;
};

/// With the verifier in that file; without one when there is no such file. One for another embedding is an error.
[[nodiscard]] result<std::shared_ptr<const hit_judge>> load_judge(const embedder& model, const std::string& verifier_path);

struct likeness {
  float similarity = 0;
  float cosine = 0;
  bool hit = false;
  std::string why;             ///< what was checked, and what came of it
};

/// Two texts as the cache would judge them: a hit needs a similarity of at least `threshold` and no refusal.
[[nodiscard]] likeness likeness_of(const hit_judge& judge, std::string_view a, std::string_view b, float threshold);

}  // namespace switchyard::routing
