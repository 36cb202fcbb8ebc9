#include "routing/model_shelf.hpp"

namespace switchyard::routing {

result<std::shared_ptr<const signal_models>> model_shelf::get() {
  const std::lock_guard guard(mutex_);
  if (loaded_) return loaded_;
  auto loaded = signal_models::load(folder_);
  if (loaded) loaded_ = *loaded;
  return loaded;
}

}  // namespace switchyard::routing
