#include "routing/signals/signal_models.hpp"

#include "config/model_folders.hpp"
#include "routing/signals/features.hpp"
#include "routing/signals/signal_names.hpp"

namespace switchyard::routing {

namespace {

outcome read_heads(const heads_file& file, std::size_t dimensions, signal_heads& to) {
  const struct {
    const char* name;
    linear_head& head;
    std::size_t classes;
  } heads[] = {{"domain", to.domain, domain_count}, {"complexity", to.complexity, 1}, {"attack", to.attack, 1}, {"harm", to.harm, 1}, {"toxic", to.toxic, 1}};
  for (const auto& [name, head, classes] : heads) {
    auto read = linear_head::in(file, name, classes, dimensions, dense_count);
    if (!read) return read.failure();
    head = *read;
  }
  const struct {
    const char* name;
    calibration& map;
  } maps[] = {{"domain.confidence", to.domain_confidence}, {"complexity.value", to.complexity_value}, {"attack.score", to.attack_score},
              {"harm.score", to.harm_score}, {"toxic.score", to.toxic_score}};
  for (const auto& [name, map] : maps) {
    auto read = calibration::in(file, name);
    if (!read) return read.failure();
    map = *read;
  }
  return done{};
}

}  // namespace

result<std::shared_ptr<const signal_models>> signal_models::load(const std::string& folder) {
  const auto folders = config::model_folders(folder);
  auto model = embedder::load(config::model_file(folders, "embedding.bin"));
  if (!model) return model.failure();
  const auto path = config::model_file(folders, "signals.bin");
  auto file = heads_file::open(path);
  if (!file) return file.failure();
  if (file->embedding() != model->fingerprint())
    return internal_error("signal heads " + path + ": were trained with another embedding than embedding.bin; run tools/train/heads");
  signal_heads heads;
  if (const auto read = read_heads(*file, model->dimensions(), heads); !read) return read.failure();
  return std::shared_ptr<const signal_models>(new signal_models(std::move(*model), std::move(*file), std::move(heads)));
}

}  // namespace switchyard::routing
