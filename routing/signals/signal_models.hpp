// The trained artefacts behind the signals: the embedding table and the heads.
#pragma once

#include "base/result.hpp"
#include "routing/embedding/embedder.hpp"
#include "routing/signals/linear_head.hpp"

#include <memory>
#include <string>

namespace switchyard::routing {

/// The heads of signals.bin; tools/train/heads makes them, models/README.md tells from what.
struct signal_heads {
  linear_head domain;                    ///< fourteen classes
  linear_head complexity;                ///< vector and dense numbers
  linear_head attack;                    ///< is a passage an attempt to turn the model?
  linear_head harm;                      ///< does a passage ask for harm?
  linear_head toxic;                     ///< is a passage abusive?
  calibration domain_confidence, complexity_value, attack_score, harm_score, toxic_score;
};

/// Immutable once loaded: all threads share one.
class signal_models {
 public:
  /// Loads embedding.bin and signals.bin from `folder`; empty: wherever config/model_folders.hpp finds them.
  [[nodiscard]] static result<std::shared_ptr<const signal_models>> load(const std::string& folder = {});

  [[nodiscard]] const embedder& embedding() const noexcept { return embedder_; }
  [[nodiscard]] const signal_heads& heads() const noexcept { return heads_; }

 private:
  signal_models(embedder model, heads_file file, signal_heads heads)
      : embedder_(std::move(model)), file_(std::move(file)), heads_(std::move(heads)) {}

  embedder embedder_;
  heads_file file_;                      // the heads point into it
  signal_heads heads_;
};

}  // namespace switchyard::routing
