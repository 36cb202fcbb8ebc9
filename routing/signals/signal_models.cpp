#include "routing/signals/signal_models.hpp"

#include "config/model_folders.hpp"

namespace switchyard::routing {

result<std::shared_ptr<const signal_models>> signal_models::load(const std::string& folder) {
  auto model = embedder::load(config::model_file(config::model_folders(folder), "embedding.bin"));
  if (!model) return model.failure();
  return std::shared_ptr<const signal_models>(new signal_models(std::move(*model)));
}

}  // namespace switchyard::routing
