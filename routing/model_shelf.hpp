// The signal models of a node: loaded when the first route needs them, once, and shared by all.
#pragma once

#include "base/result.hpp"
#include "routing/signals/signal_models.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace switchyard::routing {

/// Any thread. A node none of whose routes looks at prompts never loads them and runs without their files.
class model_shelf {
 public:
  /// `folder` as signal_models::load takes it.
  explicit model_shelf(std::string folder = {}) : folder_(std::move(folder)) {}

  /// Loads at the first call (some milliseconds). A failure is not kept: the next call, after the files were put right, tries again.
  [[nodiscard]] result<std::shared_ptr<const signal_models>> get();

 private:
  std::string folder_;
  std::mutex mutex_;
  std::shared_ptr<const signal_models> loaded_;
};

}  // namespace switchyard::routing
