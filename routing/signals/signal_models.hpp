// The trained artefacts behind the signals: the embedding table and the heads.
#pragma once

#include "base/result.hpp"
#include "routing/embedding/embedder.hpp"

#include <memory>
#include <string>

namespace switchyard::routing {

/// Immutable once loaded: all threads share one.
class signal_models {
 public:
  /// Loads embedding.bin and signals.bin from `folder`; empty: wherever config/model_folders.hpp finds them.
  [[nodiscard]] static result<std::shared_ptr<const signal_models>> load(const std::string& folder = {});

  [[nodiscard]] const embedder& embedding() const noexcept { return embedder_; }

 private:
  explicit signal_models(embedder model) : embedder_(std::move(model)) {}

  embedder embedder_;
};

}  // namespace switchyard::routing
